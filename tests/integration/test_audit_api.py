#!/usr/bin/env python3
"""The audit log by the API: in pages, by what it is about, verified, and for
whom it is."""

import sys
import unittest

import api_client as api


class AuditTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon()
        cls.daemon.start()
        cls.daemon.add_user("auditor", "auditor")
        cls.daemon.add_user("wang", "staff")
        cls.auditor = api.Session(cls.daemon.url, "auditor")
        for i in range(7):
            cls.daemon.add_token(f"t{i}", "statistics")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    def items(self, query):
        answer = self.auditor.get("/audit" + query)
        self.assertEqual(answer.status, 200, answer.bytes)
        return answer.json["items"]

    def test_pages(self):
        whole = self.auditor.get("/audit?limit=200").json
        self.assertIsNone(whole["next"])
        self.assertEqual(whole["total"], len(whole["items"]))
        times = [item["at_ms"] for item in whole["items"]]
        self.assertEqual(times, sorted(times, reverse=True))
        found, cursor = [], ""
        while cursor is not None:
            page = self.auditor.get(f"/audit?limit=3&cursor={cursor}").json
            self.assertLessEqual(len(page["items"]), 3)
            found += page["items"]
            cursor = page["next"]
        self.assertEqual([i["id"] for i in found], [i["id"] for i in whole["items"]])
        for entry in found:
            self.assertEqual(
                set(entry), {"id", "at_ms", "actor", "action", "subject", "detail"}
            )

    def test_filters(self):
        mine = self.items("?actor=user:auditor&action=sign-in")
        self.assertEqual(len(mine), 1)
        self.assertEqual(self.items("?actor=user:auditor&action=no-such-thing"), [])
        answer = self.auditor.get("/audit?actor=user:auditor").json
        self.assertIsNone(answer["total"])

    def test_bad_cursors(self):
        for cursor in ("x", "12", "12-", "(1-1", "1-1%20", "9" * 21 + "-1"):
            answer = self.auditor.get(f"/audit?cursor={cursor}")
            self.assertEqual((answer.status, answer.code), (422, "invalid"))

    def test_who_may_not(self):
        wang = api.Session(self.daemon.url, "wang")
        for path in ("/audit", "/audit/verification"):
            self.assertEqual(wang.get(path).status, 403)
            self.assertEqual(api.anybody(self.daemon.url).get(path).status, 401)

    def test_verification(self):
        answer = self.auditor.get("/audit/verification")
        self.assertEqual(answer.status, 200, answer.bytes)
        self.assertTrue(answer.json["ok"])
        self.assertIsNone(answer.json["first_bad"])
        self.assertGreaterEqual(answer.json["entries"], 9)

    def test_z_a_finding(self):
        """The last: nothing is in order behind it."""
        entry = self.items("?limit=200")[-3]
        self.assertEqual(self.daemon.redis("XDEL", "{qinhuai}:audit", entry["id"]), 1)
        answer = self.auditor.get("/audit/verification").json
        self.assertFalse(answer["ok"])
        self.assertEqual(answer["first_bad"], 3)
        self.assertIn("missing", answer["findings"][0]["what"])


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
