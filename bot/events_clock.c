#define LOG_MODULE "events"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/events_parts.h"
#include "bot/loop.h"
#include "bot/policies.h"
#include "bot/windows.h"
#include "bot/work.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 1000
#define BATCH 100   /* clocks rung at a time */
#define WAITERS 200 /* of an event, looked at for a place */
#define HOUR_MS (3600LL * 1000)

static struct metric m_rung = METRIC_COUNTER("xiaofeng_event_clocks_rung_total",
                                             "Clocks of sign-ups that rang.");
static struct metric m_again =
    METRIC_COUNTER("xiaofeng_event_clocks_again_total",
                   "Clocks of sign-ups to be looked at again.");

/* One look: what is due, each by a transaction of its own. The next begins when
 * all of them are answered. */
struct look {
    struct events_clock *clock; /* NULL: it was freed meanwhile */
    struct arena arena;
    int64_t now_ms;
    size_t left;  /* reads and transactions under way */
    size_t moved; /* that happened */
    bool full;    /* there may be more */
};

struct events_clock {
    struct bot *bot;
    uv_timer_t timer;
    struct look *look; /* under way, or NULL */
};

/* What one clock is about, until it is done. */
struct ring {
    struct look *look;
    const struct signup_due *due;
    const struct event *event;
    struct signup signup;
    size_t left; /* offers under way */
    bool again;  /* one of them came to nothing */
};

static void one_less(struct look *look) {
    struct events_clock *clock = look->clock;
    if (--look->left > 0)
        return;
    bool more = look->full && look->moved > 0;
    arena_finish(&look->arena);
    free(look);
    if (clock == NULL)
        return;
    clock->look = NULL;
    if (more)
        events_clock_look(clock);
}

static void count(struct look *look, enum err err) {
    if (err == OK) {
        look->moved++;
        metric_add(&m_rung, 1);
        return;
    }
    metric_add(&m_again, 1);
    if (err != ERR_CONFLICT && err != ERR_AWAY && err != ERR_TIMEOUT)
        LOG_WARN("a clock of an event has rung in vain: %s", err_str(err));
}

static void on_done(struct work *work, enum err err) {
    struct look *look = work->data;
    work_free(work);
    count(look, err);
    one_less(look);
}

static struct bot *bot_of(const struct look *look) {
    return look->clock == NULL ? NULL : look->clock->bot;
}

/* ---- a sign-up -------------------------------------------------------------
 */

static void keep(const struct desk *desk, const struct ring *ring,
                 struct signup *after) {
    after->updated_ms = desk->now_ms;
    if (after->due_ms <= desk->now_ms)
        after->due_ms =
            events_next_clock(desk->bot, ring->event, after, desk->now_ms);
    signup_put(desk->txn, &(struct signup_change){
                              .event = ring->event,
                              .before = &ring->signup,
                              .after = after,
                              .place = -1,
                              .now_ms = desk->now_ms,
                          });
}

static void on_cancelled(const struct desk *desk, const struct ring *ring,
                         struct signup *after) {
    if (signup_is_active(&ring->signup)) {
        events_end_signup(after, SIGNUP_BY_EVENT);
        notice_param(events_tell(desk, ring->event, after, LANE_ANSWER,
                                 "event.called_off"),
                     "note", ring->event->note);
    }
    after->due_ms = 0;
    keep(desk, ring, after);
}

/* "{nick}" and so on in an organiser's words. */
static const char *fill(struct arena *arena, const char *text, const char *name,
                        const char *value) {
    const char *at;
    while ((at = strstr(text, name)) != NULL) {
        /* What is put in is not looked through again. */
        const char *head = arena_strndup(arena, text, (size_t)(at - text));
        const char *tail = fill(arena, at + strlen(name), name, value);
        return arena_printf(arena, "%s%s%s", head, value, tail);
    }
    return text;
}

static const char *certificate(const struct desk *desk,
                               const struct ring *ring) {
    const struct event *event = ring->event;
    const char *text = event->certificate;
    const char *date = events_time(desk->bot, desk->arena, event->starts_ms);
    text = fill(desk->arena, text, "{title}", event->title);
    text = fill(desk->arena, text, "{date}", date);
    text = fill(desk->arena, text, "{place}", event->place);
    return fill(desk->arena, text, "{nick}", ring->signup.nick);
}

