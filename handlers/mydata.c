/* 我的数据, 删除我的数据: what is stored of a rider, and an end to it. */
#include "handlers/mydata.h"

#include "base/token.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/form.h"
#include "bot/photo.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/chat.h"
#include "store/group.h"
#include "store/points.h"
#include "store/rider.h"
#include "store/seen.h"
#include "store/ticket.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

/* Tickets shown in one answer, and erased in one transaction. */
#define SHOWN 30
#define ERASED 500
#define RECEIPT_CHARS 10

/* What is kept besides tickets and points. */
static const struct kept *const kept[] = {
    &kept_registration, &kept_learning, &kept_reads,
    &kept_quizzes,      &kept_signups,
};

/* Of one of the two, while the parts are gone through. */
struct mydata {
    const struct ticket *tickets;
    size_t n;
    int64_t total;
    int64_t points;
    bool forgets;
    size_t next;                       /* of kept */
    const char *told;                  /* by the parts, a line each */
    void (*finish)(struct turn *turn); /* after the last part */
};

void mydata_next(struct turn *turn, enum err err) {
    struct mydata *mydata = turn->data;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    if (mydata->next == ARRAY_LEN(kept)) {
        mydata->finish(turn);
        return;
    }
    const struct kept *part = kept[mydata->next++];
    (mydata->forgets ? part->forget : part->list)(turn);
}

void mydata_tell(struct turn *turn, const char *line) {
    struct mydata *mydata = turn->data;
    mydata->told = arena_printf(&turn->arena, "%s\n%s", mydata->told, line);
}

static struct mydata *mydata_new(struct turn *turn,
                                 const struct ticket *tickets, size_t n,
                                 int64_t total) {
    struct mydata *mydata = arena_alloc(&turn->arena, sizeof(*mydata));
    *mydata =
        (struct mydata){.tickets = tickets, .n = n, .total = total, .told = ""};
    turn->data = mydata;
    return mydata;
}

/* ---- 我的数据 ---- */

static const char *consent_text(struct turn *turn) {
    const char *consent = turn->rider.consent;
    const char *at = strrchr(consent, ':');
    const char *key = strncmp(consent, "yes", 3) == 0  ? "mydata.consent_yes"
                      : strncmp(consent, "no", 2) == 0 ? "mydata.consent_no"
                                                       : "mydata.consent_none";
    const struct text_param time = {
        "time", at == NULL ? "" : ticket_time(turn, strtoll(at + 1, NULL, 10))};
    return turn_text(turn, key, &time, 1);
}

static void tell_all(struct turn *turn) {
    const struct mydata *mine = turn->data;
    struct notice *reply = turn_reply(turn, "mydata.list");
    notice_param(reply, "rider", turn->message.rider);
    notice_param(reply, "lang", lang_tag(turn->lang));
    notice_param(reply, "consent", consent_text(turn));
    notice_param(reply, "points",
                 arena_printf(&turn->arena, "%lld", (long long)mine->points));
    notice_param(reply, "n",
                 arena_printf(&turn->arena, "%lld", (long long)mine->total));
    notice_param(reply, "rows", ticket_rows(turn, mine->tickets, mine->n, 40));
    notice_param(reply, "more", mine->told);
    txn_audit(turn->txn, AUDIT_RIDER, "rider-export", "", "");
    turn_commit(turn);
}

static void on_points(void *data, enum err err, int64_t points) {
    struct turn *turn = data;
    struct mydata *mine = turn->data;
    mine->points = points;
    mydata_next(turn, err);
}

static void on_mine(struct turn *turn, const struct ticket *tickets, size_t n,
                    int64_t total) {
    struct mydata *mine = mydata_new(turn, tickets, n, total);
    mine->finish = tell_all;
    points_get(turn->bot->store, &turn->arena, turn->message.rider, on_points,
               turn);
}

static void mydata_commit(struct turn *turn) {
    ticket_list_mine(turn, SHOWN, on_mine);
}

const struct command command_mydata = {
    .name = "mydata",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .quiet = true,
    .commit = mydata_commit,
};

/* ---- 删除我的数据 ---- */

static const char *const sure[] = {"yes", "no", NULL};

