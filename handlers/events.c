/* What the commands about events share. */
#include "handlers/events.h"

#include "base/fold.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/events.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOOKED_AT 200 /* events, by their start */

/* ---- one ------------------------------------------------------------------
 */

struct find_call {
    struct turn *turn;
    const struct event *event;
    event_found *done;
};

static void on_mine(void *data, enum err err, const struct signup *signup) {
    struct find_call *call = data;
    struct turn *turn = call->turn;
    static const struct signup none = {.rider = "", .code = ""};
    if (err != OK && err != ERR_NOT_FOUND)
        turn_fail(turn, err);
    else
        call->done(turn, call->event, err == OK ? signup : &none);
}

static void on_event(void *data, enum err err, const struct event *event) {
    struct find_call *call = data;
    struct turn *turn = call->turn;
    if (err == OK && event->state == EVENT_DRAFT)
        err = ERR_NOT_FOUND;
    if (err == ERR_NOT_FOUND) {
        turn_say(turn, "event.unknown");
    } else if (err != OK) {
        turn_fail(turn, err);
    } else {
        call->event = event;
        signup_get(turn->bot->store, &turn->arena, event->id,
                   turn->message.rider, on_mine, call);
    }
}

void event_find(struct turn *turn, const char *id, event_found *done) {
    struct find_call *call = arena_alloc(&turn->arena, sizeof(*call));
    *call = (struct find_call){.turn = turn, .done = done};
    event_get(turn->bot->store, &turn->arena, id, on_event, call);
}

/* ---- those of the rider ----------------------------------------------------
 */

struct mine_call {
    struct turn *turn;
    const struct signup *signups;
    size_t n, left;
    struct my_event *mine;
    size_t n_mine;
    enum err err;
    my_events_found *done;
};

struct place_call {
    struct mine_call *call;
    size_t i;
};

static void one_less(struct mine_call *call) {
    if (--call->left > 0)
        return;
    if (call->err != OK)
        turn_fail(call->turn, call->err);
    else
        call->done(call->turn, call->mine, call->n_mine);
}

static void on_place(void *data, enum err err, int64_t place) {
    struct place_call *at = data;
    struct mine_call *call = at->call;
    if (err != OK)
        call->err = err;
    call->mine[at->i].place = place;
    one_less(call);
}

/* Coming ones first, the next at the head; behind them what is over. */
static int by_time(const void *a, const void *b, void *data) {
    const struct my_event *one = a, *other = b;
    int64_t now = *(const int64_t *)data;
    int64_t x = one->event->starts_ms, y = other->event->starts_ms;
    bool x_over = one->event->ends_ms < now,
         y_over = other->event->ends_ms < now;
    if (x_over != y_over)
        return x_over ? 1 : -1;
    if (x == y)
        return strcmp(one->event->id, other->event->id);
    return (x < y) != x_over ? -1 : 1;
}

static void read_places(struct mine_call *call) {
    struct turn *turn = call->turn;
    call->left = 1; /* ours, until all are asked for */
    for (size_t i = 0; i < call->n_mine; i++) {
        if (call->mine[i].signup->state != SIGNUP_WAITING)
            continue;
        struct place_call *at = arena_alloc(&turn->arena, sizeof(*at));
        *at = (struct place_call){call, i};
        call->left++;
        signup_place(turn->bot->store, &turn->arena, call->mine[i].signup,
                     on_place, at);
    }
    one_less(call);
}

static void on_their_events(void *data, enum err err,
                            const struct event *events, size_t n,
                            int64_t total) {
    struct mine_call *call = data;
    struct turn *turn = call->turn;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    call->mine =
        arena_alloc(&turn->arena, (call->n + 1) * sizeof(struct my_event));
    for (size_t i = 0; i < call->n; i++)
        for (size_t e = 0; e < n; e++)
            if (strcmp(events[e].id, call->signups[i].event) == 0)
                call->mine[call->n_mine++] =
                    (struct my_event){&events[e], &call->signups[i], 0};
    qsort_r(call->mine, call->n_mine, sizeof(struct my_event), by_time,
            &turn->now_ms);
    read_places(call);
}

static void on_signups(void *data, enum err err, const struct signup *signups,
                       size_t n, int64_t total) {
    struct mine_call *call = data;
    struct turn *turn = call->turn;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    if (n == 0) {
        call->done(turn, NULL, 0);
        return;
    }
    const char **ids = arena_alloc(&turn->arena, n * sizeof(*ids));
    for (size_t i = 0; i < n; i++)
        ids[i] = signups[i].event;
    call->signups = signups;
    call->n = n;
    event_get_many(turn->bot->store, &turn->arena, ids, n, on_their_events,
                   call);
}

