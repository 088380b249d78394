#include "store/upload.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/record.h"

#include <inttypes.h>
#include <stdio.h>

#define KIND "file"

void upload_put(struct txn *txn, const struct upload *upload) {
    char bytes[24];
    snprintf(bytes, sizeof(bytes), "%" PRId64, upload->bytes);
    const char *const fields[] = {
        "name",  upload->name, "type", upload->type,
        "bytes", bytes,        "by",   upload->by,
    };
    record_put(txn, &(struct record){
                        .kind = KIND,
                        .id = upload->id,
                        .order = upload->created_ms,
                        .fields = fields,
                        .n_fields = ARRAY_LEN(fields),
                    });
}

/* It is written once: its version is the first. */
void upload_remove(struct txn *txn, const char *id) {
    record_remove(txn, KIND, id, 1);
}

static struct upload decode(const struct record *record) {
    return (struct upload){
        .id = record->id,
        .name = record_string(record, "name"),
        .type = record_string(record, "type"),
        .bytes = record_int(record, "bytes"),
        .by = record_string(record, "by"),
        .created_ms = record->order,
    };
}

struct get_call {
    upload_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    if (err != OK) {
        call->done(call->data, err, NULL);
        return;
    }
    struct upload upload = decode(record);
    call->done(call->data, OK, &upload);
}

void upload_get(struct store *store, struct arena *arena, const char *id,
                upload_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){done, data};
    record_get(store, arena, KIND, id, on_record, call);
}

struct list_call {
    struct arena *arena;
    upload_list *done;
    void *data;
};

static void on_all(void *data, enum err err, const struct record *records,
                   size_t n, int64_t total) {
    struct list_call *call = data;
    struct upload *uploads =
        arena_alloc(call->arena, (n + 1) * sizeof(*uploads));
    for (size_t i = 0; i < n; i++)
        uploads[i] = decode(&records[i]);
    call->done(call->data, err, uploads, n, total);
}

void upload_list_all(struct store *store, struct arena *arena, size_t offset,
                     size_t max, upload_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){arena, done, data};
    record_list_kind(store, arena, KIND, offset, max, on_all, call);
}

struct count_call {
    upload_counted *done;
    void *data;
};

static void on_list(void *data, enum err err, const struct record *records,
                    size_t n, int64_t total) {
    struct count_call *call = data;
    (void)records;
    (void)n;
    call->done(call->data, err, total);
}

void upload_count(struct store *store, struct arena *arena,
                  upload_counted *done, void *data) {
    struct count_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct count_call){done, data};
    record_list_kind(store, arena, KIND, 0, 1, on_list, call);
}
