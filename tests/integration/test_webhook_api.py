#!/usr/bin/env python3
"""Webhooks from end to end: added by the API, heard by a receiver of ours,
killed in between, removed; and whom they are not for."""

import http.client
import http.server
import json
import os
import re
import socket
import sys
import threading
import time
import unittest
import urllib.parse

SOURCE = os.environ.get(
    "XIAOFENG_SOURCE", os.path.join(os.path.dirname(__file__), "../..")
)
sys.path.insert(0, os.path.join(SOURCE, "tests/browser"))

import daemon  # noqa: E402

PLAIN = daemon.SETTINGS + "\n[api]\nrate = 0\n"
PRIVATE = PLAIN + "\n[webhook]\nprivate_urls = yes\n"

with open(os.path.join(SOURCE, "docs/webhooks.md"), encoding="utf-8") as page:
    # What the page tells people to check with.
    exec(re.search(r"```python\n(.*?)```", page.read(), re.S)[1])


class Receiver(http.server.BaseHTTPRequestHandler):
    heard = []  # (path, headers, body)
    status = 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Receiver.heard.append((self.path, self.headers, body))
        self.send_response(Receiver.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


class Webhooks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        threading.Thread(target=cls.receiver.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.receiver.server_address[1]}"
        cls.daemon = daemon.Daemon()
        cls.addClassCleanup(cls.daemon.remove)
        daemon.SETTINGS = PRIVATE
        cls.daemon.start()
        cls.admin = cls.token("admin", "--scopes", "webhooks")
        cls.system = cls.token("system", "--scopes", "tickets:file tickets:read tickets:move")

    @classmethod
    def tearDownClass(cls):
        cls.receiver.shutdown()
        cls.receiver.server_close()
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError(f"the daemon ended with {status}\n{cls.daemon.log}")

    def setUp(self):
        Receiver.heard.clear()
        Receiver.status = 200
        for hook in self.call("GET", "/webhooks")["items"]:
            self.call("DELETE", f"/webhooks/{hook['id']}", expected=204)

    @classmethod
    def token(cls, *args):
        made = cls.daemon.command("token", "add", *args)
        found = re.search(r"xf_[\w-]+", made.stdout)
        assert found, made.stdout + made.stderr
        return found[0]

    def call(self, method, path, body=None, expected=200, token=None):
        address = urllib.parse.urlsplit(self.daemon.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        headers = {"Authorization": f"Bearer {token or self.admin}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(body)
        elif method == "POST":
            headers["Content-Length"] = "0"
        connection.request(method, "/api/v1" + path, body, headers)
        answer = connection.getresponse()
        got = answer.read()
        connection.close()
        self.assertEqual(answer.status, expected, got)
        return json.loads(got) if got else None

    def redis(self, *words):
        """One command to the embedded Redis."""
        place = os.path.join(self.daemon._dir.name, "data/redis/redis.sock")
        line = socket.socket(socket.AF_UNIX)
        line.connect(place)
        words = [word.encode() for word in words]
        line.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
        got = line.recv(65536)
        line.close()
        self.assertNotEqual(got[:1], b"-", got)
        return got

    def add(self, path, events=("*",), **more):
        return self.call("POST", "/webhooks", {"url": self.url + path, "events": list(events), **more}, 201)

    def file(self, text="路灯不亮"):
        body = {"kind": "report", "category": "damage", "text": text, "place": "科巷 12 号", "contact": "王师傅"}
        return self.call("POST", "/tickets", body, 201, self.system)

    def until(self, holds):
        end = time.monotonic() + 30
        while not holds():
            self.assertLess(time.monotonic(), end, Receiver.heard)
            time.sleep(0.02)

    def bodies(self, path):
        return [json.loads(body) for at, _, body in Receiver.heard if at == path]

    def test_added_heard_and_removed(self):
        hook = self.add("/a", ["ticket.filed", "ticket.claimed", "ticket.closed"])
        self.assertRegex(hook["secret"], r"^whsec_[\w-]{43}$")
        self.assertRegex(hook["id"], r"^h[\w-]{11}$")
        listed = self.call("GET", "/webhooks")["items"]
        self.assertEqual([h["id"] for h in listed], [hook["id"]])
        self.assertNotIn("secret", listed[0])
        self.assertEqual(listed[0]["events"], ["ticket.filed", "ticket.claimed", "ticket.closed"])
        ticket = self.file()
        number, version = ticket["id"], ticket["version"]
        for move, text in (("answer", "已派人"), ("close", "已处理")):
            version = self.call(
                "POST", f"/tickets/{number}/moves", {"move": move, "version": version, "text": text}, 200, self.system
            )["version"]
        self.until(lambda: len(self.bodies("/a")) == 2)
        for _, headers, body in Receiver.heard:
            self.assertTrue(genuine(hook["secret"], headers, body))
            self.assertFalse(genuine("whsec_other", headers, body))
            self.assertEqual(headers["X-Xiaofeng-Id"], json.loads(body)["id"])
            for private in ("路灯", "科巷", "王师傅", "已处理"):
                self.assertNotIn(private, body.decode())
        filed, closed = sorted(self.bodies("/a"), key=lambda e: e["version"])
        self.assertEqual((filed["type"], filed["ticket"], filed["version"]), ("ticket.filed", number, 1))
        self.assertEqual((closed["type"], closed["state"]), ("ticket.closed", "closed"))
        self.assertEqual(closed["version"], version)
        self.assertEqual(closed["category"], "damage")
        self.call("DELETE", f"/webhooks/{hook['id']}", expected=204)
        self.call("DELETE", f"/webhooks/{hook['id']}", expected=404)
        self.assertEqual(self.call("GET", "/webhooks")["items"], [])
        self.add("/b")
        self.file()
        self.until(lambda: self.bodies("/b"))
        self.assertEqual(len(self.bodies("/a")), 2)

    def test_every_event_outlives_a_kill(self):
        self.add("/a", ["ticket.filed"])
        Receiver.status = 503
        numbers = [self.file(f"第 {i} 件")["id"] for i in range(20)]
        self.until(lambda: Receiver.heard)
        self.daemon._child.kill()
        self.daemon._child.wait()
        self.daemon._reader.join()
        Receiver.status = 200
        self.daemon.start()
        numbers += [self.file()["id"]]
        self.until(lambda: {e["ticket"] for e in self.bodies("/a")} >= set(numbers))
        ids = {}
        for event in self.bodies("/a"):
            ids.setdefault(event["ticket"], set()).add(event["id"])
        self.assertTrue(all(len(of) == 1 for of in ids.values()), ids)

    def test_what_is_refused(self):
        good = {"url": "https://city.example/bee", "events": ["*"], "unit": "*"}
        for change, field in (
            ({"url": "city.example"}, "url"),
            ({"url": "ftp://city.example/"}, "url"),
            ({"url": "https://user:pass@city.example/"}, "url"),
            ({"url": "https://city.example/\r\nX: 1"}, "url"),
            ({"url": "https://city.example/" + "a" * 1024}, "url"),
            ({"url": 1}, "url"),
            ({"events": []}, "events"),
            ({"events": "ticket.filed"}, "events"),
            ({"events": ["ticket.note"]}, "events"),
            ({"events": ["ticket.filed", 1]}, "events"),
            ({"events": ["ticket.filed ticket.closed", "x"]}, "events"),
            ({"events": ["ticket.filed"] * 30}, "events"),
            ({"unit": "nowhere"}, "unit"),
        ):
            problem = self.call("POST", "/webhooks", {**good, **change}, 422)
            self.assertEqual(problem["field"], field, problem)
        for name in ("url", "events"):
            problem = self.call("POST", "/webhooks", {k: v for k, v in good.items() if k != name}, 422)
            self.assertEqual((problem["code"], problem["field"]), ("required", name))
        self.call("GET", "/webhooks", expected=403, token=self.system)
        self.call("POST", "/webhooks", good, 403, self.system)
        self.assertEqual(self.call("GET", "/webhooks")["items"], [])

    def test_private_urls_when_they_are_not_allowed(self):
        self.daemon.stop()
        daemon.SETTINGS = PLAIN
        self.daemon.start()
        try:
            for url in ("http://127.0.0.1/", "http://[::1]/", "http://10.1.2.3/", "http://localhost:80/", self.url):
                problem = self.call("POST", "/webhooks", {"url": url, "events": ["*"]}, 422)
                self.assertEqual((problem["code"], problem["field"]), ("private", "url"))
        finally:
            self.daemon.stop()
            daemon.SETTINGS = PRIVATE
            self.daemon.start()

    def test_of_another_unit_nothing_is_seen(self):
        hook = self.add("/a")["id"]
        other = self.token("other", "--scopes", "webhooks", "--unit", "elsewhere")
        self.assertEqual(self.call("GET", "/webhooks", token=other)["items"], [])
        self.call("DELETE", f"/webhooks/{hook}", expected=404, token=other)
        self.call("GET", f"/webhooks/{hook}/deliveries", expected=404, token=other)
        self.call("POST", f"/webhooks/{hook}/replay", {}, 404, other)
        problem = self.call("POST", "/webhooks", {"url": self.url, "events": ["*"]}, 422, other)
        self.assertEqual(problem["field"], "unit")

    def test_deliveries_and_replay(self):
        Receiver.status = 500
        hook = self.add("/a")["id"]
        number = self.file()["id"]
        self.until(lambda: Receiver.heard)
        page = self.call("GET", f"/webhooks/{hook}/deliveries?state=waiting")
        self.assertEqual((page["total"], page["next"]), (1, None))
        self.assertEqual(page["items"][0]["ticket"], number)
        self.assertEqual(page["items"][0]["type"], "ticket.filed")
        Receiver.status = 200
        # Dead letters as twelve tries leave them.
        for i in range(620):
            event = f"e{i:04}"
            body = json.dumps({"id": event, "type": "ticket.filed", "at_ms": i, "ticket": f"P9{i}"})
            self.redis("HSET", f"{{qinhuai}}:hookdead:{hook}", event, f"status 500\x1f12\x1f{body}")
            self.redis("ZADD", f"{{qinhuai}}:hookdied:{hook}", str(1700000000000 + i), event)
        seen, cursor = [], ""
        while cursor is not None:
            page = self.call("GET", f"/webhooks/{hook}/deliveries?state=dead&limit=200&cursor={cursor}")
            self.assertEqual(page["total"], 620)
            seen += [item["id"] for item in page["items"]]
            cursor = page["next"]
        self.assertEqual(seen, [f"e{i:04}" for i in reversed(range(620))])
        item = page["items"][-1]
        self.assertEqual((item["why"], item["tries"], item["dead_ms"]), ("status 500", 12, 1700000000000))
        done = self.call("POST", f"/webhooks/{hook}/replay", {"ids": ["e0000", "e0007", "nothing"]})
        self.assertEqual(done, {"replayed": 2})
        self.until(lambda: {"P90", "P97"} <= {e["ticket"] for e in self.bodies("/a")})
        self.assertEqual(self.call("POST", f"/webhooks/{hook}/replay"), {"replayed": 618})
        self.until(lambda: {f"e{i:04}" for i in range(620)} <= {e["id"] for e in self.bodies("/a")})
        self.until(lambda: self.call("GET", f"/webhooks/{hook}/deliveries")["total"] == 0)
        self.assertEqual(self.call("GET", f"/webhooks/{hook}/deliveries?state=dead")["items"], [])
        for query in ("state=alive", "state=dead&cursor=-1", "state=dead&cursor=x", "cursor=(1", "cursor=" + "1" * 41):
            self.call("GET", f"/webhooks/{hook}/deliveries?{query}", expected=422)
        for ids in ([], "x", [1], ["x" * 65], ["x"] * 201):
            self.call("POST", f"/webhooks/{hook}/replay", {"ids": ids}, 422)
        self.call("POST", "/webhooks/hnone/replay", {}, 404)


if __name__ == "__main__":
    unittest.main(verbosity=2)
