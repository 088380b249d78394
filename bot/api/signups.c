/* Who comes to an event: the list, and what organisers do with it. */
#include "base/arena.h"
#include "base/fold.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/api/api_parts.h"
#include "bot/api/events.h"
#include "bot/api/events_parts.h"
#include "bot/api/order.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/events.h"
#include "bot/work.h"
#include "store/record.h"
#include "store/txn.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_CHARS 200
#define REASON_CHARS_MIN 5
#define REASON_CHARS_MAX 200
#define CODE_BYTES 64

/* ---- how it is shown -------------------------------------------------------
 */

/* Calls each with the two parts of every item. */
static void each_item(struct arena *arena, const char *items, json_t *out,
                      void (*add)(json_t *out, const char *a, const char *b)) {
    for (const char *at = items; at[0] != '\0';) {
        size_t len = strcspn(at, (const char[]){SIGNUP_ITEM, '\0'});
        char *item = arena_strndup(arena, at, len);
        char *part = strchr(item, SIGNUP_PART);
        if (part != NULL) {
            *part = '\0';
            add(out, item, part + 1);
        }
        at += len + (at[len] != '\0');
    }
}

static void add_answer(json_t *out, const char *id, const char *answer) {
    json_object_set_new(out, id, json_string(answer));
}

/* Its id is the code for check-in: who a rider is elsewhere is nobody's
 * business here. */
static json_t *signup_json(struct api_call *call, const struct signup *signup) {
    json_t *answers = json_object();
    each_item(&call->arena, signup->answers, answers, add_answer);
    return json_pack(
        "{ss sI ss ss sI sI so ss sI sI so}", "id", signup->code, "version",
        (json_int_t)signup->version, "state", signup_state_names[signup->state],
        "who", signup->nick, "n", (json_int_t)signup->n, "children",
        (json_int_t)signup->young, "answers", answers, "why", signup->why,
        "created_ms", (json_int_t)signup->created_ms, "updated_ms",
        (json_int_t)signup->updated_ms, "offer_until_ms",
        signup->offer_ms == 0 ? json_null() : json_integer(signup->offer_ms));
}

/* ---- the list --------------------------------------------------------------
 */

struct listing {
    struct api_call *call;
    const char *event, *state;
    size_t offset, read;
    size_t seen; /* in that state */
    json_t *items;
};

static void read_page(struct listing *listing);

static void answer_list(struct listing *listing) {
    struct api_call *call = listing->call;
    size_t next = listing->offset + json_array_size(listing->items);
    api_answer(call,
               json_pack("{so so sI}", "items", listing->items, "next",
                         next < listing->seen ? json_string(arena_printf(
                                                    &call->arena, "%zu", next))
                                              : json_null(),
                         "total", (json_int_t)listing->seen),
               0);
}

static void on_page(void *data, enum err err, const struct signup *signups,
                    size_t n, int64_t total) {
    struct listing *listing = data;
    struct api_call *call = listing->call;
    size_t limit = api_limit(call);
    if (err != OK) {
        json_decref(listing->items);
        api_fail(call, err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (listing->state[0] != '\0' &&
            strcmp(signup_state_names[signups[i].state], listing->state) != 0)
            continue;
        if (listing->seen++ >= listing->offset &&
            json_array_size(listing->items) < limit)
            json_array_append_new(listing->items,
                                  signup_json(call, &signups[i]));
    }
    listing->read += n;
    if (n > 0 && (int64_t)listing->read < total)
        read_page(listing);
    else
        answer_list(listing);
}

static void read_page(struct listing *listing) {
    struct api_call *call = listing->call;
    signup_list(call->bot->store, &call->arena, listing->event, listing->read,
                RECORDS_MAX, on_page, listing);
}

static void list(struct api_call *call, const struct event *event) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    const char *cursor = api_query(call, "cursor");
    *listing = (struct listing){
        .call = call,
        .event = event->id,
        .state = arena_strdup(&call->arena, api_query(call, "state")),
    };
    if (strlen(cursor) > 9 || cursor[strspn(cursor, "0123456789")] != '\0') {
        api_invalid(call, "invalid", "cursor");
        return;
    }
    listing->offset = strtoul(cursor, NULL, 10);
    listing->items = json_array();
    read_page(listing);
}

static void get_list(struct api_call *call) {
    event_with(call, list);
}

/* ---- one -------------------------------------------------------------------
 */

