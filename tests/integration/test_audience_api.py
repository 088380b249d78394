#!/usr/bin/env python3
"""Who is reached, by the API: counts, what there is to choose from, and saying
where groups and riders belong, one by one and by tables."""

import sys
import unittest

import api_client as api

PEOPLE = {"consent": "yes:1:5", "account": "qq.1000"}


class AudienceTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon()
        cls.daemon.start()
        cls.daemon.add_user("root", "admin")
        cls.daemon.add_user("organiser", "organiser")
        cls.daemon.add_user("south", "organiser:south")
        cls.root = api.Session(cls.daemon.url, "root")
        api.lay_down(cls.root, "organisation", api.ORGANISATION)
        cls.organiser = api.Session(cls.daemon.url, "organiser")
        cls.south = api.Session(cls.daemon.url, "south")
        for i in range(1, 31):
            cls.group(f"qq.g{i}", f"{i:02} 号群")
        for i in range(1, 21):
            cls.rider(f"qq.{i}")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    def tearDown(self):
        """As at the begin; the index hears of it."""
        rows = "".join(f"{i},,,\n" for i in range(1, 31))
        self.send(self.root, "groups", "chat,units,stations,tags\n" + rows)
        self.send(self.root, "riders", "rider,units,stations,tags\n" + rows)

    @classmethod
    def note(cls, kind, id_):
        cls.daemon.redis("XADD", "{qinhuai}:people", "*", kind, id_)

    @classmethod
    def group(cls, chat, title, accounts="qq.1000"):
        fields = {"title": title, "account": "qq.1000", "accounts": accounts}
        words = [word for pair in fields.items() for word in pair]
        cls.daemon.redis("HSET", "{qinhuai}:group:" + chat, *words)
        cls.daemon.redis("SADD", "{qinhuai}:groups", chat)
        cls.note("g", chat)

    @classmethod
    def rider(cls, id_, **more):
        words = [word for pair in {"v": 1, **PEOPLE, **more}.items() for word in pair]
        cls.daemon.redis("HSET", "{qinhuai}:rider:" + id_, *words)
        cls.note("r", id_)

    def count(self, audience, target="groups", who=None):
        body = {"target": target, "audience": audience}
        answer = (who or self.organiser).call("POST", "/audience/count", body)
        self.assertEqual(answer.status, 200, answer.bytes)
        return answer.json

    def send(self, who, what, table, status=200):
        body = table if isinstance(table, bytes) else table.encode()
        answer = who.send(
            "POST", f"{api.PREFIX}/{what}/import", body, {"Content-Type": "text/csv"}
        )
        self.assertEqual(answer.status, status, answer.bytes)
        return answer.json

    def chats(self, query="", who=None):
        answer = (who or self.root).get("/groups?limit=200" + query)
        self.assertEqual(answer.status, 200, answer.bytes)
        return [item["chat"] for item in answer.json["items"] if item["platform"] == "qq"]

    def change(self, chat, body, who=None):
        return (who or self.root).call("PATCH", f"/groups/{chat}", body)

    def version(self, chat):
        return next(
            item["version"]
            for item in self.root.get("/groups?limit=200").json["items"]
            if item["chat"] == chat
        )

    # ---- counting

    def test_counts(self):
        self.send(self.root, "groups", "chat,units,tags\n1,north,夜班\n2,south,夜班\n")
        self.assertEqual(self.count({"tag": "夜班"})["n"], 2)
        found = self.count({"all": [{"tag": "夜班"}, {"not": {"unit": "south"}}]})
        self.assertEqual((found["n"], found["sample"]), (1, ["01 号群"]))
        everybody = self.count({"platform": "qq"})
        self.assertEqual(everybody["n"], 30)
        self.assertEqual(len(everybody["sample"]), 20)
        self.assertEqual(self.count({}, who=self.south)["n"], 1)
        self.assertEqual(self.count({"unit": "north"}, who=self.south)["n"], 0)

    def test_excluded(self):
        self.group("qq.g90", "散了的群", accounts="")
        self.rider("qq.90", nopush="1")
        self.rider("qq.91", consent="no:1:5")
        self.rider("qq.92", account="")
        try:
            found = self.count({"group": ["qq.g1", "qq.g90", "qq.g404"]})
            self.assertEqual((found["n"], found["excluded"]["no_account"]), (1, 1))
            found = self.count({"platform": "qq"}, "riders")
            self.assertEqual(found["n"], 20)
            self.assertEqual(found["sample"], [])
            self.assertEqual(
                found["excluded"],
                {"muted": 0, "no_account": 1, "no_consent": 1, "nopush": 1},
            )
        finally:
            for id_ in ("group:qq.g90", "rider:qq.90", "rider:qq.91", "rider:qq.92"):
                self.daemon.redis("DEL", "{qinhuai}:" + id_)
                kind, name = id_.split(":")
                self.note(kind[0], name)
        self.assertEqual(self.count({"platform": "qq"}, "riders")["excluded"]["nopush"], 0)

    def test_what_is_refused(self):
        deep = {"tag": "x"}
        for _ in range(9):
            deep = {"not": deep}
        for audience, code, field in (
            (deep, "too_deep", "audience" + ".not" * 9),
            ({"any": [{"tag": "x"}] * 65}, "too_many", "audience.any"),
            ({"unit": "nowhere"}, "unknown_unit", "audience.unit"),
            ({"colour": "red"}, "unknown_field", "audience.colour"),
            ({"role": "staff"}, "riders_only", "audience.role"),
            ([], "not_an_object", "audience"),
            (None, "not_an_object", "audience"),
        ):
            answer = self.organiser.call(
                "POST", "/audience/count", {"target": "groups", "audience": audience}
            )
            self.assertEqual(answer.status, 422)
            self.assertEqual((answer.json["code"], answer.json["field"]), (code, field))
        for body, field in (
            ({"audience": {}}, "target"),
            ({"target": "all", "audience": {}}, "target"),
            ({"target": "groups"}, "audience"),
        ):
            answer = self.organiser.call("POST", "/audience/count", body)
            self.assertEqual((answer.status, answer.json["field"]), (422, field))
        huge = {"target": "groups", "audience": {"tag": "x" * 1024 * 1024}}
        self.assertEqual(self.organiser.call("POST", "/audience/count", huge).status, 413)

    def test_options(self):
        self.send(self.root, "groups", "chat,units,tags\n1,north,夜班\n2,south,新手\n")
        self.send(self.root, "riders", "rider,units,tags\n1,south,队长\n")
        options = self.organiser.get("/audience/options").json
        self.assertIn({"chat": "qq.g1", "title": "01 号群"}, options["groups"])
        self.assertEqual(sorted(options["tags"]), sorted(["夜班", "新手", "队长"]))
        self.assertIn("zh-CN", options["langs"])
        self.assertGreaterEqual(options["total_groups"], 30)
        options = self.south.get("/audience/options").json
        self.assertEqual(options["groups"], [{"chat": "qq.g2", "title": "02 号群"}])
        self.assertEqual(sorted(options["tags"]), sorted(["新手", "队长"]))
        self.assertEqual(options["riders"], 1)

    # ---- groups

    def test_list(self):
        self.send(self.root, "groups", "chat,units,tags\n1,north,夜班\n2,south,夜班\n")
        self.assertEqual(len(self.chats()), 30)
        self.assertEqual(self.chats("&q=2%20%E5%8F%B7"), ["qq.g2", "qq.g12", "qq.g22"])
        self.assertEqual(self.chats("&tag=%E5%A4%9C%E7%8F%AD"), ["qq.g1", "qq.g2"])
        self.assertEqual(self.chats("&unit=district"), ["qq.g1", "qq.g2"])
        self.assertEqual(self.chats("&unit=north"), ["qq.g1"])
        self.assertEqual(self.chats("&unit=nowhere"), [])
        self.assertEqual(self.chats(who=self.south), ["qq.g2"])
        seen, cursor = [], ""
        while cursor is not None:
            page = self.root.get(f"/groups?limit=7&cursor={cursor}").json
            seen += [item["chat"] for item in page["items"]]
            cursor = page["next"]
        self.assertEqual(len(seen), page["total"])
        self.assertEqual(len(set(seen)), len(seen))
        for cursor in ("-1", "x", "9" * 20):
            self.assertEqual(self.root.get(f"/groups?cursor={cursor}").status, 422)
        self.assertEqual(self.root.get("/groups?cursor=900").json["items"], [])

    def test_change(self):
        version = self.version("qq.g5")
        body = {"version": version, "units": ["north", "south"], "tags": ["夜班"], "muted": True}
        answer = self.change("qq.g5", {**body, "lang": "zh_TW"})
        self.assertEqual(answer.status, 200, answer.bytes)
        group = answer.json
        self.assertEqual(
            (group["units"], group["tags"], group["muted"], group["lang"], group["version"]),
            (["north", "south"], ["夜班"], True, "zh-TW", version + 1),
        )
        self.assertEqual(self.count({"group": "qq.g5"})["excluded"]["muted"], 1)
        # Somebody else was faster.
        stale = self.change("qq.g5", body)
        self.assertEqual(stale.status, 409)
        self.assertEqual(stale.json["current"]["version"], version + 1)
        answer = self.change("qq.g5", {"version": version + 1, "muted": False, "lang": ""})
        self.assertEqual((answer.json["muted"], answer.json["lang"]), (False, ""))
        self.assertEqual(answer.json["units"], ["north", "south"])

    def test_change_refused(self):
        version = self.version("qq.g6")
        for body, code, field in (
            ({}, "required", "version"),
            ({"version": version}, "required", None),
            ({"version": version, "units": ["nowhere"]}, "unknown", "units"),
            ({"version": version, "units": "north"}, "invalid", "units"),
            ({"version": version, "units": [1]}, "invalid", "units"),
            ({"version": version, "units": [""]}, "invalid", "units"),
            ({"version": version, "stations": ["nowhere"]}, "unknown", "stations"),
            ({"version": version, "tags": ["a,b"]}, "unknown", "tags"),
            ({"version": version, "tags": ["x" * 33]}, "unknown", "tags"),
            ({"version": version, "tags": ["x"] * 21}, "invalid", "tags"),
            ({"version": version, "muted": 1}, "invalid", "muted"),
            ({"version": version, "lang": "xx"}, "invalid", "lang"),
        ):
            answer = self.change("qq.g6", body)
            self.assertEqual(answer.status, 422, (body, answer.bytes))
            self.assertEqual((answer.json["code"], answer.json.get("field")), (code, field))
        self.assertEqual(self.version("qq.g6"), version)
        self.assertEqual(self.change("qq.g404", {"version": 0, "muted": True}).status, 404)
        self.assertEqual(self.change("x" * 200, {"version": 0, "muted": True}).status, 404)

    def test_only_one_s_own(self):
        self.send(self.root, "groups", "chat,units\n7,north\n8,south\n9,south north\n")
        body = {"tags": ["x"]}
        self.assertEqual(self.change("qq.g7", {"version": 1, **body}, self.south).status, 404)
        self.assertEqual(self.change("qq.g10", {"version": 1, **body}, self.south).status, 404)
        version = self.version("qq.g9")
        for units in (["south"], ["north"], [], ["south", "north", "district"]):
            answer = self.change("qq.g9", {"version": version, "units": units}, self.south)
            self.assertEqual((answer.status, answer.code), (422, "not_allowed"), units)
        answer = self.change("qq.g9", {"version": version, **body}, self.south)
        self.assertEqual(answer.status, 200, answer.bytes)
        found = self.send(self.south, "groups", "chat,units\n7,south\n8,south north\n10,south\n")
        self.assertEqual((found["changed"], found["unknown"]), (0, 2))
        self.assertIn({"line": 3, "text": "these units are not yours to give"}, found["problems"])

    # ---- tables

    def test_import_with_bad_lines(self):
        table = (
            "群,组织,标签\n"
            "qq.g11,北街社区,夜班、新手\n"
            "12,south;north,\n"
            "qq.g404,south,\n"
            "13,nowhere,\n"
            ",south,\n"
            "11,south,\n"
            "14,south\n"
            "15,\"" + "a " * 30 + "\",\n"
            "16,,\n"
        )
        for text in (table.encode(), table.encode("gbk"), b"\xef\xbb\xbf" + table.encode()):
            found = self.send(self.root, "groups", text)
            self.assertEqual((found["changed"], found["unknown"]), (2, 1))
            self.assertEqual(sorted(p["line"] for p in found["problems"]), [4, 5, 6, 7, 8, 9])
            groups = {g["chat"]: g for g in self.root.get("/groups?limit=200").json["items"]}
            self.assertEqual(groups["qq.g11"]["units"], ["north"])
            self.assertEqual(groups["qq.g11"]["tags"], ["夜班", "新手"])
            self.assertEqual(groups["qq.g12"]["units"], ["south", "north"])
            # Done again it changes nothing.
            self.assertEqual(self.send(self.root, "groups", text)["changed"], 0)
            self.tearDown()

    def test_import_of_no_table(self):
        for text, line in (
            (b"", 0),
            (b"units\nnorth\n", 1),
            (b"chat,colour\n1,red\n", 1),
            (b"chat\n\"1\n", 2),
            (b"chat\n\xff\xfe\xfa\n", 2),
            (b"\x00" * 1000, 0),
        ):
            found = self.send(self.root, "groups", text)
            self.assertEqual(found["changed"], 0)
            self.assertEqual(found["problems"][0]["line"], line, (text, found))
        self.send(self.root, "groups", b"x" * (2 * 1024 * 1024 + 1), 413)
        found = self.send(self.root, "groups", "chat\n" + "x\n" * 1000)
        self.assertLessEqual(len(found["problems"]), 51)

    def test_import_of_riders(self):
        found = self.send(
            self.root, "riders", "rider,units,tags\nqq.3,south,夜班\n4,south,\n404,south,\n"
        )
        self.assertEqual((found["changed"], found["unknown"]), (2, 1))
        self.assertEqual(self.count({"unit": "south"}, "riders")["n"], 2)
        self.assertEqual(self.count({"tag": "夜班"}, "riders", self.south)["n"], 1)
        # One of another unit is not there; one of none may be taken in.
        self.send(self.root, "riders", "rider,units\n5,north\n")
        found = self.send(self.south, "riders", "rider,units\n5,south\n6,south\n7,north\n")
        self.assertEqual((found["changed"], found["unknown"]), (1, 1))
        self.assertEqual(self.count({"unit": "south"}, "riders")["n"], 3)
        self.assertEqual(self.organiser.get("/audit").status, 403)
        entries = self.root.get("/audit?action=riders-import").json["items"]
        self.assertEqual((entries[0]["actor"], entries[0]["detail"]), ("user:south", "1"))

    def test_a_large_import(self):
        rows = "".join(f"{i % 20 + 1 if i < 20 else i + 100000},south,大\n" for i in range(19000))
        found = self.send(self.root, "riders", "rider,units,tags\n" + rows)
        self.assertEqual((found["changed"], found["unknown"]), (20, 18980))
        self.assertEqual(self.count({"tag": "大"}, "riders")["n"], 20)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=1)
