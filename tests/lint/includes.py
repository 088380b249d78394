#!/usr/bin/env python3
"""Holds the direction of dependencies and who may use which library.

    base <- i18n, store <- bot <- handlers, connectors, api <- main
"""

import os
import re

from tree import ROOT, finding, finish, read, sources, without_comments

# What the files of a place may include from this repository. A place is the
# longest of these that a path begins with.
MAY_INCLUDE = {
    "base/": ["base/"],
    "i18n/": ["base/", "i18n/"],
    "store/": ["base/", "i18n/", "store/"],
    "bot/": ["base/", "i18n/", "store/", "bot/"],
    "bot/connectors/": ["base/", "i18n/", "store/", "bot/", "bot/connectors/"],
    "bot/api/": ["base/", "i18n/", "store/", "bot/", "bot/api/"],
    "bot/daemon.c": [
        "base/",
        "i18n/",
        "store/",
        "bot/",
        "bot/connectors/",
        "bot/api/",
    ],
    "bot/main.c": [
        "base/",
        "i18n/",
        "store/",
        "bot/",
        "bot/connectors/",
        "bot/api/",
        "handlers/",
    ],
    "handlers/": ["base/", "i18n/", "store/", "bot/", "handlers/"],
}

# Headers that only some places may include, with the reason.
KEPT_IN = [
    (r"store/redis\.h|(hiredis/)?(hiredis|async|read|sds)\.h", ["store/"],
     "Redis stays in store/"),
    (r"libwebsockets\.h", ["bot/"], "sockets stay in bot/"),
    (r"curl/.*", ["bot/"], "transfers stay in bot/"),
    (r"uv\.h", ["base/", "store/", "bot/"], "a handler never touches the loop"),
    (r"jansson\.h", ["base/", "store/", "bot/"],
     "a handler never touches a JSON object"),
]


def place_of(path, places):
    return max((p for p in places if path.startswith(p)), key=len, default=None)


def check(path):
    text = without_comments(read(path))
    place = place_of(path, MAY_INCLUDE)
    own = os.path.splitext(path)[0] + ".h"
    first = True
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if not match:
            continue
        local, target = match.group(1) == '"', match.group(2)
        if local and not os.path.exists(os.path.join(ROOT, target)):
            finding(path, number, f'"{target}" is not a path from the root')
        elif local and place_of(target, MAY_INCLUDE) is None:
            finding(path, number, f"{target} is in no room")
        elif local and place_of(target, MAY_INCLUDE) not in MAY_INCLUDE[place]:
            finding(path, number, f"{place} must not include {target}")
        for pattern, places, why in KEPT_IN:
            if re.fullmatch(pattern, target) and not path.startswith(tuple(places)):
                finding(path, number, f"{target}: {why}")
        if first and path.endswith(".c") and os.path.exists(os.path.join(ROOT, own)):
            if target != own:
                finding(path, number, f"{own} must be the first include")
        first = False
    if path.endswith(".h") and "#pragma once" not in text:
        finding(path, 1, "no #pragma once")


paths = sources(".c", ".h", ".def")
for path in paths:
    check(path)
finish(len(paths))
