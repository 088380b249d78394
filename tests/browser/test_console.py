#!/usr/bin/env python3
"""The staff console: one report from the rider's phone to its end, through three
people at their desks. With XIAOFENG_SHOTS=<directory> it also makes the pictures
of the README, console-*.png."""

import json
import os
import re
import sys
import tempfile
import unittest
import urllib.request

from daemon import Daemon
from people import Browser, Person, find_missing
from test_chat import CALM, NAMELESS, PICTURE

SHOTS = os.environ.get("XIAOFENG_SHOTS")
PASSWORD = "夫子庙-驿站-2026"
HOSTILE = "=1+1 <img src=x onerror=alert(1)> <b>路灯不亮"

UNITS = [
    {"id": "qinhuai", "name": "秦淮区", "kind": "district"},
    {"id": "hangye", "name": "区行业党委", "kind": "industry", "level": 5,
     "parent": "qinhuai"},
    {"id": "xinjiekou-gw", "name": "新街口街道党工委", "kind": "township",
     "level": 4, "parent": "hangye"},
    {"id": "xinjiekou", "name": "新街口社区", "kind": "community",
     "parent": "xinjiekou-gw"},
    {"id": "chaotiangong", "name": "朝天宫社区", "kind": "community",
     "parent": "xinjiekou-gw"},
    {"id": "xiaofang", "name": "区消防救援大队", "kind": "department",
     "parent": "hangye"},
]

AREAS = {
    "xinjiekou": [[118.7790, 32.0400], [118.7875, 32.0385], [118.7955, 32.0410],
                  [118.7940, 32.0482], [118.7850, 32.0490], [118.7785, 32.0468]],
    "chaotiangong": [[118.7760, 32.0345], [118.7870, 32.0340], [118.7875, 32.0385],
                     [118.7790, 32.0400], [118.7765, 32.0390]],
}

# What other systems have filed: text, category or kind, position, what became of it.
FILED = [
    ("路灯坏了三天,晚上送单看不清路", "damage", 32.0402, 118.7902, "close"),
    ("井盖松动,骑车经过会弹起来", "safety", 32.0451, 118.7788, ""),
    ("垃圾桶满了没人收,味道很大", "sanitation", 32.0388, 118.7846, "close"),
    ("小区门口乱停车,外卖车进不去", "uncivil", 32.0429, 118.7931, "claim"),
    ("灭火器过期,楼道堆满纸箱", "fire", 32.0467, 118.7869, ""),
    ("路面坑洼,雨天积水", "damage", 32.0361, 118.7815, "escalate"),
    ("换电柜总是没有满电的电池", "charge", None, None, "answer"),
    ("平台扣了我三单的钱,申诉没人理", "platform", None, None, "claim"),
    ("想问孩子暑假托管班怎么报名", "family", None, None, "close"),
    ("摔伤了,医药费找谁报", "injury", None, None, "escalate"),
    ("驿站晚上八点就关门,能不能晚一点", "rest", None, None, ""),
    ("站点没有停车的地方", "parking", None, None, "reject"),
]

# What comes over this page's WebSocket is held back while window.held is set, as
# by a network that stands still.
HOLD = """window.WebSocket = class extends WebSocket {
    constructor(...how) {
        super(...how);
        this.addEventListener('message', (event) => {
            if (window.held) event.stopImmediatePropagation();
        });
    }
}"""


def data(name, more=""):
    return f"[data-test='{name}']{more}"


class Staff(Person):
    def __init__(self, url, name, phone=False):
        super().__init__(desk=not phone)
        self.driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": HOLD}
        )
        self.open(f"{url}/console/")
        self.fill(data("name"), name)
        self.fill(data("password"), PASSWORD)
        self.click(data("sign-in-send"))
        self.arrives()

    def arrives(self):
        self.shows(data("queue"))

    def go(self, place):
        self.run("location.hash = '#!/' + arguments[0]", place)

    def state(self, ticket, word):
        self.go(f"ticket/{ticket}")
        self.shows(".ticket-head", word)

    def move(self, name, text=""):
        self.wait(f"move {name}", lambda: self.all(data("moves")))
        if not self.all(data(f"move-{name}")):
            self.click(data("moves-more"))
        self.click(data(f"move-{name}"))
        if text:
            self.fill(data(f"form-{name}", f" {data('text')}"), text)
            self.click(data("move-send"))
            self.hides(data(f"form-{name}"))