static void on_finished(const struct desk *desk, const struct ring *ring,
                        struct signup *after) {
    bool attended = ring->signup.state == SIGNUP_ATTENDED;
    if (attended && !after->told && ring->event->certificate[0] != '\0')
        notice_param(events_tell(desk, ring->event, after, LANE_ANSWER,
                                 "event.certificate"),
                     "text", certificate(desk, ring));
    if (signup_is_active(&ring->signup) && ring->signup.state != SIGNUP_SIGNED)
        events_end_signup(after, SIGNUP_BY_FULL);
    after->told = 1;
    after->due_ms = 0;
    keep(desk, ring, after);
}

static void on_changed(const struct desk *desk, const struct ring *ring,
                       struct signup *after) {
    events_tell(desk, ring->event, after, LANE_ANSWER, "event.changed");
    after->changed = ring->event->changed;
    /* Of another time they are reminded anew. */
    after->reminded = 0;
    if (after->state == SIGNUP_OFFERED &&
        after->offer_ms > ring->event->starts_ms)
        after->offer_ms = ring->event->starts_ms;
    after->due_ms = 0;
    keep(desk, ring, after);
}

/* The reminder whose time has come: the last of them, when several have. */
static int64_t due_reminder(const struct event *event,
                            const struct signup *signup, int64_t now_ms) {
    int64_t hours[EVENT_REMINDERS_MAX], due = 0;
    size_t n = events_reminders(event, hours);
    for (size_t i = 0; i < n; i++) {
        int64_t at = event->starts_ms - hours[i] * HOUR_MS;
        bool new = signup->reminded == 0 || hours[i] < signup->reminded;
        if (at <= now_ms && new && at > signup->created_ms &&
            (due == 0 || hours[i] < due))
            due = hours[i];
    }
    return due;
}

/* Not at night, when it can wait until morning; nor when it can't, but they
 * were reminded before. */
static void remind(const struct desk *desk, const struct ring *ring,
                   struct signup *after, int64_t hours) {
    const struct event *event = ring->event;
    int64_t open =
        windows_open_ms(policies_get(desk->bot->policies), desk->now_ms);
    if (open != 0 && open < event->starts_ms) {
        after->due_ms = open;
        keep(desk, ring, after);
        return;
    }
    if (open == 0 || after->reminded == 0)
        events_tell(desk, event, after, LANE_ANSWER, "event.reminder");
    after->reminded = hours;
    after->due_ms = 0;
    keep(desk, ring, after);
}

static void ring_signup(const struct desk *desk, const struct ring *ring) {
    const struct event *event = ring->event;
    const struct signup *signup = &ring->signup;
    struct signup *after = arena_alloc(desk->arena, sizeof(*after));
    int64_t hours = signup->state == SIGNUP_SIGNED
                        ? due_reminder(event, signup, desk->now_ms)
                        : 0;
    bool over =
        (signup->state == SIGNUP_OFFERED && signup->offer_ms <= desk->now_ms) ||
        (signup->state == SIGNUP_WAITING && event->starts_ms <= desk->now_ms);
    const struct signup_order lapse = {.move = SIGNUP_LAPSE,
                                       .actor = AUDIT_SYSTEM};
    *after = *signup;
    if (event->state == EVENT_CANCELLED) {
        on_cancelled(desk, ring, after);
    } else if (event->state == EVENT_FINISHED) {
        on_finished(desk, ring, after);
    } else if (signup->changed < event->changed && signup_is_active(signup)) {
        on_changed(desk, ring, after);
    } else if (over) {
        if (events_signup_move(desk, event, signup, &lapse) != OK)
            keep(desk, ring, after);
    } else if (hours > 0 && event->starts_ms > desk->now_ms) {
        remind(desk, ring, after, hours);
    } else {
        after->due_ms = 0; /* what it was reckoned by has changed */
        keep(desk, ring, after);
    }
}

static void forget(struct ring *ring) {
    struct work *work = work_new(bot_of(ring->look));
    signup_unring(work->txn, ring->due->event, ring->due->rider);
    work_commit(work, on_done, ring->look);
}

static void on_signup(void *data, enum err err, const struct signup *signup) {
    struct ring *ring = data;
    struct look *look = ring->look;
    if (look->clock == NULL || (err != OK && err != ERR_NOT_FOUND)) {
        one_less(look);
        return;
    }
    if (err != OK) {
        forget(ring);
        return;
    }
    struct work *work = work_new(bot_of(look));
    struct desk desk = desk_of_work(work);
    ring->signup = *signup;
    ring_signup(&desk, ring);
    work_commit(work, on_done, look);
}

/* ---- places that came free -------------------------------------------------
 */

