#!/usr/bin/env python3
"""Broadcasts in the API: what may be written, who may see and move it, and two
people who write at the same time."""

import concurrent.futures
import sys
import time
import unittest
import urllib.parse

import api_client as api

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
HOUR = 3600 * 1000
DAY = 24 * HOUR
TEXT = "明天有雨，路滑慢行"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d7"
    "63f8cfc000000301010018dd8db00000000049454e44ae426082"
)


class Case(unittest.TestCase):
    more = ""

    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon("[api]\nrate = 0\npeer_rate = 0\n" + cls.more)
        cls.daemon.start()
        for name, role in (
            ("root", "admin"),
            ("li", "organiser"),
            ("sun", "organiser"),
            ("zhao", "approver"),
            ("wang", "staff"),
        ):
            cls.daemon.add_user(name, role)
        cls.root, cls.li, cls.sun, cls.zhao, cls.wang = (
            api.Session(cls.daemon.url, name) for name in ("root", "li", "sun", "zhao", "wang")
        )
        api.lay_down(cls.root, "organisation", api.ORGANISATION)
        cls.daemon.add_user("north", "organiser:north")
        cls.daemon.add_user("south", "organiser:south")
        cls.daemon.add_user("both", "organiser:north", "organiser:south")
        cls.north, cls.south, cls.both = (
            api.Session(cls.daemon.url, name) for name in ("north", "south", "both")
        )

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    def expect(self, answer, status, code=None, field=None):
        self.assertEqual((answer.status, answer.code), (status, code), answer.bytes)
        if field is not None:
            self.assertEqual(answer.json["field"], field)
        return answer.json if answer.bytes else None

    def draft(self, caller=None, **words):
        words = {"title": "天气", "text": TEXT, **words}
        return self.expect((caller or self.li).call("POST", "/broadcasts", words), 201)

    def read(self, id_, caller=None):
        return self.expect((caller or self.li).get(f"/broadcasts/{id_}"), 200)

    def move(self, broadcast, move, caller=None, status=200, code=None, **more):
        body = {"move": move, "version": broadcast["version"], **more}
        return self.expect(
            (caller or self.li).call("POST", f"/broadcasts/{broadcast['id']}/moves", body),
            status,
            code,
        )

    def audited(self, subject):
        items = self.root.get(f"/audit?subject={subject}&limit=200").json["items"]
        return [(item["actor"], item["action"]) for item in reversed(items)]


