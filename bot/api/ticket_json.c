#include "bot/api/ticket_json.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/phone.h"
#include "base/utf8.h"
#include "bot/api/api.h"
#include "bot/api/live.h"
#include "bot/api/similar.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/policies.h"
#include "store/txn.h"

#include <math.h>
#include <string.h>

#define EXCERPT_CHARS 80
#define USER_PREFIX "user:"

json_t *ticket_text(const char *text) {
    return text == NULL || text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *number_or_null(int64_t number) {
    return number == 0 ? json_null() : json_integer(number);
}

/* Six decimals are a tenth of a metre. */
static json_t *degrees(bool known, double value) {
    return known ? json_real(round(value * 1e6) / 1e6) : json_null();
}

json_t *ticket_photos(const char *ids) {
    json_t *out = json_array();

    while (*ids != '\0') {
        size_t len = strcspn(ids, ",");
        json_array_append_new(out, json_stringn(ids, len));
        ids += len + (ids[len] == ',');
    }
    return out;
}

/* Users by their names; who works in a chat only, as they are called there. */
static json_t *person(const char *actor, const char *name) {
    if (strncmp(actor, USER_PREFIX, strlen(USER_PREFIX)) == 0)
        return json_string(actor + strlen(USER_PREFIX));
    if (actor[0] == '\0')
        return json_null();
    return json_string(name[0] != '\0' ? name : "staff");
}

static void set(json_t *json, const char *name, json_t *value) {
    json_object_set_new_nocheck(json, name, value);
}

static const char *due_word(enum ticket_due due) {
    return due == DUE_ACKNOWLEDGE ? "acknowledge"
           : due == DUE_RESOLVE   ? "resolve"
                                  : NULL;
}

/* What a row and a page have in common. */
static json_t *common(const struct card *card) {
    json_t *json = json_object();

    set(json, "id", json_string(card->id));
    set(json, "version", json_integer(card->version));
    set(json, "state", json_string(ticket_state_name(card->state)));
    set(json, "kind", json_string(card->report ? "report" : "request"));
    set(json, "category", json_string(card->category));
    set(json, "urgency", json_string(card->urgent ? "urgent" : "normal"));
    set(json, "unit", ticket_text(card->unit));
    set(json, "community", ticket_text(card->community));
    set(json, "level", json_integer(card->level));
    set(json, "assignee", person(card->assignee, card->assignee_name));
    set(json, "assignee_name", ticket_text(card->assignee_name));
    set(json, "followers", json_integer(card->followers));
    set(json, "lat", degrees(card->has_position, card->lat));
    set(json, "lon", degrees(card->has_position, card->lon));
    set(json, "created_ms", json_integer(card->created_ms));
    set(json, "updated_ms", json_integer(card->updated_ms));
    set(json, "due_ms", number_or_null(card->due_ms));
    set(json, "due_what", ticket_text(due_word(card->due)));
    set(json, "overdue", json_boolean(card->overdue));
    set(json, "anonymous", json_boolean(card->anonymous));
    set(json, "rating", number_or_null(card->rating));
    return json;
}

json_t *ticket_item(struct arena *arena, const struct card *card) {
    json_t *json = common(card);
    const char *excerpt = utf8_excerpt(arena, card->text, EXCERPT_CHARS);

    set(json, "excerpt", json_string(phone_mask(arena, excerpt)));
    set(json, "photos", json_integer(card->photos));
    return json;
}

/* ---- a page --------------------------------------------------------------
 */

const char *ticket_who(const struct ticket_entry *entry) {
    if (strcmp(entry->who, AUDIT_RIDER) == 0)
        return "rider";
    if (entry->name[0] != '\0')
        return entry->name;
    if (strncmp(entry->who, USER_PREFIX, strlen(USER_PREFIX)) == 0)
        return entry->who + strlen(USER_PREFIX);
    return strcmp(entry->who, AUDIT_SYSTEM) == 0 ||
                   strncmp(entry->who, "token:", 6) == 0
               ? entry->who
               : "staff";
}

struct writing {
    struct api_call *call;
    bool masked; /* phone numbers */
};

static json_t *words(const struct writing *w, const char *text) {
    return w->masked ? ticket_text(phone_mask(&w->call->arena, text))
                     : ticket_text(text);
}

static json_t *log_json(const struct writing *w,
                        const struct ticket_page *page) {
    json_t *out = json_array();

    for (size_t i = 0; i < page->n_log; i++) {
        const struct ticket_entry *entry = &page->log[i];
        if (entry->move == MOVES)
            continue; /* of a later version of the program */
        json_t *json = json_object();
        set(json, "move", json_string(workflow_move(entry->move)->name));
        set(json, "at_ms", json_integer(entry->at_ms));
        set(json, "who", json_string(ticket_who(entry)));
        set(json, "text", words(w, entry->text));
        set(json, "photos", ticket_photos(entry->photos));
        set(json, "detail", ticket_text(entry->detail));
        json_array_append_new(out, json);
    }
    return out;
}

static json_t *notes_json(const struct writing *w,
                          const struct ticket_page *page) {
    json_t *out = json_array();

    for (size_t i = 0; i < page->n_notes; i++) {
        const struct ticket_entry *note = &page->notes[i];
        json_t *json = json_object();
        set(json, "at_ms", json_integer(note->at_ms));
        set(json, "who", json_string(ticket_who(note)));
        set(json, "text", words(w, note->text));
        json_array_append_new(out, json);
    }
    return out;
}

static bool covers(const struct api_call *call, enum permission permission,
                   const struct ticket *ticket) {
    return access_covers(&call->caller, policies_get(call->bot->policies),
                         permission, ticket->unit, ticket->community,
                         ticket->category);
}

/* What the workflow lets the caller do with it now. */
static json_t *moves_json(const struct api_call *call,
                          const struct ticket *ticket) {
    json_t *out = json_array();

    if (!covers(call, PERM_TICKETS_MOVE, ticket))
        return out;
    for (int i = 0; i < MOVES; i++)
        if (desk_may(call->bot, ticket, (enum ticket_move)i,
                     call->caller.actor))
            json_array_append_new(
                out, json_string(workflow_move((enum ticket_move)i)->name));
    return out;
}

json_t *ticket_page_json(struct api_call *call,
                         const struct ticket_page *page) {
    const struct ticket *ticket = page->ticket;
    const struct writing w = {call, !covers(call, PERM_UNMASK, ticket)};
    bool known = !ticket->anonymous && ticket->state != TICKET_ERASED;
    struct card card;

    board_card(&card, ticket);
    json_t *json = common(&card);
    set(json, "text", json_string(""));
    if (ticket->text[0] != '\0')
        set(json, "text", words(&w, ticket->text));
    set(json, "place", words(&w, ticket->place));
    set(json, "photos", ticket_photos(ticket->photos));
    set(json, "after_photos", ticket_photos(ticket->after));
    set(json, "who", known ? words(&w, ticket->nick) : json_null());
    set(json, "group", known ? ticket_text(ticket->group) : json_null());
    set(json, "points", number_or_null(ticket->points));
    set(json, "closed_ms", number_or_null(ticket->closed_ms));
    set(json, "merged_into", ticket_text(ticket->into));
    set(json, "similar_hint",
        json_integer((json_int_t)similar_count(call, &card)));
    set(json, "moves", moves_json(call, ticket));
    set(json, "log", log_json(&w, page));
    set(json, "notes", notes_json(&w, page));
    set(json, "looking",
        live_looking(call->bot->live, ticket->id, call->caller.actor));
    return json;
}