static void rest(struct ring *ring) {
    struct look *look = ring->look;
    if (look->clock == NULL || ring->again) {
        one_less(look);
        return;
    }
    struct work *work = work_new(bot_of(look));
    event_rest(work->txn, ring->event);
    work_commit(work, on_done, look);
}

static void on_offered(struct work *work, enum err err) {
    struct ring *ring = work->data;
    work_free(work);
    count(ring->look, err);
    ring->again |= err != OK;
    if (--ring->left == 0)
        rest(ring);
}

static void offer(struct ring *ring, const struct signup *signup) {
    struct work *work = work_new(bot_of(ring->look));
    struct desk desk = desk_of_work(work);
    const struct signup_order order = {.move = SIGNUP_OFFER,
                                       .actor = AUDIT_SYSTEM};
    if (events_signup_move(&desk, ring->event, signup, &order) != OK) {
        work_free(work);
        return;
    }
    ring->left++;
    work_commit(work, on_offered, ring);
}

/* In their order, each whose people still fit. */
static void on_waiting(void *data, enum err err, const struct signup *signups,
                       size_t n, int64_t total) {
    struct ring *ring = data;
    const struct event *event = ring->event;
    int64_t most = event->capacity > 0 ? event->capacity : EVENT_CAPACITY_MAX;
    int64_t free_places = most - event->taken;
    (void)total;
    ring->again = err != OK;
    ring->left = 1; /* ours, until all are on their way */
    for (size_t i = 0; err == OK && ring->look->clock != NULL && i < n; i++) {
        if (signups[i].state != SIGNUP_WAITING || signups[i].n > free_places)
            continue;
        free_places -= signups[i].n;
        offer(ring, &signups[i]);
    }
    if (--ring->left == 0)
        rest(ring);
}

/* ---- looking --------------------------------------------------------------
 */

static void on_event(void *data, enum err err, const struct event *event) {
    struct ring *ring = data;
    struct look *look = ring->look;
    struct bot *bot = bot_of(look);
    bool on = event != NULL &&
              (event->state == EVENT_OPEN || event->state == EVENT_CLOSED) &&
              event->starts_ms > look->now_ms;
    if (look->clock == NULL || (event == NULL && err != ERR_NOT_FOUND)) {
        one_less(look);
        return;
    }
    ring->event = event;
    if (event == NULL)
        forget(ring);
    else if (ring->due->rider[0] != '\0')
        signup_get(bot->store, &look->arena, event->id, ring->due->rider,
                   on_signup, ring);
    else if (on)
        signup_list_waiting(bot->store, &look->arena, event->id, WAITERS,
                            on_waiting, ring);
    else
        rest(ring);
}

static void on_due(void *data, enum err err, const struct signup_due *due,
                   size_t n) {
    struct look *look = data;
    look->full = n == BATCH;
    look->left = 1; /* ours, until all are on their way */
    for (size_t i = 0; err == OK && look->clock != NULL && i < n; i++) {
        struct ring *ring = arena_alloc(&look->arena, sizeof(*ring));
        *ring = (struct ring){.look = look, .due = &due[i]};
        look->left++;
        event_get(look->clock->bot->store, &look->arena, due[i].event, on_event,
                  ring);
    }
    one_less(look);
}

void events_clock_look(struct events_clock *clock) {
    if (clock == NULL || clock->look != NULL)
        return;
    struct bot *bot = clock->bot;
    if (bot->stopping || !store_is_up(bot->store))
        return;
    struct look *look = xcalloc(1, sizeof(*look));
    look->clock = clock;
    look->now_ms = clock_wall_ms(bot->clock);
    arena_init(&look->arena);
    clock->look = look;
    signup_list_due(bot->store, &look->arena, look->now_ms, BATCH, on_due,
                    look);
}

static void on_timer(uv_timer_t *timer) {
    events_clock_look(timer->data);
}

struct events_clock *events_clock_new(struct bot *bot) {
    struct events_clock *clock = xcalloc(1, sizeof(*clock));
    clock->bot = bot;
    uv_timer_init(&bot->loop->uv, &clock->timer);
    clock->timer.data = clock;
    uv_timer_start(&clock->timer, on_timer, LOOK_MS, LOOK_MS);
    return clock;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void events_clock_free(struct events_clock *clock) {
    if (clock == NULL)
        return;
    if (clock->look != NULL)
        clock->look->clock = NULL;
    uv_close((uv_handle_t *)&clock->timer, on_closed);
}
