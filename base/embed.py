#!/usr/bin/env python3
"""Writes a C file that holds the bytes of another file.

    embed.py SYMBOL INPUT OUTPUT

The C file defines

    const unsigned char SYMBOL[];   followed by a NUL not counted in the size
    const size_t SYMBOL_size;
"""

import sys


def main():
    symbol, source, target = sys.argv[1:]
    with open(source, "rb") as f:
        data = f.read() + b"\0"
    lines = [
        "#include <stddef.h>",
        f"extern const unsigned char {symbol}[];",
        f"extern const size_t {symbol}_size;",
        f"const size_t {symbol}_size = {len(data) - 1};",
        f"const unsigned char {symbol}[] = {{",
    ]
    for at in range(0, len(data), 16):
        lines.append(",".join(str(b) for b in data[at : at + 16]) + ",")
    lines.append("};\n")
    with open(target, "w", encoding="ascii") as f:
        f.write("\n".join(lines))


main()
