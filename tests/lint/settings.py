#!/usr/bin/env python3
"""Holds xiaofeng.conf(5) to the table of settings in bot/config.c: each setting
is there under its section, and none that does not exist."""

import re

from tree import finding, finish, read, without_comments

TABLE = "bot/config.c"
PAGE = "docs/xiaofeng.conf.5.scd"

# {"server", "port", VALUE_INT, IN(port), "8080", "0", "65535"},
ROW = re.compile(
    r'\{\s*(?P<section>"\w+"|[A-Z_]+),\s*"(?P<key>\w+)",\s*VALUE_\w+,'
    r"\s*IN\w*\(\w+\)"
)


def settings():
    text = without_comments(read(TABLE))
    names = dict(re.findall(r'#define\s+([A-Z_]+)\s+("[^"]*")', text))
    found = {}
    for number, line in enumerate(text.split("\n"), 1):
        for row in ROW.finditer(line):
            section = names.get(row["section"], row["section"]).strip('"')
            found[section, row["key"]] = number
    return found


def documented():
    """What the page describes: a heading "## [section]" and, below it, lines
    that begin with "*key*"."""
    found = {}
    section = None
    for number, line in enumerate(read(PAGE).split("\n"), 1):
        line = line.replace("\\", "")
        heading = re.match(r"#+ .*\[([\w.]+)", line)
        if heading:
            section = heading.group(1)
        elif line.startswith("#"):
            section = None
        entry = re.match(r"\*(\w+)\*", line)
        if entry and section:
            found[section, entry.group(1)] = number
    return found


table = settings()
page = documented()
for (section, key), number in table.items():
    if (section, key) not in page:
        finding(TABLE, number, f"{PAGE} says nothing of [{section}] {key}")
for (section, key), number in page.items():
    if (section, key) not in table:
        finding(PAGE, number, f"there is no setting [{section}] {key}")
finish(len(table))
