/* 随手拍: a photo report; photos, place and category in any order. */
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"
#include "store/txn.h"

#include <string.h>

static const struct slot slots[] = {
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_SKIPPABLE},
    {.name = "place", .type = SLOT_PLACE, .need = SLOT_REQUIRED},
    {.name = "category",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = report_categories,
     .options_key = "category",
     .guessed = true},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_OPTIONAL},
};

/* "lat,lon,words" in its three parts. */
static void split_place(struct turn *turn, const char *value,
                        struct ticket *ticket) {
    char *lat = arena_strdup(&turn->arena, value);
    char *lon = strchr(lat, ',');
    char *words = lon == NULL ? NULL : strchr(lon + 1, ',');
    if (words == NULL)
        return;
    *lon++ = '\0';
    *words++ = '\0';
    ticket->lat = lat;
    ticket->lon = lon;
    ticket->place = words;
}

static void commit(struct turn *turn) {
    char *id = ticket_new_id(turn, 'P');
    if (id == NULL) {
        turn_fail(turn, ERR_AWAY);
        return;
    }
    struct ticket ticket = {
        .id = id,
        .rider = turn->message.rider,
        .account = turn->message.account,
        .chat = turn->answer_chat,
        .group = turn->message.in_group ? turn->message.chat : "",
        .nick = turn->message.nick,
        .category = form_value(turn, "category"),
        .text = form_value(turn, "text"),
        .photos = form_value(turn, "photos"),
        .created_ms = turn->now_ms,
    };
    split_place(turn, form_value(turn, "place"), &ticket);
    ticket_create(turn->txn, &ticket);
    txn_audit(turn->txn, AUDIT_RIDER, "report-create", id, "");
    notice_param(turn_reply(turn, "report.created"), "id", id);
    turn_commit(turn);
}

const struct command command_report = {
    .name = "report",
    .where = COMMAND_ANYWHERE,
    .opens = OPENS_BY_PHOTO,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};
