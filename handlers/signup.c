/* 报名: who comes, with whom, and what the organiser asks. */
#include "base/seal.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/event_questions.h"
#include "bot/events.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/events.h"
#include "handlers/handlers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CHILD_CHARS 40
#define CHILD_NAME_CHARS 20
#define CHILD_AGE_MAX 13
#define CONSENT_VERSION 1
/* Beyond that many openings the place is not held to be the right one. */
#define EXACT_ATTEMPTS 3

static const char *const consents[] = {"yes", "no", NULL};

#define CHILD(which)                                                           \
    {.name = (which),                                                          \
     .type = SLOT_TEXT,                                                        \
     .need = SLOT_OPTIONAL,                                                    \
     .max = CHILD_CHARS,                                                       \
     .led = true}
#define QUESTION(which)                                                        \
    {.name = (which),                                                          \
     .type = SLOT_TEXT,                                                        \
     .need = SLOT_OPTIONAL,                                                    \
     .max = EVENT_ANSWER_CHARS,                                                \
     .led = true}

/* All are asked by commit(), which knows what the event wants of them. */
static const struct slot slots[] = {
    EVENT_SLOT,
    {.name = "with",
     .type = SLOT_NUMBER,
     .need = SLOT_OPTIONAL,
     .max = EVENT_FAMILY_MAX,
     .led = true},
    {.name = "young",
     .type = SLOT_NUMBER,
     .need = SLOT_OPTIONAL,
     .max = EVENT_FAMILY_MAX,
     .led = true},
    CHILD("child1"),
    CHILD("child2"),
    CHILD("child3"),
    CHILD("child4"),
    CHILD("child5"),
    CHILD("child6"),
    {.name = "guardian",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .led = true,
     .options = consents,
     .options_key = "guardian"},
    QUESTION("answer1"),
    QUESTION("answer2"),
    QUESTION("answer3"),
    QUESTION("answer4"),
    QUESTION("answer5"),
    EVENT_SHOWN_SLOT,
};
#define SLOT_CHILD 3
#define SLOT_ANSWER 10
#define SLOT_SHOWN 15

/* The form as far as it is filled. */
struct signing {
    const struct event *event;
    const struct signup *mine;
    struct event_question questions[EVENT_QUESTIONS_MAX];
    size_t n_questions;
    int64_t with, young;
    bool alone; /* the guardian did not agree: the children do not come */
    int asked;  /* the slot whose answer this is, or -1 */
    bool stray; /* what was said is no answer to it */
};

/* ---- which event -----------------------------------------------------------
 */

static void prepare(struct turn *turn) {
    event_prepare(turn, event_choose_open);
}

/* ---- what was said ----------------------------------------------------------
 */

/*
 * A text that is no answer to what was asked goes to the first free slot of a
 * text. Here each has its own question, so it goes nowhere.
 */
static void drop_strays(struct turn *turn, struct signing *signing) {
    struct form *form = turn->form;
    for (int i = 0; i < (int)ARRAY_LEN(slots); i++) {
        const char *before = turn->continuing ? turn->open->values[i] : NULL;
        if (slots[i].type != SLOT_TEXT || form->values[i] == NULL ||
            before != NULL || i == signing->asked || i == SLOT_SHOWN)
            continue;
        form->values[i] = NULL;
        signing->stray = turn->continuing;
    }
}

static char *context(struct turn *turn) {
    return arena_printf(&turn->arena, "signup-form:%s", turn->message.rider);
}

/* "小明 8", "小明8岁": the stored form, or NULL. */
static const char *parse_child(struct turn *turn, const char *text) {
    size_t len = strcspn(text, "0123456789");
    const char *name = text, *digits = text + len;
    size_t n_digits = strspn(digits, "0123456789");
    while (len > 0 && strchr(" ,\t", name[len - 1]) != NULL)
        len--;
    if (len >= strlen("，") && memcmp(name + len - 3, "，", 3) == 0)
        len -= 3;
    char *called = arena_strndup(&turn->arena, name, len);
    if (len == 0 || n_digits == 0 || n_digits > 2 ||
        utf8_length(called) > CHILD_NAME_CHARS ||
        called[strcspn(called, "\x1c\x1d\x1e\x1f\n")] != '\0')
        return NULL;
    return arena_printf(&turn->arena, "%s%c%d", called, SIGNUP_PART,
                        atoi(digits));
}

static const char *child_name(size_t i) {
    return slots[SLOT_CHILD + i].name;
}

/* A child as it was given; NULL when it has to be asked for (again). */
static const char *child_of(struct turn *turn, size_t i) {
    const char *sealed = form_value(turn, child_name(i));
    if (sealed[0] == '\0')
        return NULL;
    return seal_open(turn->bot->seal, &turn->arena, context(turn), sealed);
}

/* Between its question and the next, a child's name is in the store as
 * sealed as it will be in the sign-up. NULL or what is wrong. */