class DraftTest(Case):
    def test_what_is_written_is_kept(self):
        photo = self.li.send("POST", "/api/v1/photos", PICTURE)
        self.assertEqual(photo.status, 201, photo.bytes)
        file = self.expect(self.li.send("POST", "/api/v1/files?name=a.pdf", PDF), 201)
        at_ms = int(time.time() * 1000) // 1000 * 1000 + 40 * DAY
        words = {
            "lane": "study",
            "title": "安全月",
            "text": "戴好头盔。\n过路口慢一点。",
            "translations": {"en": "Wear your helmet.", "zh-TW": "戴好頭盔。"},
            "photo": photo.json["id"],
            "file": file["id"],
            "link": {"url": "https://example.org/a?b=1", "title": "安全手册"},
            "ask_read": True,
            "target": "riders",
            "audience": {"all": [{"unit": ["north", "south"]}, {"not": {"tag": "新手"}}]},
            "hours": "ignore",
            "missed": "skip",
            "at_ms": at_ms,
        }
        made = self.draft(**words)
        self.assertRegex(made["id"], r"^B\d+$")
        self.assertEqual((made["state"], made["version"], made["unit"]), ("draft", 1, "*"))
        self.assertEqual((made["by"], made["by_name"]), ("user:li", "li"))
        kept = self.read(made["id"])
        for name, value in words.items():
            if name != "file":
                self.assertEqual(kept[name], value, name)
        self.assertEqual(kept["file"], {"id": file["id"], "name": "a.pdf", "bytes": len(PDF)})
        self.assertEqual(kept["moves"], ["submit"])
        self.assertIsNone(kept["rrule"])
        self.assertEqual(self.audited(made["id"]), [("user:li", "broadcast-add")])
        etag = self.li.get(f"/broadcasts/{made['id']}").headers["ETag"]
        self.assertEqual(self.li.get(f"/broadcasts/{made['id']}", {"If-None-Match": etag}).status, 304)

    def test_what_is_not_said_is_as_in_a_new_one(self):
        made = self.draft()
        for name, value in {
            "lane": "notice", "target": "groups", "audience": {}, "hours": "hold",
            "missed": "late", "ask_read": False, "translations": {}, "photo": None,
            "file": None, "link": None, "at_ms": None, "rrule": None, "workday": None,
            "quiz": None, "material": None, "event": None, "total": 0, "fired_ms": None,
        }.items():
            self.assertEqual(made[name], value, name)
        # Changing is as a whole.
        changed = self.expect(
            self.li.call(
                "PUT",
                f"/broadcasts/{made['id']}",
                {"version": 1, "text": "别的", "link": {"url": "https://example.org/"}},
            ),
            200,
        )
        self.assertEqual((changed["version"], changed["title"]), (2, ""))
        self.assertEqual(changed["link"], {"url": "https://example.org/", "title": ""})

    def test_each_field_is_held_to_what_it_is(self):
        now = int(time.time() * 1000)
        nested = {"tag": "a"}
        for _ in range(9):
            nested = {"not": nested}
        for words, code, field in (
            ({"lane": "reply"}, "invalid", "lane"),
            ({"lane": 1}, "string_needed", "lane"),
            ({"title": "字" * 61}, "too_long", "title"),
            ({"text": "字" * 2001}, "too_long", "text"),
            ({"text": ["a"]}, "string_needed", "text"),
            ({"translations": "en"}, "object_needed", "translations"),
            ({"translations": {"fr": "bonjour"}}, "unknown", "translations"),
            ({"translations": {"<script>": "x"}}, "unknown", "translations"),
            ({"translations": {"en": 1}}, "string_needed", "translations.en"),
            ({"translations": {"en": "a" * 2001}}, "too_long", "translations.en"),
            ({"translations": {"zh-TW": "a", "zh_TW": "b"}}, "invalid", None),
            ({"photo": "a" * 22}, "no_such_photo", "photo"),
            ({"photo": "../../etc/passwd"}, "no_such_photo", "photo"),
            ({"photo": 7}, "string_needed", "photo"),
            ({"file": "a" * 22}, "no_such_file", "file"),
            ({"file": "../../../etc/passwd"}, "no_such_file", "file"),
            ({"link": "https://example.org/"}, "object_needed", "link"),
            ({"link": {}}, "required", "link.url"),
            ({"link": {"url": "javascript:alert(1)"}}, "invalid", "link.url"),
            ({"link": {"url": "ftp://example.org/"}}, "invalid", "link.url"),
            ({"link": {"url": "example.org"}}, "invalid", "link.url"),
            ({"link": {"url": "https://a:b@example.org/"}}, "invalid", "link.url"),
            ({"link": {"url": "https://example.org/\r\nX: 1"}}, "invalid", "link.url"),
            ({"link": {"url": "http://127.0.0.1/"}}, "private", "link.url"),
            ({"link": {"url": "http://10.0.0.1/"}}, "private", "link.url"),
            ({"link": {"url": "http://[::1]/"}}, "private", "link.url"),
            ({"link": {"url": "https://example.org/" + "a" * 1024}}, "too_long", "link.url"),
            ({"link": {"url": "https://example.org/", "title": "字" * 61}}, "too_long", "link.title"),
            ({"link": {"url": "https://example.org/", "title": 1}}, "string_needed", "link.title"),
            ({"ask_read": 1}, "boolean_needed", "ask_read"),
            ({"target": "everybody"}, "invalid", "target"),
            ({"audience": []}, None, None),
            ({"audience": {"unit": "nowhere"}}, None, "audience.unit"),
            ({"audience": {"colour": "red"}}, "unknown_field", None),
            ({"audience": {"consent": "yes"}}, None, None),
            ({"target": "riders", "audience": {"group": "web.gqinhuai"}}, None, None),
            ({"audience": nested}, "too_deep", None),
            ({"audience": {"any": [{"tag": str(i)} for i in range(65)]}}, None, None),
            ({"hours": "soon"}, "invalid", "hours"),
            ({"missed": "never"}, "invalid", "missed"),
            ({"at_ms": "tomorrow"}, "integer_needed", "at_ms"),
            ({"at_ms": -1}, "out_of_range", "at_ms"),
            ({"at_ms": 10**18}, "out_of_range", "at_ms"),
            ({"at_ms": 1.5}, "integer_needed", "at_ms"),
            ({"rrule": "A" * 201}, "too_long", "rrule"),
            ({"rrule": 5}, "string_needed", "rrule"),
            ({"workday": 24}, "out_of_range", "workday"),
            ({"quiz": "Z999999"}, "unknown", "quiz"),
            ({"quiz": "M1"}, "unknown", "quiz"),
            ({"material": "M999999"}, "unknown", "material"),
            ({"event": "E999999"}, "unknown", "event"),
            ({"event": "E1\n"}, "unknown", "event"),
        ):
            with self.subTest(words=str(words)[:80]):
                answer = self.li.call("POST", "/broadcasts", {"text": TEXT, **words})
                self.assertEqual(answer.status, 422, answer.bytes)
                if code is not None:
                    self.assertEqual(answer.code, code, answer.bytes)
                if field is not None:
                    self.assertEqual(answer.json["field"], field, answer.bytes)
        self.assertGreater(now, 0)

    def test_two_write_one_draft(self):
        made = self.draft()
        path = f"/broadcasts/{made['id']}"
        self.expect(self.sun.call("PUT", path, {"version": 1, "text": "孙的话"}), 200)
        stale = self.expect(self.li.call("PUT", path, {"version": 1, "text": "李的话"}), 409, "stale")
        self.assertEqual((stale["current"]["text"], stale["current"]["version"]), ("孙的话", 2))
        self.expect(self.li.call("PUT", path, {"text": "李的话"}), 422, "required", "version")
        self.expect(self.li.call("PUT", path, {"version": 2, "text": "李的话"}), 200)
        self.expect(self.li.call("DELETE", path + "?version=2"), 409, "stale")
        self.expect(self.li.call("DELETE", path), 422, "required", "version")
        self.expect(self.li.call("DELETE", path + "?version=x"), 422, "invalid", "version")
        self.expect(self.li.call("DELETE", path + "?version=3"), 204)
        self.expect(self.li.get(path), 404, "not_found")
        self.expect(self.li.call("PUT", path, {"version": 3, "text": "x"}), 404, "not_found")

    def test_asked_twice_it_is_made_once(self):
        key = {"Idempotency-Key": "draft-1"}
        words = {"text": "一次"}
        first = self.li.call("POST", "/broadcasts", words, key)
        again = self.li.call("POST", "/broadcasts", words, key)
        self.assertEqual(first.json["id"], again.json["id"])
        self.expect(self.li.call("POST", "/broadcasts", {"text": "两次"}, key), 422, "key_reused")

    def test_a_copy_is_a_draft_of_its_own(self):
        made = self.draft(translations={"en": "Rain"}, audience={"tag": "夜班"}, rrule="FREQ=DAILY", at_ms=int(time.time() * 1000) + DAY)
        copy = self.expect(self.sun.call("POST", f"/broadcasts/{made['id']}/copy"), 201)
        self.assertNotEqual(copy["id"], made["id"])
        for name in ("text", "title", "translations", "audience", "rrule", "at_ms", "unit"):
            self.assertEqual(copy[name], made[name], name)
        self.assertEqual((copy["by"], copy["state"], copy["version"]), ("user:sun", "draft", 1))
        self.assertEqual(self.audited(copy["id"]), [("user:sun", "broadcast-copy")])

    def test_names_that_are_none(self):
        for id_ in ("B0", "B999999", "b1", "S1", "B1x", "B", "B" + "9" * 60, "{x}", "B-1"):
            for method, path in (
                ("GET", ""), ("PUT", ""), ("DELETE", "?version=1"), ("GET", "/progress"),
                ("GET", "/targets"), ("GET", "/export.csv"), ("POST", "/copy"), ("POST", "/moves"),
            ):
                body = {"version": 1, "move": "submit"} if method in ("PUT", "POST") else None
                try:
                    answer = self.li.call(method, f"/broadcasts/{id_}{path}", body)
                except OSError:
                    continue  # what is no path at all is not answered
                self.assertIn(answer.status, (400, 404), (method, id_, path, answer.bytes))

    def test_the_list(self):
        ids = [self.draft(title=f"清单 {i}", text="列表里的")["id"] for i in range(5)]
        page = self.expect(self.li.get("/broadcasts?limit=2"), 200)
        self.assertEqual([item["id"] for item in page["items"]], ids[:2:-1])
        self.assertGreaterEqual(page["total"], 5)
        rest = self.expect(self.li.get(f"/broadcasts?limit=2&cursor={page['next']}"), 200)
        self.assertEqual([item["id"] for item in rest["items"]], ids[2:0:-1])
        query = urllib.parse.quote("列表里")
        found = self.expect(self.li.get(f"/broadcasts?q={query}&state=draft,submitted&limit=3"), 200)
        self.assertEqual((found["total"], found["next"]), (5, "3"))
        found = self.expect(self.li.get(f"/broadcasts?q={query}&limit=3&cursor=3"), 200)
        self.assertEqual([item["id"] for item in found["items"]], ids[1::-1])
        self.assertIsNone(found["next"])
        self.assertEqual(self.expect(self.li.get(f"/broadcasts?q={query}&state=done"), 200)["items"], [])
        self.assertEqual(self.expect(self.li.get(f"/broadcasts?q={ids[0]}"), 200)["total"], 1)
        for bad in ("state=lost", "cursor=-1", "cursor=x", "cursor=" + "9" * 30, "q=" + "a" * 500):
            self.assertEqual(self.li.get("/broadcasts?" + bad).status, 422, bad)


