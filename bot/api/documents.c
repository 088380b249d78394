#include "bot/api/documents.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/document.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* As large as the document and what it is wrapped in. */
#define BODY_BYTES (DOCUMENT_BYTES_MAX + (size_t)64 * 1024)
#define DUMP_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(15))

/* What everybody who works on tickets or reaches out to riders needs; the
 * others say how tickets are dealt out. */
static const bool for_all[POLICY_DOCUMENTS] = {
    [POLICY_ORGANISATION] = true, [POLICY_AREAS] = true,
    [POLICY_CALENDAR] = true,     [POLICY_TEMPLATES] = true,
    [POLICY_RULES] = true,        [POLICY_BROADCASTS] = true,
};

static bool may_read(const struct api_call *call, int document) {
    return for_all[document] ||
           (call->caller.permissions & PERM_DOCUMENTS) != 0;
}

/* A document holds for the whole district, and the tree of the organisation
 * says who is above whom: it is not for the administrator of a part. */
static bool may_write(const struct api_call *call) {
    return access_covers(&call->caller, policies_get(call->bot->policies),
                         PERM_DOCUMENTS, "*", "*", "*");
}

/* A reading of all of them, for whatever comes then. */
struct reading {
    struct api_call *call;
    int document; /* the one that is asked for */
    struct document all[POLICY_DOCUMENTS];
    struct document next; /* what it is to become */
    void (*then)(struct reading *reading);
};

static void on_read(void *data, enum err err, const struct document *documents,
                    size_t n) {
    struct reading *reading = data;
    if (err != OK) {
        api_fail(reading->call, err);
        return;
    }
    memcpy(reading->all, documents, n * sizeof(*documents));
    reading->then(reading);
}

static void read_all(struct api_call *call, struct reading *reading,
                     void (*then)(struct reading *reading)) {
    reading->call = call;
    reading->then = then;
    document_get(call->bot->store, &call->arena, policy_names, POLICY_DOCUMENTS,
                 on_read, reading);
}

static struct reading *reading_new(struct api_call *call) {
    return arena_alloc(&call->arena, sizeof(struct reading));
}

/* The document that the path names; the call has been answered when false. */
static bool find_name(struct api_call *call, struct reading *reading) {
    for (int i = 0; i < POLICY_DOCUMENTS; i++) {
        if (strcmp(call->args[0], policy_names[i]) != 0)
            continue;
        reading->document = i;
        if (may_read(call, i))
            return true;
        api_fail(call, ERR_DENIED);
        return false;
    }
    api_fail(call, ERR_NOT_FOUND);
    return false;
}

/* ---- reading -------------------------------------------------------------
 */

static json_t *head_json(int document, const struct document *is) {
    bool stored = is->version > 0;
    return json_pack("{ss sI ss* so}", "name", policy_names[document],
                     "version", (json_int_t)is->version, "by",
                     stored ? is->by : "system", "at_ms",
                     stored ? json_integer(is->at_ms) : json_null());
}

static json_t *content_json(int document, const struct document *is) {
    const char *text = is->json_len > 0
                           ? is->json
                           : policy_default((enum policy_document)document);
    json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);
    return json != NULL ? json : json_null();
}

static json_t *whole_json(const struct reading *reading) {
    const struct document *is = &reading->all[reading->document];
    json_t *json = head_json(reading->document, is);
    json_object_set_new(json, "json", content_json(reading->document, is));
    return json;
}

static void show_list(struct reading *reading) {
    json_t *items = json_array();
    for (int i = 0; i < POLICY_DOCUMENTS; i++)
        if (may_read(reading->call, i))
            json_array_append_new(items, head_json(i, &reading->all[i]));
    json_int_t total = (json_int_t)json_array_size(items);
    api_answer(reading->call,
               json_pack("{so sn sI}", "items", items, "next", "total", total),
               0);
}

static void get_list(struct api_call *call) {
    read_all(call, reading_new(call), show_list);
}

static void show_one(struct reading *reading) {
    api_answer(reading->call, whole_json(reading),
               reading->all[reading->document].version);
}

static void get_one(struct api_call *call) {
    struct reading *reading = reading_new(call);
    if (find_name(call, reading))
        read_all(call, reading, show_one);
}

/* ---- checking ------------------------------------------------------------ */

static json_t *problems_json(const struct problems *problems) {
    json_t *out = json_array();
    for (size_t i = 0; i < problems->n; i++)
        json_array_append_new(
            out, json_pack("{ss ss ss}", "document",
                           policy_names[problems->items[i].document], "path",
                           problems->items[i].path, "text",
                           problems->items[i].text));
    return out;
}

