/* The writing half of store/ticket.h. */
#include "store/ticket.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/seal.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/ticket_fields.h"
#include "store/txn.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(name, type, member) {name, type, offsetof(struct ticket, member)}

const struct ticket_field ticket_fields[] = {
    FIELD("rider", FIELD_TEXT, rider),
    FIELD("account", FIELD_TEXT, account),
    FIELD("chat", FIELD_TEXT, chat),
    FIELD("group", FIELD_TEXT, group),
    FIELD("anonymous", FIELD_FLAG, anonymous),
    FIELD("urgent", FIELD_FLAG, urgent),
    FIELD("category", FIELD_TEXT, category),
    FIELD("photos", FIELD_TEXT, photos),
    FIELD("after", FIELD_TEXT, after),
    FIELD("updated", FIELD_NUMBER, updated_ms),
    FIELD("community", FIELD_TEXT, community),
    FIELD("unit", FIELD_TEXT, unit),
    FIELD("back", FIELD_TEXT, back),
    FIELD("level", FIELD_INT, level),
    FIELD("assignee", FIELD_TEXT, assignee),
    FIELD("name", FIELD_TEXT, assignee_name),
    FIELD("ack", FIELD_NUMBER, acknowledge_ms),
    FIELD("resolve", FIELD_NUMBER, resolve_ms),
    FIELD("left", FIELD_NUMBER, left_ms),
    FIELD("warned", FIELD_FLAG, warned),
    FIELD("overdue", FIELD_FLAG, overdue),
    FIELD("due", FIELD_NUMBER, due_ms),
    FIELD("answered", FIELD_NUMBER, answered_ms),
    FIELD("closed", FIELD_NUMBER, closed_ms),
    FIELD("rating", FIELD_INT, rating),
    FIELD("reopened", FIELD_INT, reopened),
    FIELD("points", FIELD_INT, points),
    FIELD("into", FIELD_TEXT, into),
    FIELD("followers", FIELD_TEXT, followers),
    FIELD("source", FIELD_TEXT, source),
};
const size_t n_ticket_fields = ARRAY_LEN(ticket_fields);

const size_t ticket_private[PRIVATE_FIELDS] = {
    offsetof(struct ticket, text), offsetof(struct ticket, place),
    offsetof(struct ticket, lat),  offsetof(struct ticket, lon),
    offsetof(struct ticket, nick),
};

const char *const ticket_due_names[DUE_KINDS] = {
    "", "acknowledge", "warn", "resolve", "nudge", "rest",
};

bool ticket_is_report(const char *id) {
    return id[0] == 'P';
}

/* ---- fields ---------------------------------------------------------------
 */

/* The stored form of a field; "" is not stored. number has NUMBER_SIZE bytes.
 */
static const char *value_of(const struct ticket *ticket,
                            const struct ticket_field *field, char *number) {
    const char *at = (const char *)ticket + field->offset;
    int64_t value = 0;
    switch (field->type) {
    case FIELD_TEXT: {
        const char *text = *(const char *const *)(const void *)at;
        return text == NULL ? "" : text;
    }
    case FIELD_NUMBER:
        value = *(const int64_t *)(const void *)at;
        break;
    case FIELD_INT:
        value = *(const int *)(const void *)at;
        break;
    case FIELD_FLAG:
        value = *(const bool *)(const void *)at;
        break;
    }
    if (value == 0)
        return "";
    return number_print(number, value);
}

static void add_field(struct txn *txn, const char *name, const char *value) {
    txn_arg(txn, name);
    txn_arg(txn, value);
}

static const char *private_text(const struct ticket *ticket, int i) {
    const char *text =
        *(const char *const *)(const void *)((const char *)ticket +
                                             ticket_private[i]);
    return text == NULL ? "" : text;
}

/* Seals text for what context names; without a key it stays as it is. */
static char *seal(struct txn *txn, struct arena *arena, const char *prefix,
                  const char *id, const char *text) {
    const struct seal *with = txn_store(txn)->options.seal;
    if (with == NULL || text[0] == '\0')
        return arena_strdup(arena, text);
    return seal_text(with, arena, arena_printf(arena, "%s:%s", prefix, id),
                     text);
}

/* All that is private in one sealed field: a nonce and a tag, not five. */
static char *pack_private(struct txn *txn, struct arena *arena,
                          const struct ticket *ticket) {
    const char *packed = arena_printf(
        arena, "%s\x1f%s\x1f%s\x1f%s\x1f%s", private_text(ticket, 0),
        private_text(ticket, 1), private_text(ticket, 2),
        private_text(ticket, 3), private_text(ticket, 4));
    return seal(txn, arena, "ticket", ticket->id, packed);
}

static bool private_differs(const struct ticket *a, const struct ticket *b) {
    for (int i = 0; i < PRIVATE_FIELDS; i++)
        if (strcmp(private_text(a, i), private_text(b, i)) != 0)
            return true;
    return false;
}

