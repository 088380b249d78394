#!/usr/bin/env python3
"""Every source file and every test is named in the meson.build of its room, so
that none is quietly left out."""

import os
import re

from tree import ROOT, finding, finish, read, sources

ROOMS = ["base", "i18n", "store", "bot", "handlers", "tests", "demo"]


def registry_of(path):
    """The nearest meson.build at or above a file."""
    where = os.path.dirname(path)
    while not os.path.exists(os.path.join(ROOT, where, "meson.build")):
        where = os.path.dirname(where)
    return os.path.join(where, "meson.build")


paths = sources(".c", ".lua", rooms=ROOMS)
for path in paths:
    registry = registry_of(path)
    text = re.sub(r"#.*", "", read(registry))
    relative = os.path.relpath(path, os.path.dirname(registry))
    stem = os.path.splitext(relative)[0]
    names = {relative, stem, re.sub(r"^(test|fuzz)_", "", stem)}
    if not any(f"'{name}'" in text for name in names):
        finding(path, 1, f"is not named in {registry}")
finish(len(paths))
