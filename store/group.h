#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/* A group that the bot is in, through one or several accounts. Lists are joined
 * by ','. */
struct group {
    const char *chat;    /* "qq.g20010001" */
    const char *title;   /* "秦淮区外卖站点" */
    const char *account; /* the account last seen in it */
    const char *lang;    /* tag, or "": the district's language */
    bool muted;          /* gets no broadcasts */
    /* not of group_set() */
    const char *accounts; /* all that are in it, sorted; "": none any more, or
                             it was dissolved */
    const char *units, *stations, *tags; /* ids, and words */
    int64_t version;                     /* of what people set; 0: nobody has */
};

/* An account found a group. lang and muted only when not NULL/false. */
void group_set(struct txn *txn, const struct group *group);
/* An account is in it no more; of the last one it has gone. */
void group_leave(struct txn *txn, const char *chat, const char *account);
/* Changes fields that people set: "units", "stations", "tags", "lang", "muted"
 * ("1"); "" removes one. ERR_NOT_FOUND; ERR_CONFLICT unless it has that
 * version. */
void group_change(struct txn *txn, const char *chat, int64_t version,
                  const char *const *fields, size_t n_fields);

#define GROUPS_MAX 500 /* of a district, in one list */
typedef void group_list(void *data, enum err err, const struct group *groups,
                        size_t n);
/* Groups by title; no more than GROUPS_MAX. */
void group_list_all(struct store *store, struct arena *arena, group_list *done,
                    void *data);

#define GROUPS_READ_MAX 1000
/* Those with these chats, in their order; the title of one that is not stored
 * is "". chats are borrowed until done. */
void group_get(struct store *store, struct arena *arena,
               const char *const *chats, size_t n, group_list *done,
               void *data);
/* Every group, some hundreds a call; one may come twice. Begin with a zeroed
 * scan; scan->over when nothing more will come. */
struct group_scan {
    char cursor[24];
    bool over;
};
void group_scan(struct store *store, struct arena *arena,
                struct group_scan *scan, group_list *done, void *data);
/* The chats of the groups an account was found in; only these are set. */
void group_list_of(struct store *store, struct arena *arena,
                   const char *account, group_list *done, void *data);
