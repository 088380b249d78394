#!/usr/bin/env python3
"""Holds xiaofeng.conf(5) and the example to the table of settings in
bot/config.c: each setting is there under its section, with its default and its
range, and none that does not exist."""

import re

from tree import finding, finish, read, without_comments

TABLE = "bot/config.c"
NAMES = "bot/config_parts.h"
PAGE = "docs/xiaofeng.conf.5.scd"
EXAMPLE = "docs/xiaofeng.conf"

SECRETS = ["TOKEN", "WS_URL", "REDIS_URL"]

# {"server", "port", VALUE_INT, IN(port), "8080", "0", "65535"},
WORD = r'(NULL|"[^"]*")'
ROW = re.compile(
    r'\{\s*(?P<section>"\w+"|[A-Z_]+),\s*"(?P<key>\w+)",\s*VALUE_(?P<type>\w+),'
    rf"\s*IN\w*\(\w+\),\s*{WORD},\s*{WORD},\s*{WORD}\s*\}}"
)


class Setting:
    def __init__(self, line, row):
        def word(text):
            return None if text == "NULL" else text.strip('"')

        self.line = line
        self.secret = row["type"] in SECRETS
        self.default, self.min, self.max = (word(row[i]) for i in (4, 5, 6))


def settings():
    names = dict(re.findall(r'#define\s+([A-Z_]+)\s+("[^"]*")', read(NAMES)))
    found = {}
    text = without_comments(read(TABLE))
    for number, line in enumerate(text.split("\n"), 1):
        for row in ROW.finditer(line):
            section = names.get(row["section"], row["section"]).strip('"')
            found[section, row["key"]] = Setting(number, row)
    return found


def documented():
    """What the page describes: a heading "# [section]" and, below it, lines
    that begin with "*key*" and go on with indented text."""
    found = {}
    section = entry = None
    for number, line in enumerate(read(PAGE).split("\n"), 1):
        line = line.replace("\\", "")
        heading = re.match(r"#+ .*\[([\w.]+)", line)
        if heading:
            section = heading.group(1)
        elif line.startswith("#"):
            section = None
        match = re.match(r"\*(\w+)\*", line)
        if match and section:
            entry = found[section, match.group(1)] = [number, line]
        elif line.startswith("\t") and entry:
            entry[1] += " " + line.strip()
        else:
            entry = None
    return found


def check_entry(name, setting, number, text):
    default = re.search(r"Default: (.+?)\.(?: |$)", text)
    said = default.group(1) if default else None
    if said != (setting.default or None):
        finding(PAGE, number, f"{name}: default {said}, not {setting.default}")
    range_ = re.search(r"From (\S+) to (\S+)\.(?: |$)", text)
    said = range_.groups() if range_ else (None, None)
    if said != (setting.min, setting.max):
        finding(PAGE, number, f"{name}: range {said}, not {setting.min} to {setting.max}")
    if setting.secret != (f"*{name}_file*" in text):
        finding(PAGE, number, f"{name}: only a secret has a _file")


def check_page(table):
    page = documented()
    for (section, key), setting in table.items():
        if (section, key) in page:
            check_entry(key, setting, *page[section, key])
        else:
            finding(TABLE, setting.line, f"{PAGE} says nothing of [{section}] {key}")
    for (section, key), (number, _) in page.items():
        if (section, key) not in table:
            finding(PAGE, number, f"there is no setting [{section}] {key}")


def check_example(table):
    """Each setting is there once, commented out, with its default."""
    section = None
    seen = set()
    for number, line in enumerate(read(EXAMPLE).split("\n"), 1):
        heading = re.match(r";?\[([\w.]+)", line)
        match = re.match(r";(\w+) = (.*)", line)
        if heading:
            section = heading.group(1)
        if not match:
            continue
        key, value = match.groups()
        base = key if (section, key) in table else re.sub("_file$", "", key)
        setting = table.get((section, base))
        if setting is None or (base != key and not setting.secret):
            finding(EXAMPLE, number, f"there is no setting [{section}] {key}")
        elif setting.default and value != setting.default:
            finding(EXAMPLE, number, f"the default is {setting.default}")
        seen.add((section, base))
    for (section, key), setting in table.items():
        if (section, key) not in seen:
            finding(TABLE, setting.line, f"{EXAMPLE} says nothing of [{section}] {key}")


table = settings()
if len(table) != len(re.findall(r"\bVALUE_\w+, *IN", without_comments(read(TABLE)))):
    finding(TABLE, 1, "a row of the table was not understood")
check_page(table)
check_example(table)
finish(len(table))
