#include "base/err.h"
#include "base/phone.h"
#include "bot/api/open311_parts.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/ticket.h"

#include <string.h>

#define CODES_MAX 32 /* of a list in a query */

/* ---- one report ------------------------------------------------------------
 */

static bool is_shown(const struct open311_call *call, const struct card *card) {
    return card->report && card->state != TICKET_ERASED &&
           open311_covers(call, card->unit, card->community, card->category);
}

static const char *code_of(const struct card *card) {
    return open311_is_service(card->category) ? card->category : "other";
}

static const char *agency(const struct open311_call *call,
                          const struct card *card) {
    const struct unit *unit =
        policy_unit(policies_get(call->bot->policies), card->unit);
    return unit == NULL ? "" : unit->name;
}

static json_t *date(const struct open311_call *call, int64_t ms) {
    return open311_date(ms, call->bot->config->utc_offset_minutes);
}

/* What a rider has taken back, nobody needs to read. */
static json_t *description(struct open311_call *call, const struct card *card) {
    if (card->state == TICKET_WITHDRAWN)
        return json_null();
    return open311_string(&call->arena, phone_mask(&call->arena, card->text));
}

static void add_status(struct open311_call *call, const struct card *card,
                       json_t *json) {
    bool open = ticket_is_open(card->state);
    const char *code = code_of(card);
    json_object_set_new(json, "status", json_string(open ? "open" : "closed"));
    json_object_set_new(
        json, "status_notes",
        json_string(open311_text(call, ticket_state_key(card->state))));
    json_object_set_new(json, "service_name",
                        json_string(open311_service_name(call, code)));
    json_object_set_new(json, "service_code", json_string(code));
    json_object_set_new(json, "description", description(call, card));
    json_object_set_new(json, "agency_responsible",
                        open311_string(&call->arena, agency(call, card)));
    json_object_set_new(json, "service_notice", json_null());
}

static void add_dates(const struct open311_call *call, const struct card *card,
                      json_t *json) {
    json_object_set_new(json, "requested_datetime",
                        date(call, card->created_ms));
    json_object_set_new(json, "updated_datetime", date(call, card->updated_ms));
    json_object_set_new(
        json, "expected_datetime",
        date(call, card->due == DUE_RESOLVE ? card->due_ms : 0));
}

static void add_place(struct open311_call *call, const struct card *card,
                      json_t *json) {
    json_object_set_new(
        json, "address",
        open311_string(&call->arena, phone_mask(&call->arena, card->place)));
    json_object_set_new(json, "address_id", json_null());
    json_object_set_new(json, "zipcode", json_null());
    json_object_set_new(
        json, "lat", card->has_position ? json_real(card->lat) : json_null());
    json_object_set_new(
        json, "long", card->has_position ? json_real(card->lon) : json_null());
    json_object_set_new(json, "media_url", json_null());
}

static json_t *report_json(struct open311_call *call, const struct card *card) {
    json_t *json = json_object();
    json_object_set_new(json, "service_request_id", json_string(card->id));
    add_status(call, card, json);
    add_dates(call, card, json);
    add_place(call, card, json);
    return json;
}

/* What a card does not hold: the first photo (ids are joined by ','), and by
 * when it is to be solved while it has yet to be taken up. */
static void add_rest(struct open311_call *call, json_t *json,
                     const struct ticket *ticket) {
    const char *url = call->bot->config->public_url;
    if (url != NULL && ticket->photos[0] != '\0')
        json_object_set_new(
            json, "media_url",
            json_string(arena_printf(&call->arena, "%s/photos/%.*s", url,
                                     (int)strcspn(ticket->photos, ","),
                                     ticket->photos)));
    if (ticket_is_open(ticket->state))
        json_object_set_new(json, "expected_datetime",
                            date(call, ticket->resolve_ms));
}

static bool has_rest(const struct open311_call *call, const struct card *card) {
    return card->due == DUE_ACKNOWLEDGE ||
           (card->photos > 0 && call->bot->config->public_url != NULL);
}

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct open311_call *call = data;
    struct card card;
    if (err == OK)
        board_card(&card, ticket);
    if (err == ERR_NOT_FOUND || (err == OK && !is_shown(call, &card))) {
        open311_fail(call, 404, "service_request_id was not found");
        return;
    }
    if (err != OK) {
        open311_fail_err(call, err);
        return;
    }
    json_t *json = report_json(call, &card);
    add_rest(call, json, ticket);
    open311_answer(call, "service_requests", json_pack("[o]", json));
}

/* The number of a report as it is written here; NULL: it is none. */
static const char *report_id(struct open311_call *call, const char *text) {
    const char *id = ticket_parse_id(&call->arena, text, 'P');
    return id != NULL && strcmp(id, text) == 0 && ticket_is_report(id) ? id
                                                                       : NULL;
}

/* ---- filters ---------------------------------------------------------------
 */

struct listing {
    struct open311_call *call;
    struct board_filter filter;
    const char *codes[CODES_MAX];
    size_t n_codes;
    const char *ids; /* "P1,P2", or "" */
    json_t *rows;
    size_t reading; /* tickets that are asked for */
};

static bool covers(void *data, const struct card *card) {
    const struct listing *listing = data;
    bool wanted = listing->n_codes == 0;
    for (size_t i = 0; i < listing->n_codes && !wanted; i++)
        wanted = strcmp(listing->codes[i], code_of(card)) == 0;
    return wanted && is_shown(listing->call, card);
}

