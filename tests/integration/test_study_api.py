#!/usr/bin/env python3
"""Study materials, their feeds and reading plans, by the API of a real daemon
and a site on this machine."""

import http.server
import os
import threading
import time
import unittest

import api_client as api

SETTINGS = """
[api]
rate = 0
peer_rate = 0
[study]
private_urls = yes
timeout = 2s
"""
SAMPLES = os.path.join(api.SOURCE, "tests/fuzz/corpus/feed")


class Site(http.server.BaseHTTPRequestHandler):
    """Serves pages by path: (type, etag, bytes)."""

    pages = {}
    heard = []  # (path, If-None-Match)

    def do_GET(self):
        Site.heard.append((self.path, self.headers.get("If-None-Match")))
        if self.path not in Site.pages:
            self.send_error(404)
            return
        kind, etag, body = Site.pages[self.path]
        same = etag is not None and self.headers.get("If-None-Match") == etag
        self.send_response(304 if same else 200)
        self.send_header("Content-Type", kind)
        if etag:
            self.send_header("ETag", etag)
        if not same:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not same:
            self.wfile.write(body)

    def log_message(self, *args):
        pass


def sample(name):
    with open(os.path.join(SAMPLES, name), "rb") as file:
        return file.read()


class Study(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=cls.site.serve_forever, daemon=True).start()
        cls.url = f"http://127.0.0.1:{cls.site.server_address[1]}"
        cls.daemon = api.Daemon(SETTINGS)
        cls.daemon.start()
        cls.addClassCleanup(cls.finish)
        cls.daemon.add_user("root", "admin")
        cls.daemon.add_user("li", "organiser")
        cls.daemon.add_user("wang", "staff")
        cls.root = api.Session(cls.daemon.url, "root")
        cls.li = api.Session(cls.daemon.url, "li")
        cls.wang = api.Session(cls.daemon.url, "wang")

    @classmethod
    def finish(cls):
        cls.site.shutdown()
        cls.site.server_close()
        cls.daemon.finish()

    def call(self, method, path, body=None, expected=200, caller=None, headers=None):
        answer = (caller or self.li).call(method, path, body, headers)
        self.assertEqual(answer.status, expected, answer.bytes)
        return answer.json if answer.bytes else None

    def refused(self, method, path, body, code, field):
        problem = self.call(method, path, body, 422)
        self.assertEqual((problem["code"], problem.get("field")), (code, field), problem)

    def add(self, **more):
        return self.call("POST", "/materials", {"title": "一篇", **more}, 201)

    def approved(self, **more):
        made = self.add(**more)
        return self.call("POST", f"/materials/{made['id']}/moves", {"move": "approve", "version": made["version"]})

    def test_a_material_is_written_reviewed_and_removed(self):
        made = self.add(title=" 骑手 安全 ", body="字" * 1300, url="https://example.org/a", category="安全")
        self.assertEqual((made["title"], made["minutes"], made["state"]), ("骑手 安全", 4, "new"))
        self.assertEqual((made["source"], made["pushed"], made["moves"]), (None, [], ["approve", "reject"]))
        at = f"/materials/{made['id']}"
        answer = self.li.get(at)
        self.assertEqual(answer.headers["ETag"], '"v1"')
        self.assertEqual(answer.json, made)
        moved = self.call("POST", at + "/moves", {"move": "approve", "version": 1})
        self.assertEqual((moved["state"], moved["version"]), ("approved", 2))
        self.refused("POST", at + "/moves", {"move": "approve", "version": 2}, "not_allowed", "move")
        self.refused("POST", at + "/moves", {"move": "burn", "version": 2}, "invalid", "move")
        stale = self.call("PUT", at, {"title": "x", "version": 1}, 409)
        self.assertEqual(stale["current"]["title"], "骑手 安全")
        changed = self.call("PUT", at, {"title": "新的", "version": 2, "minutes": 9})
        self.assertEqual((changed["title"], changed["minutes"], changed["body"]), ("新的", 9, None))
        self.assertEqual(changed["published_ms"], made["published_ms"])
        self.refused("DELETE", at, None, "required", "version")
        self.call("DELETE", at + "?version=2", None, 409)
        self.call("DELETE", at + "?version=3", None, 204)
        self.call("GET", at, None, 404)
        audit = [entry["action"] for entry in self.call("GET", "/audit?limit=200", caller=self.root)["items"]
                 if entry["subject"] == made["id"]]
        self.assertEqual(sorted(audit), ["material-add", "material-approve", "material-change", "material-remove"])

    def test_lists_are_by_state_and_have_pages(self):
        ids = [self.approved(published_ms=1000 + i)["id"] for i in range(5)]
        seen, cursor = [], ""
        while cursor is not None:
            page = self.call("GET", f"/materials?state=approved&limit=2&cursor={cursor}")
            seen += [item["id"] for item in page["items"] if item["id"] in ids]
            cursor = page["next"]
        self.assertEqual(seen, ids[::-1])
        self.assertNotIn(ids[0], [m["id"] for m in self.call("GET", "/materials?state=new&limit=200")["items"]])
        self.assertIn(ids[0], [m["id"] for m in self.call("GET", "/materials?limit=200")["items"]])
        self.call("GET", "/materials?state=lost", None, 422)
        self.call("GET", "/materials?cursor=-1", None, 422)

    def test_what_is_refused(self):
        for change, code, field in (
            ({"title": ""}, "required", "title"),
            ({"title": "字" * 121}, "too_long", "title"),
            ({"title": "a\nb"}, "invalid", "title"),
            ({"title": 1}, "string_needed", "title"),
            ({"url": "javascript:alert(1)"}, "invalid", "url"),
            ({"url": "ftp://example.org/"}, "invalid", "url"),
            ({"cover": "../../etc/passwd"}, "invalid", "cover"),
            ({"body": "字" * 20001}, "too_long", "body"),
            ({"minutes": 601}, "out_of_range", "minutes"),
        ):
            problem = self.call("POST", "/materials", {"title": "一篇", **change}, 422)
            self.assertEqual((problem["code"], problem["field"]), (code, field), problem)
        for path in ("/materials", "/feeds", "/plans"):
            self.call("GET", path, None, 403, self.wang)
        self.call("POST", "/materials", {"title": "x"}, 403, self.wang)

    def test_the_same_call_twice(self):
        key = {"Idempotency-Key": "study-1"}
        one = self.call("POST", "/materials", {"title": "一次"}, 201, headers=key)
        two = self.call("POST", "/materials", {"title": "一次"}, 201, headers=key)
        self.assertEqual(one["id"], two["id"])

    def test_a_material_becomes_a_draft(self):
        made = self.add(title="推给大家", summary="一句话", url="https://example.org/p")
        at = f"/materials/{made['id']}"
        self.refused("POST", at + "/broadcast", {}, "not_approved", None)
        self.call("POST", at + "/moves", {"move": "approve", "version": 1})
        drafts = [self.call("POST", at + "/broadcast", {}, 201)["id"] for _ in range(2)]
        self.assertEqual(self.call("GET", at)["pushed"], drafts[::-1])
        draft = self.call("GET", f"/broadcasts/{drafts[0]}")
        self.assertEqual((draft["state"], draft["lane"]), ("draft", "study"))
        self.assertEqual(draft["text"], "推给大家\n一句话")
        self.assertEqual((draft["target"], draft["material"]), ("groups", made["id"]))

    def test_a_plan_of_a_week(self):
        ids = [self.approved(title=f"第 {i} 篇")["id"] for i in range(3)]
        plan = self.call("PUT", "/plans/2026-W48", {"version": 0, "materials": ids, "quiz": "Z1"})
        self.assertEqual((plan["version"], plan["materials"], plan["quiz"]), (1, ids, "Z1"))
        stale = self.call("PUT", "/plans/2026-W48", {"version": 0, "materials": []}, 409)
        self.assertEqual(stale["current"]["materials"], ids)
        plan = self.call("PUT", "/plans/2026-W48", {"version": 1, "materials": ids[::-1]})
        self.assertEqual((plan["version"], plan["materials"], plan["quiz"]), (2, ids[::-1], None))
        self.assertEqual(self.call("GET", "/plans/2026-W48"), plan)
        self.assertIn(plan, self.call("GET", "/plans")["items"])
        draft = self.call("POST", "/plans/2026-W48/broadcast", {}, 201)
        draft = self.call("GET", f"/broadcasts/{draft['id']}")
        self.assertIn("1. 第 2 篇\n2. 第 1 篇\n3. 第 0 篇", draft["text"])
        self.assertEqual(sorted(draft["translations"]), ["en", "zh_TW"])
        self.assertEqual(self.call("GET", "/plans/2026-W48")["pushed"], [draft["id"]])
        new = self.add()["id"]
        at = "/plans/2026-W49"
        self.refused("PUT", at, {"version": 0, "materials": [new]}, "not_approved", "materials")
        self.refused("PUT", at, {"version": 0, "materials": ["M999999"]}, "not_approved", "materials")
        self.refused("PUT", at, {"version": 0, "materials": [ids[0], ids[0]]}, "invalid", "materials")
        self.refused("PUT", at, {"version": 0, "materials": ["x"]}, "invalid", "materials")
        self.refused("PUT", at, {"version": 0, "materials": ["M1"] * 21}, "too_many", "materials")
        self.refused("PUT", at, {"version": 0, "materials": [], "quiz": "M1"}, "invalid", "quiz")
        self.call("PUT", "/plans/2025-W53", {"version": 0, "materials": []}, 404)
        self.call("GET", "/plans/2026-W50", None, 404)

    def test_a_feed_is_fetched_and_looked_at(self):
        Site.pages["/rss"] = ("application/rss+xml", '"1"', sample("wordpress.rss"))
        feed = self.call("POST", "/feeds", {"url": self.url + "/rss", "name": "园地", "category": "权益", "every_h": 12}, 201)
        self.assertEqual((feed["enabled"], feed["last_ms"], feed["last_error"]), (True, None, None))
        at = f"/feeds/{feed['id']}"
        done = self.call("POST", at + "/fetch", {})
        self.assertEqual(done, {"found": 2, "new": 2, "status": 200, "error": None})
        new = [m for m in self.call("GET", "/materials?state=new&limit=200")["items"] if m["feed"] == feed["id"]]
        self.assertEqual([m["title"] for m in new], ["骑手权益保障“十个有”", "雨天骑行安全须知"])
        self.assertEqual((new[0]["source"], new[0]["category"], new[0]["minutes"]), ("园地", "权益", 1))
        self.assertEqual(new[0]["url"], "https://study.example.org/2026/11/20/ten/")
        self.assertEqual(self.call("POST", at + "/fetch", {}), {"found": 0, "new": 0, "status": 304, "error": None})
        self.assertEqual(Site.heard[-1], ("/rss", '"1"'))
        # Thrown away, it does not come back.
        self.call("DELETE", f"/materials/{new[0]['id']}?version=1", None, 204)
        Site.pages["/rss"] = ("application/rss+xml", '"2"', sample("wordpress.rss"))
        self.assertEqual(self.call("POST", at + "/fetch", {})["new"], 0)
        now = self.call("GET", at)
        self.assertEqual((now["last_status"], now["last_found"], now["fails"]), (200, 2, 0))
        # Another url is another feed.
        Site.pages["/page"] = ("text/html", None, b"<!doctype html><p>hi")
        changed = self.call("PUT", at, {"version": now["version"], "url": self.url + "/page", "name": "园地", "enabled": False})
        self.assertEqual((changed["enabled"], changed["next_ms"]), (False, None))
        self.assertEqual(self.call("POST", at + "/fetch", {})["error"], "html")
        now = self.call("GET", at)
        self.assertEqual((now["last_error"], now["fails"]), ("html", 1))
        self.call("PUT", at, {"version": 1, "url": self.url}, 409)
        self.call("DELETE", f"{at}?version={now['version']}", None, 204)
        self.call("POST", at + "/fetch", {}, 404)

    def test_the_picture_of_an_entry(self):
        cover = os.path.join(api.SOURCE, "docs/img")
        name = next(n for n in sorted(os.listdir(cover)) if n.endswith((".png", ".jpg")))
        with open(os.path.join(cover, name), "rb") as file:
            Site.pages["/cover"] = ("image/png", None, file.read())
        text = '<rss><channel><title>t</title><item><guid>c1</guid><title>有图</title><enclosure type="image/png" url="%s"/></item>' \
               '<item><guid>c2</guid><title>假图</title><enclosure type="image/png" url="%s"/></item></channel></rss>'
        Site.pages["/covers"] = ("text/xml", None, (text % (self.url + "/cover", self.url + "/covers")).encode())
        feed = self.call("POST", "/feeds", {"url": self.url + "/covers", "enabled": False}, 201)
        self.call("POST", f"/feeds/{feed['id']}/fetch", {})

        def found():
            return {m["title"]: m["cover"] for m in self.call("GET", "/materials?limit=200")["items"] if m["feed"] == feed["id"]}

        end = time.monotonic() + 30
        while not found()["有图"]:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        self.assertIsNone(found()["假图"])
        photo = self.li.send("GET", f"/photos/{found()['有图']}/thumb")
        self.assertEqual((photo.status, photo.bytes[:2]), (200, b"\xff\xd8"))

    def test_feeds_that_are_refused(self):
        for change, field in (
            ({"url": "example.org"}, "url"),
            ({"url": "file:///etc/passwd"}, "url"),
            ({"url": "https://a:b@example.org/"}, "url"),
            ({"every_h": 0}, "every_h"),
            ({"every_h": 169}, "every_h"),
            ({"enabled": "yes"}, "enabled"),
            ({"name": "字" * 61}, "name"),
        ):
            problem = self.call("POST", "/feeds", {"url": self.url + "/x", **change}, 422)
            self.assertEqual(problem["field"], field, problem)
        self.refused("POST", "/feeds", {"name": "x"}, "required", "url")


if __name__ == "__main__":
    unittest.main(verbosity=2)
