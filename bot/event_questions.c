#include "bot/event_questions.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/fold.h"
#include "base/utf8.h"
#include "store/event.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ID_BYTES 16

/* ---- reading --------------------------------------------------------------
 */

static void read_one(struct arena *arena, const json_t *json,
                     struct event_question *question) {
    const json_t *option;
    size_t i;
    *question = (struct event_question){
        .id =
            arena_strdup(arena, json_string_value(json_object_get(json, "id"))),
        .text = arena_strdup(arena,
                             json_string_value(json_object_get(json, "text"))),
        .required = json_is_true(json_object_get(json, "required")),
    };
    json_array_foreach(json_object_get(json, "options"), i, option) {
        if (i < EVENT_OPTIONS_MAX)
            question->options[question->n_options++] =
                arena_strdup(arena, json_string_value(option));
    }
}

size_t event_questions(struct arena *arena, const struct event *event,
                       struct event_question out[static EVENT_QUESTIONS_MAX]) {
    const char *field;
    size_t n = 0, i;
    const json_t *one;
    if (event->questions[0] == '\0' ||
        event_questions_check(event->questions, &field) != OK)
        return 0;
    json_t *json = json_loads(event->questions, 0, NULL);
    json_array_foreach(json, i, one) read_one(arena, one, &out[n++]);
    json_decref(json);
    return n;
}

/* ---- checking -------------------------------------------------------------
 */

static bool is_line(const json_t *value, size_t max_chars) {
    const char *text = json_string_value(value);
    return text != NULL && text[0] != '\0' &&
           strlen(text) == json_string_length(value) &&
           utf8_length(text) <= max_chars &&
           text[strcspn(text, "\x1c\x1d\x1e\x1f")] == '\0';
}

static bool is_id(const json_t *value) {
    const char *id = json_string_value(value);
    return id != NULL && id[0] != '\0' && strlen(id) <= ID_BYTES &&
           id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

static bool are_options(const json_t *question) {
    const json_t *options = json_object_get(question, "options"), *option;
    const char *kind = json_string_value(json_object_get(question, "kind"));
    size_t n = json_array_size(options), i;
    if (kind == NULL)
        return false;
    if (strcmp(kind, "text") == 0)
        return n == 0;
    if (strcmp(kind, "choice") != 0 || n < 2 || n > EVENT_OPTIONS_MAX)
        return false;
    json_array_foreach(options, i, option) {
        if (!is_line(option, EVENT_OPTION_CHARS))
            return false;
    }
    return true;
}

static bool is_twice(const json_t *all, size_t n, const char *id) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(json_string_value(
                       json_object_get(json_array_get(all, i), "id")),
                   id) == 0)
            return true;
    return false;
}

static const char *wrong_field(const json_t *json) {
    const json_t *one;
    size_t i;
    if (!json_is_array(json) || json_array_size(json) > EVENT_QUESTIONS_MAX)
        return "questions";
    json_array_foreach(json, i, one) {
        const json_t *id = json_object_get(one, "id");
        const json_t *required = json_object_get(one, "required");
        if (!is_id(id) || is_twice(json, i, json_string_value(id)))
            return "questions.id";
        if (!is_line(json_object_get(one, "text"), EVENT_QUESTION_CHARS))
            return "questions.text";
        if (!are_options(one))
            return "questions.options";
        if (required != NULL && !json_is_boolean(required))
            return "questions.required";
    }
    return NULL;
}

enum err event_questions_check(const char *json, const char **field) {
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    *field = wrong_field(root);
    json_decref(root);
    return *field == NULL ? OK : ERR_INVALID;
}

/* ---- answers --------------------------------------------------------------
 */

const char *event_answer(struct arena *arena,
                         const struct event_question *question,
                         const char *text) {
    char *end;
    if (question->n_options == 0)
        return utf8_length(text) <= EVENT_ANSWER_CHARS ? text : NULL;
    const char *folded = fold_string(arena, text);
    unsigned long number = strtoul(folded, &end, 10);
    bool counts = end != folded && end[strspn(end, ". ")] == '\0';
    if (counts && number >= 1 && number <= question->n_options)
        return question->options[number - 1];
    for (size_t i = 0; i < question->n_options; i++)
        if (strcmp(fold_string(arena, question->options[i]), folded) == 0)
            return question->options[i];
    return NULL;
}

const char *event_options_text(struct arena *arena,
                               const struct event_question *question) {
    const char *text = "";
    for (size_t i = 0; i < question->n_options; i++)
        text = arena_printf(arena, "%s%s%zu %s", text, i == 0 ? "" : "\n",
                            i + 1, question->options[i]);
    return text;
}
