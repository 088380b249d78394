#define LOG_MODULE "groups"
#include "bot/groups.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "store/group.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

#define GROUPS_A_TXN 200

struct finding {
    struct bot *bot;
    struct arena arena;
    const char *account;
    struct group *groups; /* by chat */
    size_t n, stored;
    const char **left; /* chats */
    size_t n_left, n_taken;
};

static void finding_free(struct finding *finding) {
    arena_finish(&finding->arena);
    free(finding);
}

/* ---- storing, some at a time ---------------------------------------------
 */

static void store_next(struct finding *finding);

static void on_stored(void *data, const struct txn_result *result) {
    struct finding *finding = data;
    if (result->err == OK) {
        store_next(finding);
        return;
    }
    LOG_WARN("groups of %s not stored: %s", finding->account,
             err_str(result->err));
    finding_free(finding);
}

static void store_next(struct finding *finding) {
    struct txn *txn = txn_new(finding->bot->store);
    size_t n = 0;
    for (; n < GROUPS_A_TXN && finding->stored < finding->n; n++)
        group_set(txn, &finding->groups[finding->stored++]);
    for (; n < GROUPS_A_TXN && finding->n_taken < finding->n_left; n++)
        group_leave(txn, finding->left[finding->n_taken++], finding->account);
    if (n > 0) {
        txn_commit(txn, on_stored, finding);
        return;
    }
    txn_free(txn);
    if (finding->n_left > 0)
        LOG_INFO("%s is in %zu groups no more", finding->account,
                 finding->n_left);
    finding_free(finding);
}

/* ---- which it has left ---------------------------------------------------
 */

static int by_chat(const void *a, const void *b) {
    const struct group *x = a, *y = b;
    return strcmp(x->chat, y->chat);
}

static void on_known(void *data, enum err err, const struct group *known,
                     size_t n) {
    struct finding *finding = data;
    bool all = err == OK && finding->n < GROUPS_FOUND_MAX;
    finding->left =
        arena_alloc(&finding->arena, (n + 1) * sizeof(*finding->left));
    for (size_t i = 0; all && i < n; i++)
        if (bsearch(&known[i], finding->groups, finding->n, sizeof(*known),
                    by_chat) == NULL)
            finding->left[finding->n_left++] = known[i].chat;
    store_next(finding);
}

void groups_found(struct bot *bot, const char *account,
                  const struct group *groups, size_t n) {
    if (n > GROUPS_FOUND_MAX) {
        LOG_WARN("%zu groups are left out", n - GROUPS_FOUND_MAX);
        n = GROUPS_FOUND_MAX;
    }
    if (n == 0)
        return;
    struct finding *finding = xcalloc(1, sizeof(*finding));
    arena_init(&finding->arena);
    struct arena *arena = &finding->arena;
    finding->bot = bot;
    finding->account = arena_strdup(arena, account);
    finding->groups = arena_alloc(arena, (n + 1) * sizeof(*groups));
    finding->n = n;
    for (size_t i = 0; i < n; i++)
        finding->groups[i] = (struct group){
            .chat = arena_strdup(arena, groups[i].chat),
            .title = arena_strdup(arena, groups[i].title),
            .account = finding->account,
            .lang = arena_strdup(arena, groups[i].lang),
            .muted = groups[i].muted,
        };
    qsort(finding->groups, n, sizeof(*groups), by_chat);
    group_list_of(bot->store, arena, account, on_known, finding);
}
