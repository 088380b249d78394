#!/usr/bin/env python3
"""What leaves of an event: QR code, calendar entry and table for its organisers;
the public addresses, and what is no such address."""

import sys
import time
import unittest
import urllib.parse
import xml.etree.ElementTree as ElementTree

import api_client as api

DAY = 24 * 3600 * 1000


class EventFiles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon(
            "[api]\nrate = 0\npeer_rate = 0\n[xiaofeng]\npublic_url = https://bee.example\n"
        )
        cls.daemon.start()
        for name, role in (("li", "organiser"), ("wang", "staff")):
            cls.daemon.add_user(name, role)
        cls.li, cls.wang = (api.Session(cls.daemon.url, name) for name in ("li", "wang"))

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    def make(self, **members):
        starts = int(time.time() * 1000) + 3 * DAY
        answer = self.li.call("POST", "/events", {"title": "亲子研学", "starts_ms": starts, **members})
        self.assertEqual(answer.status, 201, answer.bytes)
        return answer.json

    def move(self, event, move, **more):
        path = f"/events/{event['id']}"
        version = self.li.get(path).json["version"]
        answer = self.li.call("POST", f"{path}/moves", {"move": move, "version": version, **more})
        self.assertEqual(answer.status, 200, answer.bytes)
        return answer.json

    def public(self, target):
        return api.anybody(self.daemon.url).send("GET", target)

    def test_qr(self):
        event = self.make(code="4821")
        answer = self.li.get(f"/events/{event['id']}/qr.svg")
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "image/svg+xml"))
        self.assertTrue(ElementTree.fromstring(answer.bytes).tag.endswith("svg"))
        self.assertEqual(self.wang.get(f"/events/{event['id']}/qr.svg").status, 403)
        self.assertEqual(self.li.get("/events/E999999/qr.svg").status, 404)

    def test_calendar(self):
        event = self.make(text="带水; 带伞, 早到", place="玄武湖", lat=32.07, lon=118.79)
        answer = self.li.get(f"/events/{event['id']}/event.ics")
        self.assertEqual(answer.headers["Content-Type"], "text/calendar; charset=utf-8")
        text = answer.bytes.decode().replace("\r\n ", "")
        self.assertIn(f"UID:{event['id']}@bee.example", text)
        self.assertIn("SUMMARY:亲子研学", text)
        self.assertIn("DESCRIPTION:带水\\; 带伞\\, 早到", text)
        self.assertIn("GEO:32.07", text)

    def test_public_addresses(self):
        event = self.make()
        address = urllib.parse.urlparse(event["calendar_url"])
        self.assertEqual(address.netloc, "bee.example")
        # Nobody hears of a draft.
        self.assertEqual(self.public(address.path).status, 404)
        self.move(event, "publish")
        answer = self.public(address.path)
        self.assertEqual(answer.status, 200)
        self.assertIn(b"STATUS:CONFIRMED", answer.bytes)
        code = self.public(address.path.removesuffix(".ics") + "/K7M3QX.svg")
        self.assertEqual((code.status, code.headers["Content-Type"]), (200, "image/svg+xml"))
        self.move(event, "cancel", note="下雨")
        self.assertIn(b"STATUS:CANCELLED", self.public(address.path).bytes)
        token = address.path.split("/")[-1].removesuffix(".ics")
        id_ = event["id"]
        for path in (
            f"/events/{id_}/{token[:-1]}.ics",
            f"/events/{id_}/{token}x.ics",
            f"/events/{id_}/.ics",
            f"/events/{id_}/{token}",
            f"/events/{id_}/{token}/.svg",
            f"/events/{id_}/{token}/AAAAAAA.svg",
            f"/events/{id_}/{token}/A%22%3E.svg",
            f"/events/{id_.lower()}/{token}.ics",
            f"/events/{id_[1:]}/{token}.ics",
            f"/events/E1%0A/{token}.ics",
            f"/events/E{'9' * 40}/{token}.ics",
            "/events/../../etc/passwd",
            "/events//",
            "/events/",
        ):
            with self.subTest(path=path):
                self.assertIn(self.public(path).status, (400, 404))

    def test_once_only(self):
        key = {"Idempotency-Key": "one-event"}
        body = {"title": "义诊", "starts_ms": int(time.time() * 1000) + DAY}
        made = {self.li.call("POST", "/events", body, key).json["id"] for _ in range(3)}
        self.assertEqual(len(made), 1)

    def test_empty_table(self):
        event = self.make(questions=[{"id": "q", "text": '=1+1,"x"', "kind": "text"}])
        answer = self.li.get(f"/events/{event['id']}/export.csv")
        head = answer.bytes.decode("utf-8-sig").split("\r\n")[0]
        self.assertTrue(head.endswith('"\'=1+1,""x"""'), head)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
