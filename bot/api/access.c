#include "bot/api/access.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/policy.h"

#include <string.h>

#define UNIT_SIZE 65 /* of a unit's id, with the NUL */
#define STAFF (PERM_TICKETS_READ | PERM_TICKETS_MOVE | PERM_STATISTICS)
#define ORGANISER (PERM_BROADCASTS | PERM_STUDY | PERM_EVENTS | PERM_GROUPS)
#define EVERYTHING                                                             \
    (STAFF | PERM_TICKETS_FILE | PERM_TICKETS_BULK | PERM_EXPORT |             \
     PERM_AUDIT | PERM_USERS | PERM_TOKENS | PERM_DOCUMENTS | PERM_WEBHOOKS |  \
     PERM_OPEN311 | ORGANISER | PERM_APPROVE)

/* The one table of who may do what. */
static const unsigned roles[USER_ROLES] = {
    [USER_STAFF] = STAFF,
    [USER_LEAD] = STAFF | PERM_EXPORT | PERM_TICKETS_BULK,
    [USER_DEPARTMENT] =
        PERM_TICKETS_READ | PERM_TICKETS_MOVE | PERM_TICKETS_FILE,
    [USER_AUDITOR] =
        PERM_TICKETS_READ | PERM_STATISTICS | PERM_AUDIT | PERM_EXPORT,
    [USER_ADMIN] = EVERYTHING,
    [USER_UNMASK] = PERM_UNMASK,
    [USER_ORGANISER] = ORGANISER,
    [USER_APPROVER] = PERM_APPROVE | PERM_BROADCASTS,
};

static const struct {
    const char *word;
    enum permission permission;
} words[] = {
    {"tickets:read", PERM_TICKETS_READ},
    {"tickets:move", PERM_TICKETS_MOVE},
    {"tickets:file", PERM_TICKETS_FILE},
    {"tickets:bulk", PERM_TICKETS_BULK},
    {"statistics", PERM_STATISTICS},
    {"export", PERM_EXPORT},
    {"audit", PERM_AUDIT},
    {"users", PERM_USERS},
    {"tokens", PERM_TOKENS},
    {"documents", PERM_DOCUMENTS},
    {"webhooks", PERM_WEBHOOKS},
    {"unmask", PERM_UNMASK},
    {"open311", PERM_OPEN311},
    {"broadcasts", PERM_BROADCASTS},
    {"approve", PERM_APPROVE},
    {"study", PERM_STUDY},
    {"events", PERM_EVENTS},
    {"groups", PERM_GROUPS},
};

unsigned access_of_role(enum user_role role) {
    return roles[role];
}

static unsigned find_word(const char *at, size_t len) {
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strlen(words[i].word) == len && memcmp(words[i].word, at, len) == 0)
            return words[i].permission;
    return 0;
}

bool access_parse(const char *scopes, unsigned *out) {
    unsigned all = 0;
    for (const char *at = scopes; *at != '\0';) {
        size_t len = strcspn(at, " ");
        unsigned one = find_word(at, len);
        if (len > 0 && one == 0)
            return false;
        all |= one;
        at += len + (at[len] == ' ');
    }
    *out = all;
    return true;
}

size_t access_words(unsigned permissions, const char *out[static 32]) {
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (permissions & words[i].permission)
            out[n++] = words[i].word;
    return n;
}

char *access_print(struct arena *arena, unsigned permissions) {
    const char *all[32];
    size_t n = access_words(permissions, all);
    char *text = arena_strdup(arena, "");
    for (size_t i = 0; i < n; i++)
        text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : " ", all[i]);
    return text;
}

void access_of_user(struct caller *caller) {
    const struct user *user = caller->user;
    memcpy(caller->grants, user->grants, sizeof(caller->grants));
    caller->n_grants = user->n_grants;
    caller->permissions = 0;
    for (size_t i = 0; i < user->n_grants; i++)
        caller->permissions |= roles[user->grants[i].role];
}

/* Which permissions a grant of the caller gives: those of its role, or, of a
 * token, those of its scopes. */
static unsigned given_by(const struct caller *caller,
                         const struct grant *grant) {
    return caller->user != NULL ? roles[grant->role] : caller->permissions;
}

/* A grant without a unit is a mistake, not one for all. */
static bool covers(const struct grant *grant, const struct policy *policy,
                   const char *unit, const char *community,
                   const char *category) {
    if (grant->unit[0] == '\0')
        return false;
    if (strcmp(grant->category, "*") != 0 &&
        strcmp(grant->category, category) != 0)
        return false;
    return policy_covers(policy, grant->unit, unit) ||
           policy_covers(policy, grant->unit, community);
}

bool access_covers(const struct caller *caller, const struct policy *policy,
                   enum permission permission, const char *unit,
                   const char *community, const char *category) {
    for (size_t i = 0; i < caller->n_grants; i++) {
        const struct grant *grant = &caller->grants[i];
        if ((given_by(caller, grant) & permission) &&
            covers(grant, policy, unit, community, category))
            return true;
    }
    return false;
}

char *access_units(struct arena *arena, const struct caller *caller,
                   enum permission permission) {
    char *units = arena_strdup(arena, "");
    for (size_t i = 0; i < caller->n_grants; i++) {
        const struct grant *grant = &caller->grants[i];
        if (!(given_by(caller, grant) & permission) ||
            strcmp(grant->category, "*") != 0 || grant->unit[0] == '\0')
            continue;
        if (strcmp(grant->unit, "*") == 0)
            return arena_strdup(arena, "*");
        units = arena_printf(arena, "%s%s%s", units,
                             units[0] == '\0' ? "" : ",", grant->unit);
    }
    return units;
}

bool access_covers_units(const struct caller *caller,
                         const struct policy *policy,
                         enum permission permission, const char *units) {
    char unit[UNIT_SIZE];
    for (const char *at = units; *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (len >= sizeof(unit))
            return false;
        memcpy(unit, at, len);
        unit[len] = '\0';
        if (!access_covers(caller, policy, permission, unit, unit, "*"))
            return false;
        at += len + (at[len] == ',');
    }
    return units[0] != '\0';
}

bool access_may_give(const struct caller *caller, const struct policy *policy,
                     unsigned permissions, const char *unit,
                     const char *category) {
    unsigned had = 0;
    for (size_t i = 0; i < caller->n_grants; i++)
        if (covers(&caller->grants[i], policy, unit, unit, category))
            had |= given_by(caller, &caller->grants[i]);
    return unit[0] != '\0' && (permissions & ~had) == 0;
}