class Console(unittest.TestCase):
    """One story: each test goes on where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.daemon = Daemon()
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()
        files = tempfile.TemporaryDirectory(prefix="xiaofeng-files-")
        cls.addClassCleanup(files.cleanup)
        cls.photo = os.path.join(files.name, "photo.jpg")
        painter = Browser(960, 720, 1)
        cls.addClassCleanup(painter.quit)
        painter.draw(PICTURE)
        with open(cls.photo, "wb") as f:
            f.write(painter.picture(format="jpeg", quality=85))
        cls.write("organisation", {"units": UNITS}, files.name)
        features = [
            {"type": "Feature", "properties": {"unit": unit}, "geometry":
             {"type": "Polygon", "coordinates": [ring + ring[:1]]}}
            for unit, ring in AREAS.items()
        ]
        cls.write("areas", {"type": "FeatureCollection", "features": features},
                  files.name)
        cls.write(
            "routing",
            {"default": "xinjiekou",
             "rules": [{"community": "*", "category": "fire", "unit": "xinjiekou"}]},
            files.name,
        )
        for name, display, role in (
            ("wang", "王社工", "lead"),
            ("li", "李社工", "staff"),
            ("zhou", "周主任", "admin"),
        ):
            cls.done("user", "add", name, "--display", display, "--role", role,
                     given=PASSWORD + "\n")
        cls.file()

    @classmethod
    def file(cls):
        """Fills the queue, as a city platform does."""
        made = cls.done("token", "add", "城运中心", "--scopes",
                        "tickets:file,tickets:move,tickets:read")
        token = re.search(r"xf_\S+", made)[0]

        def call(path, body):
            request = urllib.request.Request(
                f"{cls.daemon.url}/api/v1{path}",
                json.dumps(body).encode(),
                {"Authorization": f"Bearer {token}",
                 "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=20) as answer:
                return json.load(answer)

        for text, category, lat, lon, move in FILED:
            body = {"kind": "report" if lat else "request", "text": text,
                    "category": category}
            ticket = call("/tickets", body | ({"lat": lat, "lon": lon} if lat else {}))
            if move in ("close", "answer"):
                ticket = call(f"/tickets/{ticket['id']}/moves",
                              {"move": "claim", "version": ticket["version"]})
            if move:
                call(f"/tickets/{ticket['id']}/moves",
                     {"move": move, "version": ticket["version"],
                      "text": "已处理,谢谢反映"} if move != "claim" else
                     {"move": move, "version": ticket["version"]})

    @classmethod
    def done(cls, *args, given=None):
        made = cls.daemon.command(*args, given=given)
        if made.returncode != 0:
            raise AssertionError(f"{args}\n{made.stdout}{made.stderr}")
        return made.stdout

    @classmethod
    def write(cls, name, document, where):
        path = os.path.join(where, name + ".json")
        with open(path, "w", encoding="utf-8") as f:
            json.dump(document, f, ensure_ascii=False)
        cls.done("document", "put", name, path)

    @classmethod
    def tearDownClass(cls):
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError(f"the daemon ended with {status}\n{cls.daemon.log}")

    @classmethod
    def staff(cls, name, phone=False):
        person = Staff(cls.daemon.url, name, phone)
        cls.addClassCleanup(person.quit)
        if SHOTS:
            person.run(CALM)
        return person

    def leave(self, person, *known):
        """No error in the page. That nobody was signed in at first is none."""
        known += ("/api/v1/session - Failed to load resource: the server responded "
                  "with a status of 401",)
        left = [p for p in person.problems() if not any(k in p for k in known)]
        self.assertEqual(left, [])

    def shoot(self, person, name):
        if SHOTS:
            with open(os.path.join(SHOTS, f"console-{name}.png"), "wb") as f:
                f.write(person.picture())

    def test_1_a_wrong_password_is_told_kindly(self):
        person = Person(desk=True)
        self.addCleanup(person.quit)
        person.open(f"{self.daemon.url}/console/")
        person.fill(data("name"), "wang")
        person.fill(data("password"), "wrong")
        person.click(data("sign-in-send"))
        person.shows(data("sign-error"))
        self.assertEqual(person.run(NAMELESS), [])

    def test_2_staff_see_a_report_arrive(self):
        wang = Console.wang = self.staff("wang")
        Console.li = self.staff("li")
        rider = Console.rider = Person()
        self.addClassCleanup(rider.quit)
        rider.enter(f"{self.daemon.url}/chat", "骑手小陈")
        rider.private()
        rider.say("随手拍")
        rider.hears("照片")
        rider.attach("#file", self.photo)
        rider.fill("#photo-text", "消防通道被电动车堵住了,出不去")
        rider.click("#photo-send")
        rider.hears("在哪里")
        rider.click("#place")
        rider.click("#place-here")
        rider.shows("#place-found", "米")
        rider.fill("#place-name", "新街口驿站门口")
        rider.click("#place-send")
        number = re.search(r"P\d+", rider.hears(r"P\d+"))[0]
        Console.number = number
        # Nobody has loaded the page again.
        row = wang.shows(data("ticket-row", f"[data-id={number}]"))
        self.assertIn("堵住了", row.text)
        self.shoot(wang, "queue")
        row.click()
        wang.shows(data("said"), "消防通道")
        image = wang.shows(data("photo") + " img")
        self.assertGreater(wang.run("return arguments[0].naturalWidth", image), 0)

    def test_3_two_take_it_up_and_one_is_refused_kindly(self):
        wang, li, number = self.wang, self.li, self.number
        li.go(f"ticket/{number}")
        li.shows(data("move-claim"))
        wang.shows(data("looking"), "李社工")
        li.run("window.held = true")
        wang.move("claim")
        wang.shows(data("assignee"), "我")
        li.click(data("move-claim"))
        self.assertIn("王社工", li.shows(data("stale")).text)
        li.run("window.held = false")

    def test_4_answered_handed_back_escalated(self):
        wang, rider, number = self.wang, self.rider, self.number
        wang.move("answer", "已联系物业,今天下午清理")
        rider.hears("今天下午清理")
        wang.fill(data("note-text"), "物业电话不通,只给同事看")
        wang.click(data("note-add"))
        wang.shows(data("notes"), "只给同事看")
        self.shoot(wang, "ticket")
        wang.move("hand_back", "不归本社区管")
        wang.state(number, "退回")
        wang.move("escalate", "请街道协调")
        wang.state(number, "上报")
        rider.hears("上报")
        self.assertEqual([t for t in rider.messages() if "只给同事看" in t], [])

    def test_5_closed_not_solved_closed_again_rated(self):
        wang, rider, number = self.wang, self.rider, self.number
        wang.move("claim")
        wang.shows(data("assignee"), "我")
        wang.shows(data("move-answer"))
        wang.click(data("move-close"))
        wang.shows(data("form-close"))
        wang.fill(data("form-close", f" {data('text')}"), "通道已清理")
        wang.attach(data("photo-file"), self.photo)
        wang.shows(data("form-close", " img"))
        wang.click(data("move-send"))
        wang.state(number, "办结")
        rider.hears("通道已清理")
        rider.say("没解决 又堵上了")
        rider.hears(number)
        wang.state(number, "重新")
        wang.shows(data("ticket"), "又堵上了")
        wang.move("claim")
        wang.move("close", "已装隔离桩")
        wang.state(number, "办结")
        rider.hears("已装隔离桩")
        rider.say("5")
        rider.hears("谢谢|感谢")
        wang.shows(data("ticket"), "5")

    def test_6_the_dashboard_counts_it(self):
        zhou = Console.zhou = self.staff("zhou")
        zhou.go("dashboard")
        zhou.shows(data("n-new"), str(len(FILED) + 1))
        closed = 1 + sum(move == "close" for *_, move in FILED)
        zhou.shows(data("n-closed"), str(closed))
        zhou.shows(data("n-rating"), "5")
        zhou.shows(data("plot-days"))
        self.shoot(zhou, "dashboard")
        zhou.go("map")
        zhou.shows(data("map"))
        zhou.shows(".leaflet-container")
        self.shoot(zhou, "map")
        zhou.go("audit")
        zhou.click(data("verify"))
        self.assertEqual(
            zhou.shows(data("verdict")).get_attribute("data-ok"), "true"
        )

    def test_7_on_a_phone(self):
        phone = self.staff("wang", phone=True)
        phone.click(data("tab-all"))
        for place in ("queue", "map", "dashboard"):
            phone.go(place)
            phone.shows("main")
            wide = phone.run("return document.documentElement.scrollWidth")
            self.assertLessEqual(wide, 390, place)
            self.shoot(phone, f"phone-{place}")
        phone.go(f"ticket/{self.number}")
        phone.shows(data("said"), "消防通道")
        self.shoot(phone, "phone-ticket")
        self.assertEqual(phone.run(NAMELESS), [])
        self.leave(phone)

    def test_8_what_a_rider_writes_stays_text(self):
        wang, rider = self.wang, self.rider
        rider.say("诉求 " + HOSTILE)
        number = re.search(r"S\d+", rider.hears(r"S\d+"))[0]
        wang.go("queue")
        row = wang.shows(data("ticket-row", f"[data-id={number}]"))
        self.assertIn(HOSTILE, row.text)
        row.click()
        wang.shows(data("said"), HOSTILE)
        self.assertEqual(wang.count("[src=x], .ticket b b, .ticket-row b b"), 0)

    def test_9_nothing_was_loaded_from_elsewhere(self):
        for person in (self.wang, self.zhou, self.rider):
            self.leave(person)
        self.leave(self.li, "status of 409")  # refused once, kindly


if __name__ == "__main__":
    if missing := find_missing():
        sys.exit(
            f"no {' and no '.join(missing)} here: install the Debian packages"
            " chromium and chromium-driver (./dev install-packages test)"
        )
    unittest.main(failfast=True, verbosity=2)
