/*
 * Writes a C file with the simplified form of every Chinese character, as
 * OpenCC has it: run when the program is built, so that the program itself
 * needs no dictionaries (and no C++ library) in memory.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <opencc/opencc.h>
#include <utf8proc.h>

#include "base/han.h"

/* Characters that OpenCC changes within words only. */
static const char *const words[] = {"瞭解", "答覆", "沈船",
                                    "藉口", "牴牾", "衹得"};

static uint16_t table[HAN_COUNT];

static char *convert(opencc_t t2s, const char *text) {
    char *to = opencc_convert_utf8(t2s, text, strlen(text));

    if (!to)
        abort();
    return to;
}

/* The character that at begins with, and the one behind it. */
static utf8proc_int32_t next(const char **at) {
    utf8proc_int32_t c = 0;
    utf8proc_ssize_t used =
        utf8proc_iterate((const utf8proc_uint8_t *)*at, -1, &c);

    if (used <= 0)
        abort();
    *at += used;
    return c;
}

static void note(utf8proc_int32_t from, utf8proc_int32_t to) {
    if (from >= HAN_FIRST && from <= HAN_LAST && to >= HAN_FIRST &&
        to <= HAN_LAST && to != from)
        table[from - HAN_FIRST] = (uint16_t)to;
}

static void add_word(opencc_t t2s, const char *word) {
    char *converted = convert(t2s, word);
    const char *to = converted;

    while (*word && *to) {
        utf8proc_int32_t from = next(&word);

        note(from, next(&to));
    }
    opencc_convert_utf8_free(converted);
}

static void write_table(FILE *out) {
    fprintf(out,
            "#include \"base/han.h\"\n\n"
            "const uint16_t han_table[HAN_COUNT] = {\n");
    for (size_t i = 0; i < HAN_COUNT; i++)
        if (table[i])
            fprintf(out, "    [%zu] = 0x%04x,\n", i, (unsigned)table[i]);
    fprintf(out, "};\n");
}

int main(int argc, char **argv) {
    opencc_t t2s = opencc_open("t2s.json");
    FILE *out;

    if (argc != 2 || t2s == (opencc_t)-1) {
        fprintf(stderr, "usage: han_gen OUTPUT; needs OpenCC's t2s.json\n");
        return 1;
    }
    out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return 1;
    }
    for (utf8proc_int32_t c = HAN_FIRST; c <= HAN_LAST; c++) {
        char text[5] = "";

        utf8proc_encode_char(c, (utf8proc_uint8_t *)text);
        add_word(t2s, text);
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        add_word(t2s, words[i]);
    opencc_close(t2s);
    write_table(out);
    return fclose(out) == 0 ? 0 : 1;
}