/* Whether all of them hold together with the new one in its place. */
static enum err check(struct reading *reading, struct problems *problems) {
    struct api_call *call = reading->call;
    struct document all[POLICY_DOCUMENTS];
    struct policy *policy = NULL;
    memcpy(all, reading->all, sizeof(all));
    all[reading->document] = reading->next;
    enum err err = policy_parse(all, call->bot->config->utc_offset_minutes,
                                &call->arena, problems, &policy);
    policy_free(policy);
    return err;
}

/* The member "json" as the text that is stored. */
static bool read_json(struct api_call *call, struct reading *reading) {
    const json_t *json = json_object_get(call->json, "json");
    char *text = json_is_object(json) ? json_dumps(json, DUMP_FLAGS) : NULL;
    if (text == NULL) {
        api_invalid(call, "object_needed", "json");
        return false;
    }
    struct document *next = &reading->next;
    next->name = policy_names[reading->document];
    next->json_len = strlen(text);
    next->json = arena_strndup(&call->arena, text, next->json_len);
    next->by = call->caller.actor;
    next->at_ms = call->now_ms;
    free(text);
    if (next->json_len <= DOCUMENT_BYTES_MAX)
        return true;
    api_fail(call, ERR_TOO_LARGE);
    return false;
}

static void tell_problems(struct reading *reading) {
    struct problems *problems =
        arena_alloc(&reading->call->arena, sizeof(*problems));
    enum err err = check(reading, problems);
    if (err != OK && err != ERR_INVALID)
        api_fail(reading->call, err);
    else
        api_answer(reading->call,
                   json_pack("{sb so}", "ok", err == OK, "problems",
                             problems_json(problems)),
                   0);
}

static void post_check(struct api_call *call) {
    struct reading *reading = reading_new(call);
    if (find_name(call, reading) && read_json(call, reading)) {
        reading->next.version = 1;
        read_all(call, reading, tell_problems);
    }
}

/* ---- writing ------------------------------------------------------------- */

static void show_stale(struct reading *reading) {
    api_stale(reading->call, whole_json(reading));
}

/* Whoever reads next sees what was written. */
static void on_in_force(void *data) {
    struct reading *reading = data;
    reading->all[reading->document] = reading->next;
    show_one(reading);
}

static void on_written(void *data, const struct txn_result *result) {
    struct reading *reading = data;
    struct api_call *call = reading->call;
    if (result->err == ERR_CONFLICT) {
        read_all(call, reading, show_stale);
    } else if (result->err != OK) {
        api_fail(call, result->err);
    } else {
        reading->next.version++;
        policies_refresh(call->bot->policies, on_in_force, reading);
    }
}

static void refuse_problems(struct api_call *call,
                            const struct problems *problems) {
    json_t *json = json_pack("{ss ss si ss so}", "type", "about:blank", "title",
                             "Unprocessable Content", "status", 422, "code",
                             "problems", "problems", problems_json(problems));
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    api_bytes(call, 422, "application/problem+json", NULL, text, strlen(text));
    free(text);
}

static void write_it(struct reading *reading) {
    struct api_call *call = reading->call;
    struct document *next = &reading->next;
    struct problems *problems = arena_alloc(&call->arena, sizeof(*problems));
    if (reading->all[reading->document].version != next->version) {
        show_stale(reading);
        return;
    }
    enum err err = check(reading, problems);
    if (err == ERR_INVALID) {
        refuse_problems(call, problems);
        return;
    }
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    document_put(txn, next);
    /* They were found to fit together, as they were. */
    for (int i = 0; i < POLICY_DOCUMENTS; i++)
        if (i != reading->document)
            document_expect(txn, &reading->all[i]);
    txn_audit(txn, call->caller.actor, "document-put",
              arena_printf(&call->arena, "document:%s", next->name),
              arena_printf(&call->arena, "v%" PRId64, next->version + 1));
    api_happens(call, txn);
    txn_commit(txn, on_written, reading);
}

static void put_one(struct api_call *call) {
    struct reading *reading = reading_new(call);
    if (!find_name(call, reading))
        return;
    if (!may_write(call)) {
        api_fail(call, ERR_DENIED);
        return;
    }
    if (json_object_get(call->json, "version") == NULL) {
        api_invalid(call, "required", "version");
        return;
    }
    if (api_integer(call, "version", 0, INT64_MAX, 0, &reading->next.version) &&
        read_json(call, reading))
        read_all(call, reading, write_it);
}

#define READERS                                                                \
    (PERM_TICKETS_READ | PERM_DOCUMENTS | PERM_BROADCASTS | PERM_APPROVE |     \
     PERM_STUDY | PERM_EVENTS | PERM_GROUPS)

static const struct api_route routes[] = {
    {"GET", "/documents", READERS, get_list, 0, false},
    {"GET", "/documents/{name}", READERS, get_one, 0, false},
    {"PUT", "/documents/{name}", PERM_DOCUMENTS, put_one, BODY_BYTES, false},
    {"POST", "/documents/{name}/check", PERM_DOCUMENTS, post_check, BODY_BYTES,
     false},
};

void documents_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
