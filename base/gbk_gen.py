#!/usr/bin/env python3
"""Writes the table of base/gbk.c: the code point of each pair of bytes of GBK.

    gbk_gen.py OUTPUT
"""

import sys

FIRST, LAST = (0x81, 0x40), (0xFE, 0xFE)


def code_point(pair):
    try:
        text = bytes(pair).decode("gbk")
    except UnicodeDecodeError:
        return 0
    private = 0xD800 <= ord(text[0]) < 0xF900  # not a character at all
    return 0 if len(text) != 1 or private else ord(text)


def main():
    with open(sys.argv[1], "w", encoding="ascii") as f:
        f.write('#include "base/gbk.h"\n\nconst uint16_t gbk_table[] = {\n')
        for lead in range(FIRST[0], LAST[0] + 1):
            row = [code_point((lead, trail)) for trail in range(FIRST[1], LAST[1] + 1)]
            f.write(",".join(str(c) for c in row) + ",\n")
        f.write("};\n")


main()
