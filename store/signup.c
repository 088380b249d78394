#include "store/signup.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "store/event.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/signup_fields.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const char *const signup_state_names[SIGNUP_STATES] = {
    "signed", "waiting", "offered", "cancelled", "attended",
};

#define FIELD(member) {#member, offsetof(struct signup, member)}
const struct signup_field signup_texts[] = {
    FIELD(nick), FIELD(account),  FIELD(chat), FIELD(group),
    FIELD(code), FIELD(guardian), FIELD(why),
};
const size_t n_signup_texts = ARRAY_LEN(signup_texts);
const struct signup_field signup_numbers[] = {
    FIELD(n),        FIELD(young),  FIELD(created_ms), FIELD(updated_ms),
    FIELD(offer_ms), FIELD(due_ms), FIELD(reminded),   FIELD(changed),
    FIELD(told),     FIELD(tries),
};
const size_t n_signup_numbers = ARRAY_LEN(signup_numbers);

bool signup_is_active(const struct signup *signup) {
    return signup->version > 0 &&
           (signup->state == SIGNUP_SIGNED || signup->state == SIGNUP_WAITING ||
            signup->state == SIGNUP_OFFERED);
}

bool signup_holds(enum signup_state state) {
    return state == SIGNUP_SIGNED || state == SIGNUP_OFFERED ||
           state == SIGNUP_ATTENDED;
}

const char *signup_context(struct arena *arena, const char *event,
                           const char *rider) {
    return arena_printf(arena, "signup:%s:%s", event, rider);
}

static const char *text_or_empty(const char *text) {
    return text == NULL ? "" : text;
}

/* What is private in one sealed field. */
static const char *pack_private(struct txn *txn, struct arena *arena,
                                const struct signup *signup) {
    const struct seal *seal = txn_store(txn)->options.seal;
    const char *children = text_or_empty(signup->children);
    const char *answers = text_or_empty(signup->answers);
    if (children[0] == '\0' && answers[0] == '\0')
        return "";
    const char *packed =
        arena_printf(arena, "%s%c%s", children, SIGNUP_PRIVATE, answers);
    if (seal == NULL)
        return packed;
    return seal_text(seal, arena,
                     signup_context(arena, signup->event, signup->rider),
                     packed);
}

static void add_keys(struct txn *txn, const char *event, const char *rider) {
    txn_key(txn, KEY_RECORD, "event", event);
    txn_key(txn, KEY_SIGNUP, event, rider);
    txn_key(txn, KEY_SIGNUPS, event);
    txn_key(txn, KEY_RIDER_SIGNUPS, rider);
    txn_key(txn, KEY_WAITLIST, event);
    txn_key(txn, KEY_EVENT_DUE);
    txn_key(txn, KEY_EVENT_CODES, event);
    txn_key(txn, KEY_EVENT_PRIVATE);
}

static void add_fields(struct txn *txn, const struct signup *signup) {
    const char *const *text;
    const int64_t *number;
    for (size_t i = 0; i < n_signup_texts; i++) {
        text = (const void *)((const char *)signup + signup_texts[i].offset);
        txn_arg(txn, signup_texts[i].name);
        txn_arg(txn, text_or_empty(*text));
    }
    for (size_t i = 0; i < n_signup_numbers; i++) {
        number =
            (const void *)((const char *)signup + signup_numbers[i].offset);
        txn_arg(txn, signup_numbers[i].name);
        txn_arg_int(txn, *number);
    }
}

void signup_put(struct txn *txn, const struct signup_change *change) {
    const struct event *event = change->event;
    const struct signup *before = change->before, *after = change->after;
    struct arena arena;
    arena_init(&arena);
    const char *packed = pack_private(txn, &arena, after);
    txn_op(txn, "signup_put");
    add_keys(txn, event->id, after->rider);
    txn_arg(txn, event->id);
    txn_arg(txn, after->rider);
    txn_arg_int(txn, event->version);
    txn_arg_int(txn, before == NULL ? 0 : before->version);
    txn_arg(txn, signup_state_names[after->state]);
    txn_arg_int(txn, after->n);
    txn_arg_int(txn, change->place);
    txn_arg_int(txn, change->now_ms);
    txn_arg_int(txn, after->due_ms);
    txn_arg(txn, change->pushed ? "1" : "0");
    txn_arg_int(txn, packed[0] == '\0' ? 0 : event->ends_ms);
    txn_arg_int(txn, event->starts_ms);
    txn_arg_int(txn, after->created_ms);
    txn_arg(txn, text_or_empty(after->code));
    txn_arg(txn, "state");
    txn_arg(txn, signup_state_names[after->state]);
    txn_arg(txn, "private");
    txn_arg(txn, packed);
    add_fields(txn, after);
    arena_finish(&arena);
}

void signup_erase(struct txn *txn, const struct signup *signup,
                  int64_t now_ms) {
    txn_op(txn, "signup_erase");
    add_keys(txn, signup->event, signup->rider);
    txn_arg(txn, signup->event);
    txn_arg(txn, signup->rider);
    txn_arg_int(txn, signup->version);
    txn_arg_int(txn, now_ms);
}

static void add_member(struct txn *txn, const char *event, const char *rider) {
    char member[192];
    snprintf(member, sizeof(member), "%s%s%s", event,
             rider[0] == '\0' ? "" : " ", rider);
    txn_arg(txn, member);
}

void signup_strip(struct txn *txn, const struct signup *signup) {
    txn_op(txn, "signup_strip");
    txn_key(txn, KEY_SIGNUP, signup->event, signup->rider);
    txn_key(txn, KEY_EVENT_PRIVATE);
    txn_arg_int(txn, signup->version);
    add_member(txn, signup->event, signup->rider);
}

void signup_unring(struct txn *txn, const char *event, const char *rider) {
    txn_op(txn, "event_unring");
    txn_key(txn, KEY_EVENT_DUE);
    add_member(txn, event, rider);
}
