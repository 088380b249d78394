#!/usr/bin/env python3
"""Questions, quizzes and leaderboards by the API."""

import csv
import io
import time
import unittest
import zipfile

import api_client as api

SINGLE = {"kind": "single", "text": "电动车限速几何", "options": ["15", "25", "35"], "correct": [2],
          "explanation": "国标", "category": "交通"}
TRUTH = {"kind": "truth", "text": "可以逆行", "correct": [2], "category": "交通"}
MULTIPLE = {"kind": "multiple", "text": "要戴什么", "options": ["盔", "帽", "镜"], "correct": [1, 3]}
HOUR = 3600 * 1000
KEY = "{qinhuai}:"


def now():
    return int(time.time() * 1000)


def score(right, ms, first):
    """As store/attempt.h says, reckoned anew."""
    return right * 2**47 + (2**25 - 1 - ms) * 2**22 + (2**22 - 1 - first if first else 0)


class QuizApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon()
        cls.daemon.start()
        cls.addClassCleanup(cls.daemon.finish)
        cls.daemon.add_user("root", "admin")
        cls.daemon.add_user("auntie", "organiser")
        cls.root = api.Session(cls.daemon.url, "root")
        cls.me = api.Session(cls.daemon.url, "auntie")

    def ok(self, answer, status=200):
        self.assertEqual(answer.status, status, answer.bytes)
        return answer.json if answer.bytes else None

    def refused(self, answer, status, code, field=None):
        self.assertEqual((answer.status, answer.code), (status, code), answer.bytes)
        if field:
            self.assertEqual(answer.json["field"], field)
        return answer.json

    def add(self, question, **more):
        return self.ok(self.me.call("POST", "/questions", {**question, **more}), 201)

    def quiz(self, **more):
        body = {"kind": "quiz", "title": "安全", "questions": [self.add(SINGLE)["id"]], **more}
        return self.ok(self.me.call("POST", "/quizzes", body), 201)

    def move(self, quiz, move, status=200):
        answer = self.me.call("POST", f"/quizzes/{quiz['id']}/moves", {"move": move, "version": quiz["version"]})
        return self.ok(answer, status)

    # ---- questions

    def test_questions_are_kept(self):
        made = self.add(SINGLE)
        self.assertRegex(made["id"], r"^Q\d+$")
        self.assertEqual(made["version"], 1)
        for name, value in SINGLE.items():
            self.assertEqual(made[name], value)
        path = f"/questions/{made['id']}"
        self.assertEqual(self.ok(self.me.get(path)), made)
        changed = self.ok(self.me.call("PUT", path, {**MULTIPLE, "version": 1}))
        self.assertEqual((changed["version"], changed["correct"], changed["category"]), (2, [1, 3], ""))
        stale = self.refused(self.me.call("PUT", path, {**MULTIPLE, "version": 1}), 409, "stale")
        self.assertEqual(stale["current"], changed)
        self.refused(self.me.call("DELETE", path), 422, "required", "version")
        self.refused(self.me.call("DELETE", path + "?version=1"), 409, "stale")
        self.ok(self.me.call("DELETE", path + "?version=2"), 204)
        self.refused(self.me.get(path), 404, "not_found")
        self.refused(self.me.get("/questions/Z1"), 404, "not_found")

    def test_questions_that_will_not_do(self):
        for change, field in (
            ({"text": ""}, "text"),
            ({"text": "问" * 501}, "text"),
            ({"kind": "essay"}, "kind"),
            ({"options": ["one"]}, "options"),
            ({"options": ["a", ""]}, "options"),
            ({"options": [1, 2]}, "options"),
            ({"options": ["x"] * 9}, "options"),
            ({"correct": []}, "correct"),
            ({"correct": [4]}, "correct"),
            ({"correct": [0]}, "correct"),
            ({"correct": [1, 2]}, "correct"),
            ({"correct": "2"}, "correct"),
            ({"kind": "truth"}, "options"),
            ({"photo": "nope"}, "photo"),
        ):
            answer = self.me.call("POST", "/questions", {**SINGLE, **change})
            self.assertEqual(answer.status, 422, change)
            self.assertEqual(answer.json["field"], field, change)

    def test_questions_are_found(self):
        marks = [self.add(TRUTH, text=f"唯一的標記{i}", category="找") for i in range(3)]
        found = self.ok(self.me.get("/questions?q=" + api.urllib.parse.quote("标记1")))
        self.assertEqual([q["id"] for q in found["items"]], [marks[1]["id"]])
        self.assertEqual(found["total"], 1)
        query = "/questions?limit=2&category=" + api.urllib.parse.quote("找")
        first = self.ok(self.me.get(query))
        self.assertEqual([q["id"] for q in first["items"]], [marks[2]["id"], marks[1]["id"]])
        rest = self.ok(self.me.get(query + "&cursor=" + first["next"]))
        self.assertEqual([q["id"] for q in rest["items"]], [marks[0]["id"]])
        self.assertIsNone(rest["next"])
        self.refused(self.me.get("/questions?cursor=x"), 422, "invalid", "cursor")

    # ---- import

    def load(self, bytes_, status=200):
        return self.ok(self.me.send("POST", api.PREFIX + "/questions/import", bytes_), status)

    def test_import_of_a_table(self):
        before = self.ok(self.me.get("/questions?limit=1"))["total"]
        table = "题型,题目,选项A,选项B,答案,分类\n单选,导入一,甲,乙,B,导入\n判断,导入二,,,错,导入\n"
        for bytes_ in (table.encode("gbk"), table.encode("utf-8-sig")):
            self.assertEqual(self.load(bytes_), {"created": 2, "problems": []})
        query = "/questions?category=" + api.urllib.parse.quote("导入")
        items = self.ok(self.me.get(query))["items"]
        self.assertEqual([q["text"] for q in items], ["导入一", "导入二"] * 2)
        self.assertEqual(items[0]["by"], "user:auntie")
        bad = self.load("题目,答案\n对的,对\n不对的,也许\n".encode())
        self.assertEqual(bad["created"], 0)
        self.assertEqual(bad["problems"], [{"line": 3, "text": "the answer is none of its options"}])
        self.assertEqual(self.ok(self.me.get("/questions?limit=1"))["total"], before + 4)

    def test_import_of_much(self):
        table = "text,answer\n" + "".join(f"statement {i},1\n" for i in range(10000))
        got = self.load(table.encode())
        self.assertEqual(got["created"], 0)
        self.assertEqual(len(got["problems"]), 1)
        began = time.monotonic()
        table = "text,answer,category\n" + "".join(f"statement {i},1,many\n" for i in range(2000))
        self.assertEqual(self.load(table.encode())["created"], 2000)
        self.assertLess(time.monotonic() - began, 10)
        self.assertEqual(self.ok(self.me.get("/questions?category=many&limit=1"))["total"], 2000)
        answer = self.me.send("POST", api.PREFIX + "/questions/import", b"x" * (1024 * 1024 + 1))
        self.assertEqual(answer.status, 413)

    def test_import_of_a_bomb(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("xl/workbook.xml", b" " * (100 * 1024 * 1024))
        got = self.load(file.getvalue())
        self.assertEqual(got["problems"], [{"line": 0, "text": "the workbook is too large when it is unpacked"}])
        self.ok(self.me.get("/questions?limit=1"))

    # ---- quizzes

    def test_the_life_of_a_quiz(self):
        made = self.quiz(points=3)
        self.assertEqual((made["state"], made["moves"], made["asked"]), ("draft", ["open"], []))
        path = f"/quizzes/{made['id']}"
        body = {"kind": "quiz", "title": "改了", "questions": made["questions"], "version": 1}
        changed = self.ok(self.me.call("PUT", path, body))
        self.assertEqual((changed["title"], changed["points"], changed["version"]), ("改了", None, 2))
        stale = self.refused(self.me.call("PUT", path, body), 409, "stale")
        self.assertEqual(stale["current"]["title"], "改了")
        opened = self.move(changed, "open")
        self.assertEqual((opened["state"], opened["asked"]), ("open", made["questions"]))
        body["version"] = opened["version"]
        self.refused(self.me.call("PUT", path, body), 422, "not_allowed")
        question = made["questions"][0]
        self.refused(self.me.call("DELETE", f"/questions/{question}?version=1"), 422, "in_use")
        self.refused(self.me.call("DELETE", path + f"?version={opened['version']}"), 422, "not_allowed")
        closed = self.move(opened, "close")
        self.assertEqual((closed["state"], closed["moves"]), ("closed", []))
        self.refused(self.me.call("POST", path + "/moves", {"move": "open", "version": closed["version"]}),
                     422, "not_allowed", "move")
        self.ok(self.me.call("DELETE", f"/questions/{question}?version=1"), 204)
        self.ok(self.me.call("DELETE", path + f"?version={closed['version']}"), 204)
        self.refused(self.me.get(path), 404, "not_found")

    def test_quizzes_that_will_not_do(self):
        question = self.add(SINGLE)["id"]
        good = {"kind": "arena", "title": "擂台", "questions": [question], "opens_ms": now(), "closes_ms": now() + HOUR}
        for change, field in (
            ({"title": ""}, "title"),
            ({"kind": "exam"}, "kind"),
            ({"questions": []}, "questions"),
            ({"questions": ["M1"]}, "questions"),
            ({"questions": [question, question]}, "questions"),
            ({"questions": [f"Q{i}" for i in range(1, 52)]}, "questions"),
            ({"questions": {"n": 0}}, "questions"),
            ({"questions": {"n": 51}}, "questions"),
            ({"opens_ms": None}, "opens_ms"),
            ({"closes_ms": None}, "closes_ms"),
            ({"closes_ms": good["opens_ms"]}, "closes_ms"),
            ({"seconds": 4}, "seconds"),
            ({"points": 101}, "points"),
            ({"at": "24:00"}, "at"),
        ):
            answer = self.me.call("POST", "/quizzes", {**good, **change})
            self.assertEqual(answer.status, 422, (change, answer.bytes))
            self.assertEqual(answer.json["field"], field, change)

    def test_what_cannot_open(self):
        for questions, code in ((["Q999999"], "no_such_question"), ({"category": "none", "n": 1}, "too_few")):
            quiz = self.quiz(questions=questions)
            answer = self.me.call("POST", f"/quizzes/{quiz['id']}/moves", {"move": "open", "version": 1})
            self.refused(answer, 422, code, "questions")
        late = self.quiz(kind="arena", opens_ms=now() - 2 * HOUR, closes_ms=now() - HOUR)
        answer = self.me.call("POST", f"/quizzes/{late['id']}/moves", {"move": "open", "version": 1})
        self.refused(answer, 422, "over", "closes_ms")

    def test_a_time_of_day(self):
        self.assertEqual(self.quiz(kind="daily", at="07:30")["at"], "07:30")
        self.assertEqual(self.quiz(kind="daily")["at"], "08:00")
        # 22:13:20 UTC is 06:13:20 there.
        self.assertEqual(self.quiz(kind="daily", opens_ms=1700000000000)["at"], "06:13")

    def test_drawn_and_planned(self):
        for i in range(6):
            self.add(TRUTH, text=f"抽 {i}", category="抽")
        quiz = self.quiz(kind="arena", questions={"category": "抽", "n": 5}, opens_ms=now() + HOUR,
                         closes_ms=now() + 2 * HOUR)
        opened = self.move(quiz, "open")
        self.assertEqual((opened["state"], len(set(opened["asked"])), opened["seconds"]), ("planned", 5, 30))
        self.move(opened, "close")

    def test_a_daily_question(self):
        question = self.add(TRUTH, category="日")
        quiz = self.quiz(kind="daily", questions={"category": "日"}, at="00:00")
        opened = self.move(quiz, "open")
        end = time.monotonic() + 20
        while not opened["asked"]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
            opened = self.ok(self.me.get(f"/quizzes/{quiz['id']}"))
        self.assertEqual((opened["asked"], opened["state"]), ([question["id"]], "open"))
        self.assertRegex(opened["day"], r"^\d{4}-\d\d-\d\d$")
        results = self.ok(self.me.get(f"/quizzes/{quiz['id']}/results?day={opened['day']}"))
        self.assertEqual(results["run"], f"{quiz['id']}.{opened['day']}")
        self.assertEqual([q["id"] for q in results["questions"]], [question["id"]])
        self.refused(self.me.get(f"/quizzes/{quiz['id']}/results?day=today"), 422, "invalid", "day")
        self.move(opened, "close")

    # ---- results

    def test_results(self):
        quiz = self.move(self.quiz(kind="arena", title="赛", opens_ms=now() - 1, closes_ms=now() + HOUR), "open")
        riders = {"qq.81": ("=甲", score(1, 2500, 1)), "qq.82": ("乙", score(1, 2500, 2)),
                  "qq.83": ("", score(0, 30000, 3)), "qq.84": ("丁", score(0, 30000, 0)),
                  "qq.85": ("戊", score(0, 30000, 0))}
        for rider, (nick, points) in riders.items():
            if nick:
                self.daemon.redis("HSET", f"{KEY}rider:{rider}", "v", 1, "nick", nick)
            self.daemon.redis("ZADD", f"{KEY}scores:{quiz['id']}", points, rider)
        self.daemon.redis("HSET", f"{KEY}rider:qq.85", "unlisted", 1)
        self.daemon.redis("HSET", f"{KEY}counts:{quiz['id']}", "started", 5, "finished", 3, "a:0:2", 2, "a:0:-", 1)
        path = f"/quizzes/{quiz['id']}/results"
        got = self.ok(self.me.get(path))
        self.assertEqual((got["riders"], got["through"], got["answered"], got["right"], got["total"]), (5, 3, 3, 2, 5))
        self.assertEqual([(i["rank"], i["name"], i["score"], i["ms"], i["finished"]) for i in got["items"]],
                         [(1, "=甲", 1, 2500, True), (2, "乙", 1, 2500, True), (3, None, 0, 30000, True),
                          (4, None, 0, 30000, False), (4, "丁", 0, 30000, False)])
        asked = got["questions"][0]
        self.assertEqual((asked["answered"], asked["right"], asked["late"], asked["chosen"]), (3, 2, 1, [0, 2, 0]))
        self.assertEqual(self.ok(self.me.get(f"/leaderboard?quiz={quiz['id']}"))["items"], got["items"])
        table = self.me.get(path + ".csv")
        rows = list(csv.reader(io.StringIO(table.bytes.decode("utf-8-sig"))))
        self.assertEqual(rows[:2], [["rank", "name", "right", "seconds", "through"], ["1", "'=甲", "1", "2.500", "yes"]])
        self.assertNotIn(b"qq.", table.bytes)
        self.assertIn("attachment", table.headers["Content-Disposition"])
        self.move(quiz, "close")

    def test_leaderboard(self):
        api.lay_down(self.root, "organisation", {"units": api.ORGANISATION["units"] + [
            {"id": "meituan", "name": "美团站", "kind": "firm", "parent": "district"}]})
        for rider, points in (("qq.91", 7), ("qq.92", 5), ("qq.93", 5), ("qq.94", 1)):
            self.daemon.redis("HSET", f"{KEY}rider:{rider}", "v", 1, "nick", "骑" + rider[-1])
            self.daemon.redis("ZADD", f"{KEY}board:rider:all", points, rider)
        self.daemon.redis("ZADD", f"{KEY}board:firm:all", 18, "meituan")
        got = self.ok(self.me.get("/leaderboard?period=all"))
        self.assertEqual([(i["rank"], i["points"]) for i in got["items"]], [(1, 7), (2, 5), (2, 5), (4, 1)])
        rest = self.ok(self.me.get("/leaderboard?period=all&limit=2&cursor=2"))
        self.assertEqual([i["rank"] for i in rest["items"]], [2, 4])
        self.assertEqual(self.ok(self.me.get("/leaderboard?by=firm&period=all"))["items"],
                         [{"rank": 1, "name": "美团站", "points": 18}])
        self.assertEqual(self.ok(self.me.get("/leaderboard"))["items"], [])
        self.refused(self.me.get("/leaderboard?by=street"), 422, "invalid", "by")
        self.refused(self.me.get("/leaderboard?period=day"), 422, "invalid", "period")

    def test_whose_it_is_not(self):
        self.daemon.add_user("staff", "staff")
        staff = api.Session(self.daemon.url, "staff")
        for path in ("/questions", "/quizzes", "/leaderboard", "/quizzes/Z1/results.csv"):
            self.refused(staff.get(path), 403, "permission")
        self.refused(staff.call("POST", "/questions", SINGLE), 403, "permission")

    def test_twice_with_one_key(self):
        headers = {"Idempotency-Key": "quiz-1"}
        first = self.me.call("POST", "/questions", SINGLE, headers)
        again = self.me.call("POST", "/questions", SINGLE, headers)
        self.assertEqual((first.status, first.json), (again.status, again.json))

    def test_written_into_the_audit_log(self):
        question = self.add(SINGLE)
        found = self.ok(self.root.get(f"/audit?subject={question['id']}"))["items"]
        self.assertEqual([(e["actor"], e["action"]) for e in found], [("user:auntie", "question-add")])


if __name__ == "__main__":
    unittest.main()
