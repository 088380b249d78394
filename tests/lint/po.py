"""A small reader of .po files: what the lint of texts needs, no more."""

import re


class Entry:
    def __init__(self, line):
        self.line = line
        self.key = ""
        self.plural = None
        self.texts = {}
        self.fuzzy = False


def unquote(text):
    def one(match):
        return {"n": "\n", "t": "\t"}.get(match.group(1), match.group(1))

    return re.sub(r"\\(.)", one, text)


def parse(text):
    """The entries of a .po file in order, the header (key "") left out."""
    entries = []
    entry = None
    field = None
    fuzzy = False
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if line.startswith("#~"):
            raise ValueError(f"{number}: an obsolete entry")
        if line.startswith("#,") and "fuzzy" in line:
            fuzzy = True
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r'(?:(msg\w+)(?:\[(\d)\])?\s+)?"(.*)"', line)
        if not match:
            raise ValueError(f"{number}: not understood: {line}")
        word, index, value = match.group(1), match.group(2), unquote(match.group(3))
        if word == "msgid":
            entry = Entry(number)
            entry.fuzzy, fuzzy = fuzzy, False
            entries.append(entry)
        if word is not None:
            field = (word, int(index or 0))
        if field[0] == "msgid":
            entry.key += value
        elif field[0] == "msgid_plural":
            entry.plural = (entry.plural or "") + value
        elif field[0] == "msgstr":
            entry.texts[field[1]] = entry.texts.get(field[1], "") + value
        else:
            raise ValueError(f"{number}: {field[0]} is not used here")
    return [e for e in entries if e.key != ""]
