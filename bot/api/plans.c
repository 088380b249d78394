#include "bot/api/plans.h"

#include "base/buf.h"
#include "base/mem.h"
#include "bot/api/study.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "store/broadcast.h"
#include "store/material.h"
#include "store/plan.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

#define ID_BYTES 24
#define PUSHED_MAX 10

static json_t *plan_json(const struct plan *plan) {
    return json_pack("{ss sI so so sI so}", "week", plan->week, "version",
                     (json_int_t)plan->version, "materials",
                     study_ids(plan->materials), "quiz", study_word(plan->quiz),
                     "updated_ms", (json_int_t)plan->updated_ms, "pushed",
                     study_ids(plan->pushed));
}

static bool week_ok(struct api_call *call) {
    if (plan_week_ms(call->args[0], 0) >= 0)
        return true;
    api_fail(call, ERR_NOT_FOUND);
    return false;
}

/* ---- reading ------------------------------------------------------------- */

static void on_list(void *data, enum err err, const struct plan *plans,
                    size_t n, int64_t total) {
    struct api_call *call = data;
    const size_t *offset = call->data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, plan_json(&plans[i]));
    study_page(call, items, *offset, n, total);
}

static void get_list(struct api_call *call) {
    size_t *offset = arena_alloc(&call->arena, sizeof(*offset));
    call->data = offset;
    if (study_cursor(call, offset))
        plan_list_all(call->bot->store, &call->arena, *offset, api_limit(call),
                      on_list, call);
}

static void on_one(void *data, enum err err, const struct plan *plan) {
    struct api_call *call = data;
    if (err != OK)
        api_fail(call, err);
    else
        api_answer(call, plan_json(plan), plan->version);
}

static void get_one(struct api_call *call) {
    if (week_ok(call))
        plan_get(call->bot->store, &call->arena, call->args[0], on_one, call);
}

/* ---- writing ------------------------------------------------------------- */

struct change {
    struct api_call *call;
    struct plan plan;
    size_t n; /* materials */
    const char *action;
    struct broadcast draft; /* id NULL: none is made */
};

static void on_current(void *data, enum err err, const struct plan *plan) {
    struct api_call *call = data;
    if (err == OK)
        api_stale(call, plan_json(plan));
    else if (err == ERR_NOT_FOUND)
        api_stale(call, json_null());
    else
        api_fail(call, err);
}

static void on_written(void *data, const struct txn_result *result) {
    struct change *change = data;
    struct api_call *call = change->call;
    change->plan.version++;
    if (result->err == ERR_CONFLICT)
        plan_get(call->bot->store, &call->arena, change->plan.week, on_current,
                 call);
    else if (result->err != OK)
        api_fail(call, result->err);
    else if (change->draft.id != NULL)
        study_drafted(call, &change->draft);
    else
        api_answer(call, plan_json(&change->plan), change->plan.version);
}

static void store(struct change *change) {
    struct api_call *call = change->call;
    struct txn *txn = txn_new(call->bot->store);
    change->plan.by = call->caller.actor;
    change->plan.updated_ms = call->now_ms;
    plan_put(txn, &change->plan);
    if (change->draft.id != NULL)
        broadcast_put(txn, &change->draft);
    txn_audit(txn, call->caller.actor, change->action, change->plan.week,
              change->draft.id != NULL ? change->draft.id
                                       : change->plan.materials);
    api_happens(call, txn);
    txn_commit(txn, on_written, change);
}

/* Riders read only what somebody has approved. */
static void on_materials(void *data, enum err err,
                         const struct material *materials, size_t n,
                         int64_t total) {
    struct change *change = data;
    struct api_call *call = change->call;
    (void)total;
    bool good = n == change->n;
    for (size_t i = 0; i < n; i++)
        good &= materials[i].state == MATERIAL_APPROVED;
    if (err != OK)
        api_fail(call, err);
    else if (!good)
        api_invalid(call, "not_approved", "materials");
    else
        store(change);
}

static bool is_id(const char *id, char letter) {
    return id != NULL && id[0] == letter && id[1] != '\0' &&
           strlen(id) < ID_BYTES &&
           id[1 + strspn(id + 1, "0123456789")] == '\0';
}

static bool is_twice(const json_t *ids, size_t i) {
    for (size_t j = 0; j < i; j++)
        if (json_equal(json_array_get(ids, i), json_array_get(ids, j)))
            return true;
    return false;
}

