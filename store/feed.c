#include "store/feed.h"

#include "base/arena.h"
#include "store/record.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>

#define KIND "feed"

/* ---- writing ------------------------------------------------------------- */

enum { EVERY, CREATED, LAST, STATUS, FOUND, NEW, FAILS, NEXT, NUMBERS };
static const char *const number_names[NUMBERS] = {
    [EVERY] = "every_h", [CREATED] = "created", [LAST] = "last",
    [STATUS] = "status", [FOUND] = "found",     [NEW] = "new",
    [FAILS] = "fails",   [NEXT] = "next",
};

void feed_put(struct txn *txn, const struct feed *feed) {
    const int64_t numbers[NUMBERS] = {
        [EVERY] = feed->every_h,    [CREATED] = feed->created_ms,
        [LAST] = feed->last_ms,     [STATUS] = feed->last_status,
        [FOUND] = feed->last_found, [NEW] = feed->last_new,
        [FAILS] = feed->fails,      [NEXT] = feed->next_ms,
    };
    const char *fields[14 + 2 * NUMBERS] = {
        "url",      feed->url,
        "name",     feed->name,
        "category", feed->category,
        "etag",     feed->etag,
        "modified", feed->modified,
        "error",    feed->last_error,
        "enabled",  feed->enabled ? "1" : "",
    };
    char texts[NUMBERS][24];
    for (size_t i = 0; i < NUMBERS; i++) {
        snprintf(texts[i], sizeof(texts[i]), "%" PRId64, numbers[i]);
        fields[14 + 2 * i] = number_names[i];
        fields[15 + 2 * i] = texts[i];
    }
    for (size_t i = 0; i < 14; i++)
        if (fields[i] == NULL)
            fields[i] = "";
    record_put(txn, &(struct record){
                        .kind = KIND,
                        .id = feed->id,
                        .version = feed->version,
                        .order = feed->created_ms,
                        .fields = fields,
                        .n_fields = sizeof(fields) / sizeof(fields[0]),
                    });
}

void feed_remove(struct txn *txn, const char *id, int64_t version) {
    record_remove(txn, KIND, id, version);
}

/* ---- reading ------------------------------------------------------------- */

static struct feed unpack(const struct record *record) {
    return (struct feed){
        .id = record->id,
        .version = record->version,
        .url = record_string(record, "url"),
        .name = record_string(record, "name"),
        .category = record_string(record, "category"),
        .every_h = (int)record_int(record, "every_h"),
        .enabled = record_int(record, "enabled") != 0,
        .created_ms = record_int(record, "created"),
        .etag = record_string(record, "etag"),
        .modified = record_string(record, "modified"),
        .last_ms = record_int(record, "last"),
        .last_status = (int)record_int(record, "status"),
        .last_error = record_string(record, "error"),
        .last_found = (int)record_int(record, "found"),
        .last_new = (int)record_int(record, "new"),
        .fails = (int)record_int(record, "fails"),
        .next_ms = record_int(record, "next"),
    };
}

struct get_call {
    feed_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    struct feed feed;
    if (err == OK)
        feed = unpack(record);
    call->done(call->data, err, err == OK ? &feed : NULL);
}

void feed_get(struct store *store, struct arena *arena, const char *id,
              feed_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){done, data};
    record_get(store, arena, KIND, id, on_record, call);
}

struct list_call {
    struct arena *arena;
    feed_list *done;
    void *data;
};

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct feed *feeds = arena_alloc(call->arena, (n + 1) * sizeof(*feeds));
    (void)total;
    for (size_t i = 0; i < n; i++)
        feeds[i] = unpack(&records[i]);
    call->done(call->data, err, feeds, n);
}

void feed_list_all(struct store *store, struct arena *arena, feed_list *done,
                   void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){arena, done, data};
    record_list_kind(store, arena, KIND, 0, FEEDS_MAX, on_records, call);
}
