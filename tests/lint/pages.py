#!/usr/bin/env python3
"""Holds the pages to text: nothing that makes markup or code of a string, no
inline style, no address of others. Holds the staff console's languages to the
same placeholders, its texts to being used, and its files to its meson.build."""

import os
import re

from tree import ROOT, finding, finish, read, sources, without_comments

STAFF = "console/staff"
LANGUAGES = ["zh_CN", "zh_TW", "en"]

FORBIDDEN = {
    r"\bm\.trust\b": "m.trust makes markup of a text",
    r"\b(inner|outer)HTML\b": "markup made of a text",
    r"\binsertAdjacentHTML\b": "markup made of a text",
    r"\bdocument\.write": "markup made of a text",
    r"\beval\(|\bnew Function\b": "code made of a text",
    r"\bsetAttribute\(\s*['\"]style": "an inline style; the policy forbids it",
    r"\bstyle:\s*['\"`]": "an inline style; give an object",
}
MARKUP = {
    r"\sstyle\s*=": "an inline style; the policy forbids it",
    r"\son\w+\s*=": "an inline handler; the policy forbids it",
}
# An address that a page could load something from.
ABROAD = re.compile(r"""(?:url\(|src=|href=|@import)\s*["']?(?:https?:)?//""")

ENTRY = re.compile(r"""^ {4}'?([\w.:]+)'?:\s*(['"`])(.*?)\2,$""", re.M | re.S)


def check(path, patterns):
    text = read(path)
    if path.endswith(".ts"):
        text = without_comments(text)
    for number, line in enumerate(text.split("\n"), 1):
        for pattern, why in patterns.items():
            if re.search(pattern, line):
                finding(path, number, why)
        if ABROAD.search(line):
            finding(path, number, "something of another site")


def texts(language):
    """The texts of a language: one file, and one for each area of the console."""
    found = {}
    for path in sources(".ts", rooms=[f"{STAFF}/texts"]):
        name = os.path.basename(path)
        if name != f"{language}.ts" and not name.startswith(f"{language}_"):
            continue
        for match in ENTRY.finditer(read(path)):
            line = read(path).count("\n", 0, match.start()) + 1
            if match[1] in found:
                finding(path, line, f"{match[1]} is there twice")
            names = set(re.findall(r"\{(\w+)\}", match[3]))
            found[match[1]] = (path, line, names)
    return found


def check_texts():
    """tsc holds the languages to the same keys."""
    first = texts(LANGUAGES[0])
    for language in LANGUAGES[1:]:
        found = texts(language)
        for key, (path, line, names) in found.items():
            if key in first and names != first[key][2]:
                finding(path, line, f"{key}: {sorted(names)} are not the placeholders")
        for key in found.keys() ^ first.keys():
            finding(f"{STAFF}/texts", 1, f"{key} is not in every language")
    used = set()
    spaces = set()
    for path in sources(".ts", rooms=[STAFF]):
        if "/texts/" in path:
            continue
        text = read(path)
        used |= set(re.findall(r"""['"]([\w.:]+)['"]""", text))
        spaces |= set(re.findall(r"""word\(\s*'(\w+)'""", text))
        spaces |= set(re.findall(r"""named\(\s*'(\w+)'""", text))
        spaces |= {s.rstrip("._") for s in re.findall(r"t\(`([\w.]+)\$\{", text)}
    spaces |= {"category", "urgency", "kind"}  # parts/conversation.ts
    for key, (path, line, _) in first.items():
        derived = any(key.startswith((f"{s}.", f"{s}_")) for s in spaces)
        if key not in used and not derived:
            finding(path, line, f"nothing uses {key}")
    return len(first)


def check_files():
    listed = set(re.findall(r"'([\w./]+\.(?:ts|css))'", read(f"{STAFF}/meson.build")))
    listed -= {"staff.css"}
    there = {
        os.path.relpath(os.path.join(ROOT, path), os.path.join(ROOT, STAFF))
        for path in sources(".ts", ".css", rooms=[STAFF])
        if not path.endswith(".d.ts")
    }
    for name in sorted(there ^ listed):
        finding(f"{STAFF}/meson.build", 1, f"{name} is not both there and listed")


scripts = sources(".ts", rooms=["console"])
for name in scripts:
    check(name, FORBIDDEN)
for name in sources(".html", ".svg", rooms=["console"]):
    check(name, MARKUP)
for name in sources(".css", rooms=["console"]):
    check(name, {})
check_files()
finish(len(scripts) and check_texts())
