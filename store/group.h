#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct store;
struct txn;

/* A group that the bot is in, through one or several accounts. */
struct group {
    const char *chat;    /* "qq.g20010001" */
    const char *title;   /* "秦淮区外卖站点" */
    const char *account; /* the account last seen in it: sends broadcasts */
    const char *lang;    /* tag, or "": the district's language */
    bool muted;          /* gets no broadcasts */
};

/* Stores what is known of a group; lang and muted only when not NULL/false. */
void group_set(struct txn *txn, const struct group *group);

#define GROUPS_MAX 500 /* of a district, in one list */
typedef void group_list(void *data, enum err err, const struct group *groups,
                        size_t n);
/* All groups, by title. */
void group_list_all(struct store *store, struct arena *arena, group_list *done,
                    void *data);