void event_list_mine(struct turn *turn, my_events_found *done) {
    struct mine_call *call = arena_alloc(&turn->arena, sizeof(*call));
    *call = (struct mine_call){.turn = turn, .done = done};
    signup_list_rider(turn->bot->store, &turn->arena, turn->message.rider,
                      SIGNUP_RIDER_MAX, on_signups, call);
}

/* ---- choosing --------------------------------------------------------------
 */

static void set_options(struct turn *turn, const struct event *const *events,
                        size_t n) {
    struct option *options =
        arena_alloc(&turn->arena, (n + 1) * sizeof(*options));
    for (size_t i = 0; i < n; i++) {
        const char **words = arena_alloc(&turn->arena, 2 * sizeof(*words));
        words[0] = fold_string(&turn->arena, events[i]->id);
        options[i] = (struct option){
            .id = events[i]->id,
            .title = arena_printf(
                &turn->arena, "%s %s %s",
                events_time(turn->bot, &turn->arena, events[i]->starts_ms),
                events[i]->title, events[i]->id),
            .words = words,
        };
    }
    form_set_options(turn, "event", options, n);
}

/* "报名 2", where 2 is of the list: the list that comes now. */
static void take_number(struct turn *turn, const struct event *const *events,
                        size_t n) {
    const char *folded = fold_string(&turn->arena, turn->text);
    size_t digits = strspn(folded, "0123456789");
    unsigned long number = strtoul(folded, NULL, 10);
    if (turn->continuing || digits == 0 || digits > 3 || folded[digits] != '\0')
        return;
    if (number >= 1 && number <= n)
        form_preset(turn, "event", events[number - 1]->id);
    turn->text = "";
}

void event_choose_from(struct turn *turn, const struct event *const *events,
                       size_t n) {
    const char *shown = "";
    for (size_t i = 0; i < n; i++)
        shown = arena_printf(&turn->arena, "%s%s%s", shown, i == 0 ? "" : ",",
                             events[i]->id);
    set_options(turn, events, n);
    if (n > 0)
        form_put(turn, "shown", shown);
    take_number(turn, events, n);
    form_ready(turn);
}

static void on_open(void *data, enum err err, const struct event *events,
                    size_t n, int64_t total) {
    struct turn *turn = data;
    const struct event *open[EVENTS_SHOWN];
    size_t n_open = 0;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    for (size_t i = n; i-- > 0 && n_open < EVENTS_SHOWN;)
        if (events[i].state == EVENT_OPEN && events[i].starts_ms > turn->now_ms)
            open[n_open++] = &events[i];
    event_choose_from(turn, open, n_open);
}

void event_choose_open(struct turn *turn) {
    event_list(turn->bot->store, &turn->arena, 0, LOOKED_AT, on_open, turn);
}

static void on_shown(void *data, enum err err, const struct event *events,
                     size_t n, int64_t total) {
    struct turn *turn = data;
    const struct event *shown[EVENTS_SHOWN];
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        shown[i] = &events[i];
    set_options(turn, shown, n);
    form_ready(turn);
}

static void show_again(struct turn *turn, const char *shown) {
    const char *ids[EVENTS_SHOWN];
    size_t n = 0;
    for (const char *at = shown; at[0] != '\0' && n < EVENTS_SHOWN;) {
        size_t len = strcspn(at, ",");
        ids[n++] = arena_strndup(&turn->arena, at, len);
        at += len + (at[len] == ',');
    }
    event_get_many(turn->bot->store, &turn->arena, ids, n, on_shown, turn);
}

static const char *take_id(struct turn *turn) {
    const char *text = turn->text;
    size_t len = strcspn(text, " \n\t,");
    const char *folded =
        fold_string(&turn->arena, arena_strndup(&turn->arena, text, len));
    if (folded[0] != 'e')
        return NULL;
    const char *id = event_parse_id(&turn->arena, folded);
    if (id != NULL)
        turn->text = text + len + strspn(text + len, " \n\t,");
    return id;
}

void event_prepare(struct turn *turn, void (*list)(struct turn *turn)) {
    const char *id = turn->continuing ? NULL : take_id(turn);
    const char *shown = form_value(turn, "shown");
    if (id != NULL)
        form_preset(turn, "event", id);
    if (form_value(turn, "event")[0] != '\0')
        form_ready(turn);
    else if (shown[0] != '\0')
        show_again(turn, shown);
    else
        list(turn);
}

void event_ask_which(struct turn *turn, const char *none) {
    const struct form *form = turn->form;
    size_t n = 0;
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (strcmp(form->command->slots[i].name, "event") == 0)
            n = form->n_options[i];
    if (n == 0) {
        turn_say(turn, none);
        return;
    }
    form_ask(turn, "event");
    turn_commit(turn);
}