typedef void signup_then(struct api_call *call, const struct event *event,
                         const struct signup *signup);

struct finding {
    struct api_call *call;
    const struct event *event;
    signup_then *then;
};

static void on_signup(void *data, enum err err, const struct signup *signup) {
    struct finding *finding = data;
    struct api_call *call = finding->call;
    if (err != OK)
        api_fail(call, err);
    else
        finding->then(call, finding->event, signup);
}

static void find(struct api_call *call, const struct event *event,
                 const char *code, signup_then *then) {
    struct finding *finding = arena_alloc(&call->arena, sizeof(*finding));
    *finding = (struct finding){call, event, then};
    signup_get_by_code(call->bot->store, &call->arena, event->id, code,
                       on_signup, finding);
}

/* What a move has done, or what stood in its way, as it is now. */
struct showing {
    struct api_call *call;
    bool stale;
};

static void on_shown(void *data, enum err err, const struct signup *signup) {
    struct showing *showing = data;
    struct api_call *call = showing->call;
    if (err != OK)
        api_fail(call, err);
    else if (showing->stale)
        api_stale(call, signup_json(call, signup));
    else
        api_answer(call, signup_json(call, signup), 0);
}

static void show(struct api_call *call, const struct signup *signup,
                 bool stale) {
    struct showing *showing = arena_alloc(&call->arena, sizeof(*showing));
    *showing = (struct showing){call, stale};
    signup_get(call->bot->store, &call->arena, signup->event, signup->rider,
               on_shown, showing);
}

/* ---- moves -----------------------------------------------------------------
 */

static void on_moved(struct work *work, enum err err) {
    struct api_call *call = work->data;
    const struct signup *signup = call->data;
    work_free(work);
    events_clock_look(call->bot->events);
    if (err == OK || err == ERR_CONFLICT)
        show(call, signup, err == ERR_CONFLICT);
    else if (err == ERR_LIMIT)
        api_invalid(call, "full", NULL);
    else
        api_fail(call, err);
}

static void move_by(struct api_call *call, const struct event *event,
                    const struct signup *signup,
                    const struct signup_order *order,
                    void (*done)(struct work *work, enum err err)) {
    struct work *work = work_new(call->bot);
    const struct desk desk = desk_of_work(work);
    enum err err = events_signup_move(&desk, event, signup, order);
    if (err != OK) {
        work_free(work);
        api_invalid(call, err == ERR_DUPLICATE ? "already" : "not_allowed",
                    NULL);
        return;
    }
    struct signup *copy = arena_alloc(&call->arena, sizeof(*copy));
    *copy = *signup;
    call->data = copy;
    api_happens(call, work->txn);
    work_commit(work, done, call);
}

static void move(struct api_call *call, const struct event *event,
                 const struct signup *signup) {
    static const enum signup_move moves[] = {SIGNUP_PROMOTE, SIGNUP_CANCEL,
                                             SIGNUP_ATTEND};
    struct signup_order order = {.move = SIGNUP_MOVES,
                                 .actor = call->caller.actor};
    const char *word;
    int64_t version;
    if (!api_integer(call, "version", 1, INT64_MAX, 0, &version) ||
        !api_string(call, "move", 16, true, &word) ||
        !order_text(call, "note", NOTE_CHARS, false, &order.note))
        return;
    for (size_t i = 0; i < ARRAY_LEN(moves); i++)
        if (strcmp(signup_move_names[moves[i]], word) == 0)
            order.move = moves[i];
    if (order.move == SIGNUP_MOVES)
        api_invalid(call, "unknown", "move");
    else if (version == 0)
        api_invalid(call, "required", "version");
    else if (version != signup->version)
        api_stale(call, signup_json(call, signup));
    else
        move_by(call, event, signup, &order, on_moved);
}

static void move_of_event(struct api_call *call, const struct event *event) {
    find(call, event, call->args[1], move);
}

static void post_move(struct api_call *call) {
    event_with(call, move_of_event);
}

/* ---- at the door -----------------------------------------------------------
 */

static void on_came_in(struct work *work, enum err err) {
    struct api_call *call = work->data;
    const struct signup *signup = call->data;
    work_free(work);
    if (err == OK)
        api_answer(call,
                   json_pack("{ss ss sI}", "id", signup->code, "who",
                             signup->nick, "n", (json_int_t)signup->n),
                   0);
    else if (err == ERR_LIMIT)
        api_invalid(call, "full", "code");
    else
        api_fail(call, err);
}

