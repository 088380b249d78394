#include "store/event.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIND "event"
#define VALUE_SIZE 24
#define ID_DIGITS_MAX 12

const char *const event_state_names[EVENT_STATES] = {
    "draft", "open", "closed", "cancelled", "finished",
};
const char *const event_kind_names[EVENT_KINDS] = {"event", "contest", "live"};

struct field {
    const char *name;
    size_t offset; /* in struct event */
};
#define FIELD(member) {#member, offsetof(struct event, member)}
static const struct field texts[] = {
    FIELD(unit),   FIELD(title), FIELD(text),    FIELD(photo),
    FIELD(place),  FIELD(lat),   FIELD(lon),     FIELD(questions),
    FIELD(remind), FIELD(code),  FIELD(token),   FIELD(certificate),
    FIELD(stages), FIELD(by),    FIELD(by_name), FIELD(note),
};
static const struct field numbers[] = {
    FIELD(starts_ms),  FIELD(ends_ms),    FIELD(deadline_ms), FIELD(capacity),
    FIELD(family_max), FIELD(accept_h),   FIELD(points),      FIELD(viewers),
    FIELD(orders),     FIELD(created_ms), FIELD(updated_ms),  FIELD(changed),
};
/* Written by sign-ups. */
static const struct field counts[] = {
    FIELD(taken),      FIELD(n_signed),    FIELD(n_waiting), FIELD(n_offered),
    FIELD(n_attended), FIELD(n_cancelled), FIELD(freed),
};

static const char **text_at(struct event *event, const struct field *field) {
    return (const char **)(void *)((char *)event + field->offset);
}

static int64_t *number_at(struct event *event, const struct field *field) {
    return (int64_t *)(void *)((char *)event + field->offset);
}

/* ---- writing ------------------------------------------------------------- */

void event_put(struct txn *txn, const struct event *event) {
    struct event copy = *event;
    char values[ARRAY_LEN(numbers)][VALUE_SIZE];
    const char *fields[2 * (2 + ARRAY_LEN(texts) + ARRAY_LEN(numbers))];
    size_t n = 0;
    fields[n++] = "state";
    fields[n++] = event_state_names[event->state];
    fields[n++] = "kind";
    fields[n++] = event_kind_names[event->kind];
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *text = *text_at(&copy, &texts[i]);
        fields[n++] = texts[i].name;
        fields[n++] = text == NULL ? "" : text;
    }
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        snprintf(values[i], VALUE_SIZE, "%" PRId64,
                 *number_at(&copy, &numbers[i]));
        fields[n++] = numbers[i].name;
        fields[n++] = values[i];
    }
    record_put(txn, &(struct record){
                        .kind = KIND,
                        .id = event->id,
                        .version = event->version,
                        .order = event->starts_ms,
                        .fields = fields,
                        .n_fields = n,
                    });
}

void event_remove(struct txn *txn, const struct event *event) {
    txn_op(txn, "event_empty");
    txn_key(txn, KEY_SIGNUPS, event->id);
    record_remove(txn, KIND, event->id, event->version);
}

void event_stir(struct txn *txn, const struct event *event, int64_t now_ms) {
    txn_op(txn, "event_stir");
    txn_key(txn, KEY_SIGNUPS, event->id);
    txn_key(txn, KEY_EVENT_DUE);
    txn_arg(txn, event->id);
    txn_arg_int(txn, now_ms);
}

void event_free_places(struct txn *txn, const struct event *event,
                       int64_t now_ms) {
    txn_op(txn, "event_free");
    txn_key(txn, KEY_RECORD, KIND, event->id);
    txn_key(txn, KEY_EVENT_DUE);
    txn_arg(txn, event->id);
    txn_arg_int(txn, now_ms);
}

void event_rest(struct txn *txn, const struct event *event) {
    txn_op(txn, "event_rest");
    txn_key(txn, KEY_RECORD, KIND, event->id);
    txn_key(txn, KEY_EVENT_DUE);
    txn_arg(txn, event->id);
    txn_arg_int(txn, event->freed);
}

/* ---- reading ------------------------------------------------------------- */

static int name_index(const char *const *names, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return 0;
}

static void unpack(const struct record *record, struct event *event) {
    *event = (struct event){.id = record->id, .version = record->version};
    event->state = (enum event_state)name_index(event_state_names, EVENT_STATES,
                                                record_string(record, "state"));
    event->kind = (enum event_kind)name_index(event_kind_names, EVENT_KINDS,
                                              record_string(record, "kind"));
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *text_at(event, &texts[i]) = record_string(record, texts[i].name);
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
        *number_at(event, &numbers[i]) = record_int(record, numbers[i].name);
    for (size_t i = 0; i < ARRAY_LEN(counts); i++)
        *number_at(event, &counts[i]) = record_int(record, counts[i].name);
}

struct get_call {
    struct event event;
    event_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    if (err == OK)
        unpack(record, &call->event);
    call->done(call->data, err, err == OK ? &call->event : NULL);
}

void event_get(struct store *store, struct arena *arena, const char *id,
               event_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){.done = done, .data = data};
    record_get(store, arena, KIND, id, on_record, call);
}

struct list_call {
    struct arena *arena;
    event_listed *done;
    void *data;
};

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct event *events =
        arena_alloc(call->arena, (n + 1) * sizeof(struct event));
    for (size_t i = 0; i < n; i++)
        unpack(&records[i], &events[i]);
    call->done(call->data, err, events, n, total);
}

static struct list_call *list_new(struct arena *arena, event_listed *done,
                                  void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){arena, done, data};
    return call;
}

void event_list(struct store *store, struct arena *arena, size_t offset,
                size_t max, event_listed *done, void *data) {
    record_list_kind(store, arena, KIND, offset, max, on_records,
                     list_new(arena, done, data));
}

void event_get_many(struct store *store, struct arena *arena,
                    const char *const *ids, size_t n, event_listed *done,
                    void *data) {
    record_get_many(store, arena, KIND, ids, n, on_records,
                    list_new(arena, done, data));
}

char *event_parse_id(struct arena *arena, const char *text) {
    if (text[0] == 'E' || text[0] == 'e')
        text++;
    text += strspn(text, " ");
    text += strspn(text, "0");
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > ID_DIGITS_MAX || text[digits] != '\0')
        return NULL;
    return arena_printf(arena, "E%s", text);
}
