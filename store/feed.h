#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/* A feed (RSS 2.0, Atom or JSON Feed) whose entries become materials, how it is
 * fetched and what came of it last. Strings are "" when there is nothing. */
#define FEEDS_MAX 200
#define FEED_NAME_CHARS 60
#define FEED_EVERY_H_MAX (7 * 24)

struct feed {
    const char *id;  /* "F3" */
    int64_t version; /* 0: is not stored */
    const char *url, *name, *category;
    int every_h; /* hours from one fetch to the next */
    bool enabled;
    int64_t created_ms;
    /* of the answer that was read last, for the next question */
    const char *etag, *modified;
    int64_t last_ms;          /* when it was fetched last, 0: never */
    int last_status;          /* of HTTP; 0: there was no answer */
    const char *last_error;   /* a word of bot/feeds.h, or "": all was well */
    int last_found, last_new; /* entries */
    int fails;                /* in a row */
    int64_t next_ms;          /* when it is fetched next */
};

/* ERR_CONFLICT unless the version in the store is feed->version. */
void feed_put(struct txn *txn, const struct feed *feed);
void feed_remove(struct txn *txn, const char *id, int64_t version);

/* As those of store/material.h. */
typedef void feed_read(void *data, enum err err, const struct feed *feed);
void feed_get(struct store *store, struct arena *arena, const char *id,
              feed_read *done, void *data);
/* All of them, the latest first. */
typedef void feed_list(void *data, enum err err, const struct feed *feeds,
                       size_t n);
void feed_list_all(struct store *store, struct arena *arena, feed_list *done,
                   void *data);
