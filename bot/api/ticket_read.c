#include "bot/api/ticket_read.h"

#include "base/arena.h"
#include "bot/api/ticket_json.h"
#include "bot/api/views.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "store/txn.h"

#include <string.h>

bool ticket_id_valid(struct arena *arena, const char *id) {
    const char *parsed = ticket_parse_id(arena, id, 'S');

    return parsed != NULL && strcmp(parsed, id) == 0;
}

bool ticket_covered(const struct api_call *call, enum permission permission,
                    const struct ticket *ticket) {
    return access_covers(&call->caller, policies_get(call->bot->policies),
                         permission, ticket->unit, ticket->community,
                         ticket->category);
}

/* ---- one ticket ----------------------------------------------------------
 */

struct fetching {
    struct api_call *call;
    enum permission permission;
    ticket_then *then;
};

static void on_fetched(void *data, enum err err, const struct ticket *ticket) {
    struct fetching *fetching = data;
    struct api_call *call = fetching->call;

    if (err == OK && !ticket_covered(call, fetching->permission, ticket))
        err = ERR_NOT_FOUND;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    struct ticket *kept = arena_alloc(&call->arena, sizeof(*kept));
    *kept = *ticket;
    fetching->then(call, kept);
}

void ticket_fetch(struct api_call *call, const char *id,
                  enum permission permission, ticket_then *then) {
    if (!ticket_id_valid(&call->arena, id)) {
        api_fail(call, ERR_NOT_FOUND);
        return;
    }
    struct fetching *fetching = arena_alloc(&call->arena, sizeof(*fetching));
    *fetching = (struct fetching){call, permission, then};
    ticket_get(call->bot->store, &call->arena, id, on_fetched, fetching);
}

/* ---- with its history ----------------------------------------------------
 */

struct reading {
    struct api_call *call;
    enum page_as as;
    enum err err;
    struct ticket ticket;
    struct ticket_page page;
    size_t waiting;
};

static void answer(struct reading *reading) {
    struct api_call *call = reading->call;
    json_t *json = ticket_page_json(call, &reading->page);

    if (reading->as == PAGE_STALE)
        api_stale(call, json);
    else if (reading->as == PAGE_CREATED)
        api_created(call, json);
    else
        api_answer(call, json, reading->ticket.version);
}

static void on_view(void *data, enum err err) {
    struct reading *reading = data;

    if (err == OK)
        answer(reading);
    else
        api_fail(reading->call, err);
}

/* All that was asked for has come; before that nothing may be answered, for
 * the call goes away with it. */
static void one_read(struct reading *reading, enum err err) {
    struct api_call *call = reading->call;

    if (reading->err == OK)
        reading->err = err;
    if (--reading->waiting > 0)
        return;
    if (reading->err == OK && reading->as == PAGE_SEEN &&
        !ticket_covered(call, PERM_TICKETS_READ, &reading->ticket))
        reading->err = ERR_NOT_FOUND;
    if (reading->err != OK)
        api_fail(call, reading->err);
    else if (reading->as == PAGE_SEEN)
        views_add(call->bot->views, call->caller.actor, reading->ticket.id,
                  on_view, reading);
    else
        answer(reading);
}

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct reading *reading = data;

    reading->ticket = *ticket;
    one_read(reading, err);
}

static void on_log(void *data, enum err err, const struct ticket_entry *entries,
                   size_t n) {
    struct reading *reading = data;

    reading->page.log = entries;
    reading->page.n_log = n;
    one_read(reading, err);
}

static void on_notes(void *data, enum err err,
                     const struct ticket_entry *entries, size_t n) {
    struct reading *reading = data;

    reading->page.notes = entries;
    reading->page.n_notes = n;
    one_read(reading, err);
}

void ticket_page_answer(struct api_call *call, const char *id,
                        enum page_as as) {
    if (!ticket_id_valid(&call->arena, id)) {
        api_fail(call, ERR_NOT_FOUND);
        return;
    }
    struct store *store = call->bot->store;
    struct reading *reading = arena_alloc(&call->arena, sizeof(*reading));
    reading->call = call;
    reading->as = as;
    reading->page.ticket = &reading->ticket;
    reading->waiting = 3;
    ticket_get(store, &call->arena, id, on_ticket, reading);
    ticket_log_get(store, &call->arena, id, TICKET_LOG_MAX, on_log, reading);
    ticket_notes_get(store, &call->arena, id, TICKET_LOG_MAX, on_notes,
                     reading);
}
