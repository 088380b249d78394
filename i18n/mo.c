#include "i18n/mo.h"

#include <string.h>

#include "base/utf8.h"

/* The format: GNU gettext manual, "The Format of GNU MO Files". */
#define MO_MAGIC 0x950412de
#define MO_HEADER_BYTES 28
#define MO_ENTRY_BYTES 8 /* length and offset of a string */

static uint32_t read_word(const struct mo *mo, size_t at) {
    uint32_t word;

    memcpy(&word, mo->data + at, sizeof(word));
    return mo->swapped ? __builtin_bswap32(word) : word;
}

static const char *read_string(const struct mo *mo, uint32_t table,
                               uint32_t index, size_t *len) {
    size_t entry = (size_t)table + (size_t)index * MO_ENTRY_BYTES;

    if (len)
        *len = read_word(mo, entry);
    return (const char *)mo->data + read_word(mo, entry + 4);
}

static bool check_table(const struct mo *mo, uint32_t table, size_t size) {
    if (table > size || mo->count > (size - table) / MO_ENTRY_BYTES)
        return false;
    for (uint32_t i = 0; i < mo->count; i++) {
        size_t entry = (size_t)table + (size_t)i * MO_ENTRY_BYTES;
        size_t len = read_word(mo, entry);
        size_t at = read_word(mo, entry + 4);

        if (at >= size || len >= size - at || mo->data[at + len] != '\0' ||
            !utf8_valid((const char *)mo->data + at, len))
            return false;
    }
    return true;
}

static bool check_order(const struct mo *mo) {
    for (uint32_t i = 1; i < mo->count; i++)
        if (strcmp(mo_key(mo, i - 1), mo_key(mo, i)) >= 0)
            return false;
    return true;
}

static bool read_header(struct mo *mo, size_t size) {
    uint32_t magic;

    if (size < MO_HEADER_BYTES)
        return false;
    memcpy(&magic, mo->data, sizeof(magic));
    mo->swapped = magic == __builtin_bswap32(MO_MAGIC);
    if (magic != MO_MAGIC && !mo->swapped)
        return false;
    /* Major revisions 0 and 1 can be read alike. */
    if (read_word(mo, 4) >> 16 > 1)
        return false;
    mo->count = read_word(mo, 8);
    mo->ids = read_word(mo, 12);
    mo->texts = read_word(mo, 16);
    return true;
}

bool mo_open(struct mo *mo, const void *data, size_t size) {
    *mo = (struct mo){.data = data};
    if (read_header(mo, size) && check_table(mo, mo->ids, size) &&
        check_table(mo, mo->texts, size) && check_order(mo))
        return true;
    *mo = (struct mo){0};
    return false;
}

const char *mo_key(const struct mo *mo, uint32_t index) {
    return read_string(mo, mo->ids, index, NULL);
}

/* The keys are sorted, so that eight or nine comparisons find one of a few
 * hundred; the hash table in the file would not be worth its checks. */
const char *mo_find(const struct mo *mo, const char *key, size_t *len) {
    uint32_t low = 0;
    uint32_t high = mo->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = strcmp(key, mo_key(mo, middle));

        if (order == 0)
            return read_string(mo, mo->texts, middle, len);
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
