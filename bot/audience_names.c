#include "bot/audience_names.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BITS 16
#define BLOCK_BYTES ((size_t)1 << BLOCK_BITS)
#define TABLE_FIRST 16

void names_finish(struct audience_names *names) {
    for (size_t i = 0; i < names->n_blocks; i++)
        free(names->blocks[i]);
    for (size_t i = 0; i < NAMES_SHARDS; i++)
        free(names->shards[i].table);
    free(names->blocks);
    free(names->places);
    *names = (struct audience_names){0};
}

static char *text_at(const struct audience_names *names, uint32_t number) {
    uint32_t place = names->places[number];
    return names->blocks[place >> BLOCK_BITS] + (place & (BLOCK_BYTES - 1));
}

const char *names_text(const struct audience_names *names, uint32_t number) {
    return text_at(names, number);
}

/* FNV-1a, and its bits mixed: the shard is of the high ones. */
static uint64_t hash_of(const char *text) {
    uint64_t hash = 0xcbf29ce484222325ull;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
    hash ^= hash >> 32;
    return hash * 0x9e3779b97f4a7c15ull;
}

static size_t shard_of(uint64_t hash) {
    return (size_t)(hash >> 58);
}

/* Where text is in a shard's table, or would be. */
static uint32_t slot_of(const struct audience_names *names, size_t shard,
                        uint64_t hash, const char *text) {
    const uint32_t *table = names->shards[shard].table;
    uint32_t mask = names->shards[shard].size - 1;
    uint32_t at = (uint32_t)hash & mask;
    while (table[at] != 0 && strcmp(text_at(names, table[at] - 1), text) != 0)
        at = (at + 1) & mask;
    return at;
}

/* Forgotten ones are left out. */
static void grow(struct audience_names *names, size_t shard) {
    uint32_t *old = names->shards[shard].table;
    uint32_t old_size = names->shards[shard].size;
    uint32_t size = old_size == 0 ? TABLE_FIRST : old_size * 2;
    names->shards[shard].table = xcalloc(size, sizeof(*old));
    names->shards[shard].size = size;
    names->shards[shard].n = 0;
    for (uint32_t i = 0; i < old_size; i++) {
        if (old[i] == 0 || text_at(names, old[i] - 1)[0] == '\0')
            continue;
        const char *text = text_at(names, old[i] - 1);
        uint32_t at = slot_of(names, shard, hash_of(text), text);
        names->shards[shard].table[at] = old[i];
        names->shards[shard].n++;
    }
    free(old);
}

uint32_t names_find(const struct audience_names *names, const char *text) {
    uint64_t hash = hash_of(text);
    size_t shard = shard_of(hash);
    if (text[0] == '\0')
        return names->empty - 1; /* 0: NAMES_NONE */
    if (names->shards[shard].size == 0)
        return NAMES_NONE;
    uint32_t at = slot_of(names, shard, hash, text);
    return names->shards[shard].table[at] - 1; /* 0: NAMES_NONE */
}

static uint32_t store_text(struct audience_names *names, const char *text,
                           size_t len) {
    if (names->n_blocks == 0 || BLOCK_BYTES - names->at < len + 1) {
        names->blocks =
            xrealloc(names->blocks, (names->n_blocks + 1) * sizeof(char *));
        names->blocks[names->n_blocks++] = xmalloc(BLOCK_BYTES);
        names->at = 0;
    }
    size_t place = ((names->n_blocks - 1) << BLOCK_BITS) + names->at;
    char *to = names->blocks[names->n_blocks - 1] + names->at;
    memcpy(to, text, len);
    to[len] = '\0';
    names->at += len + 1;
    return (uint32_t)place;
}

static uint32_t new_number(struct audience_names *names) {
    if (names->n == names->size) {
        names->size += names->size / 8 + 64;
        names->places =
            xrealloc(names->places, names->size * sizeof(*names->places));
    }
    return names->n++;
}

/* Four bytes of a table for each, at most three quarters of it in use. */
static void enter(struct audience_names *names, uint32_t number) {
    const char *text = text_at(names, number);
    uint64_t hash = hash_of(text);
    size_t shard = shard_of(hash);
    if (names->shards[shard].n * 4 >= names->shards[shard].size * 3)
        grow(names, shard);
    uint32_t at = slot_of(names, shard, hash, text);
    names->shards[shard].table[at] = number + 1;
    names->shards[shard].n++;
}

uint32_t names_add(struct audience_names *names, const char *text) {
    char cut[NAMES_TEXT_BYTES + 1];
    size_t len = strnlen(text, NAMES_TEXT_BYTES);
    if (text[len] != '\0') {
        memcpy(cut, text, len);
        cut[len] = '\0';
        text = cut;
    }
    uint32_t number = names_find(names, text);
    if (number != NAMES_NONE)
        return number;
    uint32_t place = store_text(names, text, len);
    number = new_number(names);
    names->places[number] = place;
    /* A text that was forgotten reads as "", and is not it. */
    if (text[0] != '\0')
        enter(names, number);
    else
        names->empty = number + 1;
    return number;
}

void names_forget(struct audience_names *names, uint32_t number) {
    char *text = text_at(names, number);
    memset(text, 0, strlen(text));
}

size_t names_bytes(const struct audience_names *names) {
    size_t bytes = names->n_blocks * (BLOCK_BYTES + sizeof(char *)) +
                   names->size * sizeof(*names->places);
    for (size_t i = 0; i < NAMES_SHARDS; i++)
        bytes += names->shards[i].size * sizeof(*names->shards[i].table);
    return bytes;
}