static bool read_codes(struct open311_call *call, struct listing *listing) {
    char *rest = arena_strdup(&call->arena, open311_arg(call, "service_code"));
    for (char *code; (code = strsep(&rest, ",")) != NULL;) {
        if (code[0] == '\0')
            continue;
        if (!open311_is_service(code)) {
            open311_fail(call, 404, "service_code was not found");
            return false;
        }
        if (listing->n_codes < CODES_MAX)
            listing->codes[listing->n_codes++] = code;
    }
    return true;
}

static unsigned states_of(bool open) {
    unsigned states = 0;
    for (int i = 0; i < TICKET_STATES; i++)
        if (i != TICKET_ERASED && ticket_is_open((enum ticket_state)i) == open)
            states |= 1u << i;
    return states;
}

static bool read_states(struct open311_call *call, struct listing *listing) {
    char *rest = arena_strdup(&call->arena, open311_arg(call, "status"));
    for (char *word; (word = strsep(&rest, ",")) != NULL;) {
        if (strcmp(word, "open") == 0) {
            listing->filter.states |= states_of(true);
        } else if (strcmp(word, "closed") == 0) {
            listing->filter.states |= states_of(false);
        } else if (word[0] != '\0') {
            open311_fail(call, 400, "status is open or closed");
            return false;
        }
    }
    return true;
}

static bool read_date(struct open311_call *call, const char *name,
                      int64_t *ms) {
    const char *text = open311_arg(call, name);
    *ms = 0;
    if (text[0] == '\0' ||
        open311_parse_date(text, call->bot->config->utc_offset_minutes, ms))
        return true;
    open311_fail(call, 400, "%s is no date of ISO 8601", name);
    return false;
}

/* The last 90 days, the 90 days behind or before the one date given, or what
 * lies between both. */
static bool read_span(struct open311_call *call, struct listing *listing) {
    int64_t start, end;
    if (!read_date(call, "start_date", &start) ||
        !read_date(call, "end_date", &end))
        return false;
    if (end == 0)
        end = start == 0 ? call->now_ms : start + OPEN311_SPAN_MS;
    if (start == 0)
        start = end - OPEN311_SPAN_MS;
    if (start > end || end - start > OPEN311_SPAN_MS) {
        open311_fail(call, 400,
                     "start_date and end_date may span 90 days at most");
        return false;
    }
    listing->filter.since_ms = start < 1 ? 1 : start;
    listing->filter.until_ms = end + 1;
    return true;
}

/* ---- the list --------------------------------------------------------------
 */

struct rest_read {
    struct listing *listing;
    json_t *row; /* borrowed */
};

static void on_rest(void *data, enum err err, const struct ticket *ticket) {
    struct rest_read *read = data;
    struct listing *listing = read->listing;
    if (err == OK)
        add_rest(listing->call, read->row, ticket);
    if (--listing->reading == 0)
        open311_answer(listing->call, "service_requests", listing->rows);
}

/* Cards do not outlive this turn of the loop: rows are made of them first. */
static void add_row(struct listing *listing, const struct card *card) {
    struct open311_call *call = listing->call;
    json_t *row = report_json(call, card);
    json_array_append_new(listing->rows, row);
    if (!has_rest(call, card))
        return;
    struct rest_read *read = arena_alloc(&call->arena, sizeof(*read));
    *read = (struct rest_read){listing, row};
    listing->reading++;
    ticket_get(call->bot->store, &call->arena,
               arena_strdup(&call->arena, card->id), on_rest, read);
}

static void add_ids(struct listing *listing) {
    struct open311_call *call = listing->call;
    char *rest = arena_strdup(&call->arena, listing->ids);
    for (char *text; (text = strsep(&rest, ",")) != NULL;) {
        const char *id = report_id(call, text);
        const struct card *card =
            id == NULL ? NULL : board_find(call->bot->board, id);
        if (card != NULL && is_shown(call, card) &&
            json_array_size(listing->rows) < OPEN311_REQUESTS_MAX)
            add_row(listing, card);
    }
}

static enum err add_page(struct listing *listing) {
    struct open311_call *call = listing->call;
    struct board_page page;
    enum err err =
        board_list(call->bot->board, &call->arena, &listing->filter,
                   SORT_CREATED, true, NULL, OPEN311_REQUESTS_MAX, &page);
    for (size_t i = 0; err == OK && i < page.n; i++)
        add_row(listing, page.cards[i]);
    return err;
}

static void list(void *data) {
    struct listing *listing = data;
    struct open311_call *call = listing->call;
    enum err err = OK;
    listing->rows = json_array();
    listing->reading = 1; /* until all are asked for */
    if (!board_ready(call->bot->board))
        err = ERR_AWAY;
    else if (listing->ids[0] != '\0')
        add_ids(listing);
    else
        err = add_page(listing);
    if (err != OK) {
        json_decref(listing->rows);
        open311_fail_err(call, err);
    } else if (--listing->reading == 0) {
        open311_answer(call, "service_requests", listing->rows);
    }
}

void open311_get_requests(struct open311_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    if (call->id != NULL) {
        const char *id = report_id(call, call->id);
        if (id == NULL)
            open311_fail(call, 404, "service_request_id was not found");
        else
            ticket_get(call->bot->store, &call->arena, id, on_ticket, call);
        return;
    }
    listing->call = call;
    listing->filter.kind = 'P';
    listing->filter.covers = covers;
    listing->filter.data = listing;
    listing->ids = open311_arg(call, "service_request_id");
    /* Numbers override everything else. */
    if (listing->ids[0] == '\0' &&
        (!read_codes(call, listing) || !read_states(call, listing) ||
         !read_span(call, listing)))
        return;
    if (board_want(call->bot->board, list, listing) != OK)
        open311_fail_err(call, ERR_AWAY);
}
