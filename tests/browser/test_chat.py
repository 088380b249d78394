#!/usr/bin/env python3
"""The web chat as riders and staff use it: two members and a member of staff in
one daemon, on phones. With XIAOFENG_SHOTS=<directory> it also makes the picture
of the README, chat.png."""

import base64
import os
import re
import sys
import tempfile
import unittest

from daemon import Daemon
from people import Browser, Person, find_missing

SHOTS = os.environ.get("XIAOFENG_SHOTS")
SHOWN = ("group", "report", "staff", "answer")

WHEEL = """<div style="position:absolute;left:{}px;top:500px;width:70px;height:70px;
border-radius:50%;border:16px solid #222"></div>"""

# A blocked fire exit, as well as a page can draw it.
PICTURE = f"""<body style="margin:0;width:960px;height:720px;overflow:hidden;
background:linear-gradient(#c9d3d8 55%,#8d8a83 55%,#6f6c66)"><div style="position:
absolute;left:300px;top:90px;width:360px;height:420px;background:#5c7466;border:
14px solid #3f5247"></div><div style="position:absolute;left:330px;top:130px;
padding:6px 20px;background:#0a8f4f;color:#fff;font:700 44px sans-serif">安全出口
</div><div style="position:absolute;left:190px;top:430px;width:250px;height:120px;
border-radius:60px 90px 20px 20px;background:#b7402f"></div><div style="position:
absolute;left:480px;top:410px;width:270px;height:140px;border-radius:90px 60px 20px
20px;background:#2f5fa8"></div>{"".join(map(WHEEL.format, (190, 360, 490, 660)))}
</body>"""

# Buttons and fields that a screen reader has no name for.
NAMELESS = """return [...document.querySelectorAll('button, input, textarea, select')]
    .filter((e) => !e.closest('[aria-hidden=true]') && e.id !== 'file')
    .filter((e) => !e.ariaLabel && !e.textContent.trim() &&
        !e.labels?.length && e.offsetParent)
    .map((e) => e.outerHTML)"""

# For the pictures: no caret that blinks, no light on what was just touched.
CALM = """const calm = new CSSStyleSheet();
calm.replaceSync(`* { caret-color: transparent !important;
    -webkit-tap-highlight-color: transparent !important }`);
document.adoptedStyleSheets = [calm];"""

DECODED = "return arguments[0].decode().then(() => arguments[0].naturalWidth)"


def mount(pictures, path):
    """Some pictures, side by side."""
    images = "".join(
        f'<img src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for png in pictures
    )
    browser = Browser(300 * len(pictures) + 40, 620, 1.5)
    browser.draw(
        f"""<style>body{{margin:0;padding:30px;display:flex;gap:20px;
        background:#e9e3d5}}img{{width:280px;height:560px;border-radius:22px;
        box-shadow:0 4px 18px #0003}}</style>{images}"""
    )
    with open(path, "wb") as f:
        f.write(browser.picture())
    browser.quit()


