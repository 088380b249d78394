"""The API as a client of it sees it, over a real daemon."""

import dataclasses
import http.client
import json
import os
import re
import socket
import sys
import urllib.parse

SOURCE = os.environ.get("XIAOFENG_SOURCE", os.path.join(os.path.dirname(__file__), "../.."))
sys.path.insert(0, os.path.join(SOURCE, "tests/browser"))

import daemon  # noqa: E402

PASSWORD = "correct horse battery"
PREFIX = "/api/v1"


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict
    bytes: bytes

    @property
    def json(self):
        return json.loads(self.bytes)

    @property
    def code(self):
        """The word of a problem, or None."""
        if "problem+json" not in self.headers.get("Content-Type", ""):
            return None
        return self.json["code"]


class Caller:
    """Somebody who calls: with nothing, a token or a session."""

    def __init__(self, url, headers=None):
        self.host = urllib.parse.urlparse(url).netloc
        self.headers = headers or {}

    def send(self, method, target, body=None, headers=None):
        """One request as it is given; body are bytes."""
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, target, body, {**self.headers, **(headers or {})})
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def call(self, method, path, body=None, headers=None):
        """A call of the API; body is JSON."""
        more = dict(headers or {})
        if body is not None:
            more.setdefault("Content-Type", "application/json")
            body = json.dumps(body).encode()
        elif method in ("POST", "PUT", "PATCH"):
            body = b""
        return self.send(method, PREFIX + path, body, more)

    def get(self, path, headers=None):
        return self.call("GET", path, headers=headers)


def anybody(url):
    return Caller(url)


def with_token(url, token):
    return Caller(url, {"Authorization": f"Bearer {token}"})


class Session(Caller):
    def __init__(self, url, name, password=PASSWORD, code=None):
        super().__init__(url)
        body = {"name": name, "password": password}
        if code:
            body["code"] = code
        self.take(self.call("POST", "/session", body))

    def take(self, answer):
        """The session that an answer has begun."""
        if answer.status != 200:
            raise RuntimeError(f"{answer.status} {answer.bytes}")
        self.cookie = re.match(r"xf_session=([^;]+)", answer.headers["Set-Cookie"])[1]
        self.csrf = answer.json["csrf"]
        self.user = answer.json["user"]
        self.headers = {"Cookie": f"xf_session={self.cookie}", "X-CSRF-Token": self.csrf}


class Daemon(daemon.Daemon):
    """One with people in it; settings are lines of its file."""

    def __init__(self, settings="[api]\nrate = 0\npeer_rate = 0\n"):
        super().__init__()
        self._settings = settings

    def start(self):
        before = daemon.SETTINGS
        daemon.SETTINGS = before + "\n" + self._settings
        try:
            super().start()
        finally:
            daemon.SETTINGS = before

    def add_user(self, name, *roles, password=PASSWORD):
        words = [word for role in roles for word in ("--role", role)]
        made = self.command("user", "add", name, *words, given=password + "\n")
        if made.returncode != 0:
            raise RuntimeError(made.stderr)

    def add_token(self, name, scopes, unit="*", days=1):
        made = self.command(
            "token", "add", name, "--scopes", scopes, "--unit", unit, "--days", str(days)
        )
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
        return made.stdout.strip()

    def redis(self, *words):
        """What the daemon's Redis says to a command, as bytes."""
        request = b"*%d\r\n" % len(words)
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode()
            request += b"$%d\r\n%s\r\n" % (len(word), word)
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(30)
            link.connect(os.path.join(self._dir.name, "data/redis/redis.sock"))
            link.sendall(request)
            return self._reply(link.makefile("rb"))

    def _reply(self, file):
        line = file.readline()
        kind, rest = line[:1], line[1:].strip()
        if kind == b"$":
            return None if rest == b"-1" else file.read(int(rest) + 2)[:-2]
        if kind == b"*":
            return [self._reply(file) for _ in range(int(rest))]
        if kind == b"-":
            raise RuntimeError(rest.decode())
        return int(rest) if kind == b":" else rest

    def finish(self):
        """Ends it; a daemon that does not end well has failed the test."""
        status = self.stop()
        self.remove()
        if status != 0:
            raise RuntimeError(f"the daemon ended with {status}\n{self.log[-4000:]}")


ORGANISATION = {
    "units": [
        {"id": "industry", "name": "行业党委", "kind": "industry", "level": 5},
        {"id": "district", "name": "秦淮区", "kind": "district", "parent": "industry"},
        {"id": "north", "name": "北街社区", "kind": "community", "parent": "district"},
        {"id": "south", "name": "南街社区", "kind": "community", "parent": "district"},
    ]
}


def lay_down(admin, name, json_):
    """Puts a document; gives its new version."""
    version = admin.get(f"/documents/{name}").json["version"]
    answer = admin.call("PUT", f"/documents/{name}", {"version": version, "json": json_})
    if answer.status != 200:
        raise RuntimeError(f"{answer.status} {answer.bytes}")
    return answer.json["version"]
