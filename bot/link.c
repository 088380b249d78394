#define LOG_MODULE "link"
#include "bot/link.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/outbox.h"
#include "store/code.h"
#include "store/keys.h"
#include "store/txn.h"

#include <stdlib.h>

#define LINK_TOKEN_BYTES 18

struct offer {
    struct bot *bot;
    struct arena arena;
    struct notice notice;
};

static void on_stored(void *data, const struct txn_result *result) {
    struct offer *offer = data;
    if (result->err == OK)
        outbox_push(offer->bot->outbox, &offer->notice, result->values[0], -1);
    else
        LOG_WARN("no link offered: %s", err_str(result->err));
    arena_finish(&offer->arena);
    free(offer);
}

static void offer_link(struct account *account, const char *group,
                       const char *rider) {
    struct bot *bot = account->bot;
    char token[TOKEN_MAX];
    if (bot->config->public_url == NULL || bot->config->public_url[0] == '\0' ||
        !bot->config->web) {
        LOG_WARN("a private message was refused and there is no web chat");
        return;
    }
    struct offer *offer = xcalloc(1, sizeof(*offer));
    struct arena *arena = &offer->arena;
    offer->bot = bot;
    arena_init(arena);
    token_random(token, sizeof(token), LINK_TOKEN_BYTES);
    offer->notice = (struct notice){
        .lane = LANE_REPLY,
        .account = arena_strdup(arena, account->id),
        .chat = arena_strdup(arena, group),
        .rider = arena_strdup(arena, rider),
        .key = "link.offer",
    };
    notice_param(
        &offer->notice, "url",
        arena_printf(arena, "%s/chat#link=%s", bot->config->public_url, token));
    struct txn *txn = txn_new(bot->store);
    txn_notice(txn, &offer->notice);
    code_create(txn, token,
                &(struct code){.rider = offer->notice.rider, .name = ""},
                TTL_LINK_MS);
    txn_commit(txn, on_stored, offer);
}

void link_fall_back(struct account *account, enum lane lane, const char *group,
                    const char *rider) {
    if (rider == NULL)
        return;
    if (lane == LANE_REPLY) {
        offer_link(account, group, rider);
        return;
    }
    outbox_push(account->bot->outbox,
                &(struct notice){
                    .lane = LANE_ANSWER,
                    .account = account->id,
                    .chat = group,
                    .rider = rider,
                    .key = "group.answer_waits",
                },
                NULL, -1);
}
