#!/usr/bin/env python3
"""Broadcasts from end to end: an organiser writes one and picks whom it is for, a
second person approves it, it goes out through two accounts of which one begins to
refuse, what failed is tried again, it is read, and recalled. With
XIAOFENG_SHOTS=<directory> it also makes the pictures of the README, push-*.png."""

import json
import os
import re
import sys
import tempfile
import unittest
import zipfile

from daemon import Daemon
from onebot import Account
from people import Person, find_missing
from test_chat import CALM, NAMELESS
from test_console import PASSWORD, SHOTS, UNITS, Staff, data

TOKEN = "a-word-of-the-test"
SETTINGS = f"""
[onebot11]
token = {TOKEN}

[pace]
account_rate = 1
account_burst = 1
group_rate = 0
broadcast_jitter = 0s
"""
PUBLIC = """
[xiaofeng]
public_url = http://127.0.0.1:{port}
"""
# Of the groups of both accounts: the first eight belong to Xinjiekou.
GROUPS = {str(20010000 + n): f"新街口骑手{n}群" for n in range(1, 9)} | {
    str(20010000 + n): f"朝天宫骑手{n}群" for n in range(9, 13)
}
MUTED = "20010008"
DEAF = ("20010003", "20010005")  # where nobody may speak for a while
BANNED = "账号已被冻结"
TEXT = "今晚八点起有暴雨,请提前停靠避雨。各驿站通宵开放,热水和充电免费。"
ENGLISH = "Heavy rain from 8 pm. Please stop early; all stations stay open tonight."

# A time of the page's own calendar, as its field has it.
SOON = """const then = new Date(Date.now() + arguments[0] * 1000);
const two = (n) => String(n).padStart(2, '0');
const field = document.querySelector("[data-test='when-time']");
field.step = 1;
field.value = `${then.getFullYear()}-${two(then.getMonth() + 1)}-` +
    `${two(then.getDate())}T${two(then.getHours())}:${two(then.getMinutes())}:` +
    two(then.getSeconds());
field.dispatchEvent(new Event('input', {bubbles: true}));"""


def table(*lines):
    return "群,组织\n" + "".join(",".join(line) + "\n" for line in lines)


class Organiser(Staff):
    """Has broadcasts instead of tickets."""

    def arrives(self):
        self.shows(data("broadcasts"))

    def reaches(self, n):
        """Waits for the number of those it is for."""
        self.shows(data("live-count", "[data-busy=false]"))
        self.shows(data("live-count", f"[data-busy=false] {data('count')}"), str(n))

    def condition(self, field, *values):
        """One more condition in the outermost card."""
        self.click(data("add-condition"), -1)
        last = self.all(data("condition"))[-1]
        n = len(self.all(data("condition")))
        self.pick(last, field)
        self.wait("its list", lambda: len(self.all(data("condition"))) == n)
        self.click(data("condition-values-open"), -1)
        for value in values:
            self.click(f"{data('condition-values-options')} [data-value='{value}']")
        self.click(data("condition-values-done"))

    def pick(self, condition, field):
        select = condition.find_element("css selector", data("condition-field"))
        self.run("""arguments[0].value = arguments[1];
            arguments[0].dispatchEvent(new Event('change', {bubbles: true}))""",
            select, field)

    def state(self, id_, state):
        self.go(f"broadcasts/{id_}")
        self.shows(data("broadcast-page", f"[data-id={id_}][data-state={state}]"))

    def move(self, name, number=None):
        """A button, and yes to its question, which names how many."""
        self.click(data(f"move-{name}"))
        if number is not None:
            self.shows(data("dialog"), str(number))
        self.click(data("confirm-yes"))
        self.hides(data("dialog"))

    def counts(self, outcome, n):
        self.shows(data(f"n-{outcome}", f"[data-n='{n}']"))


