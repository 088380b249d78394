/* What is written about a ticket and never told, and who sent it. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "bot/api/moves.h"
#include "bot/api/order.h"
#include "bot/api/ticket_json.h"
#include "bot/api/ticket_read.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/work.h"
#include "store/txn.h"

#include <string.h>

/* ---- notes ---------------------------------------------------------------
 */

#define NOTE_TRIES 4

struct noting {
    struct order order;
    int tries;
    int64_t at_ms;
};

static void take_note(struct api_call *call, const struct ticket *ticket);

static void answer_note(struct api_call *call, const struct noting *noting) {
    struct ticket_entry entry = {.who = call->caller.actor,
                                 .name = call->caller.display};

    api_created(
        call, json_pack("{sI ss ss}", "at_ms", (json_int_t)noting->at_ms, "who",
                        ticket_who(&entry), "text", noting->order.text));
}

static void on_noted(struct work *work, enum err err) {
    struct api_call *call = work->data;
    struct noting *noting = call->data;

    noting->at_ms = work->now_ms;
    work_free(work);
    if (err == OK) {
        board_poke(call->bot->board);
        answer_note(call, noting);
    } else if (err == ERR_CONFLICT && ++noting->tries < NOTE_TRIES) {
        /* Whatever it has become, the note is still about it. */
        ticket_fetch(call, call->args[0], PERM_TICKETS_MOVE, take_note);
    } else if (err == ERR_LIMIT) {
        api_invalid(call, order_refusal(err, &noting->order), NULL);
    } else {
        api_fail(call, err);
    }
}

static void take_note(struct api_call *call, const struct ticket *ticket) {
    struct noting *noting = call->data;
    struct work *work = work_new(call->bot);
    struct desk desk = desk_of_work(work);
    struct ticket *after = arena_alloc(&work->arena, sizeof(*after));
    enum err err = desk_move(&desk, ticket, &noting->order, after);

    if (err == OK) {
        api_happens(call, work->txn);
        work_commit(work, on_noted, call);
        return;
    }
    work_free(work);
    api_invalid(call, order_refusal(err, &noting->order), NULL);
}

void notes_post(struct api_call *call) {
    struct noting *noting = arena_alloc(&call->arena, sizeof(*noting));

    call->data = noting;
    noting->order = (struct order){
        .move = MOVE_NOTE,
        .by = MOVER_STAFF,
        .actor = call->caller.actor,
        .name = call->caller.display,
        .urgent = -1,
        .anonymous = -1,
    };
    if (order_text(call, "text", LIMIT_TEXT_CHARS, true, &noting->order.text))
        ticket_fetch(call, call->args[0], PERM_TICKETS_MOVE, take_note);
}

/* ---- who sent it ---------------------------------------------------------
 */

#define REASON_CHARS_MIN 5
#define REASON_CHARS_MAX 200

struct unmasking {
    struct api_call *call;
    const char *reason;
    const struct ticket *ticket;
};

/* Only once it is written down who asked, and why. */
static void on_written(void *data, const struct txn_result *result) {
    struct unmasking *unmasking = data;
    struct api_call *call = unmasking->call;
    const struct ticket *ticket = unmasking->ticket;

    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    json_t *json = json_object();
    json_object_set_new(json, "rider", json_string(ticket->rider));
    json_object_set_new(json, "nick", ticket_text(ticket->nick));
    json_object_set_new(json, "account", ticket_text(ticket->account));
    json_object_set_new(json, "chat", ticket_text(ticket->chat));
    api_answer(call, json, 0);
}

static void unmask(struct api_call *call, const struct ticket *ticket) {
    struct unmasking *unmasking = call->data;

    unmasking->ticket = ticket;
    struct txn *txn = txn_new(call->bot->store);
    txn_audit(txn, call->caller.actor, "ticket-unmask", ticket->id,
              unmasking->reason);
    api_happens(call, txn);
    txn_commit(txn, on_written, unmasking);
}

void unmask_post(struct api_call *call) {
    struct unmasking *unmasking = arena_alloc(&call->arena, sizeof(*unmasking));

    unmasking->call = call;
    call->data = unmasking;
    if (!order_text(call, "reason", REASON_CHARS_MAX, true, &unmasking->reason))
        return;
    if (utf8_length(unmasking->reason) < REASON_CHARS_MIN)
        api_invalid(call, "too_short", "reason");
    else
        ticket_fetch(call, call->args[0], PERM_UNMASK, unmask);
}