/* ---- creating -------------------------------------------------------------
 */

int ticket_cell(double degrees) {
    return (int)floor(degrees / TICKET_CELL_DEGREES);
}

static void add_near(struct txn *txn, const struct ticket *ticket) {
    txn_op(txn, "ticket_near");
    txn_key(txn, KEY_NEAR, ticket->category,
            ticket_cell(strtod(ticket->lat, NULL)),
            ticket_cell(strtod(ticket->lon, NULL)));
    txn_arg(txn, ticket->id);
    txn_arg_int(txn, ticket->created_ms);
    txn_arg_int(txn, TTL_NEAR_MS);
}

void ticket_create(struct txn *txn, const struct ticket *ticket) {
    struct arena arena;
    arena_init(&arena);
    txn_op(txn, "ticket_create");
    txn_key(txn, KEY_TICKET, ticket->id);
    txn_key(txn, KEY_OPEN);
    txn_key(txn, KEY_DUE);
    txn_key(txn, KEY_RIDER_TICKETS,
            ticket->rider[0] == '\0' ? ticket->source : ticket->rider);
    txn_arg(txn, ticket->id);
    txn_arg_int(txn, ticket->created_ms);
    txn_arg_int(txn, ticket->due_ms);
    add_field(txn, "private", pack_private(txn, &arena, ticket));
    if (ticket->state != TICKET_NEW)
        add_field(txn, "state", ticket_state_name(ticket->state));
    if (ticket->due != DUE_NOTHING)
        add_field(txn, "duewhat", ticket_due_names[ticket->due]);
    for (size_t i = 0; i < n_ticket_fields; i++) {
        char number[NUMBER_SIZE];
        const char *value = value_of(ticket, &ticket_fields[i], number);
        if (value[0] != '\0')
            add_field(txn, ticket_fields[i].name, value);
    }
    arena_finish(&arena);
    if (ticket->lat != NULL && ticket->lat[0] != '\0')
        add_near(txn, ticket);
}

/* ---- changing -------------------------------------------------------------
 */

/* The stored form: move, time, who, name, detail, photos and the sealed text,
 * split by 0x1f. */
static char *pack_entry(struct txn *txn, struct arena *arena, const char *id,
                        const struct ticket_entry *entry) {
    return arena_printf(
        arena, "%s\x1f%" PRId64 "\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s",
        workflow_move(entry->move)->name, entry->at_ms, entry->who, entry->name,
        entry->detail, entry->photos, seal(txn, arena, "log", id, entry->text));
}

static int log_max(const struct ticket_entry *entry) {
    if (strcmp(entry->who, AUDIT_SYSTEM) == 0)
        return INT_MAX;
    if (strcmp(entry->who, AUDIT_RIDER) != 0)
        return TICKET_LOG_MAX;
    return entry->move == MOVE_REPLY || entry->move == MOVE_JOIN
               ? TICKET_LOG_MAX_WORDS
               : TICKET_LOG_MAX_RIDER;
}

static void add_queue(struct txn *txn, const struct ticket *before,
                      const struct ticket *after) {
    bool was = ticket_is_open(before->state), is = ticket_is_open(after->state);
    txn_arg(txn, was == is ? "" : is ? "open" : "ended");
    txn_arg_int(txn, is ? after->created_ms : after->updated_ms);
    if (before->due_ms == after->due_ms)
        txn_arg(txn, "");
    else
        txn_arg_int(txn, after->due_ms);
}

static void add_changes(struct txn *txn, struct arena *arena,
                        const struct ticket *before,
                        const struct ticket *after) {
    if (before->state != after->state)
        add_field(txn, "state", ticket_state_name(after->state));
    if (before->due != after->due)
        add_field(txn, "duewhat", ticket_due_names[after->due]);
    if (private_differs(before, after))
        add_field(txn, "private", pack_private(txn, arena, after));
    for (size_t i = 0; i < n_ticket_fields; i++) {
        char old[NUMBER_SIZE], new[NUMBER_SIZE];
        const char *value = value_of(after, &ticket_fields[i], new);
        if (strcmp(value_of(before, &ticket_fields[i], old), value) != 0)
            add_field(txn, ticket_fields[i].name, value);
    }
}

void ticket_change(struct txn *txn, const struct ticket *before,
                   const struct ticket *after,
                   const struct ticket_entry *entry) {
    struct arena arena;
    bool note = entry != NULL && entry->move == MOVE_NOTE;
    arena_init(&arena);
    txn_op(txn, "ticket_change");
    txn_key(txn, KEY_TICKET, before->id);
    txn_key(txn, KEY_OPEN);
    txn_key(txn, KEY_ENDED);
    txn_key(txn, KEY_DUE);
    txn_key(txn, note ? KEY_TICKET_NOTES : KEY_TICKET_LOG, before->id);
    txn_arg(txn, before->id);
    txn_arg_int(txn, before->version);
    add_queue(txn, before, after);
    txn_arg(txn,
            entry == NULL ? "" : pack_entry(txn, &arena, before->id, entry));
    txn_arg_int(txn, entry == NULL ? 0 : log_max(entry));
    add_changes(txn, &arena, before, after);
    arena_finish(&arena);
}

