#pragma once

#include "base/err.h"
#include "store/user.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct policy;

/*
 * Who asks, and what they may. One table (access.c) says what each role may do;
 * a token has the permissions its scopes name.
 */
enum permission {
    PERM_PUBLIC = 0,
    PERM_SIGNED_IN = 1, /* anybody with a session */
    PERM_TICKETS_READ = 2,
    PERM_TICKETS_MOVE = 4,
    PERM_TICKETS_FILE = 8,
    PERM_TICKETS_BULK = 16,
    PERM_STATISTICS = 32,
    PERM_EXPORT = 64,
    PERM_AUDIT = 128,
    PERM_USERS = 256,
    PERM_TOKENS = 512,
    PERM_DOCUMENTS = 1024,
    PERM_WEBHOOKS = 2048,
    PERM_UNMASK = 4096,
    PERM_OPEN311 = 8192,
    PERM_BROADCASTS = 16384, /* to compose broadcasts, and see how they go */
    PERM_APPROVE = 32768,    /* of somebody else's broadcast */
    PERM_STUDY = 65536,      /* materials, questions, the arena */
    PERM_EVENTS = 131072,    /* events, their sign-ups, contests */
    PERM_GROUPS = 262144     /* what is known of groups and riders' registry */
};

struct caller {
    const char *actor;       /* "user:wang", "token:t7f3…", for the audit log */
    const char *display;     /* for other staff */
    const struct user *user; /* NULL: a token */
    const char *csrf;        /* of a session, or "" */
    struct grant grants[USER_GRANTS_MAX]; /* of a token: one, role unused */
    size_t n_grants;
    unsigned permissions; /* enum permission, of all grants together */
};

unsigned access_of_role(enum user_role role);
/* "tickets:read tickets:move" as a set; false when a word is unknown. */
bool access_parse(const char *scopes, unsigned *out);
/* The words of a set, each as a string of the table; returns how many. */
size_t access_words(unsigned permissions, const char *words[static 32]);
/* The same as one text, in arena: "tickets:read open311". */
char *access_print(struct arena *arena, unsigned permissions);
/* Fills in grants and permissions of caller->user. */
void access_of_user(struct caller *caller);
/* Whether one of the caller's grants gives permission for a ticket of unit,
 * community and category. */
bool access_covers(const struct caller *caller, const struct policy *policy,
                   enum permission permission, const char *unit,
                   const char *community, const char *category);
/* The units for all of which a caller has a permission: ids joined by ',', "*"
 * for every one, "" for none; in arena. */
char *access_units(struct arena *arena, const struct caller *caller,
                   enum permission permission);
/* Whether a caller has it for each of such units. */
bool access_covers_units(const struct caller *caller,
                         const struct policy *policy,
                         enum permission permission, const char *units);
/* Whether a caller has all of these permissions for a unit ("*": all) and a
 * category ("*": all), and so may give them to somebody else. */
bool access_may_give(const struct caller *caller, const struct policy *policy,
                     unsigned permissions, const char *unit,
                     const char *category);
