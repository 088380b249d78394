#define LOG_MODULE "audience"
#include "bot/audience.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/audience_internal.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOK_MS 1000
#define FOLLOW_MAX 500 /* changes a step */

static struct metric members =
    METRIC_GAUGE("xiaofeng_audience_members", "Groups and riders in memory.");
static struct metric members_bytes =
    METRIC_GAUGE("xiaofeng_audience_bytes", "What they take.");
static struct metric reads = METRIC_COUNTER(
    "xiaofeng_audience_reads_total", "Groups and riders read for the index.");
static struct metric reloads =
    METRIC_COUNTER("xiaofeng_audience_reloads_total",
                   "Times that the index had missed changes.");

/* A bounded piece of loading or following; it outlives an index that goes. */
struct audience_step {
    struct audiences *audiences; /* NULL: it is gone */
    struct arena arena;
    struct group_scan group_scan;
    struct people_scan people_scan;
    char last[PEOPLE_ID_SIZE];
    size_t waiting; /* answers that are to come */
    bool more;      /* the next step is due at once */
    bool failed;
};

static struct audience_step *step_new(struct audiences *audiences) {
    struct audience_step *step = xcalloc(1, sizeof(*step));
    step->audiences = audiences;
    arena_init(&step->arena);
    audiences->step = step;
    return step;
}

/* One that failed is tried again by the timer. */
static void step_end(struct audience_step *step) {
    struct audiences *audiences = step->audiences;
    bool more = step->more && !step->failed;
    bool failed = step->failed;
    arena_finish(&step->arena);
    free(step);
    if (audiences == NULL)
        return;
    audiences->step = NULL;
    metric_set(&members,
               (int64_t)(audiences->tables.of[AUDIENCE_GROUPS].n_live +
                         audiences->tables.of[AUDIENCE_RIDERS].n_live));
    more |= audiences->poked && !failed;
    audiences->poked = false;
    if (failed)
        askings_away(audiences);
    else if (audiences->held)
        askings_look(audiences);
    else if (more)
        audiences_go_on(audiences);
}

static void forget_all(struct audiences *audiences) {
    tables_finish(&audiences->tables);
    audiences->generation++;
    audiences->began = audiences->groups_loaded = audiences->loaded = false;
    audiences->ready = false;
    audiences->group_scan = (struct group_scan){0};
    audiences->people_scan = (struct people_scan){0};
    audiences->after[0] = '\0';
}

/* ---- loading -------------------------------------------------------------
 */

/* Where the stream ended before the first was read: nothing is missed. */
static void on_last(void *data, enum err err, const char *id) {
    struct audience_step *step = data;
    struct audiences *audiences = step->audiences;
    step->failed = err != OK;
    step->more = true;
    if (audiences != NULL && err == OK) {
        snprintf(audiences->after, sizeof(audiences->after), "%s", id);
        audiences->began = true;
    }
    step_end(step);
}

static void on_groups_scanned(void *data, enum err err,
                              const struct group *groups, size_t n) {
    struct audience_step *step = data;
    struct audiences *audiences = step->audiences;
    step->failed = err != OK;
    step->more = true;
    if (audiences != NULL && err == OK) {
        for (size_t i = 0; i < n; i++)
            tables_take_group(&audiences->tables, &groups[i]);
        metric_add(&reads, (int64_t)n);
        audiences->group_scan = step->group_scan;
        audiences->groups_loaded = step->group_scan.over;
    } else if (audiences != NULL) {
        /* A Redis that was started again goes through them in another order. */
        audiences->group_scan = (struct group_scan){0};
    }
    step_end(step);
}

static void on_people_scanned(void *data, enum err err,
                              const struct person *people, size_t n) {
    struct audience_step *step = data;
    struct audiences *audiences = step->audiences;
    step->failed = err != OK;
    step->more = true;
    if (audiences != NULL && err == OK) {
        for (size_t i = 0; i < n; i++)
            tables_take_person(&audiences->tables, &people[i]);
        metric_add(&reads, (int64_t)n);
        audiences->people_scan = step->people_scan;
        audiences->loaded = step->people_scan.over;
    } else if (audiences != NULL) {
        audiences->people_scan = (struct people_scan){0};
    }
    step_end(step);
}

/* ---- following -----------------------------------------------------------
 */

/* Once all that a page names are read; it is read again if not. */
static void page_part_end(struct audience_step *step) {
    struct audiences *audiences = step->audiences;
    if (--step->waiting > 0)
        return;
    if (audiences != NULL && !step->failed) {
        memcpy(audiences->after, step->last, sizeof(audiences->after));
        if (!step->more) {
            if (!audiences->ready)
                LOG_INFO("%zu groups and %zu riders are known",
                         audiences->tables.of[AUDIENCE_GROUPS].n_live,
                         audiences->tables.of[AUDIENCE_RIDERS].n_live);
            audiences->ready = true;
            metric_set(&members_bytes,
                       (int64_t)tables_bytes(&audiences->tables));
            askings_fresh(audiences);
        }
    }
    step_end(step);
}

static void on_page_groups(void *data, enum err err, const struct group *groups,
                           size_t n) {
    struct audience_step *step = data;
    step->failed |= err != OK;
    for (size_t i = 0; err == OK && step->audiences != NULL && i < n; i++)
        tables_take_group(&step->audiences->tables, &groups[i]);
    page_part_end(step);
}

