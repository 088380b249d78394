#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * One-time codes: what ties a chat account to a role (绑定), and links that let
 * a rider go on in the web chat. Only the hash of a code is stored.
 */
struct code {
    unsigned roles;    /* ROLE_STAFF, … ; 0 for a link */
    const char *rider; /* a link: whose form it goes on with; else "" */
    const char *name;  /* whom a role's code was made for; else "" */
};

void code_create(struct txn *txn, const char *code, const struct code *what,
                 int64_t ttl_ms);
/* Takes a code: ERR_NOT_FOUND when it was used or has ended meanwhile. */
void code_take(struct txn *txn, const char *code);

typedef void code_read(void *data, enum err err, const struct code *code);
void code_get(struct store *store, struct arena *arena, const char *code,
              code_read *done, void *data); /* or ERR_NOT_FOUND */