class Chat(unittest.TestCase):
    """One story: each test goes on where the one before has ended."""

    @classmethod
    def setUpClass(cls):
        cls.taken = {}
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

    @classmethod
    def tearDownClass(cls):
        if pictures := [cls.taken[name] for name in SHOWN if name in cls.taken]:
            mount(pictures, os.path.join(SHOTS, "chat.png"))
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError(f"the daemon ended with {status}\n{cls.daemon.log}")

    @classmethod
    def enter(cls, nick, dark=False):
        person = Person(dark)
        cls.addClassCleanup(person.quit)
        person.enter(f"{cls.daemon.url}/chat", nick)
        if SHOTS:
            person.run(CALM)
        return person

    def leave(self, person):
        self.assertEqual(person.problems(), [])

    def shoot(self, person, name):
        if SHOTS:
            self.taken[name] = person.picture()

    def test_1_two_members_of_a_group_see_each_other(self):
        wang = Chat.wang = self.enter("小王")
        li = Chat.li = self.enter("老李", dark=True)
        li.say("早，新街口那边修路，绕一下")
        self.assertIn("老李", wang.sees("新街口那边修路"))
        wang.say("收到，谢谢李哥")
        self.assertIn("小王", li.sees("谢谢李哥"))

    def test_2_a_request_is_taken_in_the_group_the_rest_is_private(self):
        wang = self.wang
        wang.say("诉求 站点门口充电柜坏了三天，晚上没地方换电")
        wang.hears(r"S\d+")
        self.shoot(wang, "group")
        wang.private()
        wang.say("帮助")
        wang.click(".option", 2)  # 进度
        wang.sent()
        self.assertRegex(wang.hears("充电柜"), r"S\d+")

    def test_3_a_photo_report_with_a_place(self):
        wang = self.wang
        wang.say("随手拍")
        wang.hears("照片")
        wang.attach("#file", self.photo)
        wang.fill("#photo-text", "消防通道被电动车堵住了")
        wang.click("#photo-send")
        wang.sees("消防通道", ".mine")
        image = wang.shows(".mine .photo img")
        self.assertGreater(wang.run(DECODED, image), 0)
        wang.hears("在哪里")
        wang.click("#place")
        wang.click("#place-here")
        wang.shows("#place-found", "米")
        wang.fill("#place-name", "新街口驿站门口")
        wang.click("#place-send")
        wang.sees("新街口驿站门口", ".mine")
        wang.hears(r"P\d+")
        self.shoot(wang, "report")
        wang.click(".mine .photo img")
        self.assertGreater(wang.run(DECODED, wang.shows("#show")), 320)
        wang.click("#show-box .main")

    def test_4_staff_answers_the_rider_sees_it(self):
        wang = self.wang
        zhou = self.enter("周老师", dark=True)
        zhou.private()
        zhou.say(f"绑定 {self.daemon.code('staff')}")
        zhou.hears("工作人员")
        zhou.say("待办")
        ticket = re.search(r"S\d+", zhou.hears("充电柜"))[0]
        zhou.say(f"回复 {ticket} 已联系物业，今晚修好")
        self.shoot(zhou, "staff")
        wang.group()
        wang.private()
        self.assertIn(ticket, wang.hears("今晚修好"))
        self.shoot(wang, "answer")
        self.leave(zhou)

    def test_5_what_somebody_writes_stays_text(self):
        wang, li = self.wang, self.li
        wang.group()
        wang.say("<img src=x onerror=alert(1)> http://evil.example/ & <b>")
        self.assertIn("<img src=x", li.sees("onerror"))
        self.assertEqual(li.count("#log b, #log a, .text img"), 0)

    def test_6_a_message_written_while_the_daemon_is_away_arrives_once(self):
        wang, li = self.wang, self.li
        self.assertEqual(self.daemon.stop(), 0, self.daemon.log)
        wang.shows("#state")
        wang.fill("#text", "断线时写的")
        wang.click("#send")
        wang.sending()
        self.daemon.start()
        wang.sent()
        wang.hides("#state")
        li.sees("断线时写的")
        self.assertEqual(li.messages().count("断线时写的"), 1)

    def test_7_a_page_that_comes_back_is_the_same_member(self):
        wang = self.wang
        wang.driver.refresh()
        wang.sees("谢谢李哥", ".mine")
        wang.private()
        wang.hears("今晚修好")

    def test_8_other_languages_the_keyboard_labels(self):
        wang = self.wang
        wang.choose("#lang", "en")
        wang.shows("html[lang=en]")
        send = wang.shows("#send")
        self.assertEqual(send.get_attribute("aria-label"), "Send")
        wang.hears("English")
        selected = "[role=tab][aria-selected=true]"
        wang.press(selected, "ARROW_LEFT")
        self.assertIn("外卖站点", wang.shows(selected).text)
        self.assertEqual(wang.run(NAMELESS), [])
        self.leave(wang)
        self.leave(self.li)

    def test_9_a_used_or_unknown_link_is_said_to_be_one(self):
        guest = Person()
        self.addCleanup(guest.quit)
        guest.open(f"{self.daemon.url}/chat#link={'x' * 24}")
        guest.shows("#toast")
        self.assertNotIn("#", guest.driver.current_url)
        self.leave(guest)


if __name__ == "__main__":
    if missing := find_missing():
        sys.exit(
            f"no {' and no '.join(missing)} here: install the Debian packages"
            " chromium and chromium-driver (./dev install-packages test)"
        )
    unittest.main(failfast=True, verbosity=2)
