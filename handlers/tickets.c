#include "handlers/tickets.h"

#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/turn.h"
#include "store/store.h"

#include <inttypes.h>
#include <string.h>

const char *const request_kinds[] = {
    "wage",    "injury", "contract", "platform", "charge",
    "parking", "rest",   "family",   "other",    NULL};

const char *const report_categories[] = {
    "fire", "safety", "sanitation", "damage", "uncivil", "other", NULL};

/* ---- whose it is -----------------------------------------------------------
 */

bool ticket_is_own(const struct turn *turn, const struct ticket *ticket) {
    return strcmp(ticket->rider, turn->message.rider) == 0;
}

bool ticket_is_followed(struct turn *turn, const struct ticket *ticket) {
    struct follower all[TICKET_FOLLOWERS_MAX];
    size_t n = ticket_followers(&turn->arena, ticket, all);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].rider, turn->message.rider) == 0)
            return true;
    return false;
}

static bool is_any(struct turn *turn, const struct ticket *ticket) {
    (void)turn;
    (void)ticket;
    return true;
}

static bool is_own(struct turn *turn, const struct ticket *ticket) {
    return ticket_is_own(turn, ticket);
}

static bool is_mine(struct turn *turn, const struct ticket *ticket) {
    return ticket_is_own(turn, ticket) || ticket_is_followed(turn, ticket);
}

/* ---- finding ---------------------------------------------------------------
 */

struct finding {
    struct turn *turn;
    char *id;
    bool tried_other;
    bool (*may_see)(struct turn *turn, const struct ticket *ticket);
    ticket_found *done;
};

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct finding *finding = data;
    struct turn *turn = finding->turn;
    if (err == ERR_NOT_FOUND && !finding->tried_other) {
        finding->tried_other = true;
        finding->id[0] = finding->id[0] == 'S' ? 'P' : 'S';
        ticket_get(turn->bot->store, &turn->arena, finding->id, on_ticket,
                   finding);
        return;
    }
    /* A ticket that is not theirs to see is answered like one that is not
     * there. */
    if (err == OK && !finding->may_see(turn, ticket))
        err = ERR_NOT_FOUND;
    if (err != OK)
        turn_fail(turn, err);
    else
        finding->done(turn, ticket);
}

static void find(struct turn *turn, const char *id,
                 bool (*may_see)(struct turn *turn,
                                 const struct ticket *ticket),
                 ticket_found *done) {
    struct finding *finding = arena_alloc(&turn->arena, sizeof(*finding));
    *finding = (struct finding){
        .turn = turn,
        .id = arena_strdup(&turn->arena, id),
        .may_see = may_see,
        .done = done,
    };
    ticket_get(turn->bot->store, &turn->arena, finding->id, on_ticket, finding);
}

void ticket_find(struct turn *turn, const char *id, ticket_found *done) {
    find(turn, id, is_any, done);
}

void ticket_find_own(struct turn *turn, const char *id, ticket_found *done) {
    find(turn, id, is_own, done);
}

void ticket_find_mine(struct turn *turn, const char *id, ticket_found *done) {
    find(turn, id, is_mine, done);
}

void ticket_find_covered(struct turn *turn, const char *id,
                         ticket_found *done) {
    find(turn, id, worker_covers, done);
}

/* ---- with the log ---- */

#define LOG_ENTRIES_SHOWN 20

struct log_reading {
    struct turn *turn;
    struct ticket ticket;
    void (*done)(struct turn *turn, const struct ticket *ticket,
                 const struct ticket_entry *entries, size_t n);
};

static void on_log(void *data, enum err err, const struct ticket_entry *entries,
                   size_t n) {
    struct log_reading *reading = data;
    if (err != OK)
        turn_fail(reading->turn, err);
    else
        reading->done(reading->turn, &reading->ticket, entries, n);
}

void ticket_with_log(struct turn *turn, const struct ticket *ticket,
                     void (*done)(struct turn *turn,
                                  const struct ticket *ticket,
                                  const struct ticket_entry *entries,
                                  size_t n)) {
    struct log_reading *reading = arena_alloc(&turn->arena, sizeof(*reading));
    *reading = (struct log_reading){turn, *ticket, done};
    ticket_log_get(turn->bot->store, &turn->arena, ticket->id,
                   LOG_ENTRIES_SHOWN, on_log, reading);
}

/* ---- the rider's ---- */

struct list_reading {
    struct turn *turn;
    void (*done)(struct turn *turn, const struct ticket *tickets, size_t n,
                 int64_t total);
};

static void on_list(void *data, enum err err, const struct ticket *tickets,
                    size_t n, int64_t total) {
    struct list_reading *reading = data;
    if (err != OK)
        turn_fail(reading->turn, err);
    else
        reading->done(reading->turn, tickets, n, total);
}

void ticket_list_mine(struct turn *turn, size_t max,
                      void (*done)(struct turn *turn,
                                   const struct ticket *tickets, size_t n,
                                   int64_t total)) {
    struct list_reading *reading = arena_alloc(&turn->arena, sizeof(*reading));
    *reading = (struct list_reading){turn, done};
    ticket_list_of(turn->bot->store, &turn->arena, turn->message.rider, max,
                   on_list, reading);
}

const struct ticket *ticket_last_closed(const struct turn *turn,
                                        const struct ticket *tickets, size_t n,
                                        bool rated_too) {
    const struct ticket *last = NULL;
    for (size_t i = 0; i < n; i++) {
        const struct ticket *ticket = &tickets[i];
        bool ended = ticket->state == TICKET_CLOSED ||
                     (rated_too && (ticket->state == TICKET_CONFIRMED ||
                                    ticket->state == TICKET_REJECTED));
        if (!ended || (!rated_too && ticket->rating != 0) ||
            !ticket_is_own(turn, ticket))
            continue;
        if (last == NULL || ticket->updated_ms > last->updated_ms)
            last = ticket;
    }
    return last;
}

/* ---- moving ---------------------------------------------------------------
 */

char *ticket_new_id(struct turn *turn, char prefix) {
    int64_t number = store_next_number(turn->bot->store);
    if (number == 0)
        return NULL;
    return arena_printf(&turn->arena, "%c%" PRId64, prefix, number);
}

bool ticket_move(struct turn *turn, const struct ticket *ticket,
                 const struct order *order) {
    struct desk desk = desk_of_turn(turn);
    struct order as = *order;
    struct ticket after;
    as.by = MOVER_RIDER;
    enum err err = desk_move(&desk, ticket, &as, &after);
    if (err == OK)
        return true;
    turn_unsay(turn);
    turn->refused = true;
    notice_param(turn_reply(turn, err == ERR_STATE
                                      ? "error.state"
                                      : desk_refusal_key(err, &as)),
                 "id", ticket->id);
    turn_commit(turn);
    return false;
}