class ScopeTest(Case):
    def ids(self, caller):
        return {item["id"] for item in self.expect(caller.get("/broadcasts?limit=200"), 200)["items"]}

    def test_each_sees_what_is_of_their_units(self):
        all_, north, south, both = (
            self.draft(caller) for caller in (self.li, self.north, self.south, self.both)
        )
        self.assertEqual((north["unit"], set(both["unit"].split(","))), ("north", {"north", "south"}))
        of = {name: self.ids(getattr(self, name)) for name in ("li", "north", "south", "both", "zhao")}
        everything = {b["id"] for b in (all_, north, south, both)}
        self.assertLessEqual(everything, of["li"])
        self.assertLessEqual(everything, of["zhao"])
        self.assertEqual(of["north"] & everything, {north["id"]})
        self.assertEqual(of["south"] & everything, {south["id"]})
        self.assertEqual(of["both"] & everything, {north["id"], south["id"], both["id"]})
        for path in ("", "/progress", "/targets", "/export.csv"):
            self.assertEqual(self.north.get(f"/broadcasts/{south['id']}{path}").status, 404)
        body = {"version": 1, "text": "x", "move": "submit"}
        for method, path in (("PUT", ""), ("DELETE", "?version=1"), ("POST", "/moves"), ("POST", "/copy")):
            answer = self.north.call(method, f"/broadcasts/{south['id']}{path}", body)
            self.assertEqual(answer.status, 404, (method, path))
        self.assertEqual(self.read(south["id"], self.south)["version"], 1)

    def test_others_do_not_get_in(self):
        made = self.draft()
        for caller, status in ((self.wang, 403), (api.anybody(self.daemon.url), 401)):
            for method, path, body in (
                ("GET", "", None), ("POST", "", {"text": "x"}), ("GET", f"/{made['id']}", None),
                ("POST", f"/{made['id']}/moves", {"move": "submit", "version": 1}),
                ("GET", f"/{made['id']}/export.csv", None), ("POST", "/preview", {"text": "x"}),
            ):
                answer = caller.call(method, "/broadcasts" + path, body)
                self.assertEqual(answer.status, status, (method, path, answer.bytes))
        for path in ("/accounts", "/calendar?from_ms=0&to_ms=1"):
            self.assertEqual(self.wang.get(path).status, 403)
        # Somebody for one category only is for no broadcast at all.
        self.daemon.add_user("odd", "organiser:north:wage")
        odd = api.Session(self.daemon.url, "odd")
        self.expect(odd.call("POST", "/broadcasts", {"text": "x"}), 403, "denied")

    def test_who_only_approves(self):
        token = api.with_token(self.daemon.url, self.daemon.add_token("judge", "approve"))
        made = self.draft()
        self.assertEqual(self.read(made["id"], token)["moves"], [])
        self.move(made, "submit", token, 403, "permission")
        self.expect(token.call("POST", "/broadcasts", {"text": "x"}), 403, "permission")
        self.assertEqual(token.call("PUT", f"/broadcasts/{made['id']}", {"version": 1}).status, 403)


