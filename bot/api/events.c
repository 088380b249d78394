#include "bot/api/events.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/api/api_parts.h"
#include "bot/api/events_parts.h"
#include "bot/api/order.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/desk.h"
#include "bot/events.h"
#include "bot/policies.h"
#include "bot/work.h"
#include "store/broadcast.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOOKED_AT 1000
#define ID_BYTES 16
#define NOTE_CHARS 200
#define ACCEPT_H 12
#define CODE_DIGITS 4
#define TOKEN_BYTES 16

/* A caller whose grants end somewhere sees what lies there. */
bool event_covered(const struct api_call *call, const struct event *event) {
    return access_covers_units(&call->caller, policies_get(call->bot->policies),
                               PERM_EVENTS, event->unit);
}

json_t *event_text(const char *text) {
    return text[0] == '\0' ? json_null() : json_string(text);
}

/* ---- how it is shown -------------------------------------------------------
 */

static json_t *list_json(const char *text) {
    json_t *json = text[0] == '\0' ? NULL : json_loads(text, 0, NULL);
    return json == NULL ? json_array() : json;
}

static json_t *reminders_json(const char *text) {
    json_t *hours = json_array();
    for (const char *at = text; *at >= '0' && *at <= '9';) {
        char *end;
        json_array_append_new(hours, json_integer(strtoll(at, &end, 10)));
        at = end + (*end == ',');
    }
    return hours;
}

static json_t *degrees_json(const char *text) {
    return text[0] == '\0' ? json_null() : json_real(strtod(text, NULL));
}

static json_t *counts_json(const struct event *event) {
    return json_pack(
        "{sI sI sI sI sI sI}", "signed", (json_int_t)event->n_signed, "waiting",
        (json_int_t)event->n_waiting, "offered", (json_int_t)event->n_offered,
        "attended", (json_int_t)event->n_attended, "cancelled",
        (json_int_t)event->n_cancelled, "people", (json_int_t)event->taken);
}

static json_t *moves_json(const struct event *event) {
    json_t *moves = json_array();
    for (int i = 0; i < EVENT_MOVES; i++)
        if (event_may(event, (enum event_move)i))
            json_array_append_new(moves, json_string(event_move_names[i]));
    return moves;
}

json_t *event_json(struct api_call *call, const struct event *event) {
    json_t *json = json_pack(
        "{ss sI ss ss ss ss ss so so so so sI sI sI sI sI sI}", "id", event->id,
        "version", (json_int_t)event->version, "state",
        event_state_names[event->state], "kind", event_kind_names[event->kind],
        "unit", event->unit, "title", event->title, "text", event->text,
        "photo", event_text(event->photo), "place", event_text(event->place),
        "lat", degrees_json(event->lat), "lon", degrees_json(event->lon),
        "starts_ms", (json_int_t)event->starts_ms, "ends_ms",
        (json_int_t)event->ends_ms, "deadline_ms",
        (json_int_t)event->deadline_ms, "capacity", (json_int_t)event->capacity,
        "family_max", (json_int_t)event->family_max, "accept_h",
        (json_int_t)event->accept_h);
    json_t *more = json_pack(
        "{so so so so sI sI sI so so ss ss sI sI so so}", "questions",
        list_json(event->questions), "remind_h", reminders_json(event->remind),
        "code", event_text(event->code), "certificate",
        event_text(event->certificate), "points", (json_int_t)event->points,
        "viewers", (json_int_t)event->viewers, "orders",
        (json_int_t)event->orders, "stages", list_json(event->stages), "note",
        event_text(event->note), "by", event->by, "by_name", event->by_name,
        "created_ms", (json_int_t)event->created_ms, "updated_ms",
        (json_int_t)event->updated_ms, "counts", counts_json(event), "moves",
        moves_json(event));
    json_object_update(json, more);
    json_decref(more);
    json_object_set_new(
        json, "calendar_url",
        event_text(events_calendar_url(call->bot, &call->arena, event)));
    return json;
}

/* ---- one -------------------------------------------------------------------
 */

struct reading {
    struct api_call *call;
    event_then *then;
};

