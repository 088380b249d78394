#include "bot/api/questions.h"

#include "base/arena.h"
#include "base/fold.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/order.h"
#include "bot/bot.h"
#include "bot/photo.h"
#include "bot/question_bank.h"
#include "bot/question_file.h"
#include "bot/quizzes.h"
#include "store/question.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ID_BYTES 64
#define SEARCH_BYTES 200

/* ---- how one reads ---------------------------------------------------------
 */

static json_t *numbers_json(unsigned mask) {
    json_t *numbers = json_array();
    for (int i = 0; i < QUESTION_OPTIONS_MAX; i++)
        if (mask & (1u << i))
            json_array_append_new(numbers, json_integer(i + 1));
    return numbers;
}

static json_t *options_json(const struct question *question) {
    json_t *options = json_array();
    for (size_t i = 0; i < question->n_options; i++)
        json_array_append_new(options, json_string(question->options[i]));
    return options;
}

static const char *or_null(const char *text) {
    return text[0] == '\0' ? NULL : text;
}

static json_t *question_json(const struct question *question) {
    return json_pack(
        "{ss sI ss ss ss? so so ss ss ss? ss sI}", "id", question->id,
        "version", (json_int_t)question->version, "kind",
        question_kind_word(question->kind), "text", question->text, "photo",
        or_null(question->photo), "options", options_json(question), "correct",
        numbers_json(question->correct), "explanation", question->explanation,
        "category", question->category, "material", or_null(question->material),
        "by", question->by, "created_ms", (json_int_t)question->created_ms);
}

/* ---- the list --------------------------------------------------------------
 */

struct listing {
    struct api_call *call;
    const char *q, *category; /* q is folded; "": any */
    size_t skip, limit;
    int64_t total;
    json_t *items;
};

static void answer_list(struct listing *listing) {
    struct api_call *call = listing->call;
    int64_t end = (int64_t)(listing->skip + json_array_size(listing->items));
    json_t *next =
        end < listing->total && json_array_size(listing->items) > 0
            ? json_string(arena_printf(&call->arena, "%" PRId64, end))
            : json_null();
    api_answer(call,
               json_pack("{so so sI}", "items", listing->items, "next", next,
                         "total", (json_int_t)listing->total),
               0);
}

/* In the text, an option or the number. */
static bool has(const struct question *question, const char *q) {
    struct arena arena;
    arena_init(&arena);
    bool found = strstr(fold_string(&arena, question->text), q) != NULL ||
                 strcmp(fold_string(&arena, question->id), q) == 0;
    for (size_t i = 0; i < question->n_options && !found; i++)
        found = strstr(fold_string(&arena, question->options[i]), q) != NULL;
    arena_finish(&arena);
    return found;
}

static void on_each(void *data, const struct question *question) {
    struct listing *listing = data;
    if (listing->category[0] != '\0' &&
        strcmp(listing->category, question->category) != 0)
        return;
    if (listing->q[0] != '\0' && !has(question, listing->q))
        return;
    if (listing->total++ >= (int64_t)listing->skip &&
        json_array_size(listing->items) < listing->limit)
        json_array_append_new(listing->items, question_json(question));
}

static void on_scanned(void *data, enum err err) {
    struct listing *listing = data;
    if (err == OK) {
        answer_list(listing);
        return;
    }
    json_decref(listing->items);
    api_fail(listing->call, err);
}

static void on_page(void *data, enum err err, const struct question *questions,
                    size_t n, int64_t total) {
    struct listing *listing = data;
    for (size_t i = 0; err == OK && i < n; i++)
        json_array_append_new(listing->items, question_json(&questions[i]));
    listing->total = total;
    on_scanned(listing, err);
}

static bool read_cursor(struct api_call *call, size_t *skip) {
    const char *cursor = api_query(call, "cursor");
    *skip = strtoull(cursor, NULL, 10);
    if (strlen(cursor) <= 6 && cursor[strspn(cursor, "0123456789")] == '\0')
        return true;
    api_invalid(call, "invalid", "cursor");
    return false;
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    const char *q = api_query(call, "q");
    *listing = (struct listing){.call = call,
                                .category = api_query(call, "category"),
                                .limit = api_limit(call)};
    if (strlen(q) > SEARCH_BYTES) {
        api_invalid(call, "too_long", "q");
        return;
    }
    if (!read_cursor(call, &listing->skip))
        return;
    listing->q = fold_string(&call->arena, q);
    listing->items = json_array();
    if (listing->q[0] == '\0' && listing->category[0] == '\0')
        question_list_from(call->bot->store, &call->arena, listing->skip,
                           listing->limit, on_page, listing);
    else
        bank_scan(call->bot->store, on_each, on_scanned, listing);
}

/* ---- reading a body --------------------------------------------------------
 */

