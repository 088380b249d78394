#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * What is known of riders that says who is reached: read by the index of
 * audiences (bot/audience.h), which follows a stream of who has changed. Names
 * joined by ',' are ids or tags, each once.
 */
struct person {
    const char *id;      /* a rider's: "qq.90001" */
    int64_t version;     /* of the rider; 0: is not stored */
    const char *lang;    /* tag, or "" */
    unsigned roles;      /* enum role */
    const char *consent; /* as of struct rider */
    const char *account; /* through which the private chat is reached, or "" */
    bool nopush;         /* has unsubscribed */
    const char *units, *stations, *tags;
    int64_t registered_ms; /* when they last said where they belong; 0: never */
};

#define PEOPLE_MAX 1000 /* read at once */
typedef void people_read(void *data, enum err err, const struct person *people,
                         size_t n);
/* Those with these ids, in their order; a rider who is not stored is no error.
 * ids are borrowed until done. */
void people_get(struct store *store, struct arena *arena,
                const char *const *ids, size_t n, people_read *done,
                void *data);

/*
 * Every rider there is, some hundreds a call; one may come twice. Begin with a
 * zeroed scan; scan->over when nothing more will come. After an error begin
 * anew.
 */
struct people_scan {
    char cursor[24];
    bool over;
};
void people_scan(struct store *store, struct arena *arena,
                 struct people_scan *scan, people_read *done, void *data);

/*
 * The stream of changes: who is new or has gone, or whose attributes above are
 * others now; groups (store/group.h) are in it, too. Written by the transaction
 * that changes them, and capped. Ids of riders are sealed in it.
 */
#define PEOPLE_STREAM_MAX 50000
#define PEOPLE_ID_SIZE 48
struct people_change {
    const char *id; /* a rider's, or a group's chat */
    bool group;
};
/* Up to max changes behind the one at after, oldest first; last is where to go
 * on. lost: some of them are in the stream no more. */
typedef void people_changes(void *data, enum err err,
                            const struct people_change *changes, size_t n,
                            const char *last, bool lost);
void people_follow(struct store *store, struct arena *arena, const char *after,
                   size_t max, people_changes *done, void *data);
/* Where the stream ends, to follow from there; "" when it is empty. */
typedef void people_end(void *data, enum err err, const char *id);
void people_last(struct store *store, people_end *done, void *data);

/* Forgets changes of before before_ms, but the last one: whoever follows has
 * seen it. */
void people_trim(struct txn *txn, int64_t before_ms);

/* For the modules that write riders and groups. */
bool people_is_field(const char *name);
void people_changed(struct txn *txn, const char *rider);
