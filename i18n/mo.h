#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A compiled gettext catalogue (.mo) read where it lies. All offsets in it are
 * checked once by mo_open(); the bytes must outlive it.
 */
struct mo {
    const unsigned char *data;
    bool swapped; /* written by a machine of the other byte order */
    uint32_t count;
    uint32_t ids;   /* offset of the table of keys, sorted */
    uint32_t texts; /* offset of the table of texts */
};

/* False when the bytes are no catalogue, are cut short, are not UTF-8 or have
 * their keys out of order; the catalogue is empty then. */
bool mo_open(struct mo *mo, const void *data, size_t size);

/* The text of a key, NULL when there is none. With plural forms it is the
 * first of them, each ends in a NUL, and len covers all but the last NUL. */
const char *mo_find(const struct mo *mo, const char *key, size_t *len);

/* The key at index, below count. */
const char *mo_key(const struct mo *mo, uint32_t index);
