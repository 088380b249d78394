#!/usr/bin/env python3
"""The C sources are as clang-format leaves them ("./dev format").

    format.py CLANG_FORMAT
"""

import subprocess
import sys

from tree import ROOT, finding, finish, sources

ROOMS = ["base", "i18n", "store", "bot", "handlers", "tests"]

paths = sources(".c", ".h", rooms=ROOMS)
result = subprocess.run(
    [sys.argv[1], "--dry-run", "-Werror", *paths],
    cwd=ROOT,
    capture_output=True,
    text=True,
    check=False,
)
if result.returncode != 0:
    finding("sources", 1, "run ./dev format\n" + result.stderr[:20000])
finish(len(paths))
