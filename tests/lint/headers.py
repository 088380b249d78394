#!/usr/bin/env python3
"""Compiles each header alone, with every warning of the build.

    headers.py COMPILER BUILD_DIR

The arguments are those of some file in the build's compile_commands.json.
"""

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tree import ROOT, finding, finish, sources


def build_arguments(build):
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as f:
        commands = json.load(f)
    kept = set()
    for entry in commands:
        for word in shlex.split(entry["command"]):
            if word.startswith(("-W", "-std=", "-D_GNU", "-fsigned")):
                kept.add(word)
        arguments = shlex.split(entry["command"])
        for at, word in enumerate(arguments):
            if word == "-isystem":
                kept.add(f"-isystem{arguments[at + 1]}")
            elif word.startswith("-isystem"):
                kept.add(word)
    return sorted(a for a in kept if not a.startswith("-Wl,"))


def compile_alone(path):
    command = [compiler, *arguments, f"-I{ROOT}", "-fsyntax-only", "-x", "c", "-"]
    return subprocess.run(
        command,
        input=f'#include "{path}"\n',
        capture_output=True,
        text=True,
        cwd=build,
        check=False,
    )


compiler, build = sys.argv[1:]
arguments = build_arguments(build)
headers = sources(".h")
with ThreadPoolExecutor(os.cpu_count()) as pool:
    for path, result in zip(headers, pool.map(compile_alone, headers)):
        if result.returncode != 0:
            finding(path, 1, "does not compile alone\n" + result.stderr)
finish(len(headers))
