/* 通知, 推送学习: an organiser's words to groups of the district, with a
 * preview, the exact number of groups, and a confirmation. How many were
 * reached comes when all have an outcome. */
#include "base/utf8.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/broadcasts.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "bot/windows.h"
#include "handlers/handlers.h"
#include "handlers/pushes.h"
#include "store/group.h"
#include "store/store.h"

#include <inttypes.h>
#include <string.h>

#define NOTIFY_MAX_CHARS 1000
#define TITLE_CHARS 20

static const char *const sure[] = {"yes", "no", NULL};

static const struct slot slots[] = {
    {.name = "text",
     .type = SLOT_TEXT,
     .need = SLOT_REQUIRED,
     .min = 2,
     .max = NOTIFY_MAX_CHARS},
    {.name = "groups", .type = SLOT_CHOICES, .need = SLOT_REQUIRED},
    /* Asked by commit(), when it is known how many groups there are. */
    {.name = "sure",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .options = sure,
     .options_key = "sure"},
};
#define SLOT_GROUPS 1

/* ---- the groups there are ------------------------------------------------ */

static void on_groups(void *data, enum err err, const struct group *groups,
                      size_t n) {
    struct turn *turn = data;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
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
    form_set_options(turn, "groups", options, count);
    form_ready(turn);
}

static void prepare(struct turn *turn) {
    group_list_all(turn->bot->store, &turn->arena, on_groups, turn);
}

/* ---- what is said -------------------------------------------------------- */

struct saying {
    struct turn *turn;
    enum lane lane;
    const char *audience;
    struct broadcast after;
};

static const char *count_text(struct turn *turn, size_t n) {
    return arena_printf(&turn->arena, "%zu", n);
}

/* ---- the question -------------------------------------------------------- */

static void on_counted(void *data, enum err err, struct audience *audience) {
    struct saying *saying = data;
    struct turn *turn = saying->turn;
    const struct policy *policy = policies_get(turn->bot->policies);
    size_t n = err == OK ? audience->n : 0;
    audience_free(audience);
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    if (n == 0) {
        turn_say(turn, "notify.no_one");
        return;
    }
    int64_t open_ms = windows_open_ms(policy, turn->now_ms);
    struct notice *question = form_ask(turn, "sure");
    notice_param(question, "n", count_text(turn, n));
    notice_param(question, "when", push_time(turn, open_ms));
    if (policy_broadcasts(policy)->approval)
        turn_add(turn, "notify.second");
    else if (open_ms != 0)
        turn_add(turn, "notify.quiet");
    turn_commit(turn);
}

/* ---- the order ----------------------------------------------------------- */

static void after_commit(struct turn *turn) {
    const struct saying *saying = turn->data;
    broadcasts_happened(turn->bot, &saying->after);
}

static const char *answer_key(const struct broadcast_moved *moved) {
    if (moved->after->state == BROADCAST_SUBMITTED)
        return "notify.submitted";
    return moved->opens_ms != 0 ? "notify.held" : "notify.started";
}

static void on_moved(void *data, enum err err,
                     const struct broadcast_moved *moved) {
    struct saying *saying = data;
    struct turn *turn = saying->turn;
    if (err == ERR_NOT_FOUND) {
        turn_say(turn, "notify.no_one");
        return;
    }
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    saying->after = *moved->after;
    turn->data = saying;
    turn->committed = after_commit;
    struct notice *reply = turn_reply(turn, answer_key(moved));
    notice_param(reply, "id", moved->after->id);
    notice_param(reply, "n", count_text(turn, (size_t)moved->after->total));
    notice_param(reply, "when", push_time(turn, moved->opens_ms));
    turn_commit(turn);
}

static void submit(struct saying *saying) {
    struct turn *turn = saying->turn;
    int64_t number = store_next_number(turn->bot->store);
    const char *text = form_value(turn, "text");
    const struct broadcast broadcast = {
        .id = arena_printf(&turn->arena, "B%" PRId64, number),
        .lane = saying->lane,
        .title = utf8_excerpt(&turn->arena, text, TITLE_CHARS),
        .text = text,
        .target = audience_target_names[AUDIENCE_GROUPS],
        .audience = saying->audience,
        .unit = "*",
        .by = turn->message.rider,
        .by_name = turn->message.nick,
        .report_account = turn->message.account,
        .report_chat = turn->answer_chat,
        .created_ms = turn->now_ms,
    };
    const struct broadcast_order order = {.move = BROADCAST_SUBMIT,
                                          .actor = turn->message.rider};
    if (number == 0)
        turn_fail(turn, ERR_AWAY);
    else
        broadcasts_move(turn->bot, &turn->arena, turn->txn, &broadcast, &order,
                        on_moved, saying);
}

/* All of them are more than can be listed. */
static const char *audience_of(struct turn *turn) {
    const char *chats = form_value(turn, "groups");
    size_t n = 1;
    for (const char *at = strchr(chats, ','); at != NULL;
         at = strchr(at + 1, ','))
        n++;
    return n > 1 && n == turn->form->n_options[SLOT_GROUPS]
               ? ""
               : broadcasts_to_groups(&turn->arena, chats);
}

static void say(struct turn *turn, enum lane lane) {
    struct saying *saying = arena_alloc(&turn->arena, sizeof(*saying));
    *saying = (struct saying){turn, lane, audience_of(turn), {0}};
    const char *answer = form_value(turn, "sure");
    if (strcmp(answer, "yes") == 0)
        submit(saying);
    else if (strcmp(answer, "no") == 0)
        turn_say(turn, "form.cancelled");
    else
        audience_resolve(turn->bot,
                         &(struct audience_query){
                             .target = AUDIENCE_GROUPS,
                             .expression = saying->audience,
                             .units = "*",
                             .count_only = true,
                         },
                         on_counted, saying);
}

static void notify_commit(struct turn *turn) {
    say(turn, LANE_NOTICE);
}

static void study_commit(struct turn *turn) {
    say(turn, LANE_STUDY);
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
