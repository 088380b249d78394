#!/usr/bin/env python3
"""A broadcast from the organiser's words to the reader's tap, over a real
daemon whose groups are those of its web chat."""

import re
import sys
import time
import unittest

import api_client as api

GROUPS = 3
SETTINGS = """[api]
rate = 0
peer_rate = 0
[xiaofeng]
public_url = https://bee.example
""" + "".join(f"[web.group g{i}]\ntitle = {i} 号群\n" for i in range(GROUPS))
PHONE = {"User-Agent": "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0"}
LINK = "https://example.org/heat?a=1"


class SentTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon(SETTINGS)
        cls.daemon.start()
        cls.daemon.add_user("root", "admin")
        cls.daemon.add_user("li", "organiser")
        cls.root, cls.li = (api.Session(cls.daemon.url, name) for name in ("root", "li"))
        cls.anybody = api.anybody(cls.daemon.url)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    def until(self, ask, holds):
        end = time.monotonic() + 30
        while True:
            got = ask()
            if holds(got):
                return got
            self.assertLess(time.monotonic(), end, got)
            time.sleep(0.05)

    def call(self, method, path, body=None, status=200):
        answer = self.li.call(method, path, body)
        self.assertEqual(answer.status, status, answer.bytes)
        return answer.json if answer.bytes else None

    def send(self, **words):
        words = {"text": "今天发放高温津贴", "hours": "ignore", **words}
        made = self.call("POST", "/broadcasts", words, 201)
        self.call("POST", f"/broadcasts/{made['id']}/moves", {"move": "submit", "version": 1})
        return self.until(
            lambda: self.call("GET", f"/broadcasts/{made['id']}"), lambda now: now["state"] == "done"
        )

    def said_in(self, group):
        """What the web chat keeps of a group, as one text."""
        entries = self.daemon.redis("XRANGE", "{qinhuai}:chat:web.g" + group, "-", "+")
        return "\n".join(part.decode() for _, fields in entries for part in fields)

    def tokens_in(self, group, id_):
        return re.findall(rf"https://bee\.example/r/({id_}-[\w-]+)", self.said_in(group))

    def test_sent_tapped_and_counted(self):
        sent = self.send(
            link={"url": LINK, "title": "领取说明"}, ask_read=True,
            audience={"group": [f"web.g{name}" for name in ("g0", "g1", "g2")]},
        )
        self.assertEqual(sent["total"], GROUPS)
        self.assertEqual((sent["counts"]["sent"], sent["counts"]["waiting"]), (GROUPS, 0))
        self.assertIn("recall", sent["moves"])
        tokens = [self.tokens_in(f"g{i}", sent["id"]) for i in range(GROUPS)]
        self.assertEqual([len(found) for found in tokens], [1] * GROUPS)
        self.assertEqual(len({found[0] for found in tokens}), GROUPS)
        said = self.said_in("g0")
        for part in ("【通知】今天发放高温津贴", "领取说明", "已读"):
            self.assertIn(part, said)
        self.assertNotIn(LINK, said)
        for agent in ("one", "two", "one"):
            headers = {"User-Agent": PHONE["User-Agent"] + agent}
            got = self.anybody.send("GET", "/r/" + tokens[0][0], headers=headers)
            self.assertEqual((got.status, got.headers["Location"]), (302, LINK))
            self.assertNotIn("Set-Cookie", got.headers)
        told = self.until(
            lambda: self.call("GET", f"/broadcasts/{sent['id']}/progress"),
            lambda now: now["counts"]["read"] == 1,
        )
        self.assertEqual((told["silent"], sum(hour["n"] for hour in told["reads"])), (GROUPS - 1, 2))
        rows = self.call("GET", f"/broadcasts/{sent['id']}/targets")["items"]
        self.assertEqual(sorted(row["reads"] for row in rows), [0, 0, 2])
        unread = self.call("GET", f"/broadcasts/{sent['id']}/targets?state=unread")
        self.assertEqual(unread["total"], GROUPS - 1)
        # Those who have not read it are whom the next one is for.
        again = self.send(audience={"unread": sent["id"]}, text="再提醒一次")
        self.assertEqual(again["total"], GROUPS - 1)
        read = next(row["chat"] for row in rows if row["reads"])
        self.assertNotIn("再提醒一次", self.said_in(read.removeprefix("web.g")))

    def test_a_file_is_what_is_tapped(self):
        pdf = b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"
        file = self.li.send("POST", f"{api.PREFIX}/files?name=a.pdf", pdf).json["id"]
        sent = self.send(file=file, audience={"group": "web.gg1"})
        token = self.tokens_in("g1", sent["id"])[0]
        got = self.anybody.send("GET", "/r/" + token, headers=PHONE)
        self.assertEqual((got.status, got.headers["Location"]), (302, f"https://bee.example/files/{file}"))
        self.assertEqual(self.anybody.send("GET", f"/files/{file}").bytes, pdf)

    def test_nothing_is_sent_twice(self):
        sent = self.send(text="只发一次", audience={"group": "web.gg2"})
        body = {"move": "retry", "version": sent["version"]}
        answer = self.li.call("POST", f"/broadcasts/{sent['id']}/moves", body)
        self.assertIn(answer.status, (409, 422), answer.bytes)
        self.assertEqual(self.said_in("g2").count("只发一次"), 1)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=1)