static const char *take_child(struct turn *turn,
                              const struct signing *signing) {
    if (signing->asked < SLOT_CHILD ||
        signing->asked >= SLOT_CHILD + EVENT_FAMILY_MAX)
        return NULL;
    const char *slot = slots[signing->asked].name;
    const char *text = form_value(turn, slot);
    const char *child = parse_child(turn, text);
    if (turn->form->values[signing->asked] == NULL)
        return NULL;
    form_put(turn, slot, NULL);
    if (text[0] == '\0')
        return "form.cannot_skip";
    if (child == NULL)
        return "signup.invalid.child";
    if (atoi(strchr(child, SIGNUP_PART) + 1) > CHILD_AGE_MAX)
        return "signup.invalid.age";
    form_put(turn, slot,
             seal_text(turn->bot->seal, &turn->arena, context(turn), child));
    return NULL;
}

/* ---- questions --------------------------------------------------------------
 */

static struct notice *ask(struct turn *turn, const struct signing *signing,
                          const char *slot, const char *wrong) {
    const char *was = signing->asked < 0 ? "" : slots[signing->asked].name;
    struct notice *question = form_ask(turn, slot);
    if (wrong == NULL && signing->stray && strcmp(was, slot) == 0)
        wrong = slots[signing->asked].type == SLOT_NUMBER
                    ? "form.invalid.number"
                    : "form.invalid.choice";
    if (wrong != NULL)
        turn_note(turn, wrong);
    return question;
}

static const char *digits(struct turn *turn, int64_t n) {
    return arena_printf(&turn->arena, "%" PRId64, n);
}

/* A number of people; true when it was asked for (again). */
static bool ask_number(struct turn *turn, const struct signing *signing,
                       const char *slot, int64_t most, const char *too_many,
                       int64_t *out) {
    const char *value = form_value(turn, slot);
    const char *wrong = NULL;
    *out = strtoll(value, NULL, 10);
    if (value[0] != '\0' && *out <= most)
        return false;
    if (value[0] != '\0')
        wrong = too_many;
    else if (form_skipped(turn, slot))
        wrong = "form.cannot_skip";
    struct notice *question = ask(turn, signing, slot, wrong);
    notice_param(question, "most", digits(turn, most));
    return true;
}

static bool ask_children(struct turn *turn, const struct signing *signing) {
    const char *wrong = take_child(turn, signing);
    for (size_t i = 0; i < (size_t)signing->young; i++) {
        if (child_of(turn, i) != NULL)
            continue;
        struct notice *question = ask(turn, signing, child_name(i), wrong);
        notice_param(question, "i", digits(turn, (int64_t)i + 1));
        notice_param(question, "total", digits(turn, signing->young));
        return true;
    }
    return false;
}

/* What an answer is, or NULL with what is wrong in *wrong. */
static const char *take_answer(struct turn *turn, struct signing *signing,
                               size_t i, const char **wrong) {
    const struct event_question *question = &signing->questions[i];
    const char *slot = slots[SLOT_ANSWER + i].name;
    const char *text = form_value(turn, slot);
    if (turn->form->values[SLOT_ANSWER + i] == NULL)
        return NULL;
    if (text[0] == '\0' && !question->required)
        return "";
    *wrong = text[0] == '\0' ? "form.cannot_skip" : "form.invalid.choice";
    const char *answer =
        text[0] == '\0' ? NULL : event_answer(&turn->arena, question, text);
    if (answer != NULL)
        form_put(turn, slot, answer);
    return answer;
}

static bool ask_questions(struct turn *turn, struct signing *signing) {
    for (size_t i = 0; i < signing->n_questions; i++) {
        const struct event_question *question = &signing->questions[i];
        const char *wrong = NULL;
        if (take_answer(turn, signing, i, &wrong) != NULL)
            continue;
        const char *choices = event_options_text(&turn->arena, question);
        struct notice *notice =
            ask(turn, signing, slots[SLOT_ANSWER + i].name, wrong);
        notice_param(notice, "question",
                     arena_printf(&turn->arena, "%s%s%s", question->text,
                                  choices[0] == '\0' ? "" : "\n", choices));
        if (!question->required)
            turn_add(turn, "signup.may_skip");
        return true;
    }
    return false;
}

/* ---- the end
 * ----------------------------------------------------------------- */

static const char *children_of(struct turn *turn,
                               const struct signing *signing) {
    const char *all = "";
    for (size_t i = 0; !signing->alone && i < (size_t)signing->young; i++)
        all = i == 0 ? child_of(turn, i)
                     : arena_printf(&turn->arena, "%s%c%s", all, SIGNUP_ITEM,
                                    child_of(turn, i));
    return all;
}

static const char *answers_of(struct turn *turn,
                              const struct signing *signing) {
    const char *all = "";
    for (size_t i = 0; i < signing->n_questions; i++) {
        const char *answer = form_value(turn, slots[SLOT_ANSWER + i].name);
        if (answer[0] != '\0')
            all =
                arena_printf(&turn->arena, "%s%.*s%s%c%s", all, all[0] != '\0',
                             (const char[]){SIGNUP_ITEM, '\0'},
                             signing->questions[i].id, SIGNUP_PART, answer);
    }
    return all;
}

