"""What the lints share: where the sources are, and how a finding is told."""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROOMS = ["base", "i18n", "store", "bot", "handlers"]

_findings = 0


def sources(*suffixes, rooms=ROOMS):
    """Paths, relative to the root, of the files of rooms with a suffix."""
    found = []
    for room in rooms:
        for where, dirs, names in os.walk(os.path.join(ROOT, room)):
            dirs[:] = [d for d in dirs if d != "__pycache__"]
            found += [
                os.path.relpath(os.path.join(where, name), ROOT)
                for name in names
                if name.endswith(suffixes)
            ]
    return sorted(found)


def read(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        return f.read()


def without_comments(text):
    """C or Lua text with comments blanked, so that lines keep their numbers."""

    def blank(match):
        if match.group(0)[0] in "\"'":
            return match.group(0)
        return re.sub(r"[^\n]", " ", match.group(0))

    return re.sub(
        r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/',
        blank,
        text,
        flags=re.S,
    )


def finding(path, line, message):
    global _findings
    _findings += 1
    print(f"{path}:{line}: {message}")


def finish(looked_at):
    """Ends the lint; one that looked at nothing has not passed."""
    if not looked_at:
        print("nothing to look at")
        sys.exit(1)
    print(f"{looked_at} looked at, {_findings} findings")
    sys.exit(1 if _findings else 0)
