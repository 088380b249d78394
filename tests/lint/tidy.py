#!/usr/bin/env python3
"""clang-tidy, as .clang-tidy says, over what the daemon is built from.

    tidy.py CLANG_TIDY BUILD_DIR
"""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tree import ROOT, finding, finish, sources


def tidy(path):
    return subprocess.run(
        [program, "--quiet", "-p", build, path],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


program, build = sys.argv[1:]
paths = sources(".c")
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for path, result in zip(paths, pool.map(tidy, paths)):
        if result.returncode != 0:
            errors = re.sub(r"^\d+ warnings.*\n", "", result.stderr, flags=re.M)
            finding(path, 1, "clang-tidy\n" + result.stdout + errors)
finish(len(paths))