class Broadcasts(unittest.TestCase):
    """One story: each test goes on where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon(SETTINGS)
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()  # finds a port
        cls.daemon.stop()
        cls.daemon.also(PUBLIC)
        cls.daemon.start()
        files = tempfile.TemporaryDirectory(prefix="xiaofeng-files-")
        cls.addClassCleanup(files.cleanup)
        cls.dir = files.name
        cls.write("organisation", {"units": UNITS})
        cls.write("broadcasts", {"approval": True, "quiet": [], "peaks": [],
                                 "holidays": "send"})
        for name, display, *roles in (
            ("li", "李组织", "organiser"),
            ("chen", "陈组织", "organiser"),
            ("zhou", "周主任", "approver"),
        ):
            words = [word for role in roles for word in ("--role", role)]
            cls.done("user", "add", name, "--display", display, *words,
                     given=PASSWORD + "\n")
        cls.first = cls.account("10001001")
        cls.second = cls.account("10001002")

    @classmethod
    def account(cls, number):
        account = Account(cls.daemon.port, TOKEN, number, GROUPS)
        cls.addClassCleanup(account.close)
        return account

    @classmethod
    def done(cls, *args, given=None):
        made = cls.daemon.command(*args, given=given)
        if made.returncode != 0:
            raise AssertionError(f"{args}\n{made.stdout}{made.stderr}")
        return made.stdout

    @classmethod
    def file(cls, name, text):
        path = os.path.join(cls.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    @classmethod
    def write(cls, name, document):
        path = cls.file(name + ".json", json.dumps(document, ensure_ascii=False))
        cls.done("document", "put", name, path)

    @classmethod
    def letter(cls):
        """A file that the riders get."""
        path = os.path.join(cls.dir, "避雨驿站.docx")
        with zipfile.ZipFile(path, "w") as file:
            for name in ("[Content_Types].xml", "word/document.xml"):
                file.writestr(name, "<x/>")
        return path

    @classmethod
    def tearDownClass(cls):
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError(f"the daemon ended with {status}\n{cls.daemon.log}")

    @classmethod
    def organiser(cls, name, phone=False):
        person = Organiser(cls.daemon.url, name, phone)
        cls.addClassCleanup(person.quit)
        if SHOTS:
            person.run(CALM)
        return person

    def shoot(self, person, name):
        if SHOTS:
            person.run("for (const e of document.querySelectorAll('.toasts'))"
                       " e.style.visibility = 'hidden'")
            with open(os.path.join(SHOTS, f"push-{name}.png"), "wb") as f:
                f.write(person.picture())
            person.run("for (const e of document.querySelectorAll('.toasts'))"
                       " e.style.visibility = ''")

    def leave(self, person, *known):
        known += ("/api/v1/session - Failed to load resource: the server responded "
                  "with a status of 401",)
        left = [p for p in person.problems() if not any(k in p for k in known)]
        self.assertEqual(left, [])

    def test_1_groups_are_told_where_they_belong(self):
        li = Broadcasts.li = self.organiser("li")
        li.go("groups")
        li.wait("all groups", lambda: len(li.all(data("group"))) >= len(GROUPS))
        lines = [(group, title[:3] + "社区") for group, title in GROUPS.items()]
        lines += [("999", "新街口社区"), ("20010001", "火星社区")]
        li.click(data("import-groups"))
        li.attach(data("import-file"), self.file("groups.csv", table(*lines)))
        li.click(data("import-send", ":enabled"))
        li.shows(data("import-result"), str(len(GROUPS)))
        problems = li.shows(data("import-problems")).text
        self.assertIn("没有这个群", problems)
        self.assertIn("火星社区", problems)
        li.click(data("dialog-close"))
        # Two more by hand.
        li.click(data("group", f"[data-id='qq.g{MUTED}'] {data('group-edit')}"))
        li.click(data("group-muted"))
        li.click(data("group-save"))
        li.shows(data("group", f"[data-id='qq.g{MUTED}']"), "不接收")
        li.click(data("group", f"[data-id='qq.g20010001'] {data('group-edit')}"))
        li.click(data("group-tags-open"))
        li.fill(data("group-tags-search"), "夜班")
        li.click(data("group-tags-own"))
        li.click(data("group-tags-done"))
        li.click(data("group-save"))
        li.shows(data("group", "[data-id='qq.g20010001']"), "夜班")
        self.shoot(li, "groups")

    def test_2_one_is_written_for_some_of_them(self):
        li = self.li
        li.go("broadcasts/new")
        li.shows(data("compose-page"))
        li.fill(data("title"), "暴雨提醒")
        li.fill(data("text"), TEXT)
        li.shows(data("counter"), str(len(TEXT)))
        li.click(".translations summary")
        li.fill(data("text-en"), ENGLISH)
        li.attach(data("file-input"), self.letter())
        li.shows(data("file"), "避雨驿站.docx")
        li.condition("unit", "xinjiekou")
        li.reaches(7)
        self.assertIn("1", li.shows(data("excluded")).text)
        self.assertIn("新街口社区", li.shows(data("sentence")).text)
        li.shows(data("bubble"), TEXT)
        li.click(data("preview-en"))
        li.shows(data("bubble"), ENGLISH)
        li.click(data("preview-zh-CN"))
        li.run("document.getElementById('main').scrollTop = 760")
        self.shoot(li, "compose")
        li.click(data("save", ":enabled"))
        page = li.shows(data("broadcast-page", "[data-state=draft]"))
        Broadcasts.id = page.get_attribute("data-id")

    def test_3_two_change_the_draft(self):
        li, id_ = self.li, self.id
        chen = Broadcasts.chen = self.organiser("chen")
        chen.go(f"broadcasts/{id_}")
        chen.fill(data("title"), "暴雨橙色预警")
        chen.click(data("save", ":enabled"))
        chen.shows(data("toast"))
        li.fill(data("title"), "暴雨通知")
        li.click(data("save", ":enabled"))
        seen = li.shows(data("conflict")).text
        self.assertIn("暴雨橙色预警", seen)
        self.assertIn("暴雨通知", seen)
        li.click(data("take-theirs"))
        li.hides(data("conflict"))
        self.assertEqual(li.shows(data("title")).get_attribute("value"),
                         "暴雨橙色预警")

    def test_4_a_second_person_approves(self):
        li, id_ = self.li, self.id
        li.click(data("when-again"))
        li.choose(data("again"), "custom")
        li.fill(data("rrule"), "FREQ=MONTHLY;BYMONTHDAY=31;BYMONTH=2")
        li.shows(data("upcoming-error"))
        li.choose(data("again"), "weekly")
        li.click(data("day-TH"))
        li.wait("the next times", lambda: len(li.all(".upcoming li")) == 10)
        self.shoot(li, "when")
        li.click(data("when-at"))
        li.run(SOON, 25)
        li.reaches(7)
        li.click(data("submit", ":enabled"))
        li.shows(data("dialog"), "7")
        li.click(data("confirm-yes"))
        li.shows(data("broadcast-page", "[data-state=submitted]"))
        self.assertEqual(li.all(data("move-approve")), [])
        zhou = Broadcasts.zhou = self.organiser("zhou", phone=True)
        zhou.go(f"broadcasts/{id_}")
        zhou.shows(data("bubble"), TEXT)
        zhou.reaches(7)
        self.shoot(zhou, "approve")
        zhou.move("approve", 7)
        li.shows(data("broadcast-page", "[data-state=scheduled]"))
        self.assertEqual(self.first.sent + self.second.sent, [])

    def test_5_one_account_is_refused_and_the_other_goes_on(self):
        li = self.li
        self.second.refusal = BANNED
        self.first.refuses = set(DEAF)
        li.shows(data("broadcast-page", "[data-state=sending]"))
        li.shows(data("account", f"[data-id='qq.10001002'] {data('account-state', '[data-state=parked]')}"))
        few = "".join(f":not([data-n='{n}'])" for n in range(3))
        li.shows(data("n-sent", few))
        self.shoot(li, "progress")
        li.counts("sent", 5)
        li.counts("refused", 2)
        li.shows(data("broadcast-page", "[data-state=done]"))
        got = sorted(group for group, _ in self.first.sent)
        self.assertEqual(got, sorted(
            g for g in GROUPS if "新街口" in GROUPS[g] and g not in (MUTED, *DEAF)))
        self.assertTrue(all(TEXT in text for _, text in self.first.sent))
        self.assertIn("冻结", li.shows(data("account", "[data-id='qq.10001002']")).text)

    def test_6_only_the_failed_are_tried_again(self):
        li = self.li
        before = len(self.first.sent)
        li.choose(data("target-state"), "refused")
        li.wait("the refused", lambda: len(li.all(data("target"))) == 2)
        self.first.refuses = set()
        li.move("retry", 2)
        li.counts("sent", 7)
        li.counts("refused", 0)
        again = sorted(group for group, _ in self.first.sent[before:])
        self.assertEqual(again, sorted(DEAF))

    def test_7_riders_read_it(self):
        li, url = self.li, f"{self.daemon.url}/chat"
        rider = Broadcasts.rider = Person()
        self.addClassCleanup(rider.quit)
        rider.enter(url, "骑手小陈")
        other = Broadcasts.other = Person()
        self.addClassCleanup(other.quit)
        other.enter(url, "骑手小马")
        rider.group()
        other.group()
        # The same to everybody, the web group among them.
        li.click(data("copy"))
        li.shows(data("broadcast-page", "[data-state=draft]"))
        li.click(data("condition-drop"))
        li.reaches(len(GROUPS) - 1 + 1)
        li.click(data("submit", ":enabled"))
        li.click(data("confirm-yes"))
        page = li.shows(data("broadcast-page", "[data-state=submitted]"))
        id_ = Broadcasts.id = page.get_attribute("data-id")
        zhou = self.zhou
        zhou.go(f"broadcasts/{id_}")
        zhou.move("approve", len(GROUPS))
        rider.hears(re.escape(TEXT[:12]))
        other.hears(re.escape(TEXT[:12]))
        rider.click("li.message.bot a[href*='/r/']", -1)
        other.say("已读")
        other.hears("已读")
        li.counts("sent", len(GROUPS))
        li.counts("read", 1)
        li.shows(data("plot-reads"))
        li.choose(data("target-state"), "unread")
        li.wait("the silent", lambda: len(li.all(data("target"))) == len(GROUPS) - 1)
        self.shoot(rider, "chat")

    def test_8_it_is_recalled(self):
        li = self.li
        sent = [g for g, _ in self.first.sent[-(len(GROUPS) - 1):]]
        li.move("recall", len(GROUPS))
        li.counts("recalled", len(GROUPS))
        self.first.wait("recalls", lambda: len(self.first.recalled) == len(sent))
        self.assertEqual(sorted(self.first.recalled), sorted(sent))

    def test_9_the_account_is_used_again(self):
        li = self.li
        self.second.refusal = ""
        li.go("accounts")
        li.click(data("account", f"[data-id='qq.10001002'] {data('unpark')}"))
        li.click(data("confirm-yes"))
        li.shows(data("account", f"[data-id='qq.10001002'] {data('account-state', '[data-state=good]')}"))
        li.go("calendar")
        li.shows(data("planned", f"[data-id={self.id}]"))
        self.shoot(li, "calendar")

    def test_a_on_a_phone(self):
        zhou = self.zhou
        places = {"list": ("broadcasts", "broadcasts"),
                  "progress": (f"broadcasts/{self.id}", "progress"),
                  "calendar": ("calendar", "planned"),
                  "accounts": ("accounts", "account")}
        for name, (place, what) in places.items():
            zhou.go(place)
            zhou.wait(what, lambda what=what: zhou.count(data(what)))
            wide = zhou.run("return document.documentElement.scrollWidth")
            self.assertLessEqual(wide, 390, place)
            self.shoot(zhou, f"phone-{name}")
        self.assertEqual(zhou.run(NAMELESS), [])

    def test_b_nothing_was_loaded_from_elsewhere(self):
        self.leave(self.li, "status of 409", "status of 422")
        self.leave(self.chen)
        self.leave(self.zhou)
        self.leave(self.rider)
        self.leave(self.other)


if __name__ == "__main__":
    if missing := find_missing():
        sys.exit(
            f"no {' and no '.join(missing)} here: install the Debian packages"
            " chromium and chromium-driver (./dev install-packages test)"
        )
    unittest.main(failfast=True, verbosity=2)