static void on_page_people(void *data, enum err err,
                           const struct person *people, size_t n) {
    struct audience_step *step = data;
    step->failed |= err != OK;
    for (size_t i = 0; err == OK && step->audiences != NULL && i < n; i++)
        tables_take_person(&step->audiences->tables, &people[i]);
    page_part_end(step);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of one kind in a page, each once; gives how many. */
static size_t names_of(struct arena *arena, const struct people_change *changes,
                       size_t n, bool group, const char ***out) {
    const char **names = arena_alloc(arena, (n + 1) * sizeof(*names));
    size_t all = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        if (changes[i].group == group && changes[i].id[0] != '\0')
            names[all++] = changes[i].id;
    if (all > 0)
        qsort(names, all, sizeof(*names), by_text);
    for (size_t i = 0; i < all; i++)
        if (count == 0 || strcmp(names[count - 1], names[i]) != 0)
            names[count++] = names[i];
    *out = names;
    return count;
}

static void on_changes(void *data, enum err err,
                       const struct people_change *changes, size_t n,
                       const char *last, bool lost) {
    struct audience_step *step = data;
    struct audiences *audiences = step->audiences;
    const char **chats, **riders;
    step->failed = err != OK;
    step->more = lost || n >= FOLLOW_MAX;
    snprintf(step->last, sizeof(step->last), "%s", last);
    if (audiences != NULL && lost) {
        LOG_WARN("changes were missed: all is loaded anew");
        metric_add(&reloads, 1);
        forget_all(audiences);
        step_end(step);
        return;
    }
    step->waiting = 1;
    if (audiences != NULL && err == OK) {
        struct store *store = audiences->bot->store;
        struct arena *arena = &step->arena;
        size_t n_chats = names_of(arena, changes, n, true, &chats);
        size_t n_riders = names_of(arena, changes, n, false, &riders);
        step->waiting += (n_chats > 0 ? 1u : 0u) + (n_riders > 0 ? 1u : 0u);
        metric_add(&reads, (int64_t)(n_chats + n_riders));
        if (n_chats > 0)
            group_get(store, arena, chats, n_chats, on_page_groups, step);
        if (n_riders > 0)
            people_get(store, arena, riders, n_riders, on_page_people, step);
    }
    page_part_end(step);
}

/* ---- what comes next -----------------------------------------------------
 */

static void store_away(struct audiences *audiences) {
    audiences->group_scan = (struct group_scan){0};
    audiences->people_scan = (struct people_scan){0};
    askings_away(audiences);
}

void audiences_go_on(struct audiences *audiences) {
    struct store *store = audiences->bot->store;
    if (!audiences->wanted || audiences->held)
        return;
    if (audiences->step != NULL) {
        audiences->poked = true;
        return;
    }
    if (!store_is_up(store)) {
        store_away(audiences);
        return;
    }
    struct audience_step *step = step_new(audiences);
    if (!audiences->began) {
        people_last(store, on_last, step);
    } else if (!audiences->groups_loaded) {
        step->group_scan = audiences->group_scan;
        group_scan(store, &step->arena, &step->group_scan, on_groups_scanned,
                   step);
    } else if (!audiences->loaded) {
        step->people_scan = audiences->people_scan;
        people_scan(store, &step->arena, &step->people_scan, on_people_scanned,
                    step);
    } else {
        askings_reading(audiences);
        people_follow(store, &step->arena, audiences->after, FOLLOW_MAX,
                      on_changes, step);
    }
}

static void on_look(uv_timer_t *timer) {
    struct audiences *audiences = timer->data;
    if (audiences->step == NULL)
        audiences_go_on(audiences);
}

const char *audience_title(struct bot *bot, const char *chat) {
    const struct audience_tables *tables = &bot->audiences->tables;
    const struct audience_member *member =
        table_find(&tables->of[AUDIENCE_GROUPS], chat);
    return member == NULL ? "" : names_text(&tables->titles, member->title);
}

/* ---- life ----------------------------------------------------------------
 */

static uv_timer_t *timer_new(struct audiences *audiences) {
    uv_timer_t *timer = xcalloc(1, sizeof(*timer));
    timer->data = audiences;
    uv_timer_init(&audiences->bot->loop->uv, timer);
    uv_unref((uv_handle_t *)timer);
    return timer;
}

struct audiences *audiences_new(struct bot *bot) {
    struct audiences *audiences = xcalloc(1, sizeof(*audiences));
    audiences->bot = bot;
    audiences->timer = timer_new(audiences);
    audiences->slice = timer_new(audiences);
    tables_init(&audiences->tables, bot->config->lang);
    return audiences;
}

static void on_timer_closed(uv_handle_t *handle) {
    free(handle);
}

bool audiences_idle(const struct audiences *audiences) {
    return audiences->askings == NULL;
}

void audiences_free(struct audiences *audiences) {
    if (audiences == NULL)
        return;
    uv_close((uv_handle_t *)audiences->timer, on_timer_closed);
    uv_close((uv_handle_t *)audiences->slice, on_timer_closed);
    askings_free(audiences);
    if (audiences->step != NULL)
        audiences->step->audiences = NULL;
    metric_set(&members, 0);
    metric_set(&members_bytes, 0);
    tables_finish(&audiences->tables);
    free(audiences);
}

void audiences_want(struct audiences *audiences) {
    if (audiences->wanted)
        return;
    audiences->wanted = true;
    uv_timer_start(audiences->timer, on_look, LOOK_MS, LOOK_MS);
}
