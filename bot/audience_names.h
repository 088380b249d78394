#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * Texts by number, each once: ids, and the lists that many members share. A
 * million of them is added without a pause: no table is ever made anew as a
 * whole. Private to bot/audience*.c.
 */
#define NAMES_SHARDS 64
#define NAMES_NONE UINT32_MAX

struct audience_names {
    char **blocks; /* texts, each with its NUL */
    size_t n_blocks, at;
    uint32_t *places; /* where a text is, by number */
    uint32_t n, size;
    uint32_t empty; /* number + 1 of ""; 0: it was not added */
    struct {
        uint32_t *table; /* number + 1; 0: free */
        uint32_t n, size;
    } shards[NAMES_SHARDS];
};

void names_finish(struct audience_names *names); /* zeroes it, too */
/* The text of a number; "" when it was forgotten. */
const char *names_text(const struct audience_names *names, uint32_t number);
/* NAMES_NONE when it is not there. */
uint32_t names_find(const struct audience_names *names, const char *text);
/* Its number, a new one if need be: one higher than the last. Text is no longer
 * than NAMES_TEXT_BYTES; what is longer is cut. */
#define NAMES_TEXT_BYTES 4096
uint32_t names_add(struct audience_names *names, const char *text);
/* The text is overwritten; the number stays unused. */
void names_forget(struct audience_names *names, uint32_t number);
size_t names_bytes(const struct audience_names *names);
