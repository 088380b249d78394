#!/usr/bin/env python3
"""docs/openapi.yaml and the tables of routes in bot/api/ say the same: each row
has an operation of its method, path and permission, and each operation below
/api/v1 has a row. What the document refers to is there."""

import re

import yaml

from tree import finding, finish, read, sources, without_comments

DOCUMENT = "docs/openapi.yaml"
METHODS = ["get", "head", "post", "put", "patch", "delete"]
ROW = re.compile(r'\{\s*"([A-Z]+)",\s*"(/[^"]*)",\s*([A-Z0-9_\s|]+?),')
DEFINE = re.compile(r"^#define (\w+)[ \\\n]*\(?(PERM_[A-Z0-9_ |\\\n]+)\)?$", re.M)
WORD = re.compile(r'\{"([a-z0-9:]+)", (PERM_\w+)\}')


def find_rows():
    """Of each method and path: its permissions, and the file and line."""
    words = {constant: word for word, constant in WORD.findall(read("bot/api/access.c"))}
    words |= {"PERM_PUBLIC": "public", "PERM_SIGNED_IN": "signed-in"}
    rows = {}
    for path in sources(".c", rooms=["bot/api"]):
        text = without_comments(read(path))
        defines = dict(DEFINE.findall(text))
        for match in ROW.finditer(text):
            method, route, permission = match.groups()
            constants = re.findall(r"\w+", defines.get(permission, permission))
            line = text.count("\n", 0, match.start()) + 1
            rows[method.lower(), route] = (
                sorted(words.get(constant, constant) for constant in constants),
                path,
                line,
            )
    return rows


def find_operations(document):
    operations = {}
    for path, item in document["paths"].items():
        if "servers" in item:
            continue  # of another tree
        for method in METHODS:
            if method in item:
                operations[method, path] = item[method]
    return operations


def references(value):
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for member in value.values():
            yield from references(member)
    elif isinstance(value, list):
        for member in value:
            yield from references(member)


def is_there(document, reference):
    at = document
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(at, dict) or part not in at:
            return False
        at = at[part]
    return True


def line_of(text, path):
    return text[: text.find(f"\n  {path}:\n")].count("\n") + 2


text = read(DOCUMENT)
document = yaml.safe_load(text)
rows, operations = find_rows(), find_operations(document)
ids = set()

for (method, path), operation in operations.items():
    line, name = line_of(text, path), f"{method.upper()} {path}"
    if (method, path) not in rows:
        finding(DOCUMENT, line, f"{name} has no row in bot/api/")
        continue
    wanted, given = rows[method, path][0], str(operation.get("x-permission", "")).split()
    if sorted(given) != wanted:
        finding(DOCUMENT, line, f"{name} needs {given} here and {wanted} in its row")
    if operation.get("operationId") in ids | {None}:
        finding(DOCUMENT, line, f"{name} has no operationId of its own")
    ids.add(operation.get("operationId"))

for path, item in document["paths"].items():
    named, told = re.findall(r"\{(\w+)\}", path), item.get("parameters", [])
    if len(named) != len(told):
        finding(DOCUMENT, line_of(text, path), f"{path}: not each name has its parameter")

for (method, path), (_, source, line) in rows.items():
    if (method, path) not in operations:
        finding(source, line, f"{method.upper()} {path} is not in {DOCUMENT}")

for reference in sorted(set(references(document))):
    if not is_there(document, reference):
        finding(DOCUMENT, 1, f"{reference} is not there")

finish(len(rows))
