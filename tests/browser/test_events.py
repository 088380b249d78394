#!/usr/bin/env python3
"""Study and events in the console, and at riders' phones: a question is written
and answered, an event fills up, somebody waits and is promoted, and checks in by
code. With XIAOFENG_SHOTS=<directory> it also makes the pictures of the README,
study-*.png and event*.png."""

import os
import re
import sys
import tempfile
import time
import unittest

from daemon import Daemon
from people import Person, find_missing
from test_chat import CALM, NAMELESS
from test_console import PASSWORD, Staff, data

SHOTS = os.environ.get("XIAOFENG_SHOTS")
HOUR_MS = 3600 * 1000
QUESTIONS = """题型,题目,A,B,C,答案,解析,分类
单选,送餐途中电动车应当走哪条道？,机动车道,非机动车道,人行道,B,非机动车在非机动车道内行驶。,交通
多选,骑行时应当做到哪些？,戴头盔,不看手机,逆行抄近路,AB,头盔和专心都能救命。,交通
判断,电动车可以在楼道里充电。,,,,错,楼道充电容易起火。,消防
"""
WRONG = QUESTIONS + "单选,这一行没有答案,甲,乙,,,,\n"


class Events(unittest.TestCase):
    """One story: each test goes on where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        # They type faster here than thumbs do.
        cls.daemon = Daemon("\n[rider]\nrate = 20\n")
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()
        files = tempfile.TemporaryDirectory(prefix="xiaofeng-files-")
        cls.addClassCleanup(files.cleanup)
        cls.table = os.path.join(files.name, "questions.csv")
        cls.wrong = os.path.join(files.name, "wrong.csv")
        for path, text in ((cls.table, QUESTIONS), (cls.wrong, WRONG)):
            with open(path, "w", encoding="gbk") as f:
                f.write(text)
        made = cls.daemon.command("user", "add", "sun", "--display", "孙组织员",
                                  "--role", "admin", given=PASSWORD + "\n")
        if made.returncode != 0:
            raise AssertionError(made.stdout + made.stderr)
        cls.sun = Staff(cls.daemon.url, "sun")
        cls.addClassCleanup(cls.sun.quit)
        if SHOTS:
            cls.sun.run(CALM)
        cls.wang, cls.li = cls.rider("骑手小王"), cls.rider("骑手老李")

    @classmethod
    def tearDownClass(cls):
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError(f"the daemon ended with {status}\n{cls.daemon.log}")

    @classmethod
    def rider(cls, nick):
        person = Person()
        cls.addClassCleanup(person.quit)
        person.enter(f"{cls.daemon.url}/chat", nick)
        if SHOTS:
            person.run(CALM)
        person.private()
        return person

    def shoot(self, person, name):
        if SHOTS:
            with open(os.path.join(SHOTS, f"{name}.png"), "wb") as f:
                f.write(person.picture())

    def when(self, person, field, hours):
        """A time in so many hours, by the clock of the page."""
        person.run(
            """const field = arguments[0];
            const then = new Date(Date.now() + arguments[1]);
            then.setMinutes(then.getMinutes() - then.getTimezoneOffset());
            field.value = then.toISOString().slice(0, 16);
            field.dispatchEvent(new Event('input', {bubbles: true}));""",
            person.shows(data(field)), hours * HOUR_MS)

    def test_1_a_table_of_questions_is_taken_in(self):
        sun = self.sun
        sun.go("questions")
        sun.click(data("question-import"))
        sun.attach(data("import-file"), self.wrong)
        self.assertIn("第 5 行", sun.shows(data("import-problems")).text)
        sun.attach(data("import-file"), self.table)
        sun.hides(data("dialog"))
        sun.shows(data("questions"), "非机动车道")
        self.assertEqual(len(sun.all(data("question"))), 3)
        self.assertEqual(sun.run(NAMELESS), [])
        self.shoot(sun, "study-questions")

    def test_2_a_quiz_is_opened_and_answered(self):
        sun, wang = self.sun, self.wang
        sun.go("quizzes")
        sun.click(data("quiz-add"))
        sun.fill(data("quiz-title"), "交通安全小测")
        for nth in range(3):
            sun.click(data("quiz-question"), nth)
        sun.click(data("dialog-save"))
        sun.click(data("quiz-open"))
        sun.click(data("confirm-yes"))
        sun.shows(data("quiz-close"))
        wang.say("答题")
        wang.hears("第 1/3 题")
        right = {"哪条道": "2", "哪些": "1 2", "楼道": "2"}
        for nth in range(3):
            asked = wang.hears(f"第 {nth + 1}/3 题")
            wang.say(next(answer for word, answer in right.items() if word in asked))
        self.assertIn("3", wang.hears("答完了"))
        wang.say("我的积分")
        wang.hears("3")
        self.shoot(wang, "study-chat")
        sun.click(data("quiz-results"))
        sun.shows(data("dialog"), "骑手小王")
        self.shoot(sun, "study-quiz")
        sun.click(data("dialog-close"))
        sun.go("ranking")
        sun.shows(data("ranking"), "骑手小王")

    def test_3_an_event_is_published(self):
        sun = self.sun
        sun.go("events")
        sun.click(data("event-add"))
        sun.fill(data("event-title"), "亲子研学游")
        sun.fill(data("event-text"), "带孩子参观科技馆，午饭由驿站安排。")
        sun.fill(data("event-place"), "科技馆南门")
        self.when(sun, "event-starts", 1)
        self.when(sun, "event-ends", 4)
        sun.fill(data("event-capacity"), "2")
        sun.fill(data("event-family"), "1")
        sun.click(data("event-question-add"))
        sun.fill(data("event-question"), "有没有忌口？")
        sun.click(data("dialog-save"))
        sun.shows(data("event-publish"))
        sun.click(data("event-publish"))
        sun.click(data("confirm-yes"))
        sun.shows(data("check-in"))
        Events.event = re.search(r"E\d+", sun.driver.current_url)[0]

    def test_4_one_signs_up_with_a_child_the_next_one_waits(self):
        wang, li = self.wang, self.li
        wang.say("活动")
        wang.hears("亲子研学游")
        wang.say(f"报名 {self.event}")
        for asks, answer in (("几位家人", "1"), ("不满 14 岁", "1"), ("怎么称呼", "小明 8"),
                             ("监护人", "1"), ("忌口", "没有")):
            wang.hears(asks)
            wang.say(answer)
        self.assertIn("2 人", wang.hears("已报上"))
        self.shoot(wang, "event-chat")
        li.say(f"报名 {self.event}")
        li.hears("几位家人")
        li.say("0")
        li.hears("忌口")
        li.say("跳过")
        li.hears("候补")

    def test_5_a_place_comes_free_and_is_taken(self):
        sun, wang, li = self.sun, self.wang, self.li
        sun.go(f"event/{self.event}")
        sun.driver.refresh()
        sun.shows(data("signup", "[data-state=waiting]"), "骑手老李")
        sun.shows(data("signup", "[data-state=signed]"), "骑手小王")
        self.assertEqual([t for t in sun.texts("main") if "小明" in t], [])
        self.shoot(sun, "event")
        wang.say(f"取消报名 {self.event}")
        wang.hears("已取消")
        li.hears("接受")
        li.say("接受")
        Events.code = re.search(r"签到码：(\w+)", li.hears("有你的位子了"))[1]

    def test_6_check_in_by_code(self):
        sun, wang, li = self.sun, self.wang, self.li
        shown = sun.shows(data("check-in"), "签到码").text
        code = re.search(r"签到码\D*(\d+)", shown)[1]
        wang.say(f"签到 {code}")
        wang.hears("没有报名")
        li.say(f"签到 {code}")
        li.hears("已签到")
        sun.driver.refresh()
        sun.shows(data("signup", "[data-state=attended]"), "骑手老李")
        sun.fill(data("check-in-code"), self.code)
        sun.click(data("check-in-send"))
        sun.shows(".toasts,.verdict")

    def test_7_on_a_phone(self):
        phone = Staff(self.daemon.url, "sun", phone=True)
        self.addCleanup(phone.quit)
        for place in ("materials", "questions", "quizzes", "events",
                      f"event/{self.event}"):
            phone.go(place)
            phone.shows("h1")
            time.sleep(0.2)
            wide = phone.run("return document.documentElement.scrollWidth")
            self.assertLessEqual(wide, 390, place)
        self.shoot(phone, "event-phone")
        self.assertEqual(phone.run(NAMELESS), [])


if __name__ == "__main__":
    if missing := find_missing():
        sys.exit(
            f"no {' and no '.join(missing)} here: install the Debian packages"
            " chromium and chromium-driver (./dev install-packages test)"
        )
    unittest.main(failfast=True, verbosity=2)