static bool read_kind(struct api_call *call, enum question_kind *out) {
    const char *kind;
    if (!api_string(call, "kind", ID_BYTES, true, &kind))
        return false;
    if (question_kind_parse(kind, out))
        return true;
    api_invalid(call, "invalid", "kind");
    return false;
}

static bool read_options(struct api_call *call, struct question *question) {
    const json_t *options = json_object_get(call->json, "options");
    const json_t *option;
    size_t i;
    bool good = options == NULL || json_is_null(options) ||
                (json_is_array(options) &&
                 json_array_size(options) <= QUESTION_OPTIONS_MAX);
    if (good)
        json_array_foreach(options, i, option) {
            good &= json_is_string(option);
            if (good)
                question->options[question->n_options++] =
                    order_clean(call, json_string_value(option));
        }
    if (!good)
        api_invalid(call, "invalid", "options");
    return good;
}

static bool read_correct(struct api_call *call, struct question *question) {
    const json_t *correct = json_object_get(call->json, "correct");
    const json_t *number;
    size_t i;
    bool good = json_is_array(correct) &&
                json_array_size(correct) <= QUESTION_OPTIONS_MAX;
    if (good)
        json_array_foreach(correct, i, number) {
            json_int_t n = json_integer_value(number);
            good &= n >= 1 && n <= QUESTION_OPTIONS_MAX;
            if (good)
                question->correct |= 1u << (n - 1);
        }
    if (!good)
        api_invalid(call, "invalid", "correct");
    return good;
}

static bool read_photo(struct api_call *call, const char **out) {
    const char *id;
    if (!api_string(call, "photo", ID_BYTES, false, &id))
        return false;
    *out = id == NULL ? "" : id;
    if ((*out)[0] == '\0' || order_photo_is_there(call, *out))
        return true;
    api_invalid(call, "no_such_photo", "photo");
    return false;
}

/* A text that may be missing; "" then. */
static bool read_text(struct api_call *call, const char *name, size_t chars,
                      const char **out) {
    if (!order_text(call, name, chars, false, out))
        return false;
    if (*out == NULL)
        *out = "";
    return true;
}

static bool read_question(struct api_call *call, struct question *out) {
    if (!read_kind(call, &out->kind) ||
        !order_text(call, "text", QUESTION_TEXT_CHARS, true, &out->text) ||
        !read_photo(call, &out->photo) || !read_options(call, out) ||
        !read_correct(call, out) ||
        !read_text(call, "explanation", QUESTION_TEXT_CHARS,
                   &out->explanation) ||
        !read_text(call, "category", QUESTION_CATEGORY_CHARS, &out->category) ||
        !read_text(call, "material", ID_BYTES, &out->material))
        return false;
    const char *fault = question_fault(out);
    if (fault != NULL)
        api_invalid(call, "invalid", fault);
    return fault == NULL;
}

static bool read_version(struct api_call *call, int64_t *out) {
    if (json_object_get(call->json, "version") == NULL) {
        api_invalid(call, "required", "version");
        return false;
    }
    return api_integer(call, "version", 1, INT64_MAX, 0, out);
}

/* ---- writing ---------------------------------------------------------------
 */

static void on_current(void *data, enum err err,
                       const struct question *question) {
    struct api_call *call = data;
    if (err == OK)
        api_stale(call, question_json(question));
    else
        api_fail(call, err);
}

static void on_written(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    struct question *question = call->data;
    if (result->err == ERR_CONFLICT) {
        question_get(call->bot->store, &call->arena, question->id, on_current,
                     call);
    } else if (result->err == ERR_LIMIT) {
        api_invalid(call, "too_many", NULL);
    } else if (result->err != OK) {
        api_fail(call, result->err);
    } else {
        bool created = question->version++ == 0;
        quizzes_refresh(call->bot->quizzes, NULL, NULL);
        if (created)
            api_created(call, question_json(question));
        else
            api_answer(call, question_json(question), question->version);
    }
}

static void write_it(struct api_call *call, const struct question *question,
                     const char *action) {
    struct txn *txn = txn_new(call->bot->store);
    question_put(txn, question);
    txn_audit(txn, call->caller.actor, action, question->id, "");
    api_happens(call, txn);
    txn_commit(txn, on_written, call);
}

static void post_question(struct api_call *call) {
    struct question *question = arena_alloc(&call->arena, sizeof(*question));
    if (!read_question(call, question))
        return;
    int64_t number = store_next_number(call->bot->store);
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return;
    }
    question->id = arena_printf(&call->arena, "Q%" PRId64, number);
    question->by = call->caller.actor;
    question->created_ms = call->now_ms;
    call->data = question;
    write_it(call, question, "question-add");
}

/* ---- one of them -----------------------------------------------------------
 */

