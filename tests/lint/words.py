#!/usr/bin/env python3
"""Finds marks of unfinished work, tabs and trailing blanks in the sources."""

import re

from tree import finding, finish, read, sources

MARK = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
ROOMS = ["base", "i18n", "store", "bot", "handlers", "console", "docs", "tests"]

paths = [
    path
    for path in sources(
        ".c", ".h", ".def", ".lua", ".po", ".py", ".sh", ".ts", ".md", rooms=ROOMS
    )
    if not path.startswith("tests/lint/words.py")
]
for path in paths:
    for number, line in enumerate(read(path).split("\n"), 1):
        if MARK.search(line):
            finding(path, number, "a mark of unfinished work")
        if line != line.rstrip():
            finding(path, number, "blanks at the end of the line")
        if "\t" in line:
            finding(path, number, "a tab")
finish(len(paths))