/* ---- reading --------------------------------------------------------------
 */

static const char *number(struct turn *turn, int64_t n) {
    return arena_printf(&turn->arena, "%" PRId64, n);
}

static const char *places_text(struct turn *turn, const struct event *event) {
    int64_t left = event->capacity - event->taken;
    struct text_param params[] = {
        {"n",
         number(turn,
                left > 0 && event->n_waiting == 0 ? left : event->n_waiting)},
        {"capacity", number(turn, event->capacity)},
    };
    const char *key = event->capacity == 0                ? "event.places_free"
                      : left > 0 && event->n_waiting == 0 ? "event.places_left"
                                                          : "event.places_full";
    return turn_text(turn, key, params, 2);
}

const char *event_facts(struct turn *turn, const struct event *event) {
    const char *url = turn->bot->config->public_url;
    const struct text_param params[] = {
        {"id", event->id},
        {"title", event->title},
        {"when", events_when(turn->bot, &turn->arena, event)},
        {"place", event->place},
        {"deadline", events_time(turn->bot, &turn->arena, event->deadline_ms)},
        {"places", places_text(turn, event)},
    };
    const char *text = turn_text(turn, "event.facts", params, 6);
    if (event->text[0] != '\0')
        text = arena_printf(&turn->arena, "%s\n%s", text, event->text);
    if (event->photo[0] != '\0' && url != NULL)
        text = arena_printf(&turn->arena, "%s\n%s/photos/%s", text, url,
                            event->photo);
    return text;
}

const char *my_event_rows(struct turn *turn, const struct my_event *mine,
                          size_t n) {
    const char *text = "";
    for (size_t i = 0; i < n; i++) {
        const struct signup *signup = mine[i].signup;
        const struct text_param state[] = {
            {"place", number(turn, mine[i].place)},
            {"until", events_time(turn->bot, &turn->arena, signup->offer_ms)},
        };
        const char *key = arena_printf(&turn->arena, "signup.state.%s",
                                       signup_state_names[signup->state]);
        const struct text_param params[] = {
            {"id", mine[i].event->id},
            {"title", mine[i].event->title},
            {"when", events_when(turn->bot, &turn->arena, mine[i].event)},
            {"place", mine[i].event->place},
            {"people", number(turn, signup->n)},
            {"state", turn_text(turn, key, state, 2)},
        };
        text = arena_printf(&turn->arena, "%s%s%s", text, i == 0 ? "" : "\n",
                            turn_text(turn, "signup.row", params, 6));
    }
    return text;
}

/* "name\x1dage\x1e…" as "name age、…". */
static const char *items_text(struct turn *turn, const char *items) {
    const char *text = "";
    for (const char *at = items; at[0] != '\0';) {
        size_t len = strcspn(at, (const char[]){SIGNUP_ITEM, '\0'});
        char *item = arena_strndup(&turn->arena, at, len);
        char *part = strchr(item, SIGNUP_PART);
        if (part != NULL)
            *part = ' ';
        text = arena_printf(&turn->arena, "%s%s%s", text,
                            text[0] == '\0' ? "" : "、", item);
        at += len + (at[len] != '\0');
    }
    return text;
}

const char *my_event_data(struct turn *turn, const struct my_event *mine,
                          size_t n) {
    const char *text = "";
    for (size_t i = 0; i < n; i++) {
        const char *children = items_text(turn, mine[i].signup->children);
        const char *answers = items_text(turn, mine[i].signup->answers);
        text = arena_printf(
            &turn->arena, "%s%s%s%s%s%s%s", text, i == 0 ? "" : "\n",
            my_event_rows(turn, &mine[i], 1), children[0] == '\0' ? "" : "\n",
            children, answers[0] == '\0' ? "" : "\n", answers);
    }
    return text;
}

void event_params(struct turn *turn, struct notice *notice,
                  const struct event *event) {
    notice_param(notice, "id", event->id);
    notice_param(notice, "title", event->title);
    notice_param(notice, "when", events_when(turn->bot, &turn->arena, event));
    notice_param(notice, "place", event->place);
}

void event_say_shut(struct turn *turn, const struct event *event,
                    const char *why) {
    struct notice *reply =
        turn_reply(turn, arena_printf(&turn->arena, "signup.shut.%s", why));
    turn->refused = true;
    event_params(turn, reply, event);
    notice_param(reply, "note", event->note);
    notice_param(reply, "deadline",
                 events_time(turn->bot, &turn->arena, event->deadline_ms));
    turn_commit(turn);
}
