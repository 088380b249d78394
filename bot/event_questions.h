#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct event;

/*
 * What an organiser asks whoever signs up. Kept as JSON in the event:
 *   [{"id":"q1","text":"…","kind":"text"|"choice","options":["…"],
 *     "required":true}]
 */
#define EVENT_QUESTIONS_MAX 5
#define EVENT_OPTIONS_MAX 12
#define EVENT_QUESTION_CHARS 200
#define EVENT_OPTION_CHARS 60
#define EVENT_ANSWER_CHARS 300

struct event_question {
    const char *id, *text;
    bool required;
    const char *options[EVENT_OPTIONS_MAX]; /* of a choice */
    size_t n_options;                       /* 0: a text */
};

/* Those of an event, in arena; returns how many. */
size_t event_questions(struct arena *arena, const struct event *event,
                       struct event_question out[static EVENT_QUESTIONS_MAX]);
/* ERR_INVALID, and *field is the member that is wrong. json as it is kept. */
enum err event_questions_check(const char *json, const char **field) must_check;
/* The answer that a text is to it, in arena: an option by number or name, or
 * the text; NULL when it is none. */
const char *event_answer(struct arena *arena,
                         const struct event_question *question,
                         const char *text);
/* "1 …\n2 …"; "" of a text. */
const char *event_options_text(struct arena *arena,
                               const struct event_question *question);
