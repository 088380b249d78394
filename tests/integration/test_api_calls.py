#!/usr/bin/env python3
"""The API by what it does: signing in, users, tokens, documents, calls that come
twice, bodies that are none, and callers that are too fast."""

import base64
import hashlib
import hmac
import http.client
import json
import struct
import sys
import threading
import time
import unittest

import api_client as api

OTHER = "another long password"


def totp(secret, step):
    """RFC 6238, by hand, so that the two are two."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at : at + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


def this_step():
    """A step with enough of it left to be used; waits for the next one else."""
    left = 30 - time.time() % 30
    if left < 5:
        time.sleep(left)
    return int(time.time()) // 30


class Case(unittest.TestCase):
    settings = "[api]\nrate = 0\npeer_rate = 0\n"

    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon(cls.settings)
        cls.daemon.start()
        cls.url = cls.daemon.url
        cls.daemon.add_user("root", "admin")
        cls.root = api.Session(cls.url, "root")

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    def expect(self, answer, status, code=None, field=None):
        self.assertEqual((answer.status, answer.code), (status, code), answer.bytes)
        if field is not None:
            self.assertEqual(answer.json["field"], field)
        return answer

    def audited(self, action):
        return self.root.get(f"/audit?action={action}").json["items"]

    def sign_in(self, name, password=api.PASSWORD, **more):
        body = {"name": name, "password": password, **more}
        return api.anybody(self.url).call("POST", "/session", body)


class SessionTest(Case):
    def test_who_signs_in_is_known(self):
        self.daemon.add_user("wang", "staff:south:wage")
        answer = self.expect(self.sign_in("wang"), 200)
        cookie = answer.headers["Set-Cookie"]
        for word in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(word, cookie)
        self.assertNotIn("Secure", cookie)  # not by TLS, and no public_url
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        wang = api.Session(self.url, "wang")
        told = self.expect(wang.get("/session"), 200).json
        self.assertEqual(told["csrf"], wang.csrf)
        self.assertEqual(told["user"]["name"], "wang")
        self.assertEqual(
            told["user"]["grants"], [{"role": "staff", "unit": "south", "category": "wage"}]
        )
        self.assertEqual(told["user"]["permissions"], ["tickets:read", "tickets:move", "statistics"])
        self.expect(wang.call("DELETE", "/session"), 204)
        self.expect(wang.get("/session"), 401, "session")
        self.assertEqual(self.audited("sign-in")[0]["actor"], "user:wang")
        self.assertEqual(self.audited("sign-out")[0]["actor"], "user:wang")

    def test_who_does_not_is_told_nothing(self):
        self.daemon.add_user("li", "staff")
        wrong = self.expect(self.sign_in("li", "not the password"), 401, "wrong")
        unknown = self.expect(self.sign_in("no.one", "not the password"), 401, "wrong")
        self.assertEqual(wrong.bytes, unknown.bytes)
        self.daemon.command("user", "disable", "li")
        disabled = self.expect(self.sign_in("li"), 401, "wrong")
        self.assertEqual(disabled.bytes, wrong.bytes)
        for name in ("", "LI", "li ", "../li", "li\u0000", "丽"):
            answer = self.sign_in(name)
            self.assertIn(answer.status, (400, 401, 422))
        self.expect(self.sign_in("li", ""), 422, "required", "password")
        self.expect(self.sign_in("li", 7), 422, "string_needed", "password")
        self.expect(self.sign_in("li", "a" * 257), 422, "too_long", "password")

    def test_a_disabled_user_is_out_at_once(self):
        self.daemon.add_user("zhao", "staff")
        zhao = api.Session(self.url, "zhao")
        self.expect(self.root.call("PATCH", "/users/zhao", {"disabled": True}), 200)
        self.expect(zhao.get("/session"), 401, "session")
        self.expect(self.root.call("PATCH", "/users/zhao", {"disabled": False}), 200)
        self.expect(zhao.get("/session"), 200)
        self.expect(self.root.call("DELETE", "/users/zhao"), 204)
        self.expect(zhao.get("/session"), 401, "session")
        self.daemon.add_user("zhao", "staff")  # somebody else
        self.expect(zhao.get("/session"), 401, "session")

    def test_a_new_password_ends_the_other_sessions(self):
        self.daemon.add_user("sun", "staff")
        here, there = api.Session(self.url, "sun"), api.Session(self.url, "sun")
        change = {"old": "not the password", "new": OTHER}
        self.expect(here.call("PUT", "/session/password", change), 401, "wrong")
        change["old"] = api.PASSWORD
        short = {**change, "new": "short"}
        self.expect(here.call("PUT", "/session/password", short), 422, "too_short", "new")
        self.expect(there.get("/session"), 200)
        here.take(here.call("PUT", "/session/password", change))
        self.expect(here.get("/session"), 200)
        self.expect(there.get("/session"), 401, "session")
        self.expect(self.sign_in("sun"), 401, "wrong")
        self.expect(self.sign_in("sun", OTHER), 200)
        self.assertEqual(self.audited("password")[0]["subject"], "user:sun")

    def test_the_language_is_kept(self):
        self.daemon.add_user("qian", "staff")
        qian = api.Session(self.url, "qian")
        self.expect(qian.call("PUT", "/session/language", {"lang": "tlh"}), 422, "invalid", "lang")
        self.expect(qian.call("PUT", "/session/language", {"lang": "zh-TW"}), 200)
        self.assertEqual(qian.get("/session").json["user"]["lang"], "zh-TW")

    def test_a_second_factor(self):
        self.daemon.add_user("zhou", "staff")
        zhou = api.Session(self.url, "zhou")
        self.expect(zhou.call("PUT", "/session/totp", {"code": "000000"}), 409, "state")
        told = self.expect(zhou.call("POST", "/session/totp", {}), 200).json
        self.assertIn(f"secret={told['secret']}", told["uri"])
        step = this_step()
        wrong = f"{(int(totp(told['secret'], step)) + 1) % 1000000:06}"
        self.expect(zhou.call("PUT", "/session/totp", {"code": wrong}), 422, "wrong", "code")
        self.expect(self.sign_in("zhou"), 200)  # it is not in force yet
        code = totp(told["secret"], step)
        self.expect(zhou.call("PUT", "/session/totp", {"code": code}), 200)
        self.assertTrue(zhou.get("/session").json["user"]["totp"])
        self.expect(zhou.call("POST", "/session/totp", {}), 409, "state")
        # Asked for only of who has the password; and none twice.
        self.expect(self.sign_in("zhou", "not the password"), 401, "wrong")
        self.expect(self.sign_in("zhou"), 401, "totp_needed")
        self.expect(self.sign_in("zhou", code=code), 401, "wrong")
        later = totp(told["secret"], step + 1)
        self.expect(self.sign_in("zhou", "not the password", code=later), 401, "wrong")
        self.expect(self.sign_in("zhou", code=later), 200)
        self.expect(self.sign_in("zhou", code=later), 401, "wrong")
        # The secret is in the store in no form that anybody could read.
        stored = self.daemon.redis("HGETALL", "{qinhuai}:user:zhou")
        self.assertNotIn(told["secret"].encode(), b" ".join(stored))
        # It ends by the password, or by an administrator.
        off = {"password": "not the password"}
        self.expect(zhou.call("DELETE", "/session/totp", off), 401, "wrong")
        self.expect(zhou.call("DELETE", "/session/totp", {"password": api.PASSWORD}), 200)
        self.expect(self.sign_in("zhou"), 200)

    def test_a_lost_authenticator(self):
        self.daemon.add_user("wu", "staff")
        wu = api.Session(self.url, "wu")
        secret = wu.call("POST", "/session/totp", {}).json["secret"]
        code = totp(secret, this_step())
        self.expect(wu.call("PUT", "/session/totp", {"code": code}), 200)
        self.expect(self.sign_in("wu"), 401, "totp_needed")
        self.expect(self.root.call("PATCH", "/users/wu", {"totp": True}), 422, "only_off", "totp")
        self.expect(self.root.call("PATCH", "/users/wu", {"totp": False}), 200)
        self.expect(self.sign_in("wu"), 200)

    def test_a_code_counts_once_even_at_once(self):
        self.daemon.add_user("zheng", "staff")
        zheng = api.Session(self.url, "zheng")
        secret = zheng.call("POST", "/session/totp", {}).json["secret"]
        step = this_step()
        self.expect(zheng.call("PUT", "/session/totp", {"code": totp(secret, step)}), 200)
        answers = at_once(4, lambda: self.sign_in("zheng", code=totp(secret, step + 1)))
        self.assertEqual(sorted(answer.status for answer in answers), [200, 401, 401, 401])

    def test_guessing_ends_soon(self):
        self.daemon.add_user("feng", "staff")
        answers = [self.sign_in("feng", f"not the password {i}") for i in range(12)]
        self.assertEqual({answer.status for answer in answers[:10]}, {401})
        for answer in answers[10:]:
            self.expect(answer, 429, "too_fast")
            self.assertIn(int(answer.headers["Retry-After"]), range(1, 61))
        self.expect(self.sign_in("feng"), 429, "too_fast")  # the right one, too
        self.expect(self.sign_in("root"), 200)  # nobody else

    def test_nothing_secret_is_kept_or_logged(self):
        self.daemon.add_user("chen", "staff")
        chen = api.Session(self.url, "chen")
        self.expect(self.sign_in("chen", "a password nobody has"), 401, "wrong")
        keys = self.daemon.redis("KEYS", "*")
        session = hashlib.sha256(chen.cookie.encode()).hexdigest()
        self.assertIn(b"{qinhuai}:session:" + session.encode(), keys)
        stored = b" ".join(keys + self.daemon.redis("HGETALL", "{qinhuai}:user:chen"))
        for secret in (chen.cookie, api.PASSWORD):
            self.assertNotIn(secret.encode(), stored)
            self.assertNotIn(secret, self.daemon.log)
        self.assertNotIn("a password nobody has", self.daemon.log)
        self.assertNotIn("chen", self.daemon.log)
        self.assertIn(b"$argon2id$", stored)


def at_once(n, work):
    """What work gives when several threads do it at the same time."""
    gate, found = threading.Barrier(n), [None] * n

    def run(i):
        gate.wait()
        found[i] = work()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


class UsersTest(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        api.lay_down(cls.root, "organisation", api.ORGANISATION)
        cls.daemon.add_user("north", "admin:north")
        cls.north = api.Session(cls.url, "north")

    def grant(self, role, unit="*", category="*"):
        return {"role": role, "unit": unit, "category": category}

    def add(self, caller, name, *grants, **more):
        body = {"name": name, "display": "王社工", "grants": list(grants), **more}
        return caller.call("POST", "/users", body)

    def test_a_user_and_their_end(self):
        made = self.expect(self.add(self.root, "u1", self.grant("lead", "north")), 201).json
        self.assertEqual((made["name"], made["display"], made["version"]), ("u1", "王社工", 1))
        self.expect(self.sign_in("u1", "anything at all"), 401, "wrong")  # no password yet
        self.expect(self.add(self.root, "u1"), 409, "exists", "name")
        shown = self.expect(self.root.get("/users/u1"), 200)
        self.assertEqual(shown.headers["ETag"], '"v1"')
        self.assertEqual(self.root.get("/users/u1", {"If-None-Match": '"v1"'}).status, 304)
        changed = self.expect(
            self.root.call("PATCH", "/users/u1", {"version": 1, "display": "老王"}), 200
        )
        self.assertEqual((changed.json["display"], changed.json["version"]), ("老王", 2))
        self.assertEqual(changed.headers["ETag"], '"v2"')
        stale = self.expect(
            self.root.call("PATCH", "/users/u1", {"version": 1, "display": "小王"}), 409, "stale"
        )
        self.assertEqual(stale.json["current"]["display"], "老王")
        self.expect(self.root.call("POST", "/users/u1/password", {"password": OTHER}), 204)
        self.expect(self.sign_in("u1", OTHER), 200)
        self.expect(self.root.call("DELETE", "/users/u1"), 204)
        self.expect(self.root.get("/users/u1"), 404, "not_found")
        self.expect(self.sign_in("u1", OTHER), 401, "wrong")
        actions = [entry["action"] for entry in self.root.get("/audit?subject=user:u1").json["items"]]
        self.assertEqual(
            [action for action in reversed(actions) if action.startswith("user-")],
            ["user-add", "user-change", "user-password", "user-remove"],
        )
        entry = self.root.get("/audit?subject=user:u1&action=user-add").json["items"][0]
        self.assertEqual((entry["actor"], entry["detail"]), ("user:root", "lead:north:*"))

    def test_what_is_wrong_is_said(self):
        cases = [
            ("invalid", "name", {"name": "U 1"}),
            ("required", "name", {}),
            ("too_long", "display", {"name": "x", "display": "王" * 41}),
            ("too_short", "password", {"name": "x", "password": "short"}),
            ("array_needed", "grants", {"name": "x", "grants": {}}),
            ("invalid", "grants", {"name": "x", "grants": ["staff"]}),
            ("invalid", "grants", {"name": "x", "grants": [{"role": "staff"}]}),
            ("no_such_role", "grants", {"name": "x", "grants": [self.grant("boss")]}),
            ("no_such_unit", "grants", {"name": "x", "grants": [self.grant("staff", "x")]}),
            ("no_such_unit", "grants", {"name": "x", "grants": [self.grant("staff", "")]}),
            (
                "no_such_category",
                "grants",
                {"name": "x", "grants": [self.grant("staff", "*", "money")]},
            ),
            ("too_many", "grants", {"name": "x", "grants": [self.grant("staff")] * 17}),
            ("invalid", "lang", {"name": "x", "lang": "tlh"}),
        ]
        for code, field, body in cases:
            with self.subTest(code=code, body=body):
                self.expect(self.root.call("POST", "/users", body), 422, code, field)
        self.expect(self.root.get("/users/x"), 404, "not_found")
        self.expect(
            self.root.call("PATCH", "/users/north", {"disabled": 1}), 422, "boolean_needed", "disabled"
        )

    def test_nobody_gives_what_they_do_not_have(self):
        north = self.north
        self.expect(self.add(north, "n1", self.grant("staff", "north")), 201)
        self.expect(self.add(north, "n2", self.grant("admin", "north", "wage")), 201)
        for grant in (
            self.grant("staff", "south"),
            self.grant("staff", "district"),
            self.grant("staff"),
            self.grant("admin"),
            self.grant("unmask", "north"),
        ):
            with self.subTest(grant=grant):
                self.expect(self.add(north, "n3", grant), 403, "denied")
                self.expect(
                    self.add(north, "n3", self.grant("staff", "north"), grant), 403, "denied"
                )
                body = {"grants": [grant]}
                self.expect(north.call("PATCH", "/users/n1", body), 403, "denied")
        self.expect(self.add(north, "n3"), 403, "denied")  # of no unit at all
        self.expect(self.root.get("/users/n3"), 404, "not_found")
        # root has no unmask to give, either; the command line has.
        self.expect(self.add(self.root, "n3", self.grant("unmask")), 403, "denied")
        given = self.daemon.command("user", "roles", "n1", "--role", "unmask:north")
        self.assertEqual(given.returncode, 0, given.stderr)
        self.assertEqual(self.root.get("/users/n1").json["permissions"], ["unmask"])
        # north sees them, but may not become them.
        self.expect(north.get("/users/n1"), 200)
        body = {"password": OTHER}
        self.expect(north.call("POST", "/users/n1/password", body), 403, "denied")

    def test_nobody_is_above_themselves(self):
        """A user with a role elsewhere, too, is not for the administrator of a part."""
        self.expect(
            self.add(self.root, "both", self.grant("staff", "north"), self.grant("lead")), 201
        )
        self.expect(self.north.get("/users/both"), 200)
        for method, path, body in (
            ("PATCH", "/users/both", {"display": "x"}),
            ("PATCH", "/users/both", {"grants": []}),
            ("PATCH", "/users/both", {"disabled": True}),
            ("POST", "/users/both/password", {"password": OTHER}),
            ("DELETE", "/users/both", None),
        ):
            with self.subTest(method=method, body=body):
                self.expect(self.north.call(method, path, body), 403, "denied")
        self.assertEqual(self.root.get("/users/both").json["version"], 1)

    def test_nobody_locks_themselves_out(self):
        body = {"grants": [self.grant("staff")]}
        self.expect(self.root.call("PATCH", "/users/root", body), 422, "last_admin", "grants")
        self.expect(
            self.root.call("PATCH", "/users/root", {"grants": []}), 422, "last_admin", "grants"
        )
        self.expect(
            self.root.call("PATCH", "/users/root", {"disabled": True}), 422, "self", "disabled"
        )
        self.expect(self.root.call("DELETE", "/users/root"), 422, "self")
        both = {"grants": [self.grant("staff"), self.grant("admin")]}
        self.expect(self.root.call("PATCH", "/users/root", both), 200)

    def test_pages(self):
        for i in range(5):
            self.expect(self.add(self.root, f"page{i}", self.grant("staff", "south")), 201)
        seen, cursor = [], ""
        while cursor is not None:
            page = self.expect(self.root.get(f"/users?limit=2&cursor={cursor}"), 200).json
            self.assertLessEqual(len(page["items"]), 2)
            seen += [item["name"] for item in page["items"]]
            cursor = page["next"]
        self.assertEqual(seen, sorted(set(seen)))
        self.assertEqual(len(seen), page["total"])
        everybody = self.root.get("/users").json
        self.assertEqual([item["name"] for item in everybody["items"]], seen)
        self.assertIsNone(everybody["next"])
        for odd in ("0", "-1", "x", "", "1e9"):
            self.assertEqual(len(self.root.get(f"/users?limit={odd}").json["items"]), len(seen))
        self.assertNotIn("south", json.dumps(self.north.get("/users").json["items"]))


class TokensTest(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        api.lay_down(cls.root, "organisation", api.ORGANISATION)
        cls.daemon.add_user("north", "admin:north")
        cls.north = api.Session(cls.url, "north")

    def add(self, caller, unit="*", scopes=("tickets:read",), **more):
        body = {"name": "城运中心", "scopes": list(scopes), "unit": unit, **more}
        return caller.call("POST", "/tokens", body)

    def test_a_token_and_its_end(self):
        made = self.expect(self.add(self.root, days=1), 201).json
        self.assertRegex(made["token"], "^xf_[A-Za-z0-9_-]{43}$")
        self.assertEqual(made["by"], "user:root")
        self.assertAlmostEqual(made["expires_ms"] - made["created_ms"], 24 * 3600 * 1000)
        system = api.with_token(self.url, made["token"])
        self.expect(system.get("/stations"), 200)
        self.expect(system.get("/session"), 403, "permission")
        listed = self.root.get("/tokens").json["items"]
        self.assertIn(made["id"], [item["id"] for item in listed])
        self.assertNotIn("token", listed[0])
        key = "{qinhuai}:token:" + made["id"]
        self.assertNotIn(made["token"].encode(), b" ".join(self.daemon.redis("HGETALL", key)))
        self.daemon.redis("HSET", key, "expires", "1")
        self.expect(system.get("/stations"), 401, "expired")
        self.expect(self.root.call("DELETE", f"/tokens/{made['id']}"), 204)
        self.expect(system.get("/stations"), 401, "token")
        self.expect(self.root.call("DELETE", f"/tokens/{made['id']}"), 404, "not_found")
        self.assertIsNone(self.expect(self.add(self.root, days=0), 201).json["expires_ms"])
        actions = self.root.get(f"/audit?subject=token:{made['id']}").json["items"]
        self.assertEqual([a["action"] for a in actions], ["token-remove", "token-add"])

    def test_it_gives_no_more_than_its_maker_has(self):
        self.expect(self.add(self.north, "north"), 201)
        for unit, scopes in (
            ("*", ["tickets:read"]),
            ("south", ["tickets:read"]),
            ("north", ["unmask"]),
            ("north", ["tickets:read", "unmask"]),
        ):
            with self.subTest(unit=unit, scopes=scopes):
                self.expect(self.add(self.north, unit, scopes), 403, "denied")
        self.assertEqual({t["unit"] for t in self.north.get("/tokens").json["items"]}, {"north"})
        # A token that may make tokens does not get out of its box.
        maker = self.add(self.root, "north", ["tokens", "tickets:read"]).json["token"]
        maker = api.with_token(self.url, maker)
        self.expect(self.add(maker, "north"), 201)
        self.expect(self.add(maker, "north", ["users"]), 403, "denied")
        self.expect(self.add(maker, "*"), 403, "denied")

    def test_what_is_wrong_is_said(self):
        for code, field, more in (
            ("no_such_scope", "scopes", {"scopes": ["everything"]}),
            ("no_such_scope", "scopes", {"scopes": ["audit export"]}),
            ("no_such_scope", "scopes", {"scopes": [7]}),
            ("required", "scopes", {"scopes": []}),
            ("no_such_unit", "unit", {"unit": "x"}),
            ("out_of_range", "days", {"days": 3651}),
            ("out_of_range", "days", {"days": -1}),
            ("integer_needed", "days", {"days": "7"}),
            ("invalid", "name", {"name": "\u202e "}),
            ("required", "name", {"name": ""}),
        ):
            with self.subTest(code=code, more=more):
                body = {"name": "x", "scopes": ["audit"], "unit": "*", **more}
                self.expect(self.root.call("POST", "/tokens", body), 422, code, field)


class DocumentsTest(Case):
    def test_what_is_laid_down_holds(self):
        before = self.expect(self.root.get("/documents/rules"), 200)
        self.assertEqual(before.json["version"], 0)
        rules = before.json["json"]
        rules["duplicates"] = {"metres": 99, "hours": 9}
        put = {"version": 0, "json": rules}
        after = self.expect(self.root.call("PUT", "/documents/rules", put), 200)
        self.assertEqual((after.json["version"], after.json["by"]), (1, "user:root"))
        self.assertEqual(after.headers["ETag"], '"v1"')
        read = self.expect(self.root.get("/documents/rules"), 200)
        self.assertEqual(read.json, after.json)
        self.assertEqual(self.root.get("/documents/rules", {"If-None-Match": '"v1"'}).status, 304)
        stale = self.expect(self.root.call("PUT", "/documents/rules", put), 409, "stale")
        self.assertEqual(stale.json["current"], after.json)
        entry = self.audited("document-put")[0]
        self.assertEqual((entry["subject"], entry["detail"]), ("document:rules", "v1"))

    def test_two_at_once(self):
        rules = self.root.get("/documents/calendar").json
        put = {"version": rules["version"], "json": rules["json"]}
        answers = at_once(4, lambda: self.root.call("PUT", "/documents/calendar", put))
        self.assertEqual(sorted(answer.status for answer in answers), [200, 409, 409, 409])

    def test_what_does_not_fit_is_told(self):
        nowhere = {"units": [{"id": "a", "name": "A", "kind": "community", "parent": "b"}]}
        told = self.root.call("POST", "/documents/organisation/check", {"json": nowhere})
        self.expect(told, 200)
        self.assertFalse(told.json["ok"])
        self.assertTrue(told.json["problems"])
        put = {"version": 0, "json": nowhere}
        refused = self.root.call("PUT", "/documents/organisation", put)
        self.expect(refused, 422, "problems")
        self.assertEqual(refused.json["problems"], told.json["problems"])
        self.assertEqual(self.root.get("/documents/organisation").json["version"], 0)
        good = self.root.get("/documents/organisation").json["json"]
        told = self.root.call("POST", "/documents/organisation/check", {"json": good})
        self.assertEqual((told.status, told.json), (200, {"ok": True, "problems": []}))
        for body in ({}, {"json": []}, {"json": "{}"}, {"version": 0}):
            self.assertEqual(self.root.call("PUT", "/documents/rules", body).status, 422)
        self.expect(self.root.get("/documents/nothing"), 404, "not_found")

    def test_who_may_read_and_write(self):
        self.daemon.add_user("staff", "staff")
        self.daemon.add_user("part", "admin:district")
        staff, part = api.Session(self.url, "staff"), api.Session(self.url, "part")
        for name in ("organisation", "areas", "calendar", "templates", "rules", "broadcasts"):
            self.expect(staff.get(f"/documents/{name}"), 200)
        for name in ("routing", "clocks"):
            self.expect(staff.get(f"/documents/{name}"), 403, "denied")
        self.assertEqual(len(staff.get("/documents").json["items"]), 6)
        self.assertEqual(len(part.get("/documents").json["items"]), 8)
        # Who could move units could put all of them below their own.
        put = {"version": 0, "json": api.ORGANISATION}
        self.expect(part.call("PUT", "/documents/organisation", put), 403, "denied")


class TwiceTest(Case):
    """Idempotency keys."""

    def add(self, key, name, **more):
        body = {"name": name, "scopes": ["audit"], "unit": "*", **more}
        return self.root.call("POST", "/tokens", body, {"Idempotency-Key": key})

    def tokens(self, name):
        return [t for t in self.root.get("/tokens").json["items"] if t["name"] == name]

    def test_what_comes_twice_happens_once(self):
        first = self.expect(self.add("k1", "one"), 201)
        again = self.expect(self.add("k1", "one"), 201)
        self.assertEqual(again.bytes, first.bytes)
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertNotIn("Idempotency-Replayed", first.headers)
        self.assertEqual(len(self.tokens("one")), 1)
        self.expect(self.add("k1", "two"), 422, "key_reused", "Idempotency-Key")
        self.expect(self.add("k2", "one"), 201)
        # The key is its caller's own.
        other = api.Session(self.url, "root")
        body = {"name": "one", "scopes": ["audit"], "unit": "*"}
        same = other.call("POST", "/tokens", body, {"Idempotency-Key": "k1"})
        self.assertEqual(same.bytes, first.bytes)
        token = api.with_token(self.url, self.daemon.add_token("t", "tokens,audit"))
        self.expect(token.call("POST", "/tokens", body, {"Idempotency-Key": "k1"}), 201)
        # What was answered is kept where nobody reads it.
        kept = b"".join(
            b" ".join(self.daemon.redis("HGETALL", key))
            for key in self.daemon.redis("KEYS", "{qinhuai}:claim:*")
        )
        self.assertNotIn(first.json["token"].encode(), kept)

    def test_a_refusal_comes_again_too(self):
        first = self.expect(self.add("k3", ""), 422, "required", "name")
        again = self.expect(self.add("k3", ""), 422, "required", "name")
        self.assertEqual(again.headers["Idempotency-Replayed"], "true")
        self.assertEqual(first.bytes, again.bytes)

    def test_two_at_once_are_one(self):
        def add():
            body = {"name": "slow", "password": OTHER, "grants": []}
            return self.root.call("POST", "/users", body, {"Idempotency-Key": "k4"})

        answers = at_once(4, add)
        self.assertEqual(sorted(a.status for a in answers), [201, 409, 409, 409])
        self.assertEqual({a.code for a in answers if a.status == 409}, {"in_progress"})
        self.expect(add(), 201)

    def test_one_that_died_on_its_way(self):
        """What the store has when the process was killed in between."""
        key = hashlib.sha256(b"user:root k5").hexdigest()
        self.expect(self.add("k5", "gone"), 201)
        self.daemon.redis("HSET", "{qinhuai}:claim:" + key, "state", "happened")
        self.expect(self.add("k5", "gone"), 409, "happened")
        self.daemon.redis("HSET", "{qinhuai}:claim:" + key, "state", "running")
        self.expect(self.add("k5", "gone"), 409, "in_progress")
        # One that is sealed by no key of ours is not shown.
        self.daemon.redis("HSET", "{qinhuai}:claim:" + key, "state", "answered", "answer", "x:y")
        self.expect(self.add("k5", "gone"), 409, "happened")

    def test_odd_keys(self):
        for key in ("a" * 65, "a b", "k\u00e9"):
            self.expect(self.add(key, "x"), 422, "invalid", "Idempotency-Key")
        self.expect(self.root.get("/tokens", {"Idempotency-Key": "k1"}), 200)


class BodiesTest(Case):
    def send(self, body, kind="application/json", path="/tokens", method="POST"):
        headers = {"Content-Type": kind} if kind else {}
        return self.root.send(method, api.PREFIX + path, body, headers)

    def test_what_is_no_json(self):
        for body in (b"{", b"nonsense", b"{}x", b'{"a":1,"a":2}', b"\xff", b'"\\u0000"', b"{'a':1}"):
            with self.subTest(body=body):
                self.expect(self.send(body), 400, "malformed")
        self.expect(self.send(b'{"a":"\\u0000"}'), 400, "malformed")
        for body in (b"[]", b'["a"]'):
            self.expect(self.send(body), 422, "object_needed")
        deep = b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"
        self.expect(self.send(deep), 400, "malformed")
        self.expect(self.send(b'{"a":' + b"[" * 200000), 400, "malformed")
        quoted = b'{"name":"' + b"[" * 200 + b'","scopes":["audit"],"unit":"*"}'
        self.expect(self.send(quoted), 422, "invalid", "name")

    def test_what_says_it_is_no_json(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx", None):
            self.expect(self.send(b"{}", kind), 415, "json_needed")
        for kind in ("application/json; charset=utf-8", "Application/JSON"):
            self.expect(self.send(b"{}", kind), 422, "required")
        self.expect(self.send(b"", None), 422, "required")

    def test_what_is_too_large(self):
        large = b'{"name":"' + b"a" * 300000 + b'"}'
        self.expect(self.send(large), 413, "too_large")
        self.expect(self.send(b" " * 5000, path="/session", method="POST"), 413, "too_large")
        # Who has nothing to show is not even listened to.
        nobody = api.anybody(self.url)
        answer = nobody.send("PUT", api.PREFIX + "/documents/areas", large)
        self.expect(answer, 401, "credentials")
        self.expect(
            self.root.send("GET", api.PREFIX + "/stations", b"{}", {"Content-Length": "2"}),
            400,
            "malformed",
        )

    def test_without_a_length(self):
        connection = http.client.HTTPConnection(self.root.host, timeout=60)
        connection.putrequest("POST", api.PREFIX + "/tokens")
        connection.putheader("Transfer-Encoding", "chunked")
        connection.endheaders()
        connection.send(b"2\r\n{}\r\n0\r\n\r\n")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 411)
        self.assertEqual(json.loads(answer.read())["code"], "length_needed")
        connection.close()

    def test_paths_and_methods(self):
        for path in ("", "/", "/nothing", "/users/a/b", "/users/", "/documents/a/check/b"):
            answer = self.root.get(path)
            self.assertEqual(answer.status, 404, path)
        answer = self.root.call("PUT", "/users", {})
        self.expect(answer, 405, "method")
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, POST")
        answer = self.root.call("POST", "/users/root", {})
        self.assertEqual(answer.headers["Allow"], "GET, HEAD, PATCH, DELETE")
        self.assertEqual(self.root.send("OPTIONS", api.PREFIX + "/users").status, 405)
        head = self.root.send("HEAD", api.PREFIX + "/stations")
        self.assertEqual((head.status, head.bytes), (200, b""))
        self.assertGreater(int(head.headers["Content-Length"]), 0)
        self.expect(self.root.get("/users/%ff%fe"), 404, "not_found")
        self.assertEqual(self.root.get("/users/..%2froot").status, 404)

    def test_stations(self):
        self.daemon.command(
            *"station add 科巷驿站 --lat 32.0441 --lon 118.7912 --hours 24h --offers".split(),
            "喝水 充电",
        )
        page = self.expect(self.root.get("/stations"), 200).json
        self.assertEqual(page["total"], 1)
        station = page["items"][0]
        self.assertEqual((station["name"], station["offers"]), ("科巷驿站", "喝水 充电"))
        self.assertAlmostEqual(station["lat"], 32.0441)


class HurryTest(Case):
    settings = "[api]\nrate = 0.1\nburst = 5\npeer_rate = 0.1\npeer_burst = 30\n"

    def test_who_is_too_fast_waits(self):
        answers = [self.root.get("/stations") for _ in range(8)]
        self.assertEqual([a.status for a in answers], [200] * 5 + [429] * 3)
        self.assertEqual(answers[-1].code, "too_fast")
        self.assertIn(int(answers[-1].headers["Retry-After"]), range(1, 11))
        # Others are not.
        token = api.with_token(self.url, self.daemon.add_token("t", "tickets:read"))
        self.expect(token.get("/stations"), 200)
        # But all of one address together have a limit, too, whatever they show.
        nobody = api.anybody(self.url)
        answers = [nobody.get("/stations").status for _ in range(40)]
        self.assertEqual(set(answers), {401, 429})
        self.assertEqual(answers, sorted(answers))
        self.expect(token.get("/stations"), 429, "too_fast")


class PublicUrlTest(Case):
    settings = "[api]\nrate = 0\npeer_rate = 0\n"

    @classmethod
    def setUpClass(cls):
        before = api.daemon.SETTINGS
        api.daemon.SETTINGS = before.replace(
            "[server]", "public_url = https://bee.example\n\n[server]"
        )
        try:
            super().setUpClass()
        finally:
            api.daemon.SETTINGS = before

    def test_cookies_and_origins(self):
        answer = api.anybody(self.url).call(
            "POST",
            "/session",
            {"name": "root", "password": api.PASSWORD},
            {"Origin": "https://bee.example"},
        )
        self.expect(answer, 200)
        self.assertIn("; Secure", answer.headers["Set-Cookie"])
        for origin, status in (
            ("https://bee.example", 200),
            ("https://bee.example.evil", 403),
            ("https://evil.example", 403),
        ):
            body = {"lang": "en"}
            answer = self.root.call("PUT", "/session/language", body, {"Origin": origin})
            self.assertEqual(answer.status, status, origin)


class AwayTest(unittest.TestCase):
    def test_without_a_store(self):
        daemon = api.Daemon("[api]\nrate = 0\npeer_rate = 0\n")
        daemon.start()
        daemon.add_user("root", "admin")
        root = api.Session(daemon.url, "root")
        try:
            daemon.redis("CLIENT", "KILL", "TYPE", "normal")
        except OSError:
            pass
        # It comes back; until then it says so, and nothing breaks.
        seen = set()
        for _ in range(200):
            answer = root.get("/stations")
            seen.add((answer.status, answer.code))
            if answer.status == 200:
                break
            time.sleep(0.02)
        self.assertIn((200, None), seen)
        self.assertLessEqual(seen, {(200, None), (503, "away"), (503, "unknown")})
        daemon.finish()


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=1)