static void come_in(struct api_call *call, const struct event *event,
                    const struct signup *signup) {
    if (!events_checks_in(event, call->now_ms)) {
        api_invalid(call, "not_now", NULL);
        return;
    }
    move_by(call, event, signup,
            &(struct signup_order){.move = SIGNUP_ATTEND,
                                   .actor = call->caller.actor},
            on_came_in);
}

/* "E12 k7m-3qx" as it may be typed: the code. */
static const char *clean_code(struct arena *arena, const char *text) {
    char *code = fold_string(arena, text);
    char *space = strrchr(code, ' ');
    size_t n = 0;
    if (space != NULL && code[0] == 'e')
        code = space + 1;
    for (const char *at = code; *at != '\0'; at++)
        if (isalnum((unsigned char)*at))
            code[n++] = (char)toupper((unsigned char)*at);
    code[n] = '\0';
    return code;
}

static void on_code(void *data, enum err err, const struct signup *signup) {
    struct finding *finding = data;
    struct api_call *call = finding->call;
    if (err == ERR_NOT_FOUND)
        api_invalid(call, "unknown", "code");
    else if (err != OK)
        api_fail(call, err);
    else
        come_in(call, finding->event, signup);
}

static void check_in(struct api_call *call, const struct event *event) {
    struct finding *finding = arena_alloc(&call->arena, sizeof(*finding));
    const char *code;
    if (!api_string(call, "code", CODE_BYTES, true, &code))
        return;
    code = clean_code(&call->arena, code);
    *finding = (struct finding){.call = call, .event = event};
    if (code[0] == '\0')
        api_invalid(call, "unknown", "code");
    else
        signup_get_by_code(call->bot->store, &call->arena, event->id, code,
                           on_code, finding);
}

static void post_check_in(struct api_call *call) {
    event_with(call, check_in);
}

/* ---- the children -----------------------------------------------------------
 */

struct unmasking {
    struct api_call *call;
    const struct signup *signup;
};

static void add_child(json_t *out, const char *name, const char *age) {
    json_array_append_new(out, json_pack("{ss sI}", "name", name, "age",
                                         (json_int_t)strtoll(age, NULL, 10)));
}

/* Only once it is written down who asked, and why. */
static void on_written(void *data, const struct txn_result *result) {
    struct unmasking *unmasking = data;
    struct api_call *call = unmasking->call;
    const struct signup *signup = unmasking->signup;
    const char *at = strrchr(signup->guardian, ':');
    json_t *children, *child;
    size_t i;
    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    children = json_array();
    each_item(&call->arena, signup->children, children, add_child);
    json_array_foreach(children, i, child) {
        json_object_set_new(
            child, "consent_ms",
            json_integer(at == NULL ? 0 : strtoll(at + 1, NULL, 10)));
    }
    api_answer(
        call,
        json_pack("{so ss}", "children", children, "consent", signup->guardian),
        0);
}

static void unmask(struct api_call *call, const struct event *event,
                   const struct signup *signup) {
    struct unmasking *unmasking = arena_alloc(&call->arena, sizeof(*unmasking));
    const char *reason;
    if (!order_text(call, "reason", REASON_CHARS_MAX, true, &reason))
        return;
    if (utf8_length(reason) < REASON_CHARS_MIN) {
        api_invalid(call, "too_short", "reason");
        return;
    }
    *unmasking = (struct unmasking){call, signup};
    struct txn *txn = txn_new(call->bot->store);
    txn_audit(txn, call->caller.actor, "signup-unmask", event->id,
              arena_printf(&call->arena, "%s %s", signup->code, reason));
    api_happens(call, txn);
    txn_commit(txn, on_written, unmasking);
}

static void unmask_of_event(struct api_call *call, const struct event *event) {
    find(call, event, call->args[1], unmask);
}

static void post_unmask(struct api_call *call) {
    event_with(call, unmask_of_event);
}

static const struct api_route routes[] = {
    {"GET", "/events/{id}/signups", PERM_EVENTS, get_list, 0, false},
    {"POST", "/events/{id}/signups/{sid}/moves", PERM_EVENTS, post_move, 0,
     false},
    {"POST", "/events/{id}/signups/{sid}/unmask", PERM_EVENTS, post_unmask, 0,
     false},
    {"POST", "/events/{id}/checkin", PERM_EVENTS, post_check_in, 0, false},
};

void signups_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
