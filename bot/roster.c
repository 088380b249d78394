#define LOG_MODULE "roster"
#include "bot/roster.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/loop.h"
#include "bot/policy.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>

#define REFRESH_MS 3000
/* The first look, soon after the store is up. */
#define FIRST_MS 50

/* One reading of the users, with all it borrows. */
struct reading {
    struct roster *roster; /* NULL: nobody waits for it any more */
    struct arena arena;
    const struct user *users;
    size_t n;
};

struct roster {
    struct bot *bot;
    uv_timer_t timer;
    struct reading *now;  /* what is known, or NULL */
    struct reading *next; /* under way, or NULL */
};

static void reading_free(struct reading *reading) {
    if (reading == NULL)
        return;
    arena_finish(&reading->arena);
    free(reading);
}

static void on_users(void *data, enum err err, const struct user *users,
                     size_t n) {
    struct reading *reading = data;
    struct roster *roster = reading->roster;
    if (roster != NULL)
        roster->next = NULL;
    if (roster == NULL || err != OK) {
        if (roster != NULL && err != ERR_AWAY)
            LOG_WARN("users not read: %s", err_str(err));
        reading_free(reading);
        return;
    }
    reading->users = users;
    reading->n = n;
    reading_free(roster->now);
    roster->now = reading;
}

void roster_refresh(struct roster *roster) {
    struct bot *bot = roster->bot;
    if (roster->next != NULL || bot->stopping || !store_is_up(bot->store))
        return;
    struct reading *reading = xcalloc(1, sizeof(*reading));
    reading->roster = roster;
    arena_init(&reading->arena);
    roster->next = reading;
    user_list_all(bot->store, &reading->arena, on_users, reading);
}

static void on_timer(uv_timer_t *timer) {
    roster_refresh(timer->data);
}

struct roster *roster_new(struct bot *bot) {
    struct roster *roster = xcalloc(1, sizeof(*roster));
    roster->bot = bot;
    uv_timer_init(&bot->loop->uv, &roster->timer);
    roster->timer.data = roster;
    uv_timer_start(&roster->timer, on_timer, FIRST_MS, REFRESH_MS);
    return roster;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void roster_free(struct roster *roster) {
    if (roster == NULL)
        return;
    if (roster->next != NULL)
        roster->next->roster = NULL;
    reading_free(roster->now);
    roster->now = NULL;
    uv_close((uv_handle_t *)&roster->timer, on_closed);
}

const struct user *roster_find(const struct roster *roster, const char *name) {
    const struct user *user = NULL;
    while ((user = roster_next(roster, user)) != NULL)
        if (strcmp(user->name, name) == 0)
            return user;
    return NULL;
}

const struct user *roster_of_rider(const struct roster *roster,
                                   const char *rider) {
    const struct user *user = NULL;
    while (roster != NULL && (user = roster_next(roster, user)) != NULL)
        if (strcmp(user->rider, rider) == 0)
            return user;
    return NULL;
}

const struct user *roster_next(const struct roster *roster,
                               const struct user *after) {
    const struct reading *now = roster == NULL ? NULL : roster->now;
    if (now == NULL || now->n == 0)
        return NULL;
    const struct user *next = after == NULL ? now->users : after + 1;
    return next < now->users + now->n ? next : NULL;
}

/* The roles whose holders work on tickets. */
static bool works(enum user_role role) {
    return role == USER_STAFF || role == USER_LEAD || role == USER_DEPARTMENT ||
           role == USER_ADMIN;
}

bool roster_works(const struct user *user) {
    for (size_t i = 0; !user->disabled && i < user->n_grants; i++)
        if (works(user->grants[i].role))
            return true;
    return false;
}

bool roster_covers(const struct user *user, const struct policy *policy,
                   const char *unit, const char *community,
                   const char *category) {
    for (size_t i = 0; i < user->n_grants; i++) {
        const struct grant *grant = &user->grants[i];
        bool fits = strcmp(grant->category, "*") == 0 ||
                    strcmp(grant->category, category) == 0;
        if (works(grant->role) && fits &&
            (policy_covers(policy, grant->unit, unit) ||
             (community[0] != '\0' &&
              policy_covers(policy, grant->unit, community))))
            return true;
    }
    return false;
}