class MoveTest(Case):
    def test_what_is_no_move(self):
        made = self.draft()
        for body, field in (
            ({"move": "fly", "version": 1}, "move"),
            ({"move": "fire", "version": 1}, "move"),
            ({"version": 1}, "move"),
            ({"move": "submit"}, "version"),
            ({"move": "submit", "version": "1"}, "version"),
            ({"move": "submit", "version": 1, "note": "字" * 201}, "note"),
        ):
            answer = self.li.call("POST", f"/broadcasts/{made['id']}/moves", body)
            self.assertEqual((answer.status, answer.json["field"]), (422, field), answer.bytes)
        for move in ("approve", "return", "pause", "resume", "cancel", "retry", "retry_unknown", "recall"):
            now = self.move(made, move, self.root, 409, "state")
            self.assertEqual(now["current"]["state"], "draft")
        self.move({**made, "version": 7}, "submit", status=409, code="stale")
        self.assertEqual(self.read(made["id"])["version"], 1)


class ApprovalTest(Case):
    """Where the district wants a second person."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        policy = cls.root.get("/documents/broadcasts").json["json"]
        api.lay_down(cls.root, "broadcasts", {**policy, "approval": True})
        cls.later = int(time.time() * 1000) + 30 * DAY
        cls.daemon.add_user("qian", "organiser", "approver")
        cls.qian = api.Session(cls.daemon.url, "qian")
        cls.daemon.add_user("eye", "approver:south")
        cls.eye = api.Session(cls.daemon.url, "eye")

    def submitted(self, caller=None, **words):
        made = self.draft(caller, at_ms=self.later, **words)
        now = self.move(made, "submit", caller)
        self.assertEqual((now["state"], now["version"]), ("submitted", made["version"] + 1))
        return now

    def test_a_second_person_says_yes(self):
        now = self.submitted()
        self.assertEqual(set(self.read(now["id"], self.zhao)["moves"]), {"approve", "return", "cancel"})
        self.assertEqual(self.read(now["id"], self.li)["moves"], ["cancel"])
        self.move(now, "approve", self.li, 403, "permission")
        yes = self.move(now, "approve", self.zhao)
        self.assertEqual((yes["state"], yes["approved_by"]), ("scheduled", "user:zhao"))
        self.assertEqual(yes["total"], 1)
        self.assertIsNotNone(yes["next_ms"])
        # Once more, and somebody else who was as fast.
        again = self.move(now, "approve", self.zhao, 409, "stale")
        self.assertEqual(again["current"]["state"], "scheduled")
        self.move(yes, "approve", self.root, 409, "state")
        self.assertEqual(
            self.audited(now["id"]),
            [("user:li", "broadcast-add"), ("user:li", "broadcast-submit"), ("user:zhao", "broadcast-approve")],
        )
        # It is no draft any more.
        path = f"/broadcasts/{now['id']}"
        self.expect(self.li.call("PUT", path, {"version": yes["version"], "text": "x"}), 409, "state")
        self.expect(self.li.call("DELETE", f"{path}?version={yes['version']}"), 409, "state")
        done = self.move(yes, "cancel")
        self.assertEqual((done["state"], done["moves"]), ("cancelled", []))

    def test_nobody_approves_their_own(self):
        now = self.submitted(self.qian)
        self.assertNotIn("approve", self.read(now["id"], self.qian)["moves"])
        self.move(now, "approve", self.qian, 403, "own")
        self.assertEqual(self.read(now["id"])["state"], "submitted")

    def test_nobody_approves_beyond_their_unit(self):
        now = self.submitted()
        self.assertEqual(self.eye.get(f"/broadcasts/{now['id']}").status, 404)
        body = {"move": "approve", "version": now["version"]}
        self.assertEqual(self.eye.call("POST", f"/broadcasts/{now['id']}/moves", body).status, 404)

    def test_it_goes_back_with_a_word(self):
        now = self.submitted()
        back = self.move(now, "return", self.zhao, note="时间写错了")
        self.assertEqual((back["state"], back["note"]), ("draft", "时间写错了"))
        changed = self.expect(
            self.li.call("PUT", f"/broadcasts/{now['id']}", {"version": back["version"], "text": "改好了", "at_ms": self.later}),
            200,
        )
        self.assertEqual(self.move(changed, "submit")["state"], "submitted")

    def test_to_no_one(self):
        made = self.draft(audience={"tag": "没有这个标签"}, at_ms=self.later)
        answer = self.li.call("POST", f"/broadcasts/{made['id']}/moves", {"move": "submit", "version": 1})
        if answer.status == 200:  # it is found out when it is frozen
            body = {"move": "approve", "version": 2}
            answer = self.zhao.call("POST", f"/broadcasts/{made['id']}/moves", body)
        self.expect(answer, 422, "no_one", "audience")

    def test_of_two_at_once_one_approves(self):
        self.daemon.add_user("feng", "approver")
        feng = api.Session(self.daemon.url, "feng")
        now = self.submitted()
        body = {"move": "approve", "version": now["version"]}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            got = list(
                pool.map(
                    lambda who: who.call("POST", f"/broadcasts/{now['id']}/moves", body).status,
                    [feng, self.zhao, feng, self.zhao],
                )
            )
        self.assertEqual(sorted(got), [200, 409, 409, 409])

    def test_progress_of_one_that_waits(self):
        now = self.move(self.submitted(), "approve", self.zhao)
        told = self.expect(self.li.get(f"/broadcasts/{now['id']}/progress"), 200)
        self.assertEqual((told["state"], told["total"], told["silent"], told["eta_ms"]), ("scheduled", 1, 0, None))
        self.assertEqual((told["counts"]["waiting"], told["reads"]), (1, []))
        page = self.expect(self.li.get(f"/broadcasts/{now['id']}/targets"), 200)
        self.assertEqual([(t["chat"], t["title"], t["state"]) for t in page["items"]], [("web.gqinhuai", "秦淮区外卖站点", "waiting")])
        csv = self.li.get(f"/broadcasts/{now['id']}/export.csv")
        self.assertEqual(csv.headers["Content-Type"], "text/csv; charset=utf-8")
        lines = csv.bytes.decode("utf-8-sig").split("\r\n")
        self.assertEqual(lines[1:], ["1,秦淮区外卖站点,web.gqinhuai,等待,,,0", ""])
        self.assertIn(("user:li", "broadcast-export"), self.audited(now["id"]))


class ShowTest(Case):
    more = "[xiaofeng]\npublic_url = https://bee.example\n"

    def test_how_it_will_look(self):
        words = {
            "text": "<b>今天</b> 16 点发高温津贴",
            "translations": {"en": "Heat allowance at 4 pm"},
            "link": {"url": "https://example.org/a", "title": "领取说明"},
            "ask_read": True,
        }
        previews = self.expect(self.li.call("POST", "/broadcasts/preview", words), 200)["previews"]
        self.assertEqual(
            sorted((p["platform"], p["lang"]) for p in previews),
            [("qq", "en"), ("qq", "zh-CN"), ("web", "en"), ("web", "zh-CN")],
        )
        by = {(p["platform"], p["lang"]): p["parts"] for p in previews}
        text = by["qq", "zh-CN"][0]["text"]
        self.assertTrue(text.startswith("【通知】<b>今天</b> 16 点发高温津贴\n领取说明\nhttps://bee.example/r/B"), text)
        self.assertIn("已读", text)
        self.assertNotIn("https://example.org", text)
        self.assertIn("Heat allowance", by["web", "en"][0]["text"])
        answer = self.li.call("POST", "/broadcasts/preview", {"text": "a", "photo": "x"})
        self.expect(answer, 422, "no_such_photo", "photo")
        self.assertEqual(self.expect(self.li.get("/broadcasts"), 200)["total"], 0)

    def upcoming(self, status=200, **query):
        return self.li.get("/broadcasts/upcoming?" + urllib.parse.urlencode(query))

    def test_when_it_will_fire(self):
        now = int(time.time() * 1000)
        times = self.expect(self.upcoming(rrule="FREQ=DAILY", at_ms=now + HOUR, hours="ignore"), 200)["at_ms"]
        self.assertEqual(len(times), 10)
        self.assertEqual({b - a for a, b in zip(times, times[1:])}, {DAY})
        once = self.expect(self.upcoming(at_ms=now + HOUR, hours="ignore"), 200)["at_ms"]
        self.assertEqual(once, [now + HOUR])
        for code, query in (
            ("too_often", {"rrule": "FREQ=SECONDLY"}),
            ("never", {"rrule": "FREQ=DAILY;UNTIL=20000101T000000Z"}),
            ("invalid", {"rrule": "EVERY MONDAY"}),
            ("never", {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}),
        ):
            answer = self.upcoming(**query)
            self.assertEqual((answer.status, answer.json.get("field")), (422, "rrule"), answer.bytes)
            self.assertIn(answer.code, (code, "invalid"), answer.bytes)
        for query in ({"at_ms": "x"}, {"workday": "1.5"}, {"workday": "99"}, {"rrule": "F" * 300}, {"hours": "x"}, {"at_ms": "-5"}):
            self.assertEqual(self.upcoming(**query).status, 422, query)

    def test_the_calendar(self):
        now = int(time.time() * 1000)
        made = self.draft(at_ms=now + 2 * DAY, text="日历里的")
        api.lay_down(self.root, "calendar", {
            "hours": {"mon": "09:00-17:00"},
            "years": {"2030": {"holidays": ["2030-10-01"], "workdays": []}},
        })
        items = self.expect(self.li.get(f"/calendar?from_ms={now}&to_ms={now + 3 * DAY}"), 200)["items"]
        self.assertIn((made["id"], "broadcast", "draft", now + 2 * DAY), [(i["id"], i["kind"], i["state"], i["at_ms"]) for i in items])
        items = self.expect(self.li.get(f"/calendar?from_ms={now}&to_ms={now + DAY}"), 200)["items"]
        self.assertNotIn(made["id"], [i["id"] for i in items])
        day = 1917187200000 - 8 * HOUR  # 2030-10-03 in China... less two days
        items = self.expect(self.li.get(f"/calendar?from_ms={day - 5 * DAY}&to_ms={day + 5 * DAY}"), 200)["items"]
        self.assertEqual([(i["kind"], i["id"]) for i in items], [("holiday", "2030-10-01")])
        self.assertEqual(items[0]["end_ms"] - items[0]["at_ms"], DAY)
        for bad in ("", "?from_ms=1", "?from_ms=a&to_ms=2", "?from_ms=5&to_ms=5", f"?from_ms=0&to_ms={101 * DAY}", "?from_ms=-1&to_ms=5"):
            self.assertEqual(self.li.get("/calendar" + bad).status, 422, bad)

    def test_the_accounts(self):
        items = self.expect(self.li.get("/accounts"), 200)["items"]
        for item in items:
            self.assertEqual(item["platform"], item["id"].split(".")[0])
        self.expect(self.li.call("POST", "/accounts/qq.404/unpark"), 404, "not_found")
        self.expect(self.north.call("POST", "/accounts/web/unpark"), 403, "denied")
        self.assertEqual(self.li.call("POST", "/accounts/" + "a" * 300 + "/unpark").status, 404)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=1)
