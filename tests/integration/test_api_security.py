#!/usr/bin/env python3
"""Tries everybody on every route of docs/openapi.yaml: each role and each scope,
nobody, and those with credentials that are none. Who may is let in, and what
they get is what the document says; who may not is refused, in the right words;
what lies outside of somebody's unit is not there."""

import sys
import unittest

import jsonschema
import yaml

import api_client as api

METHODS = ["get", "post", "put", "patch", "delete"]
STRANGER = {"credentials", "session", "token", "expired"}
FORMS = "application/x-www-form-urlencoded"

with open(f"{api.SOURCE}/docs/openapi.yaml", encoding="utf-8") as f:
    DOCUMENT = yaml.safe_load(f)


def resolve(value):
    while "$ref" in value:
        at = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        value = at
    return value


class Operation:
    def __init__(self, path, method, item):
        self.method, self.path = method.upper(), path
        self.about = item[method]
        self.id = self.about["operationId"]
        self.own_tree = "servers" in item
        self.server = item.get("servers", DOCUMENT["servers"])[0]["url"]
        self.permission = set(self.about["x-permission"].split())
        told = item.get("parameters", []) + self.about.get("parameters", [])
        self.parameters = [resolve(parameter) for parameter in told]

    @property
    def writes(self):
        return self.method != "GET"

    def named(self):
        return [p["name"] for p in self.parameters if p["in"] == "path"]

    def target(self, **names):
        """Its path and query, of the examples where nothing else is said."""
        path, query = self.path, []
        for parameter in self.parameters:
            name, example = parameter["name"], parameter.get("example")
            if parameter["in"] == "path":
                path = path.replace("{%s}" % name, str(names.get(name, example)))
            elif parameter["in"] == "query" and example is not None:
                query.append(f"{name}={example}")
        return self.server + path + ("?" + "&".join(query) if query else "")

    def body(self):
        """The bytes and the headers of its example."""
        body = self.about.get("requestBody")
        if body is None:
            return (b"" if self.writes else None), {}
        kind, content = next(iter(body["content"].items()))
        if kind == "application/json":
            return api.json.dumps(content["example"]).encode(), {"Content-Type": kind}
        return (b"a=b" if kind == FORMS else b"no photo"), {"Content-Type": kind}

    def ask(self, caller, headers=None, **names):
        body, more = self.body()
        return caller.send(self.method, self.target(**names), body, {**more, **(headers or {})})

    def response(self, answer):
        """What the document says of an answer; None: nothing."""
        responses = self.about["responses"]
        found = responses.get(str(answer.status), responses.get("default"))
        return found and resolve(found)


def operations():
    found = [
        Operation(path, method, item)
        for path, item in DOCUMENT["paths"].items()
        for method in METHODS
        if method in item
    ]
    # Whoever signs out is gone.
    return sorted(found, key=lambda operation: operation.id == "signOut")


ROLES = {
    "staff": "tickets:read tickets:move statistics",
    "lead": "tickets:read tickets:move statistics export tickets:bulk",
    "department": "tickets:read tickets:move tickets:file",
    "auditor": "tickets:read statistics audit export",
    "admin": "tickets:read tickets:move tickets:file tickets:bulk statistics export audit users"
    " tokens documents webhooks open311 broadcasts approve study events groups",
    "unmask": "unmask",
    "organiser": "broadcasts study events groups",
    "approver": "broadcasts approve",
}
SCOPES = DOCUMENT["components"]["schemas"]["Permission"]["enum"]


class Somebody:
    def __init__(self, name, caller, permissions=(), session=False, known=True):
        self.name, self.caller, self.known = name, caller, known
        self.permissions = set(permissions) | ({"signed-in"} if session else set())
        self.session = session


class SecurityTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon()
        cls.daemon.start()
        cls.daemon.add_user("root", "admin", "unmask")
        for role in ROLES:
            cls.daemon.add_user(role, role)
        cls.daemon.add_user("elsewhere", "admin:south", "unmask:south")
        cls.root = api.Session(cls.daemon.url, "root")
        api.lay_down(cls.root, "organisation", api.ORGANISATION)
        cls.tokens = {scope: cls.daemon.add_token(scope, scope) for scope in SCOPES}
        cls.expired = cls.daemon.add_token("expired", ",".join(SCOPES))
        cls.forget(cls.expired)
        cls.operations = operations()

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    @classmethod
    def forget(cls, token):
        """Makes it one of yesterday."""
        listed = cls.daemon.command("token", "list").stdout.splitlines()
        id_ = next(line.split("\t")[0] for line in listed if "expired" in line)
        cls.daemon.redis("HSET", "{qinhuai}:token:" + id_, "expires", "1")

    # ---- who may what

    def strangers(self):
        url = self.daemon.url
        some = {
            "nobody": {},
            "a wrong token": {"Authorization": "Bearer xf_" + "a" * 43},
            "an expired token": {"Authorization": "Bearer " + self.expired},
            "no token": {"Authorization": "Bearer " + "a" * 43},
            "another scheme": {"Authorization": "Basic cm9vdDpyb290"},
            "an empty token": {"Authorization": "Bearer "},
            "a long token": {"Authorization": "Bearer xf_" + "a" * 3000},
            "a wrong cookie": {"Cookie": "xf_session=" + "a" * 43},
            "an odd cookie": {"Cookie": 'xf_session="\'; xf_session=%00'},
            "both, and both wrong": {
                "Authorization": "Bearer xf_a",
                "Cookie": f"xf_session={self.root.cookie}",
                "X-CSRF-Token": self.root.csrf,
            },
        }
        return [
            Somebody(name, api.Caller(url, headers), known=False) for name, headers in some.items()
        ]

    def everybody(self):
        url = self.daemon.url
        yield from self.strangers()
        for role, permissions in ROLES.items():
            yield Somebody(role, api.Session(url, role), permissions.split(), session=True)
        for scope, token in self.tokens.items():
            yield Somebody(f"token with {scope}", api.with_token(url, token), [scope])

    def check_allowed(self, operation, answer):
        self.assertLess(answer.status, 500)
        self.assertNotIn(answer.code, STRANGER | {"permission", "csrf", "origin"})
        self.check_schema(operation, answer)

    def check_schema(self, operation, answer):
        response = operation.response(answer)
        self.assertIsNotNone(response, f"{answer.status} is not in the document")
        kind = answer.headers.get("Content-Type", "").split(";")[0]
        content = response.get("content")
        if not content or not answer.bytes:
            self.assertFalse(answer.bytes)
            return
        self.assertIn(kind, content)
        if not kind.endswith("json"):
            return
        jsonschema.validate(
            answer.json,
            {**content[kind]["schema"], "components": DOCUMENT["components"]},
            cls=jsonschema.Draft202012Validator,
        )

    def check(self, operation, who, answer):
        if "public" in operation.permission:
            self.check_allowed(operation, answer)
        elif not who.known:
            self.assertEqual(answer.status, 401)
            self.assertIn(answer.code, STRANGER)
            self.assertIn("WWW-Authenticate", answer.headers)
            self.check_schema(operation, answer)
        elif operation.permission & who.permissions:
            self.check_allowed(operation, answer)
        else:
            self.assertEqual(answer.status, 403)
            self.assertEqual(answer.code, "permission")
            self.check_schema(operation, answer)

    def check_open311(self, operation, who, answer):
        """GeoReport v2 says 403 to whoever may not, and a cookie is no key there."""
        has_key = not who.session and operation.permission & who.permissions
        if "public" in operation.permission or has_key:
            self.assertLess(answer.status, 500)
            self.assertNotIn(answer.status, (401, 403))
        else:
            self.assertEqual(answer.status, 403)
        self.check_schema(operation, answer)

    def test_everybody_on_every_route(self):
        tried = 0
        for who in self.everybody():
            for operation in self.operations:
                with self.subTest(who=who.name, operation=operation.id):
                    answer = operation.ask(who.caller)
                    check = self.check_open311 if operation.own_tree else self.check
                    check(operation, who, answer)
                    tried += 1
        self.assertGreater(tried, 1000)

    def test_a_page_of_another_site_changes_nothing(self):
        admin = api.Session(self.daemon.url, "admin")
        cookie = {"Cookie": f"xf_session={admin.cookie}"}
        csrf = {"X-CSRF-Token": admin.csrf}
        pages = [
            ("csrf", cookie),
            ("csrf", {**cookie, "X-CSRF-Token": ""}),
            ("csrf", {**cookie, "X-CSRF-Token": admin.csrf[:-1]}),
            ("csrf", {**cookie, "X-CSRF-Token": self.root.csrf}),
            ("origin", {**cookie, **csrf, "Origin": "https://evil.example"}),
            ("origin", {**cookie, **csrf, "Origin": "null"}),
            ("origin", {**cookie, **csrf, "Origin": f"http://{admin.host}.evil.example"}),
        ]
        for operation in self.operations:
            if operation.own_tree or not operation.writes or "public" in operation.permission:
                continue
            for code, headers in pages:
                with self.subTest(operation=operation.id, headers=list(headers)):
                    answer = operation.ask(api.Caller(self.daemon.url, headers))
                    self.assertEqual((answer.status, answer.code), (403, code))
        # Nor signs somebody in as somebody else.
        answer = api.anybody(self.daemon.url).call(
            "POST",
            "/session",
            {"name": "admin", "password": api.PASSWORD},
            {"Origin": "https://evil.example"},
        )
        self.assertEqual((answer.status, answer.code), (403, "origin"))
        self.assertEqual(admin.get("/session", {"Origin": f"http://{admin.host}"}).status, 200)

    # ---- what lies outside

    def things(self):
        """What there is to name in a path, all of it outside of the south."""
        ticket = self.root.call("POST", "/tickets", {"kind": "report", "text": "路面有坑"})
        self.assertEqual(ticket.status, 201, ticket.bytes)
        hook = self.root.call(
            "POST",
            "/webhooks",
            {"url": "https://hooks.example.org/x", "events": ["ticket.claimed"], "unit": "north"},
        )
        self.assertEqual(hook.status, 201, hook.bytes)
        token = self.root.call(
            "POST", "/tokens", {"name": "x", "scopes": ["tickets:read"], "unit": "north"}
        )
        self.assertEqual(token.status, 201, token.bytes)
        broadcast = self.root.call("POST", "/broadcasts", {"text": "雨天路滑"})
        self.assertEqual(broadcast.status, 201, broadcast.bytes)
        return {
            "tickets": ticket.json["id"],
            "users": "staff",
            "tokens": token.json["id"],
            "webhooks": hook.json["id"],
            "broadcasts": broadcast.json["id"],
        }

    def outsiders(self):
        url = self.daemon.url
        session = api.Session(url, "elsewhere")
        yield Somebody("elsewhere", session, session.user["permissions"], session=True)
        for scope in SCOPES:
            token = self.daemon.add_token(f"south {scope}", scope, unit="south")
            yield Somebody(f"token of the south with {scope}", api.with_token(url, token), [scope])

    def state(self, things):
        """What the root sees of them, but for who is looking."""
        ticket = self.root.get(f"/tickets/{things['tickets']}").json
        return {
            "ticket": {name: ticket[name] for name in ("version", "state", "log", "notes")},
            "user": self.root.get(f"/users/{things['users']}").json,
            "tokens": [
                token
                for token in self.root.get("/tokens").json["items"]
                if token["unit"] != "south"
            ],
            "hooks": self.root.get("/webhooks").json,
            "broadcast": self.root.get(f"/broadcasts/{things['broadcasts']}").json,
        }

    def test_what_lies_outside_is_not_there(self):
        things = self.things()
        before, tried = self.state(things), 0
        for who in self.outsiders():
            for operation in self.operations:
                thing = things.get(operation.path.split("/")[1])
                if operation.own_tree or not operation.named() or thing is None:
                    continue
                if not operation.permission & who.permissions:
                    continue
                with self.subTest(who=who.name, operation=operation.id):
                    named = dict.fromkeys(operation.named(), thing)
                    answer = operation.ask(who.caller, **named)
                    self.assertEqual(answer.status, 404, answer.bytes)
                    tried += 1
        self.assertGreaterEqual(tried, 20)
        self.assertEqual(self.state(things), before)
        # They are there for others: it was not the names that were wrong.
        for operation in self.operations:
            thing = things.get(operation.path.split("/")[1])
            if operation.method == "GET" and operation.named() and thing is not None:
                named = dict.fromkeys(operation.named(), thing)
                self.assertEqual(operation.ask(self.root, **named).status, 200)

    def test_lists_end_at_the_unit(self):
        things = self.things()
        elsewhere = api.Session(self.daemon.url, "elsewhere")
        ids = [item["id"] for item in elsewhere.get("/tickets").json["items"]]
        self.assertNotIn(things["tickets"], ids)
        names = [item["name"] for item in elsewhere.get("/users").json["items"]]
        self.assertEqual(names, ["elsewhere"])
        self.assertEqual(elsewhere.get("/audit").status, 403)
        for list_ in ("/tokens", "/webhooks"):
            units = {item["unit"] for item in elsewhere.get(list_).json["items"]}
            self.assertLessEqual(units, {"south"})
        moved = elsewhere.call(
            "POST", "/moves", {"move": "claim", "tickets": [{"id": things["tickets"], "version": 1}]}
        )
        self.assertEqual(moved.status, 200, moved.bytes)
        self.assertFalse(moved.json["results"][0]["ok"])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=1)
