#include "store/ticket.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/txn.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_keys[TICKET_STATES] = {
    "ticket.state.new",       "ticket.state.answered", "ticket.state.closed",
    "ticket.state.withdrawn", "ticket.state.erased",
};

bool ticket_is_report(const char *id) {
    return id[0] == 'P';
}

const char *ticket_state_key(enum ticket_state state) {
    return state_keys[state];
}

bool ticket_is_open(enum ticket_state state) {
    return state == TICKET_NEW || state == TICKET_ANSWERED;
}

/* Empty fields are not stored. */
static void add_field(struct txn *txn, const char *name, const char *value) {
    if (value == NULL || value[0] == '\0')
        return;
    txn_arg(txn, name);
    txn_arg(txn, value);
}

void ticket_create(struct txn *txn, const struct ticket *ticket) {
    txn_op(txn, "ticket_create");
    txn_key(txn, KEY_TICKET, ticket->id);
    txn_key(txn, KEY_OPEN);
    txn_key(txn, KEY_RIDER_TICKETS, ticket->rider);
    txn_arg(txn, ticket->id);
    txn_arg(txn, "created");
    txn_arg_int(txn, ticket->created_ms);
    add_field(txn, "rider", ticket->rider);
    add_field(txn, "account", ticket->account);
    add_field(txn, "chat", ticket->chat);
    add_field(txn, "group", ticket->group);
    add_field(txn, "nick", ticket->nick);
    add_field(txn, "anonymous", ticket->anonymous ? "1" : "");
    add_field(txn, "category", ticket->category);
    add_field(txn, "text", ticket->text);
    add_field(txn, "photos", ticket->photos);
    add_field(txn, "place", ticket->place);
    add_field(txn, "lat", ticket->lat);
    add_field(txn, "lon", ticket->lon);
}

/* An entry is stored as kind, time, who and text, split by 0x1f. */
static char *pack_entry(const struct ticket_entry *entry) {
    return xasprintf("%c\x1f%" PRId64 "\x1f%s\x1f%s", (char)entry->kind,
                     entry->at_ms, entry->who, entry->text);
}

void ticket_change(struct txn *txn, const struct ticket *ticket,
                   enum ticket_state state, int64_t now_ms,
                   const struct ticket_entry *entry, const char *const *fields,
                   size_t n_fields) {
    bool was = ticket_is_open(ticket->state), is = ticket_is_open(state);
    txn_op(txn, "ticket_change");
    txn_key(txn, KEY_TICKET, ticket->id);
    txn_key(txn, KEY_OPEN);
    txn_key(txn, KEY_TICKET_LOG, ticket->id);
    txn_arg(txn, ticket->id);
    txn_arg_int(txn, ticket->version);
    txn_arg(txn, was == is ? "" : is ? "1" : "0");
    txn_arg_int(txn, ticket->created_ms);
    char *packed = entry == NULL ? xstrdup("") : pack_entry(entry);
    txn_arg(txn, packed);
    free(packed);
    txn_arg_int(txn, TICKET_LOG_MAX);
    txn_arg(txn, "state");
    txn_arg(txn, state_keys[state] + strlen("ticket.state."));
    txn_arg(txn, "updated");
    txn_arg_int(txn, now_ms);
    for (size_t i = 0; i < n_fields; i++)
        txn_arg(txn, fields[i]);
}

void ticket_erase(struct txn *txn, const char *id, int64_t now_ms) {
    txn_op(txn, "ticket_erase");
    txn_key(txn, KEY_TICKET, id);
    txn_key(txn, KEY_OPEN);
    txn_key(txn, KEY_TICKET_LOG, id);
    txn_arg(txn, id);
    txn_arg_int(txn, now_ms);
}

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
