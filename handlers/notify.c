/* 通知, 学习: an organiser's words to groups of the district, with a preview
 * and a confirmation. How many were reached comes when all have an outcome. */
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/push.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "store/group.h"
#include "store/push.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <string.h>

#define NOTIFY_MAX_CHARS 1000

static const char *const sure[] = {"yes", "no", NULL};

static const struct slot slots[] = {
    {.name = "text",
     .type = SLOT_TEXT,
     .need = SLOT_REQUIRED,
     .min = 2,
     .max = NOTIFY_MAX_CHARS},
    {.name = "groups", .type = SLOT_CHOICES, .need = SLOT_REQUIRED},
    {.name = "sure",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = sure,
     .options_key = "sure"},
};

/* The groups of the district, as prepare() found them. */
struct groups {
    const struct group *all;
    size_t n;
};

static void on_groups(void *data, enum err err, const struct group *groups,
                      size_t n) {
    struct turn *turn = data;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    struct groups *found = arena_alloc(&turn->arena, sizeof(*found));
    struct option *options =
        arena_alloc(&turn->arena, (n + 1) * sizeof(*options));
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (!groups[i].muted)
            options[count++] =
                (struct option){groups[i].chat, groups[i].title, NULL};
    if (count == 0) {
        turn_say(turn, "notify.no_groups");
        return;
    }
    *found = (struct groups){groups, n};
    turn->data = found;
    form_set_options(turn, "groups", options, count);
    form_ready(turn);
}

static void prepare(struct turn *turn) {
    group_list_all(turn->bot->store, &turn->arena, on_groups, turn);
}

/* The groups whose ids stand in "id,id,id". */
static size_t choose(struct turn *turn, const char *ids, struct group *chosen) {
    const struct groups *groups = turn->data;
    size_t n = 0;
    for (size_t i = 0; i < groups->n; i++) {
        const char *chat = groups->all[i].chat;
        const char *at = strstr(ids, chat);
        size_t len = strlen(chat);
        while (at != NULL && ((at != ids && at[-1] != ',') ||
                              (at[len] != ',' && at[len] != '\0')))
            at = strstr(at + 1, chat);
        if (at != NULL)
            chosen[n++] = groups->all[i];
    }
    return n;
}

static void begin_sending(struct turn *turn) {
    struct account *account = turn->bot->accounts;
    for (; account != NULL; account = account->hh.next)
        if (account->online)
            broadcasts_sweep(account);
}

static void create(struct turn *turn, enum lane lane, const char *key) {
    const struct groups *groups = turn->data;
    struct group *chosen =
        arena_alloc(&turn->arena, (groups->n + 1) * sizeof(*chosen));
    size_t n = choose(turn, form_value(turn, "groups"), chosen);
    int64_t number = store_next_number(turn->bot->store);
    if (strcmp(form_value(turn, "sure"), "yes") != 0) {
        turn_say(turn, "form.cancelled");
        return;
    }
    if (n == 0) {
        turn_fail(turn, ERR_NOT_FOUND);
        return;
    }
    if (number == 0) {
        turn_fail(turn, ERR_AWAY);
        return;
    }
    const struct push broadcast = {
        .id = arena_printf(&turn->arena, "B%" PRId64, number),
        .lane = lane,
        .key = key,
        .text = form_value(turn, "text"),
        .by = turn->message.rider,
        .created_ms = turn->now_ms,
    };
    struct notice report = {
        .lane = LANE_ANSWER,
        .account = turn->message.account,
        .chat = turn->answer_chat,
        .rider = turn->message.rider,
        .key = "notify.report",
    };
    notice_param(&report, "id", broadcast.id);
    push_create(turn->txn, &broadcast, chosen, n, &report);
    const char *count = arena_printf(&turn->arena, "%zu", n);
    txn_audit(turn->txn, turn->message.rider, "broadcast-create", broadcast.id,
              count);
    struct notice *reply = turn_reply(turn, "notify.started");
    notice_param(reply, "id", broadcast.id);
    notice_param(reply, "n", count);
    turn->committed = begin_sending;
    turn_commit(turn);
}

static void notify_commit(struct turn *turn) {
    create(turn, LANE_NOTICE, "notify.text");
}

static void study_commit(struct turn *turn) {
    create(turn, LANE_STUDY, "study.text");
}

const struct command command_notify = {
    .name = "notify",
    .roles = ROLE_ORGANISER,
    .where = COMMAND_PRIVATE,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = notify_commit,
};

const struct command command_study = {
    .name = "study",
    .roles = ROLE_ORGANISER,
    .where = COMMAND_PRIVATE,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = study_commit,
};
