#!/usr/bin/env python3
"""Files that organisers send along: what is taken in, and how it is given out."""

import io
import os
import sys
import unittest
import urllib.parse
import zipfile

import api_client as api

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
MAINS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
NAMED = "application/vnd.openxmlformats-officedocument."


def archive(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, "<x/>")
    return out.getvalue()


def document(kind, *more):
    return archive("[Content_Types].xml", MAINS[kind], *more)


class FilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.daemon = api.Daemon()
        cls.daemon.start()
        cls.daemon.add_user("li", "organiser")
        cls.daemon.add_user("wang", "staff")
        cls.li = api.Session(cls.daemon.url, "li")
        cls.somebody = api.anybody(cls.daemon.url)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.finish()

    def upload(self, bytes_, name="", caller=None, headers=None):
        query = "?" + urllib.parse.urlencode({"name": name}) if name else ""
        return (caller or self.li).send("POST", f"{api.PREFIX}/files{query}", bytes_, headers)

    def kept(self, bytes_, name=""):
        answer = self.upload(bytes_, name)
        self.assertEqual(answer.status, 201, answer.bytes)
        return answer.json

    def download(self, id_, name=""):
        return self.somebody.send("GET", f"/files/{id_}/{urllib.parse.quote(name)}")

    def on_disk(self):
        place = os.path.join(self.daemon._dir.name, "data/files")
        return [name for _, _, names in os.walk(place) for name in names]

    def test_a_pdf_is_kept_and_shown(self):
        file = self.kept(PDF, "高温津贴 公告.PDF")
        self.assertEqual((file["name"], file["type"], file["bytes"]), ("高温津贴 公告.pdf", "pdf", len(PDF)))
        self.assertRegex(file["id"], r"^[\w-]{22}$")
        got = self.download(file["id"], file["name"])
        self.assertEqual((got.status, got.bytes), (200, PDF))
        self.assertEqual(got.headers["Content-Type"], "application/pdf")
        self.assertEqual(got.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(got.headers["Referrer-Policy"], "no-referrer")
        self.assertNotIn("Set-Cookie", got.headers)
        shown = got.headers["Content-Disposition"]
        self.assertTrue(shown.startswith("inline; "))
        self.assertIn("filename*=UTF-8''%E9%AB%98%E6%B8%A9", shown)
        # Without a name it is the same, by another it is not there.
        self.assertEqual(self.download(file["id"]).bytes, PDF)
        self.assertEqual(self.somebody.send("GET", f"/files/{file['id']}").bytes, PDF)
        self.assertEqual(self.download(file["id"], "工资表.pdf").status, 404)

    def test_documents_are_saved(self):
        for kind, word in (("docx", "wordprocessingml.document"), ("xlsx", "spreadsheetml.sheet"), ("pptx", "presentationml.presentation")):
            bytes_ = document(kind)
            file = self.kept(bytes_, f"a.{kind}")
            self.assertEqual((file["type"], file["name"]), (kind, f"a.{kind}"))
            got = self.download(file["id"], file["name"])
            self.assertEqual((got.bytes, got.headers["Content-Type"]), (bytes_, NAMED + word))
            self.assertTrue(got.headers["Content-Disposition"].startswith("attachment; "))

    def test_names_lead_nowhere(self):
        for given, kept in (
            ("../../etc/passwd", "etc passwd.pdf"),
            ("", "file.pdf"),
            ("...", "file.pdf"),
            (".htaccess", "htaccess.pdf"),
            ("a\tSet-Cookie: x=1.pdf", "a  Set-Cookie  x=1.pdf"),
            ('a"; filename=b.html', "a   filename=b.html.pdf"),
            ("page.html", "page.html.pdf"),
            ("x\u202efdp.exe", "xfdp.exe.pdf"),
            ("字" * 200, "字" * 76 + ".pdf"),
        ):
            answer = self.upload(PDF, given)
            if answer.status == 422:  # longer than anybody's name
                self.assertEqual(answer.json["field"], "name")
                continue
            file = answer.json
            self.assertNotRegex(file["name"], r'[/\\"\r\n;]')
            self.assertTrue(file["name"].endswith(".pdf"))
            self.assertLessEqual(len(file["name"]), 80)
            self.assertEqual(file["name"].split(), kept.split())
            got = self.download(file["id"], file["name"])
            self.assertEqual(got.status, 200)
            self.assertNotIn("Set-Cookie", got.headers)

    def test_what_is_none_of_these(self):
        before = self.on_disk()
        for bytes_ in (
            b"no file",
            b"<html><script>alert(1)</script>",
            b"\x7fELF" + bytes(100),
            b"MZ" + bytes(100),
            b"%PDF-1.4",
            b"%PDF-1.4\n" + bytes(5000),
            b" " + PDF,
            b"<html>" + PDF,
            archive("a.txt"),
            archive("word/document.xml"),
            document("docx", "word/vbaProject.bin"),
            document("xlsx", "xl/VBAPROJECT.BIN"),
            document("docx")[:-30],
            b"PK\x03\x04" + bytes(200),
            b"PK\x05\x06" + bytes(18),
            archive("[Content_Types].xml", *(f"{i}" for i in range(6000)), "word/document.xml"),
        ):
            answer = self.upload(bytes_, "a.pdf")
            self.assertEqual((answer.status, answer.code), (415, "type"), bytes_[:20])
        self.assertEqual(self.upload(b"").code, "required")
        self.assertEqual(self.upload(PDF + bytes(10 * 1024 * 1024)).status, 413)
        self.assertEqual(self.on_disk(), before)

    def test_who_may(self):
        answer = self.upload(PDF, caller=self.somebody)
        self.assertEqual(answer.status, 401)
        answer = self.upload(PDF, caller=api.Session(self.daemon.url, "wang"))
        self.assertEqual((answer.status, answer.code), (403, "permission"))

    def test_what_is_not_there(self):
        for path in (
            "a" * 22,
            "a" * 22 + "/x.pdf",
            "..%2f..%2fphotos/x",
            "../../etc/passwd",
            "",
            "a" * 500,
            "-" * 22 + "/" + "a" * 900,
        ):
            with self.subTest(path=path):
                got = self.somebody.send("GET", "/files/" + path)
                self.assertIn(got.status, (400, 404))
        self.assertEqual(self.somebody.send("POST", "/files/" + "a" * 22, b"").status, 405)

    def test_asked_twice_it_is_kept_once(self):
        before = len(self.on_disk())
        key = {"Idempotency-Key": "once"}
        first = self.upload(PDF, "a.pdf", headers=key)
        again = self.upload(PDF, "a.pdf", headers=key)
        self.assertEqual(first.json, again.json)
        self.assertEqual(len(self.on_disk()), before + 1)

    def test_it_is_in_the_log(self):
        file = self.kept(PDF, "密.pdf")
        self.daemon.add_user("root", "admin")
        root = api.Session(self.daemon.url, "root")
        item = root.get(f"/audit?action=file-add&subject={file['id']}").json["items"][0]
        self.assertEqual((item["actor"], item["detail"]), ("user:li", "pdf"))


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main(verbosity=1)