static void add_links(struct turn *turn, const struct event *event,
                      const struct signup *signup) {
    const char *calendar = events_calendar_url(turn->bot, &turn->arena, event);
    if (calendar[0] == '\0')
        return;
    struct notice *reply = &turn->notices[0];
    notice_param(reply, "calendar", calendar);
    notice_param(reply, "code_url",
                 events_code_url(turn->bot, &turn->arena, event, signup->code));
    turn_add(turn, "signup.links");
}

static void reply_to(struct turn *turn, const struct signing *signing,
                     const struct signup *after, int64_t place) {
    bool waits = after->state == SIGNUP_WAITING;
    const char *key = !waits      ? "signup.done"
                      : place < 0 ? "signup.waits"
                                  : "signup.waits_at";
    struct notice *reply = turn_whisper(turn, key);
    event_params(turn, reply, signing->event);
    notice_param(reply, "people", digits(turn, after->n));
    notice_param(reply, "code", after->code);
    notice_param(reply, "line", digits(turn, place + 1));
    if (signing->alone)
        turn_add(turn, "signup.without_children");
    if (!waits)
        add_links(turn, signing->event, after);
}

static void sign_up(struct turn *turn, struct signing *signing) {
    const struct event *event = signing->event;
    const struct signup *mine =
        signing->mine->version > 0 ? signing->mine : NULL;
    int64_t young = signing->alone ? 0 : signing->young;
    struct desk desk = desk_of_turn(turn);
    struct signup *after = arena_alloc(&turn->arena, sizeof(*after));
    *after = (struct signup){
        .rider = turn->message.rider,
        .n = 1 + signing->with - (signing->young - young),
        .young = young,
        .nick = turn->message.nick == NULL ? "" : turn->message.nick,
        .account = turn->message.account,
        .chat = turn->answer_chat,
        .group = turn->message.in_group ? turn->message.chat : "",
        .guardian = young == 0 ? ""
                               : arena_printf(&turn->arena, "yes:%d:%" PRId64,
                                              CONSENT_VERSION, turn->now_ms),
        .children = children_of(turn, signing),
        .answers = answers_of(turn, signing),
    };
    if (event->capacity > 0 && after->n > event->capacity) {
        struct notice *reply = turn_reply(turn, "signup.too_many");
        notice_param(reply, "capacity", digits(turn, event->capacity));
        notice_param(reply, "id", event->id);
        turn_commit(turn);
        return;
    }
    int64_t place = turn->attempts <= EXACT_ATTEMPTS ? event->n_waiting : -1;
    events_sign_up(&desk, event, mine, after, place);
    reply_to(turn, signing, after, place);
    turn_commit(turn);
}

/* ---- in their order
 * ----------------------------------------------------------- */

static bool ask_next(struct turn *turn, struct signing *signing) {
    const struct event *event = signing->event;
    if (event->family_max > 0 &&
        ask_number(turn, signing, "with", event->family_max,
                   "signup.invalid.with", &signing->with))
        return true;
    if (signing->with > 0 &&
        ask_number(turn, signing, "young", signing->with,
                   "signup.invalid.young", &signing->young))
        return true;
    if (ask_children(turn, signing))
        return true;
    const char *consent = form_value(turn, "guardian");
    if (signing->young > 0 && consent[0] == '\0' &&
        !form_skipped(turn, "guardian")) {
        ask(turn, signing, "guardian", NULL);
        return true;
    }
    signing->alone = signing->young > 0 && strcmp(consent, "yes") != 0;
    return ask_questions(turn, signing);
}

static void say_already(struct turn *turn, const struct event *event,
                        const struct signup *mine) {
    struct notice *reply =
        turn_reply(turn, arena_printf(&turn->arena, "signup.already.%s",
                                      signup_state_names[mine->state]));
    turn->refused = true;
    event_params(turn, reply, event);
    notice_param(reply, "until",
                 events_time(turn->bot, &turn->arena, mine->offer_ms));
    turn_commit(turn);
}

static void on_found(struct turn *turn, const struct event *event,
                     const struct signup *mine) {
    const char *why = events_shut(event, turn->now_ms);
    struct signing signing = {
        .event = event,
        .mine = mine,
        .asked = turn->continuing ? turn->form->asked : -1,
    };
    if (mine->version > 0 && mine->state != SIGNUP_CANCELLED) {
        say_already(turn, event, mine);
        return;
    }
    if (why != NULL) {
        event_say_shut(turn, event, why);
        return;
    }
    drop_strays(turn, &signing);
    signing.n_questions =
        event_questions(&turn->arena, event, signing.questions);
    if (ask_next(turn, &signing))
        turn_commit(turn);
    else
        sign_up(turn, &signing);
}

static void commit(struct turn *turn) {
    const char *id = form_value(turn, "event");
    if (id[0] == '\0')
        event_ask_which(turn, "event.none");
    else
        event_find(turn, id, on_found);
}

const struct command command_signup = {
    .name = "signup",
    .where = COMMAND_PRIVATE,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};