static void on_event(void *data, enum err err, const struct event *event) {
    struct reading *reading = data;
    struct api_call *call = reading->call;
    if (err == OK && !event_covered(call, event))
        err = ERR_NOT_FOUND;
    if (err != OK)
        api_fail(call, err);
    else
        reading->then(call, event);
}

void event_with(struct api_call *call, event_then *then) {
    struct reading *reading = arena_alloc(&call->arena, sizeof(*reading));
    const char *id = call->args[0];
    const char *parsed = event_parse_id(&call->arena, id);
    *reading = (struct reading){call, then};
    if (parsed == NULL || strcmp(parsed, id) != 0)
        api_fail(call, ERR_NOT_FOUND);
    else
        event_get(call->bot->store, &call->arena, id, on_event, reading);
}

static void show(struct api_call *call, const struct event *event) {
    api_answer(call, event_json(call, event), event->version);
}

static void get_one(struct api_call *call) {
    event_with(call, show);
}

struct showing {
    struct api_call *call;
    unsigned status;
};

static void on_shown(void *data, enum err err, const struct event *event) {
    struct showing *showing = data;
    struct api_call *call = showing->call;
    if (err != OK)
        api_fail(call, err);
    else if (showing->status == 409)
        api_stale(call, event_json(call, event));
    else if (showing->status == 201)
        api_created(call, event_json(call, event));
    else
        show(call, event);
}

void event_show(struct api_call *call, const char *id, unsigned status) {
    struct showing *showing = arena_alloc(&call->arena, sizeof(*showing));
    *showing = (struct showing){call, status};
    event_get(call->bot->store, &call->arena, id, on_shown, showing);
}

/* ---- the list --------------------------------------------------------------
 */

struct listing {
    struct api_call *call;
    const char *states;
    size_t offset;
};