static bool read_materials(struct api_call *call, struct change *change) {
    const json_t *ids = json_object_get(call->json, "materials");
    const json_t *id;
    size_t i;
    const char *wrong = ids == NULL           ? "required"
                        : !json_is_array(ids) ? "array_needed"
                        : json_array_size(ids) > PLAN_MATERIALS_MAX ? "too_many"
                                                                    : NULL;
    change->plan.materials = "";
    if (wrong == NULL)
        json_array_foreach(ids, i, id) {
            const char *text = json_string_value(id);
            if (!is_id(text, 'M') || is_twice(ids, i)) {
                wrong = "invalid";
                break;
            }
            change->plan.materials =
                arena_printf(&call->arena, "%s%s%s", change->plan.materials,
                             i == 0 ? "" : ",", text);
            change->n++;
        }
    if (wrong != NULL)
        api_invalid(call, wrong, "materials");
    return wrong == NULL;
}

static bool read_quiz(struct api_call *call, const char **quiz) {
    if (!study_text(call, "quiz", ID_BYTES, false, quiz))
        return false;
    if ((*quiz)[0] == '\0' || is_id(*quiz, 'Z'))
        return true;
    api_invalid(call, "invalid", "quiz");
    return false;
}

static void on_before(void *data, enum err err, const struct plan *plan) {
    struct change *change = data;
    struct api_call *call = change->call;
    if (err != OK && err != ERR_NOT_FOUND) {
        api_fail(call, err);
        return;
    }
    change->plan.pushed = plan == NULL ? "" : plan->pushed;
    material_get_many(call->bot->store, &call->arena, change->plan.materials,
                      on_materials, change);
}

static void put_plan(struct api_call *call) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    *change = (struct change){
        .call = call, .action = "plan-change", .plan = {.week = call->args[0]}};
    if (week_ok(call) && study_version(call, &change->plan.version) &&
        read_materials(call, change) && read_quiz(call, &change->plan.quiz))
        plan_get(call->bot->store, &call->arena, call->args[0], on_before,
                 change);
}

/* ---- to the groups ------------------------------------------------------- */

static const char *rows(struct api_call *call, const struct material *materials,
                        size_t n) {
    struct buf text;
    buf_init(&text);
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, "%s%zu. %s", i == 0 ? "" : "\n", i + 1,
                 materials[i].title);
    const char *kept = arena_strndup(
        &call->arena, text.data == NULL ? "" : text.data, text.len);
    buf_finish(&text);
    return kept;
}

/* In each language of ours. */
static void write_texts(struct change *change, const struct material *materials,
                        size_t n) {
    struct api_call *call = change->call;
    const struct text_param params[] = {{"week", change->plan.week},
                                        {"rows", rows(call, materials, n)}};
    json_t *others = json_object();
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const char *text =
            catalog_format(&call->arena, (enum lang)lang, "plan.broadcast",
                           params, ARRAY_LEN(params));
        char tag[16];
        snprintf(tag, sizeof(tag), "%s", lang_tag((enum lang)lang));
        for (char *c = tag; *c != '\0'; c++)
            if (*c == '-')
                *c = '_';
        if ((enum lang)lang == call->bot->config->lang)
            change->draft.text = text;
        else
            json_object_set_new(others, tag, json_string(text));
    }
    char *dumped = json_dumps(others, JSON_COMPACT);
    change->draft.translations = arena_strdup(&call->arena, dumped);
    free(dumped);
    json_decref(others);
}

static void on_planned(void *data, enum err err,
                       const struct material *materials, size_t n,
                       int64_t total) {
    struct change *change = data;
    struct api_call *call = change->call;
    (void)total;
    if (err != OK) {
        api_fail(call, err);
    } else if (n == 0) {
        api_invalid(call, "empty", "materials");
    } else if (study_draft(call, &change->draft)) {
        change->draft.title = change->plan.week;
        change->draft.quiz = change->plan.quiz;
        change->plan.pushed = study_add_id(call, change->plan.pushed,
                                           change->draft.id, PUSHED_MAX);
        write_texts(change, materials, n);
        store(change);
    }
}

static void on_plan(void *data, enum err err, const struct plan *plan) {
    struct change *change = data;
    struct api_call *call = change->call;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    change->plan = *plan;
    material_get_many(call->bot->store, &call->arena, plan->materials,
                      on_planned, change);
}

static void post_broadcast(struct api_call *call) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    *change = (struct change){.call = call, .action = "plan-broadcast"};
    if (week_ok(call))
        plan_get(call->bot->store, &call->arena, call->args[0], on_plan,
                 change);
}

static const struct api_route routes[] = {
    {"GET", "/plans", PERM_STUDY, get_list, 0, false},
    {"GET", "/plans/{week}", PERM_STUDY, get_one, 0, false},
    {"PUT", "/plans/{week}", PERM_STUDY, put_plan, 0, false},
    {"POST", "/plans/{week}/broadcast", PERM_STUDY, post_broadcast, 0, false},
};

void plans_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
