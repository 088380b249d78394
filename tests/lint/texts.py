#!/usr/bin/env python3
"""Holds the languages to the same keys and placeholders, and the sources to
keys that exist; finds texts that nothing uses."""

import re

from po import parse
from tree import finding, finish, read, sources, without_comments

KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+")
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def load(path):
    catalogue = {}
    for entry in parse(read(path)):
        if entry.key in catalogue:
            finding(path, entry.line, f"{entry.key} is there twice")
        if not KEY.fullmatch(entry.key):
            finding(path, entry.line, f"{entry.key} is not a key")
        if entry.fuzzy:
            finding(path, entry.line, f"{entry.key} is marked fuzzy")
        if not all(entry.texts.values()) or not entry.texts:
            finding(path, entry.line, f"{entry.key} has no text")
        catalogue[entry.key] = entry
    return catalogue


def placeholders(path, entry):
    """The placeholders of a text. A form for one may leave {n} out."""
    sets = []
    for text in entry.texts.values():
        names = set(PLACEHOLDER.findall(text))
        for name in names:
            if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
                finding(path, entry.line, f"{entry.key}: odd placeholder {{{name}}}")
        if re.search(r"[{}]", PLACEHOLDER.sub("", text)):
            finding(path, entry.line, f"{entry.key}: a lone brace")
        sets.append(names)
    everything = set().union(*sets)
    for names in sets:
        if everything - names - {"n"}:
            finding(path, entry.line, f"{entry.key}: its plural forms differ")
    return everything


def compare(catalogues):
    first, *rest = catalogues
    for path, catalogue in catalogues.items():
        for other, others in catalogues.items():
            for key in others.keys() - catalogue.keys():
                finding(path, 1, f"{key} is missing; {other} has it")
    for path in rest:
        for key, entry in catalogues[path].items():
            model = catalogues[first].get(key)
            if model is None:
                continue
            ours, theirs = placeholders(path, entry), placeholders(first, model)
            if ours != theirs:
                finding(
                    path,
                    entry.line,
                    f"{key} has {sorted(ours)}, {first} has {sorted(theirs)}",
                )
            if (entry.plural is None) != (model.plural is None):
                finding(path, entry.line, f"{key} is plural in one language only")


def literals(paths):
    for path in paths:
        text = without_comments(read(path))
        for number, line in enumerate(text.split("\n"), 1):
            for literal in re.findall(r'"((?:\\.|[^"\\])*)"', line):
                yield path, number, literal


def is_derived(key, words):
    """Whether a key is one that the engine makes of a command's name, a slot's
    name or an option's id (see bot/command.h), of which words has all there
    are."""
    match = re.fullmatch(r"command\.(\w+)\.(?:words|title)", key)
    if match:
        return match.group(1) in words
    match = re.fullmatch(r"(\w+)\.(\w+)\.ask", key)
    if match:
        return match.group(1) in words and match.group(2) in words
    stem = re.sub(r"\.words$", "", key)
    if stem != key and is_derived(stem, words):
        return True
    stem, _, option = stem.rpartition(".")
    return stem in words and option in words


def must_exist(path):
    """A test may ask for a key that is not there; what it asks for is used."""
    return not path.startswith("tests/")


def check_uses(catalogue):
    """A literal that looks like a key of ours must be one, or the beginning of
    some ("request.kind"). "ticket.state.%s" stands for all it can become."""
    spaces = {key.split(".")[0] for key in catalogue}
    words = set()
    patterns = set()
    for path, number, literal in literals(paths):
        words.add(literal)
        if "." not in literal or literal.split(".")[0] not in spaces:
            continue
        pattern = None
        if re.fullmatch(r"[a-z0-9_.]*%[a-z0-9_.%]*", literal):
            pattern = re.sub(r"%[a-z]+", r"[a-z0-9_]+", re.escape(literal))
        elif re.fullmatch(r"[a-z0-9_.]+\.", literal):
            pattern = re.escape(literal) + ".+"
        if pattern is not None:
            patterns.add(pattern)
            if must_exist(path) and not any(
                re.fullmatch(pattern, key) for key in catalogue
            ):
                finding(path, number, f"{literal} can become no key")
        elif KEY.fullmatch(literal) and literal not in catalogue:
            if not must_exist(path):
                continue
            if not any(key.startswith(literal + ".") for key in catalogue):
                finding(path, number, f"{literal} is in no catalogue")
    for key, entry in catalogue.items():
        if key in words or is_derived(key, words):
            continue
        if not any(re.fullmatch(p, key) for p in patterns):
            finding("i18n/en.po", entry.line, f"nothing uses {key}")


paths = sources(".c", ".h", ".def", ".lua") + sources(".c", rooms=["tests/unit"])
catalogues = {path: load(path) for path in sources(".po", rooms=["i18n"])}
if len(catalogues) != 3:
    finding("i18n", 1, f"three languages wanted, {len(catalogues)} found")
if catalogues:
    compare(catalogues)
    check_uses(catalogues.get("i18n/en.po", {}))
finish(sum(len(c) for c in catalogues.values()))