/* Whether a word is among words joined by ','; "" has all. */
static bool has_word(const char *words, const char *word) {
    size_t len = strlen(word);
    if (words[0] == '\0')
        return true;
    for (const char *at = words; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

static void on_list(void *data, enum err err, const struct event *events,
                    size_t n, int64_t total) {
    struct listing *listing = data;
    struct api_call *call = listing->call;
    size_t limit = api_limit(call), seen = 0;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    (void)total;
    for (size_t i = 0; i < n; i++) {
        if (!event_covered(call, &events[i]) ||
            !has_word(listing->states, event_state_names[events[i].state]))
            continue;
        if (seen >= listing->offset && seen < listing->offset + limit)
            json_array_append_new(items, event_json(call, &events[i]));
        seen++;
    }
    size_t next = listing->offset + limit;
    api_answer(call,
               json_pack("{so so sI}", "items", items, "next",
                         next < seen ? json_string(arena_printf(&call->arena,
                                                                "%zu", next))
                                     : json_null(),
                         "total", (json_int_t)seen),
               0);
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    const char *cursor = api_query(call, "cursor");
    *listing = (struct listing){
        call, arena_strdup(&call->arena, api_query(call, "state")), 0};
    if (strlen(cursor) > 9 || cursor[strspn(cursor, "0123456789")] != '\0') {
        api_invalid(call, "invalid", "cursor");
        return;
    }
    listing->offset = strtoul(cursor, NULL, 10);
    event_list(call->bot->store, &call->arena, 0, LOOKED_AT, on_list, listing);
}

/* ---- writing ---------------------------------------------------------------
 */

static void on_written(struct work *work, enum err err) {
    struct api_call *call = work->data;
    const struct event *event = call->data;
    work_free(work);
    events_clock_look(call->bot->events);
    if (err == OK || err == ERR_CONFLICT)
        event_show(call, event->id,
                   err == ERR_CONFLICT   ? 409
                   : event->version == 0 ? 201
                                         : 200);
    else
        api_fail(call, err);
}

static void make_secrets(struct api_call *call, struct event *event) {
    char token[TOKEN_MAX], code[TOKEN_MAX];
    uint32_t number = 0;
    token_random(token, sizeof(token), TOKEN_BYTES);
    token_random(code, sizeof(code), 8);
    for (const char *at = code; *at != '\0'; at++)
        number = number * 31 + (unsigned char)*at;
    event->token = arena_strdup(&call->arena, token);
    if (event->code[0] == '\0')
        event->code =
            arena_printf(&call->arena, "%0*u", CODE_DIGITS, number % 10000);
}

static void post(struct api_call *call) {
    struct event *event = arena_alloc(&call->arena, sizeof(*event));
    int64_t number = store_next_number(call->bot->store);
    *event = (struct event){
        .unit = access_units(&call->arena, &call->caller, PERM_EVENTS),
        .accept_h = ACCEPT_H,
        .remind = "24,2",
        .photo = "",
        .lat = "",
        .lon = "",
        .questions = "",
        .stages = "",
        .code = "",
        .note = "",
        .by = call->caller.actor,
        .by_name = call->caller.display,
        .created_ms = call->now_ms,
        .updated_ms = call->now_ms,
    };
    if (!event_read_body(call, event))
        return;
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return;
    }
    event->id = arena_printf(&call->arena, "E%" PRId64, number);
    make_secrets(call, event);
    call->data = event;
    struct work *work = work_new(call->bot);
    event_put(work->txn, event);
    txn_audit(work->txn, call->caller.actor, "event-create", event->id, "");
    api_happens(call, work->txn);
    work_commit(work, on_written, call);
}

static bool read_version(struct api_call *call, int64_t *version) {
    if (!api_integer(call, "version", 1, INT64_MAX, 0, version))
        return false;
    if (*version != 0)
        return true;
    api_invalid(call, "required", "version");
    return false;
}

/* False: another version than the caller has seen; answered. */
static bool is_current(struct api_call *call, const struct event *event) {
    int64_t version;
    if (!read_version(call, &version))
        return false;
    if (version == event->version)
        return true;
    api_stale(call, event_json(call, event));
    return false;
}

static void edit(struct api_call *call, const struct event *event) {
    struct event *after = arena_alloc(&call->arena, sizeof(*after));
    *after = *event;
    if (!is_current(call, event) || !event_read_body(call, after))
        return;
    if (after->capacity > 0 && after->capacity < event->taken) {
        api_invalid(call, "below_taken", "capacity");
        return;
    }
    call->data = after;
    struct work *work = work_new(call->bot);
    const struct desk desk = desk_of_work(work);
    events_edit(&desk, event, after, call->caller.actor);
    api_happens(call, work->txn);
    work_commit(work, on_written, call);
}

static void put_one(struct api_call *call) {
    event_with(call, edit);
}

static void put_stages_of(struct api_call *call, const struct event *event) {
    struct event *after = arena_alloc(&call->arena, sizeof(*after));
    const json_t *stages = json_object_get(call->json, "stages");
    const char *field;
    if (!is_current(call, event))
        return;
    char *text = stages == NULL ? NULL : json_dumps(stages, JSON_COMPACT);
    *after = *event;
    after->stages = arena_strdup(&call->arena, text == NULL ? "" : text);
    free(text);
    if (contest_check(after->stages, &field) != OK) {
        api_invalid(call, "invalid", field);
        return;
    }
    after->kind = EVENT_CONTEST;
    call->data = after;
    struct work *work = work_new(call->bot);
    const struct desk desk = desk_of_work(work);
    events_edit(&desk, event, after, call->caller.actor);
    api_happens(call, work->txn);
    work_commit(work, on_written, call);
}

static void put_stages(struct api_call *call) {
    event_with(call, put_stages_of);
}

static void on_removed(struct work *work, enum err err) {
    struct api_call *call = work->data;
    work_free(work);
    if (err == OK)
        api_empty(call);
    else if (err == ERR_CONFLICT)
        event_show(call, call->args[0], 409);
    else
        api_fail(call, err);
}

static void remove_one(struct api_call *call, const struct event *event) {
    const char *text = api_query(call, "version");
    if (event->state != EVENT_DRAFT) {
        api_invalid(call, "not_allowed", NULL);
        return;
    }
    if (strtoll(text, NULL, 10) != event->version) {
        api_stale(call, event_json(call, event));
        return;
    }
    struct work *work = work_new(call->bot);
    event_remove(work->txn, event);
    txn_audit(work->txn, call->caller.actor, "event-remove", event->id, "");
    api_happens(call, work->txn);
    work_commit(work, on_removed, call);
}

static void delete_one(struct api_call *call) {
    event_with(call, remove_one);
}

/* ---- moving ----------------------------------------------------------------
 */

static void move(struct api_call *call, const struct event *event) {
    struct event *after = arena_alloc(&call->arena, sizeof(*after));
    const char *word, *note;
    int which = 0;
    if (!is_current(call, event) ||
        !api_string(call, "move", 16, true, &word) ||
        !order_text(call, "note", NOTE_CHARS, false, &note))
        return;
    while (which < EVENT_MOVES && strcmp(event_move_names[which], word) != 0)
        which++;
    if (which == EVENT_MOVES) {
        api_invalid(call, "unknown", "move");
        return;
    }
    if (which == EVENT_PUBLISH && event->starts_ms <= call->now_ms) {
        api_invalid(call, "past", "starts_ms");
        return;
    }
    struct work *work = work_new(call->bot);
    const struct desk desk = desk_of_work(work);
    enum err err = events_move(&desk, event, (enum event_move)which,
                               call->caller.actor, note, after);
    if (err != OK) {
        work_free(work);
        api_invalid(call, err == ERR_INVALID ? "text_needed" : "not_allowed",
                    err == ERR_INVALID ? "note" : NULL);
        return;
    }
    call->data = after;
    api_happens(call, work->txn);
    work_commit(work, on_written, call);
}

static void post_move(struct api_call *call) {
    event_with(call, move);
}

/* ---- a broadcast about it --------------------------------------------------
 */

static void on_draft(struct work *work, enum err err) {
    struct api_call *call = work->data;
    const struct broadcast *draft = call->data;
    work_free(work);
    if (err == OK)
        api_created(call, json_pack("{ss}", "id", draft->id));
    else
        api_fail(call, err);
}

static void push(struct api_call *call, const struct event *event) {
    struct broadcast *draft = arena_alloc(&call->arena, sizeof(*draft));
    int64_t number = store_next_number(call->bot->store);
    const struct text_param params[] = {
        {"id", event->id},
        {"title", event->title},
        {"when", events_when(call->bot, &call->arena, event)},
        {"place", event->place},
        {"deadline", events_time(call->bot, &call->arena, event->deadline_ms)},
    };
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return;
    }
    const char *text =
        catalog_format(&call->arena, call->bot->config->lang, "event.broadcast",
                       params, ARRAY_LEN(params));
    *draft = (struct broadcast){
        .id = arena_printf(&call->arena, "B%" PRId64, number),
        .lane = LANE_NOTICE,
        .title = event->title,
        .text = event->text[0] == '\0'
                    ? text
                    : arena_printf(&call->arena, "%s\n%s", text, event->text),
        .photo = event->photo,
        .target = "groups",
        .audience = "{}",
        .unit = event->unit,
        .event = event->id,
        .by = call->caller.actor,
        .by_name = call->caller.display,
        .created_ms = call->now_ms,
        .updated_ms = call->now_ms,
    };
    call->data = draft;
    struct work *work = work_new(call->bot);
    broadcast_put(work->txn, draft);
    txn_audit(work->txn, call->caller.actor, "broadcast-create", draft->id,
              event->id);
    api_happens(call, work->txn);
    work_commit(work, on_draft, call);
}

static void post_broadcast(struct api_call *call) {
    event_with(call, push);
}

static const struct api_route routes[] = {
    {"GET", "/events", PERM_EVENTS, get_list, 0, false},
    {"POST", "/events", PERM_EVENTS, post, 0, false},
    {"GET", "/events/{id}", PERM_EVENTS, get_one, 0, false},
    {"PUT", "/events/{id}", PERM_EVENTS, put_one, 0, false},
    {"DELETE", "/events/{id}", PERM_EVENTS, delete_one, 0, false},
    {"POST", "/events/{id}/moves", PERM_EVENTS, post_move, 0, false},
    {"PUT", "/events/{id}/stages", PERM_EVENTS, put_stages, 0, false},
    {"POST", "/events/{id}/broadcast", PERM_EVENTS, post_broadcast, 0, false},
    {"GET", "/events/{id}/qr.svg", PERM_EVENTS, event_get_qr, 0, false},
    {"GET", "/events/{id}/event.ics", PERM_EVENTS, event_get_calendar, 0,
     false},
    {"GET", "/events/{id}/export.csv", PERM_EVENTS, event_get_csv, 0, false},
};

void events_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
