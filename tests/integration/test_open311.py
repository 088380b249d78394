#!/usr/bin/env python3
"""Holds what the daemon says by Open311 to GeoReport v2: the fields and types
that the specification asks for, in JSON and in XML, filing and errors too."""

import calendar
import http.client
import http.server
import json
import os
import re
import struct
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse
import zlib
from xml.etree import ElementTree

SOURCE = os.environ.get(
    "XIAOFENG_SOURCE", os.path.join(os.path.dirname(__file__), "../..")
)
sys.path.insert(0, os.path.join(SOURCE, "tests/browser"))

import daemon  # noqa: E402

PUBLIC_URL = "https://bee.example"
daemon.SETTINGS = daemon.SETTINGS.replace(
    "[server]", f"public_url = {PUBLIC_URL}\n\n[server]"
)
daemon.SETTINGS += "\n[photo]\nprivate_urls = yes\n\n[api]\nrate = 0\n"

SERVICES = ["damage", "fire", "other", "safety", "sanitation", "uncivil"]
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def png(width, height):
    """A picture of one colour."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + b"\x20\x80\xc0" * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Photos(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = png(64, 48) if self.path == "/photo.png" else b"<html>no photo"
        self.send_response(200 if self.path != "/gone" else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


# ---- what the specification says --------------------------------------------


class Field:
    """A field of an answer: what it may be in JSON, and as text in XML."""

    def __init__(self, kinds, pattern=None, null=False):
        self.kinds = kinds
        self.pattern = pattern and re.compile(pattern)
        self.null = null

    def check_json(self, test, name, value):
        if value is None:
            test.assertTrue(self.null, name)
            return
        test.assertIsInstance(value, self.kinds, name)
        # True is an int to Python.
        test.assertEqual(isinstance(value, bool), self.kinds is bool, name)
        if self.pattern and isinstance(value, str):
            test.assertRegex(value, self.pattern, name)

    def check_xml(self, test, name, text):
        if not text:
            test.assertTrue(self.null, name)
        elif self.kinds is bool:
            test.assertIn(text, ["true", "false"], name)
        elif self.kinds is float:
            float(text)
        elif self.kinds is int:
            int(text)
        elif self.pattern:
            test.assertRegex(text, self.pattern, name)


TEXT = Field(str, r"\S")
TEXT_OR_NULL = Field(str, r"\S", null=True)
WHEN = Field(str, f"^{DATE.pattern}$")
WHEN_OR_NULL = Field(str, f"^{DATE.pattern}$", null=True)

SERVICE = {
    "service_code": TEXT,
    "service_name": TEXT,
    "description": TEXT,
    "metadata": Field(bool),
    "type": Field(str, r"^(realtime|batch|blackbox)$"),
    "keywords": Field(str, r"^[^|]+$"),
    "group": TEXT,
}
ATTRIBUTE = {
    "variable": Field(bool),
    "code": TEXT,
    "datatype": Field(str, r"^(string|number|datetime|text|(single|multi)valuelist)$"),
    "required": Field(bool),
    "datatype_description": TEXT_OR_NULL,
    "order": Field(int),
    "description": TEXT,
}
VALUE = {"key": TEXT, "name": TEXT}
REQUEST = {
    "service_request_id": Field(str, r"^P\d+$"),
    "status": Field(str, r"^(open|closed)$"),
    "status_notes": TEXT_OR_NULL,
    "service_name": TEXT,
    "service_code": Field(str, f"^({'|'.join(SERVICES)})$"),
    "description": TEXT_OR_NULL,
    "agency_responsible": TEXT_OR_NULL,
    "service_notice": TEXT_OR_NULL,
    "requested_datetime": WHEN,
    "updated_datetime": WHEN,
    "expected_datetime": WHEN_OR_NULL,
    "address": TEXT_OR_NULL,
    "address_id": TEXT_OR_NULL,
    "zipcode": TEXT_OR_NULL,
    "lat": Field(float, null=True),
    "long": Field(float, null=True),
    "media_url": Field(str, r"^https://bee\.example/photos/[\w-]{22}$", null=True),
}
FILED = {
    "service_request_id": Field(str, r"^P\d+$"),
    "service_notice": TEXT,
    "account_id": TEXT_OR_NULL,
}
ERROR = {"code": Field(int), "description": TEXT}
DISCOVERY = {"changeset": WHEN, "contact": TEXT, "key_service": TEXT}
ENDPOINT = {
    "specification": Field(str, r"^http://wiki\.open311\.org/GeoReport_v2$"),
    "url": Field(str, r"^https://bee\.example/open311/v2$"),
    "changeset": WHEN,
    "type": Field(str, r"^(production|test)$"),
}


class Open311(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.photos = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Photos)
        threading.Thread(target=cls.photos.serve_forever, daemon=True).start()
        cls.daemon = daemon.Daemon()
        cls.addClassCleanup(cls.daemon.remove)
        cls.daemon.start()
        cls.key = cls.token("city", "--scopes", "open311")
        cls.api = cls.token("system", "--scopes", "tickets:read tickets:file tickets:move")

    @classmethod
    def tearDownClass(cls):
        cls.photos.shutdown()
        cls.photos.server_close()
        status = cls.daemon.stop()
        if status != 0:
            raise AssertionError(f"the daemon ended with {status}\n{cls.daemon.log}")

    @classmethod
    def token(cls, *args):
        made = cls.daemon.command("token", "add", *args)
        found = re.search(r"xf_[\w-]+", made.stdout)
        assert found, made.stdout + made.stderr
        return found[0]

    # ---- asking ----

    def ask(self, method, path, body=None, **headers):
        """Status, type and bytes."""
        address = urllib.parse.urlsplit(self.daemon.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        got = answer.status, answer.getheader("Content-Type"), answer.read()
        connection.close()
        return got

    def get(self, path, expected=200, /, *, key=None, **query):
        """The same thing twice: JSON as it is, XML as its root element."""
        query = urllib.parse.urlencode({**query, **({"api_key": key} if key else {})})
        return self.both(
            expected, *(self.ask("GET", f"/open311/v2/{path}.{ext}?{query}") for ext in ("json", "xml"))
        )

    def both(self, status, as_json, as_xml):
        for got, kind in ((as_json, "application/json"), (as_xml, "text/xml")):
            self.assertEqual(got[0], status, got[2])
            self.assertEqual(got[1], f"{kind}; charset=utf-8")
        text = as_xml[2].decode("utf-8")
        self.assertTrue(text.startswith('<?xml version="1.0" encoding="utf-8"?>'))
        return json.loads(as_json[2].decode("utf-8")), ElementTree.fromstring(text)

    def post(self, ext="json", status=200, path="requests", **fields):
        fields = {"api_key": self.key, **fields}
        body = urllib.parse.urlencode({k: v for k, v in fields.items() if v is not None})
        got = self.ask(
            "POST",
            f"/open311/v2/{path}.{ext}",
            body,
            **{"Content-Type": "application/x-www-form-urlencoded"},
        )
        self.assertEqual(got[0], status, got[2])
        if ext == "xml":
            return ElementTree.fromstring(got[2].decode("utf-8"))
        return json.loads(got[2].decode("utf-8"))

    def file(self, **fields):
        fields = {"service_code": "damage", "lat": "32.043312", "long": "118.789823", **fields}
        return self.post(**fields)[0]["service_request_id"]

    def rest(self, method, path, body=None, status=200):
        got = self.ask(
            method,
            f"/api/v1{path}",
            None if body is None else json.dumps(body),
            Authorization=f"Bearer {self.api}",
            **{"Content-Type": "application/json"},
        )
        self.assertEqual(got[0], status, got[2])
        return json.loads(got[2])

    def one(self, number, **query):
        rows, xml = self.get(f"requests/{number}", key=self.key, **query)
        self.check_list(rows, xml, "service_requests", "request", REQUEST)
        self.assertEqual(len(rows), 1)
        return rows[0]

    def listed(self, **query):
        """Numbers, once the board has heard of what was done last."""
        rows, xml = self.get("requests", key=self.key, **query)
        self.check_list(rows, xml, "service_requests", "request", REQUEST)
        return [row["service_request_id"] for row in rows]

    def until_listed(self, number, **query):
        query = urllib.parse.urlencode({**query, "api_key": self.key})
        end = time.monotonic() + 30
        while True:
            rows = json.loads(self.ask("GET", f"/open311/v2/requests.json?{query}")[2])
            if number in [row.get("service_request_id") for row in rows]:
                return
            self.assertLess(time.monotonic(), end, number)

    # ---- holding it to the specification ----

    def check_object(self, value, element, fields, more=()):
        self.assertEqual(set(value) - set(more), set(fields))
        self.assertEqual([child.tag for child in element], list(value))
        for name, field in fields.items():
            field.check_json(self, name, value[name])
            child = element.find(name)
            self.assertEqual(len(child), 0)
            field.check_xml(self, name, child.text)
            if isinstance(value[name], str):
                self.assertEqual(child.text, value[name])

    def check_list(self, rows, element, root, item, fields):
        self.assertIsInstance(rows, list)
        self.assertEqual(element.tag, root)
        self.assertEqual([child.tag for child in element], [item] * len(rows))
        for row, child in zip(rows, element):
            self.check_object(row, child, fields)

    def refused(self, status, path, words="", /, *, key=None, **query):
        rows, xml = self.get(path, status, key=key, **query)
        self.check_list(rows, xml, "errors", "error", ERROR)
        self.assertEqual(rows[0]["code"], status)
        self.assertIn(words, rows[0]["description"])

    def post_refused(self, status, words, **fields):
        fields = {"service_code": "damage", "address_string": "科巷", **fields}
        rows = self.post("json", status, **fields)
        xml = self.post("xml", status, **fields)
        self.check_list(rows, xml, "errors", "error", ERROR)
        self.assertEqual(rows[0]["code"], status)
        self.assertIn(words, rows[0]["description"])

    # ---- discovery and services ----

    def test_discovery(self):
        value, xml = self.get("discovery")
        self.assertEqual(xml.tag, "discovery")
        self.check_object(value, xml, DISCOVERY, more=["endpoints"])
        endpoints = value["endpoints"]
        self.assertEqual(len(endpoints), 1)
        self.assertEqual([e.tag for e in xml.find("endpoints")], ["endpoint"])
        self.check_object(endpoints[0], xml.find("endpoints/endpoint"), ENDPOINT, more=["formats"])
        formats = ["text/xml", "application/json"]
        self.assertEqual(endpoints[0]["formats"], formats)
        self.assertEqual([e.text for e in xml.findall("endpoints/endpoint/formats/format")], formats)

    def test_services(self):
        rows, xml = self.get("services")
        self.check_list(rows, xml, "services", "service", SERVICE)
        self.assertEqual(sorted(row["service_code"] for row in rows), SERVICES)
        self.get("services", jurisdiction_id="qinhuai")

    def test_definitions(self):
        for code in SERVICES:
            value, xml = self.get(f"services/{code}")
            self.assertEqual(xml.tag, "service_definition")
            self.assertEqual(value["service_code"], code)
            self.assertEqual([e.tag for e in xml], ["service_code", "attributes"])
            attributes = value["attributes"]
            self.assertEqual(len(attributes), len(xml.find("attributes")))
            for order, (row, child) in enumerate(zip(attributes, xml.find("attributes")), 1):
                self.assertEqual(child.tag, "attribute")
                self.check_object(row, child, ATTRIBUTE, more=["values"])
                self.assertEqual(row["order"], order)
                self.assertEqual("values" in row, row["datatype"].endswith("valuelist"))
                if "values" in row:
                    self.check_list(row["values"], child.find("values"), "values", "value", VALUE)
        self.assertEqual(len(self.get("services/damage")[0]["attributes"]), 2)
        self.refused(404, "services/teleport", "service_code")

    # ---- filing and reading ----

    def test_a_report_is_filed_and_read(self):
        number = self.file(
            address_string="中山路 1 号 & <新街口>",
            description="路灯不亮\n找 13812345678 \x01\x0b\ufffe]]>",
            first_name="小明",
            last_name="王",
            phone="13998765432",
            email="wang@bee.example",
            **{"attribute[OBJECT]": "路灯", "attribute[DANGER]": "yes"},
        )
        row = self.one(number)
        self.assertEqual(row["service_request_id"], number)
        self.assertEqual(row["status"], "open")
        self.assertEqual(row["service_code"], "damage")
        self.assertEqual(row["address"], "中山路 1 号 & <新街口>")
        self.assertIn("路灯不亮\n找 138****5678", row["description"])
        self.assertIn("]]>", row["description"])
        self.assertTrue(row["description"].endswith(" 路灯"))
        self.assertEqual((row["lat"], row["long"]), (32.043312, 118.789823))
        self.assertTrue(row["agency_responsible"])
        age = time.time() - self.seconds(row["requested_datetime"])
        self.assertTrue(-5 < age < 120, age)
        self.assertTrue(row["requested_datetime"].endswith("+08:00"))
        self.assertGreater(row["expected_datetime"], row["requested_datetime"])
        for ext in ("json", "xml"):
            text = self.ask("GET", f"/open311/v2/requests/{number}.{ext}?api_key={self.key}")[2].decode()
            for private in ("王", "小明", "13998765432", "13812345678", "wang@"):
                self.assertNotIn(private, text)
        self.until_listed(number)
        # Staff see whom to ask, and that it is urgent.
        ticket = self.rest("GET", f"/tickets/{number}")
        self.assertEqual(ticket["urgency"], "urgent")
        self.assertIn("王", ticket["who"])

    @staticmethod
    def seconds(text):
        zoned = re.fullmatch(r"(.*)([+-])(\d\d):(\d\d)", text)
        at = time.strptime(zoned[1] + " UTC", "%Y-%m-%dT%H:%M:%S %Z")
        offset = (int(zoned[3]) * 60 + int(zoned[4])) * 60
        return calendar.timegm(at) - (offset if zoned[2] == "+" else -offset)

    def test_the_answer_to_filing(self):
        fields = {"service_code": "fire", "address_string": "科巷 12 号"}
        rows, xml = self.post("json", **fields), self.post("xml", **fields)
        for row, element in ((rows[0], None), (None, xml)):
            if row is not None:
                self.assertEqual(set(row), set(FILED))
                for name, field in FILED.items():
                    field.check_json(self, name, row[name])
            else:
                self.assertEqual(element.tag, "service_requests")
                self.assertEqual([e.tag for e in element], ["request"])
                self.assertEqual({e.tag for e in element[0]}, set(FILED))
                for name, field in FILED.items():
                    field.check_xml(self, name, element[0].find(name).text)
        row = self.one(rows[0]["service_request_id"])
        self.assertIsNone(row["lat"])
        self.assertEqual(row["address"], "科巷 12 号")
        self.assertTrue(row["description"])  # the service's name
        self.assertIsNone(row["media_url"])

    def test_a_photo_is_fetched(self):
        port = self.photos.server_address[1]
        number = self.file(media_url=f"http://127.0.0.1:{port}/photo.png")
        url = self.one(number)["media_url"]
        got = self.ask("GET", url[len(PUBLIC_URL) :])
        self.assertEqual((got[0], got[1]), (200, "image/jpeg"))
        self.until_listed(number)
        rows, _ = self.get("requests", key=self.key, service_request_id=number)
        self.assertEqual(rows[0]["media_url"], url)

    def test_a_photo_that_is_none(self):
        port = self.photos.server_address[1]
        plain = self.post(service_code="other", address_string="科巷")[0]["service_notice"]
        for url in (f"http://127.0.0.1:{port}/page", f"http://127.0.0.1:{port}/gone", "nonsense", "file:///etc/passwd"):
            row = self.post(service_code="other", address_string="科巷", media_url=url)[0]
            self.assertNotEqual(row["service_notice"], plain)
            self.assertIsNone(self.one(row["service_request_id"])["media_url"])

    def test_status_follows_the_ticket(self):
        number = self.file(description="井盖缺失")
        ticket = self.rest("GET", f"/tickets/{number}")
        before = self.one(number)
        for move, text in (("answer", "已派人"), ("close", "已处理")):
            ticket = self.rest(
                "POST", f"/tickets/{number}/moves", {"move": move, "version": ticket["version"], "text": text}
            )
        after = self.one(number)
        self.assertEqual((before["status"], after["status"]), ("open", "closed"))
        self.assertNotEqual(before["status_notes"], after["status_notes"])
        self.assertIsNone(after["expected_datetime"])
        self.assertNotIn("已派人", json.dumps(after, ensure_ascii=False))
        self.until_listed(number, status="closed")
        self.assertNotIn(number, self.listed(status="open"))
        self.assertIn(number, self.listed(status="open,closed"))

    def test_requests_of_riders_are_not_there(self):
        made = self.rest(
            "POST", "/tickets", {"kind": "request", "category": "wage", "text": "欠薪三个月", "contact": "李师傅"}, 201
        )
        number = made["id"]
        self.assertTrue(number.startswith("S"))
        self.refused(404, f"requests/{number}", key=self.key)
        self.refused(404, f"requests/P{number[1:]}", key=self.key)
        self.until_listed(self.file(description="之后"))
        text = self.ask("GET", f"/open311/v2/requests.json?api_key={self.key}")[2].decode()
        self.assertNotIn("欠薪", text)
        self.assertNotIn("李师傅", text)
        self.assertEqual(self.listed(service_request_id=number), [])

    # ---- lists ----

    def test_lists_are_filtered(self):
        fire = self.file(service_code="fire", description="一")
        dirt = self.file(service_code="sanitation", description="二")
        self.until_listed(dirt)
        everything = self.listed()
        self.assertLess(everything.index(dirt), everything.index(fire))  # latest first
        self.assertIn(fire, self.listed(service_code="fire"))
        self.assertNotIn(dirt, self.listed(service_code="fire"))
        both = self.listed(service_code="fire,sanitation")
        self.assertTrue({fire, dirt} <= set(both))
        # Numbers override everything else, and what is not there is left out.
        only = self.listed(service_request_id=f"{fire},P999999,x,{dirt}", service_code="other", status="nonsense")
        self.assertEqual(only, [fire, dirt])
        today = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 8 * 3600))
        self.assertIn(fire, self.listed(start_date=today))
        self.assertIn(fire, self.listed(start_date=f"{today}T00:00:00+08:00", end_date=f"{today}T23:59:59+08:00"))
        self.assertEqual(self.listed(end_date=today), [])
        self.assertEqual(self.listed(start_date="2020-01-01T00:00:00Z"), [])
        self.assertEqual(self.listed(start_date="2020-02-29", end_date="2020-03-01T12:00:00.5-05:00"), [])

    def test_filters_that_are_wrong(self):
        for query in (
            {"status": "new"},
            {"start_date": "yesterday"},
            {"start_date": "2026-02-30"},
            {"end_date": "2026-13-01T00:00:00Z"},
            {"start_date": "2026-01-01T00:00:00+08:00x"},
            {"start_date": "2026-01-01", "end_date": "2026-06-01"},
            {"start_date": "2026-02-01", "end_date": "2026-01-01"},
        ):
            self.refused(400, "requests", key=self.key, **query)
        self.refused(404, "requests", "service_code", key=self.key, service_code="fire,teleport")

    def test_a_token_of_a_unit(self):
        number = self.file(description="别处")
        self.until_listed(number)
        key = self.token("elsewhere", "--scopes", "open311", "--unit", "elsewhere")
        self.assertEqual(self.get("requests", key=key)[0], [])
        self.refused(404, f"requests/{number}", key=key)

    # ---- errors ----

    def test_keys(self):
        self.refused(403, "requests", "api_key")
        self.refused(403, "requests/P1", "api_key")
        self.refused(403, "requests", "api_key", key="xf_wrong")
        self.refused(403, "requests", "api_key", key="a b")
        self.refused(403, "requests", "api_key", key="xf_" + "a" * 1000)
        self.refused(403, "requests", "open311", key=self.api)
        self.post_refused(403, "api_key", api_key=None)
        self.post_refused(403, "api_key", api_key="xf_wrong")
        got = self.ask("GET", "/open311/v2/requests.json", Authorization=f"Bearer {self.key}")
        self.assertEqual(got[0], 200)

    def test_paths_and_jurisdictions(self):
        self.refused(404, "nothing", key=self.key)
        self.refused(404, "tokens/1", key=self.key)
        self.refused(404, "requests/P", key=self.key)
        self.refused(404, "requests/P1/x", key=self.key)
        self.refused(404, "requests/P99999999", key=self.key)
        self.refused(404, "services", "jurisdiction_id", jurisdiction_id="elsewhere")
        self.post_refused(404, "jurisdiction_id", jurisdiction_id="elsewhere")
        for path in ("requests", "requests.html", ".json", ""):
            self.assertEqual(self.ask("GET", f"/open311/v2/{path}")[0], 404, path)

    def test_filing_that_is_wrong(self):
        self.post_refused(400, "service_code", service_code=None)
        self.post_refused(404, "service_code", service_code="teleport")
        self.post_refused(400, "address_string", address_string=None)
        self.post_refused(400, "lat", address_string=None, lat="32.04")
        self.post_refused(400, "lat", lat="32.04", long="nan")
        self.post_refused(400, "lat", lat="91", long="118.7")
        self.post_refused(400, "lat", lat="0x20", long="118.7")
        self.post_refused(400, "4000", description="字" * 4001)
        self.post_refused(400, "address_string", address_string="字" * 121)
        self.post_refused(400, "DANGER", **{"attribute[DANGER]": "maybe"})
        self.post_refused(400, "OBJECT", **{"attribute[OBJECT]": "灯" * 201})
        self.post_refused(405, "GET", path="services")
        self.file(description="字" * 4000)

    def test_bodies_that_are_wrong(self):
        def status(body, kind="application/x-www-form-urlencoded", method="POST"):
            return self.ask(method, "/open311/v2/requests.json", body, **{"Content-Type": kind})[0]

        good = f"api_key={self.key}&service_code=other&address_string=x"
        self.assertEqual(status(good), 200)
        self.assertEqual(status(good, "application/x-www-form-urlencoded; charset=utf-8"), 200)
        self.assertEqual(status(good, "multipart/form-data; boundary=x"), 415)
        self.assertEqual(status(good, "text/plain"), 415)
        self.assertEqual(status(good + "&a=%zz"), 400)
        self.assertEqual(status(good + "&a=%0"), 400)
        self.assertEqual(status(good + "&a=%00"), 400)
        self.assertEqual(status(good + "&x=1" * 100), 400)
        self.assertEqual(status(good + "&" + "n" * 129 + "=1"), 400)
        self.assertEqual(status(good + "&a=" + "x" * 65536), 413)
        self.assertEqual(status(good + "&description=%ff%fe%c3"), 200)
        self.assertEqual(status(good, method="PUT"), 400)
        self.assertEqual(self.ask("DELETE", "/open311/v2/requests.json")[0], 405)

    # ---- the page about it ----

    def test_the_examples_of_the_page(self):
        number = self.file(description="示例")
        with open(os.path.join(SOURCE, "docs/open311.md"), encoding="utf-8") as page:
            blocks = re.findall(r"```sh\n(.*?)```", page.read(), re.S)
        commands = [c for block in blocks for c in re.split(r"\n(?=\S)", block.strip()) if c.startswith("curl")]
        self.assertGreaterEqual(len(commands), 8)
        for command in commands:
            line = command.replace("https://bee.example", self.daemon.url)
            line = line.replace("xf_…", self.key).replace("P12", number)
            done = subprocess.run(
                ["sh", "-c", line.replace("curl", "curl -sS --fail-with-body", 1)],
                capture_output=True,
                encoding="utf-8",
                check=False,
            )
            self.assertEqual(done.returncode, 0, line + done.stdout + done.stderr)
            if ".xml" in line:
                ElementTree.fromstring(done.stdout)
            else:
                json.loads(done.stdout)


class Public(Open311):
    """Read by everybody, filed by none without a key."""

    @classmethod
    def setUpClass(cls):
        settings = daemon.SETTINGS
        daemon.SETTINGS += "\n[open311]\npublic = yes\n"
        try:
            super().setUpClass()
        finally:
            daemon.SETTINGS = settings

    def test_keys(self):
        number = self.file(description="公开")
        self.until_listed(number)
        self.assertIn(number, [row["service_request_id"] for row in self.get("requests")[0]])
        self.assertEqual(self.get(f"requests/{number}")[0][0]["description"], "公开")
        self.refused(403, "requests", "api_key", key="xf_wrong")
        self.post_refused(403, "api_key", api_key=None)


if __name__ == "__main__":
    unittest.main(verbosity=2)
