/* 已读: the rider has read what was sent to this chat last; and what is kept of
 * that. */
#include "base/arena.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/mydata.h"
#include "store/broadcast.h"
#include "store/delivery.h"

#include <stdbool.h>

#define TITLE_CHARS 30
#define IDS_SHOWN 20

/* What is read before it is noted. */
struct reading {
    const char *id; /* of the broadcast */
    size_t index;
    const char *title;
};

static void note(struct turn *turn, bool again) {
    const struct reading *reading = turn->data;
    bool in_group = turn->message.in_group;
    if (!again)
        delivery_read(turn->txn, reading->id, reading->index,
                      turn->message.rider, NULL, turn->now_ms);
    /* Nobody's name stands in a group. */
    struct notice *reply = turn_reply(turn, again      ? "read.again"
                                            : in_group ? "read.noted_group"
                                                       : "read.noted");
    notice_param(reply, "title", reading->title);
    turn_commit(turn);
}

static void on_reader(void *data, enum err err, bool has_read) {
    struct turn *turn = data;
    if (err != OK)
        turn_fail(turn, err);
    else
        note(turn, has_read);
}

static void on_broadcast(void *data, enum err err,
                         const struct broadcast *broadcast) {
    struct turn *turn = data;
    struct reading *reading = turn->data;
    if (err == ERR_NOT_FOUND) {
        turn_say(turn, "read.none");
        return;
    }
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    reading->title = utf8_excerpt(&turn->arena,
                                  broadcast->title[0] != '\0' ? broadcast->title
                                                              : broadcast->text,
                                  TITLE_CHARS);
    delivery_reader(turn->bot->store, &turn->arena, reading->id,
                    turn->message.rider, on_reader, turn);
}

static void on_pushed(void *data, enum err err, const char *id, size_t index) {
    struct turn *turn = data;
    if (err == ERR_NOT_FOUND) {
        turn_say(turn, "read.none");
        return;
    }
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    struct reading *reading = arena_alloc(&turn->arena, sizeof(*reading));
    reading->id = arena_strdup(&turn->arena, id);
    reading->index = index;
    turn->data = reading;
    broadcast_get(turn->bot->store, &turn->arena, reading->id, on_broadcast,
                  turn);
}

static void commit(struct turn *turn) {
    delivery_pushed(turn->bot->store, &turn->arena, turn->message.chat,
                    turn->now_ms, on_pushed, turn);
}

const struct command command_read = {
    .name = "read",
    .where = COMMAND_ANYWHERE,
    .keeps_form = true,
    .hidden = true, /* a broadcast says it */
    .commit = commit,
};

/* ---- what is kept of it ---------------------------------------------------
 */

static void on_read(void *data, enum err err, const char *const *ids,
                    size_t n) {
    struct turn *turn = data;
    const char *all = "";
    for (size_t i = 0; err == OK && i < n && i < IDS_SHOWN; i++)
        all = arena_printf(&turn->arena, "%s%s%s", ids[n - 1 - i],
                           i == 0 ? "" : " ", all);
    const struct text_param params[] = {
        {"n", arena_printf(&turn->arena, "%zu", n)},
        {"ids", all},
    };
    if (err == OK && n > 0)
        mydata_tell(turn,
                    turn_text(turn, "mydata.reads", params, ARRAY_LEN(params)));
    mydata_next(turn, err);
}

static void list_reads(struct turn *turn) {
    delivery_ids(turn->bot->store, &turn->arena, turn->message.rider, on_read,
                 turn);
}

/* The private chat goes from the targets of all that are kept, read or not. */
static void on_all(void *data, enum err err, const char *const *ids, size_t n) {
    struct turn *turn = data;
    const char *rider = turn->message.rider;
    if (err == OK && n > 0)
        delivery_forget(turn->txn, rider, chat_of_rider(&turn->arena, rider),
                        ids, n);
    mydata_next(turn, err);
}

static void forget_reads(struct turn *turn) {
    delivery_ids(turn->bot->store, &turn->arena, NULL, on_all, turn);
}

const struct kept kept_reads = {list_reads, forget_reads};