static const struct slot forget_slots[] = {
    {.name = "sure",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = sure,
     .options_key = "sure"},
};

static void remove_files(struct turn *turn, const char *photos) {
    char *ids = arena_strdup(&turn->arena, photos);
    char *save = NULL;
    for (char *id = strtok_r(ids, ",", &save); id != NULL;
         id = strtok_r(NULL, ",", &save))
        photo_remove(turn->bot->photos, id);
}

/* The records are gone; now the files, and what was answered today. */
static void remove_rest(struct turn *turn) {
    const struct mydata *erased = turn->data;
    seen_forget(turn->bot->store, turn->message.rider, turn->answer_chat,
                turn->message.id);
    for (size_t i = 0; i < erased->n; i++) {
        if (!ticket_is_own(turn, &erased->tickets[i]))
            continue;
        remove_files(turn, erased->tickets[i].photos);
        remove_files(turn, erased->tickets[i].after);
    }
}

/* Somebody else's goes on without them. */
static void leave(struct turn *turn, const struct ticket *ticket) {
    struct ticket after = *ticket;
    after.followers =
        ticket_unfollow(&turn->arena, ticket, turn->message.rider);
    if (after.followers == NULL)
        return;
    ticket_change(turn->txn, ticket, &after, NULL);
    txn_audit(turn->txn, AUDIT_RIDER, "ticket-leave", ticket->id, "");
}

static void erase(struct turn *turn, const struct ticket *ticket) {
    ticket_erase(turn->txn, ticket->id, turn->now_ms);
    txn_audit(turn->txn, AUDIT_RIDER, "ticket-erase", ticket->id, "");
}

/* A member of the web chat has left words there, too. */
static void forget_chat(struct turn *turn) {
    const struct config *config = turn->bot->config;
    const char *groups[GROUPS_MAX];
    size_t n =
        config->n_web_groups < GROUPS_MAX ? config->n_web_groups : GROUPS_MAX;
    if (!turn->forget || strncmp(turn->rider.id, "web.", 4) != 0)
        return;
    for (size_t i = 0; i < n; i++)
        groups[i] =
            arena_printf(&turn->arena, "web.g%s", config->web_groups[i].name);
    chat_forget(turn->txn, turn->rider.id, turn->answer_chat, groups, n);
}

static void erase_all(struct turn *turn) {
    const struct mydata *erased = turn->data;
    char receipt[TOKEN_MAX];
    size_t n_own = 0;
    forget_chat(turn);
    for (size_t i = 0; i < erased->n; i++) {
        bool own = ticket_is_own(turn, &erased->tickets[i]);
        n_own += own;
        (own ? erase : leave)(turn, &erased->tickets[i]);
    }
    points_forget(turn->txn, turn->message.rider);
    if (turn->forget)
        rider_erase(turn->txn, &turn->rider);
    token_code(receipt, sizeof(receipt), RECEIPT_CHARS);
    txn_audit(turn->txn, AUDIT_RIDER, "rider-erase", receipt, "");
    struct notice *reply =
        turn_reply(turn, turn->forget ? "forget.done" : "forget.more");
    notice_param(reply, "receipt", arena_strdup(&turn->arena, receipt));
    notice_param(reply, "n", arena_printf(&turn->arena, "%zu", n_own));
    turn_commit(turn);
}

static void on_tickets(struct turn *turn, const struct ticket *tickets,
                       size_t n, int64_t total) {
    struct mydata *erased = mydata_new(turn, tickets, n, total);
    erased->forgets = true;
    erased->finish = erase_all;
    turn->committed = remove_rest;
    turn->forget = total <= (int64_t)n;
    mydata_next(turn, OK);
}

static void forget_commit(struct turn *turn) {
    if (strcmp(form_value(turn, "sure"), "yes") != 0)
        turn_say(turn, "form.cancelled");
    else
        ticket_list_mine(turn, ERASED, on_tickets);
}

const struct command command_forget = {
    .name = "forget",
    .where = COMMAND_PRIVATE,
    .quiet = true,
    .slots = forget_slots,
    .n_slots = ARRAY_LEN(forget_slots),
    .commit = forget_commit,
};