void ticket_erase(struct txn *txn, const char *id, int64_t now_ms) {
    txn_op(txn, "ticket_erase");
    txn_key(txn, KEY_TICKET, id);
    txn_key(txn, KEY_OPEN);
    txn_key(txn, KEY_ENDED);
    txn_key(txn, KEY_ERASED);
    txn_key(txn, KEY_DUE);
    txn_key(txn, KEY_TICKET_LOG, id);
    txn_key(txn, KEY_TICKET_NOTES, id);
    txn_arg(txn, id);
    txn_arg_int(txn, now_ms);
}

void ticket_reseal(struct txn *txn, const struct ticket *ticket,
                   const struct ticket_entry *log, size_t n_log,
                   const struct ticket_entry *notes, size_t n_notes) {
    struct arena arena;
    arena_init(&arena);
    txn_op(txn, "ticket_reseal");
    txn_key(txn, KEY_TICKET, ticket->id);
    txn_key(txn, KEY_TICKET_LOG, ticket->id);
    txn_key(txn, KEY_TICKET_NOTES, ticket->id);
    txn_arg_int(txn, ticket->version);
    txn_arg(txn, pack_private(txn, &arena, ticket));
    txn_arg_int(txn, (int64_t)n_log);
    for (size_t i = 0; i < n_log; i++)
        txn_arg(txn, pack_entry(txn, &arena, ticket->id, &log[i]));
    for (size_t i = 0; i < n_notes; i++)
        txn_arg(txn, pack_entry(txn, &arena, ticket->id, &notes[i]));
    arena_finish(&arena);
}

/* ---- followers ------------------------------------------------------------
 */

/* Packed as rider, account, chat and group split by 0x1f, each ended by 0x1e.
 */
size_t ticket_followers(struct arena *arena, const struct ticket *ticket,
                        struct follower out[static TICKET_FOLLOWERS_MAX]) {
    size_t n = 0;
    char *all = arena_strdup(arena, ticket->followers), *end;
    for (char *at = all;
         n < TICKET_FOLLOWERS_MAX && (end = strchr(at, '\x1e')) != NULL;
         at = end + 1) {
        const char *fields[4] = {at, "", "", ""};
        *end = '\0';
        for (int i = 1; i < 4; i++) {
            char *split = strchr(fields[i - 1], '\x1f');
            if (split == NULL)
                break;
            *split = '\0';
            fields[i] = split + 1;
        }
        out[n++] =
            (struct follower){fields[0], fields[1], fields[2], fields[3]};
    }
    return n;
}

char *ticket_follow(struct arena *arena, const struct ticket *ticket,
                    const struct follower *follower) {
    struct follower all[TICKET_FOLLOWERS_MAX];
    size_t n = ticket_followers(arena, ticket, all);
    if (n == TICKET_FOLLOWERS_MAX ||
        strcmp(ticket->rider, follower->rider) == 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].rider, follower->rider) == 0)
            return NULL;
    return arena_printf(arena, "%s%s\x1f%s\x1f%s\x1f%s\x1e", ticket->followers,
                        follower->rider, follower->account, follower->chat,
                        follower->group);
}

char *ticket_unfollow(struct arena *arena, const struct ticket *ticket,
                      const char *rider) {
    struct follower all[TICKET_FOLLOWERS_MAX];
    size_t n = ticket_followers(arena, ticket, all);
    bool found = false;
    struct ticket left = {.rider = "", .followers = ""};
    for (size_t i = 0; i < n; i++) {
        if (strcmp(all[i].rider, rider) == 0)
            found = true;
        else
            left.followers = ticket_follow(arena, &left, &all[i]);
    }
    return found ? arena_strdup(arena, left.followers) : NULL;
}

void ticket_followed(struct txn *txn, const char *rider, const char *id,
                     int64_t now_ms) {
    txn_op(txn, "ticket_followed");
    txn_key(txn, KEY_RIDER_TICKETS, rider);
    txn_arg(txn, id);
    txn_arg_int(txn, now_ms);
}

/* ---- numbers --------------------------------------------------------------
 */

#define NUMBER_DIGITS_MAX 12

char *ticket_parse_id(struct arena *arena, const char *text, char prefix) {
    while (*text == ' ' || *text == '#')
        text++;
    char first = (char)toupper((unsigned char)*text);
    if (first == 'S' || first == 'P') {
        prefix = first;
        text++;
    }
    while (*text == ' ' || *text == '-')
        text++;
    while (*text == '0')
        text++;
    size_t len = strspn(text, "0123456789");
    if (len == 0 || len > NUMBER_DIGITS_MAX || text[len] != '\0')
        return NULL;
    return arena_printf(arena, "%c%s", prefix, text);
}