static void on_one(void *data, enum err err, const struct question *question) {
    struct api_call *call = data;
    if (err == OK)
        api_answer(call, question_json(question), question->version);
    else
        api_fail(call, err);
}

static bool path_is_id(struct api_call *call) {
    if (question_id_valid(call->args[0]))
        return true;
    api_fail(call, ERR_NOT_FOUND);
    return false;
}

static void get_one(struct api_call *call) {
    if (path_is_id(call))
        question_get(call->bot->store, &call->arena, call->args[0], on_one,
                     call);
}

static void on_before(void *data, enum err err, const struct question *before) {
    struct api_call *call = data;
    struct question *question = call->data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    if (before->version != question->version) {
        api_stale(call, question_json(before));
        return;
    }
    question->id = before->id;
    question->by = before->by;
    question->created_ms = before->created_ms;
    write_it(call, question, "question-change");
}

static void put_one(struct api_call *call) {
    struct question *question = arena_alloc(&call->arena, sizeof(*question));
    call->data = question;
    if (path_is_id(call) && read_version(call, &question->version) &&
        read_question(call, question))
        question_get(call->bot->store, &call->arena, call->args[0], on_before,
                     call);
}

static void on_removed(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err == ERR_CONFLICT)
        question_get(call->bot->store, &call->arena, call->args[0], on_current,
                     call);
    else if (result->err != OK)
        api_fail(call, result->err);
    else
        api_empty(call);
}

/* Answers count by their place in a quiz: a question that is asked stays. */
static void delete_one(struct api_call *call) {
    int64_t version = strtoll(api_query(call, "version"), NULL, 10);
    if (!path_is_id(call))
        return;
    if (version <= 0) {
        api_invalid(call, "required", "version");
        return;
    }
    if (quizzes_use(call->bot->quizzes, call->args[0])) {
        api_invalid(call, "in_use", NULL);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    question_remove(txn, call->args[0], version);
    txn_audit(txn, call->caller.actor, "question-remove", call->args[0], "");
    api_happens(call, txn);
    txn_commit(txn, on_removed, call);
}

/* ---- import ----------------------------------------------------------------
 */

struct import {
    struct question *questions;
    size_t n;
    json_t *problems;
};

static void on_fault(void *data, size_t line, const char *what) {
    struct import *import = data;
    json_array_append_new(
        import->problems,
        json_pack("{sI ss}", "line", (json_int_t)line, "text", what));
}

static void answer_import(struct api_call *call, size_t created) {
    struct import *import = call->data;
    api_answer(call,
               json_pack("{sI so}", "created", (json_int_t)created, "problems",
                         import->problems),
               0);
}

static void on_imported(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    struct import *import = call->data;
    if (result->err == OK) {
        answer_import(call, import->n);
        return;
    }
    json_decref(import->problems);
    if (result->err == ERR_LIMIT)
        api_invalid(call, "too_many", NULL);
    else
        api_fail(call, result->err);
}

/* All of them in one transaction: an import happens as a whole or not at all.
 */
static void on_numbers(void *data, enum err err, int64_t first) {
    struct api_call *call = data;
    struct import *import = call->data;
    if (err != OK) {
        json_decref(import->problems);
        api_fail(call, err);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    question_expect_room(txn, import->n);
    for (size_t i = 0; i < import->n; i++) {
        struct question *question = &import->questions[i];
        question->id =
            arena_printf(&call->arena, "Q%" PRId64, first + (int64_t)i);
        question->by = call->caller.actor;
        /* Lists are by it: in the order of the file. */
        question->created_ms = call->now_ms - (int64_t)i;
        question_put(txn, question);
    }
    txn_audit(txn, call->caller.actor, "question-import", "",
              arena_printf(&call->arena, "%zu", import->n));
    api_happens(call, txn);
    txn_commit(txn, on_imported, call);
}

static void post_import(struct api_call *call) {
    struct import *import = arena_alloc(&call->arena, sizeof(*import));
    call->data = import;
    import->problems = json_array();
    if (question_file_read(&call->arena, call->body, call->body_len, on_fault,
                           import, &import->questions, &import->n) &&
        import->n > 0)
        question_reserve(call->bot->store, import->n, on_numbers, call);
    else
        answer_import(call, 0);
}

static const struct api_route routes[] = {
    {"GET", "/questions", PERM_STUDY, get_list, 0, false},
    {"POST", "/questions", PERM_STUDY, post_question, 0, false},
    {"POST", "/questions/import", PERM_STUDY, post_import, QUESTION_FILE_BYTES,
     true},
    {"GET", "/questions/{id}", PERM_STUDY, get_one, 0, false},
    {"PUT", "/questions/{id}", PERM_STUDY, put_one, 0, false},
    {"DELETE", "/questions/{id}", PERM_STUDY, delete_one, 0, false},
};

void questions_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
