#include "store/plan.h"

#include "base/arena.h"
#include "store/record.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define KIND "plan"
#define DAY_S (24LL * 3600)

/* ---- weeks --------------------------------------------------------------- */

static void week_of(time_t local, char out[PLAN_WEEK_SIZE]) {
    struct tm tm;
    if (gmtime_r(&local, &tm) == NULL ||
        strftime(out, PLAN_WEEK_SIZE, "%G-W%V", &tm) == 0)
        out[0] = '\0';
}

void plan_week(int64_t ms, int utc_offset_minutes, char out[PLAN_WEEK_SIZE]) {
    week_of((time_t)(ms / 1000 + utc_offset_minutes * 60LL), out);
}

int64_t plan_week_ms(const char *week, int utc_offset_minutes) {
    int year, number, len = 0;
    char again[PLAN_WEEK_SIZE];
    if (strlen(week) != PLAN_WEEK_SIZE - 1 ||
        sscanf(week, "%4d-W%2d%n", &year, &number, &len) != 2 ||
        len != PLAN_WEEK_SIZE - 1 || year < 1970)
        return -1;
    /* The fourth of January is always in the first week. */
    struct tm fourth = {.tm_year = year - 1900, .tm_mday = 4};
    int64_t at = timegm(&fourth);
    int64_t monday = at - (fourth.tm_wday + 6) % 7 * DAY_S;
    int64_t begin = monday + (number - 1) * 7 * DAY_S;
    week_of((time_t)begin, again);
    if (strcmp(again, week) != 0)
        return -1;
    return (begin - utc_offset_minutes * 60LL) * 1000;
}

/* ---- plans --------------------------------------------------------------- */

static const char *some(const char *text) {
    return text == NULL ? "" : text;
}

void plan_put(struct txn *txn, const struct plan *plan) {
    char updated[24];
    snprintf(updated, sizeof(updated), "%" PRId64, plan->updated_ms);
    const char *const fields[] = {
        "materials", some(plan->materials), "quiz",    some(plan->quiz),
        "by",        some(plan->by),        "updated", updated,
        "pushed",    some(plan->pushed),
    };
    record_put(txn, &(struct record){
                        .kind = KIND,
                        .id = plan->week,
                        .version = plan->version,
                        .order = plan_week_ms(plan->week, 0),
                        .fields = fields,
                        .n_fields = sizeof(fields) / sizeof(fields[0]),
                    });
}

static struct plan unpack(const struct record *record) {
    return (struct plan){
        .week = record->id,
        .version = record->version,
        .materials = record_string(record, "materials"),
        .quiz = record_string(record, "quiz"),
        .by = record_string(record, "by"),
        .updated_ms = record_int(record, "updated"),
        .pushed = record_string(record, "pushed"),
    };
}

struct get_call {
    plan_read *done;
    void *data;
};

static void on_record(void *data, enum err err, const struct record *record) {
    struct get_call *call = data;
    struct plan plan;
    if (err == OK)
        plan = unpack(record);
    call->done(call->data, err, err == OK ? &plan : NULL);
}

void plan_get(struct store *store, struct arena *arena, const char *week,
              plan_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct get_call){done, data};
    record_get(store, arena, KIND, week, on_record, call);
}

struct list_call {
    struct arena *arena;
    plan_list *done;
    void *data;
};

static void on_records(void *data, enum err err, const struct record *records,
                       size_t n, int64_t total) {
    struct list_call *call = data;
    struct plan *plans = arena_alloc(call->arena, (n + 1) * sizeof(*plans));
    for (size_t i = 0; i < n; i++)
        plans[i] = unpack(&records[i]);
    call->done(call->data, err, plans, n, total);
}

void plan_list_all(struct store *store, struct arena *arena, size_t offset,
                   size_t max, plan_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){arena, done, data};
    record_list_kind(store, arena, KIND, offset, max, on_records, call);
}
