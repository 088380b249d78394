#define LOG_MODULE "turns"
#include "bot/turns.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/dispatch.h"
#include "bot/flood.h"
#include "bot/loop.h"
#include "bot/outbox.h"
#include "bot/turn.h"
#include "bot/turns_internal.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* How long a turn waits for a store that is away before its rider is told. A
 * short outage, or the start of the embedded Redis, is not noticed at all. */
#define PARK_MS 3000
#define PARK_LOOK_MS 100
#define AWAITS_MAX 20000

static struct metric m_floods = METRIC_COUNTER(
    "xiaofeng_floods_total", "Messages refused: their rider sent too many.");
static struct metric m_full = METRIC_COUNTER(
    "xiaofeng_turns_refused_total", "Messages refused: too many under way.");
static struct metric m_outages = METRIC_COUNTER(
    "xiaofeng_turns_without_store_total", "Turns ended: the store was away.");

/* A rider with a form open in a group. */
struct await {
    int64_t until_ms; /* on the wall clock */
    UT_hash_handle hh;
    char name[]; /* chat, space, rider */
};

static void on_park_timer(uv_timer_t *timer);

struct turns *turns_new(struct bot *bot) {
    struct turns *turns = xcalloc(1, sizeof(*turns));
    turns->bot = bot;
    turns->flood = flood_new(bot->config->rider_rate, bot->config->rider_burst);
    turns->outage = 1;
    turns->cold_until_ms =
        clock_wall_ms(bot->clock) + bot->config->form_group_ms;
    uv_timer_init(&bot->loop->uv, &turns->park_timer);
    turns->park_timer.data = turns;
    return turns;
}

static void on_timer_closed(uv_handle_t *handle) {
    free(handle->data);
}

void turns_free(struct turns *turns) {
    struct turn *turn, *next;
    struct await *await, *next_await;
    if (turns == NULL)
        return;
    HASH_ITER(hh, turns->running, turn, next) {
        HASH_DEL(turns->running, turn);
        while (turn != NULL) {
            struct turn *behind = turn->next;
            turn_free(turn);
            turn = behind;
        }
    }
    HASH_ITER(hh, turns->awaits, await, next_await) {
        HASH_DEL(turns->awaits, await);
        free(await);
    }
    flood_free(turns->flood);
    uv_close((uv_handle_t *)&turns->park_timer, on_timer_closed);
}

bool turns_idle(const struct turns *turns) {
    return turns->n_turns == 0;
}

/* ---- one turn of a rider after the other ---- */

/* A word to a rider whose turn goes no further. */
static void tell(struct turn *turn, const char *key) {
    struct bot *bot = turn->bot;
    const struct message *message = &turn->message;
    enum lang lang =
        flood_lang(bot->turns->flood, message->rider, bot->config->lang);
    outbox_push(bot->outbox,
                &(struct notice){
                    .lane = LANE_REPLY,
                    .account = message->account,
                    .chat = message->chat,
                    .rider = message->rider,
                    .key = key,
                },
                NULL, (int)lang);
}

/* Said to us, not to the others of a group (see turns_awaits()). */
static bool is_asked(struct turn *turn) {
    const struct message *message = &turn->message;
    return !message->in_group || message->mentioned ||
           dispatch_asks(turn->bot, message_text(message, &turn->arena));
}

/* Counts the turns that wait behind a running one. */
static size_t waiting(const struct turn *running) {
    size_t n = 0;
    for (const struct turn *turn = running->next; turn != NULL;
         turn = turn->next)
        n++;
    return n;
}

void turns_enter(struct turn *turn) {
    struct turns *turns = turn->bot->turns;
    const char *rider = turn->message.rider;
    struct turn *running;
    bool asked = is_asked(turn);
    if (turn->bot->stopping) {
        if (asked)
            tell(turn, "error.stopping");
        turn_free(turn);
        return;
    }
    HASH_FIND_STR(turns->running, rider, running);
    /* What is said to the others does not count against a rider. */
    enum flood_verdict verdict =
        asked ? flood_message(turns->flood, rider,
                              clock_mono_ms(turn->bot->clock))
              : FLOOD_OK;
    if (verdict == FLOOD_OK && running != NULL &&
        waiting(running) >= LIMIT_RIDER_QUEUE) {
        verdict = asked && !running->told_full ? FLOOD_TELL : FLOOD_SILENT;
        running->told_full |= asked;
    }
    if (turns->n_turns >= LIMIT_TURNS) {
        metric_add(&m_full, 1);
        verdict = FLOOD_SILENT;
    }
    if (verdict != FLOOD_OK) {
        metric_add(&m_floods, 1);
        if (verdict == FLOOD_TELL) {
            flood_told(turns->flood, rider, clock_mono_ms(turn->bot->clock));
            tell(turn, "error.flood");
        }
        turn_free(turn);
        return;
    }
    turns->n_turns++;
    turn->give_up_ms = clock_mono_ms(turn->bot->clock) + PARK_MS;
    if (running != NULL) {
        struct turn **end = &running->next;
        while (*end != NULL)
            end = &(*end)->next;
        *end = turn;
        return;
    }
    HASH_ADD_KEYPTR(hh, turns->running, turn->message.rider, strlen(rider),
                    turn);
    turn_open(turn);
}

void turns_done(struct turn *turn) {
    struct turns *turns = turn->bot->turns;
    struct turn *next = turn->next;
    bool told_full = turn->told_full;
    turns->n_turns--;
    HASH_DEL(turns->running, turn);
    turn_free(turn);
    if (next == NULL)
        return;
    next->told_full = told_full; /* once, until nothing waits any more */
    HASH_ADD_KEYPTR(hh, turns->running, next->message.rider,
                    strlen(next->message.rider), next);
    turn_open(next);
}

/* ---- while the store is away ---- */

void turns_park(struct turn *turn) {
    struct turns *turns = turn->bot->turns;
    DL_APPEND2(turns->parked, turn, park_prev, park_next);
    if (!uv_is_active((uv_handle_t *)&turns->park_timer))
        uv_timer_start(&turns->park_timer, on_park_timer, PARK_LOOK_MS,
                       PARK_LOOK_MS);
}

static void give_up(struct turn *turn) {
    struct turns *turns = turn->bot->turns;
    metric_add(&m_outages, 1);
    if (turn->sent)
        tell(turn, "error.uncertain");
    else if (flood_tell_outage(turns->flood, turn->message.rider,
                               turns->outage))
        tell(turn, "error.away");
    turns_done(turn);
}

/* Each parked turn, once: to be opened again, or given up. A turn that is
 * opened may park again, behind the last one looked at. */
static void look_at_parked(struct turns *turns, bool up) {
    struct turn *list = turns->parked;
    int64_t now_ms = clock_mono_ms(turns->bot->clock);
    turns->parked = NULL;
    while (list != NULL) {
        struct turn *turn = list;
        DL_DELETE2(list, turn, park_prev, park_next);
        if (now_ms >= turn->give_up_ms)
            give_up(turn);
        else if (up)
            turn_open(turn);
        else
            turns_park(turn);
    }
}

static void on_park_timer(uv_timer_t *timer) {
    struct turns *turns = timer->data;
    look_at_parked(turns, store_is_up(turns->bot->store));
    if (turns->parked == NULL)
        uv_timer_stop(timer);
}

void turns_store_up(struct turns *turns) {
    look_at_parked(turns, true);
}

void turns_store_down(struct turns *turns) {
    turns->outage++;
}

/* ---- forms open in groups ---- */

static struct await *await_find(const struct turns *turns, const char *chat,
                                const char *rider) {
    char name[2 * LIMIT_ID_BYTES + 32];
    struct await *await;
    snprintf(name, sizeof(name), "%s %s", chat, rider);
    HASH_FIND_STR(turns->awaits, name, await);
    return await;
}

bool turns_awaits(const struct turns *turns, const char *chat,
                  const char *rider) {
    int64_t now_ms = clock_wall_ms(turns->bot->clock);
    if (now_ms < turns->cold_until_ms)
        return true;
    if (turns->awaits == NULL)
        return false;
    const struct await *await = await_find(turns, chat, rider);
    return await != NULL && now_ms < await->until_ms;
}

static void await_remove(struct turns *turns, struct await *await) {
    HASH_DEL(turns->awaits, await);
    free(await);
}

static void forget_expired(struct turns *turns) {
    struct await *await, *next;
    int64_t now_ms = clock_wall_ms(turns->bot->clock);
    HASH_ITER(hh, turns->awaits, await, next) {
        if (now_ms >= await->until_ms)
            await_remove(turns, await);
    }
}

void turns_await(struct turns *turns, const char *chat, const char *rider,
                 int64_t until_ms) {
    struct await *await = await_find(turns, chat, rider);
    if (until_ms == 0) {
        if (await != NULL)
            await_remove(turns, await);
        return;
    }
    if (await == NULL) {
        if (HASH_COUNT(turns->awaits) >= AWAITS_MAX)
            forget_expired(turns);
        if (HASH_COUNT(turns->awaits) >= AWAITS_MAX)
            await_remove(turns, turns->awaits); /* the oldest */
        size_t len = strlen(chat) + strlen(rider) + 2;
        await = xcalloc(1, sizeof(*await) + len);
        snprintf(await->name, len, "%s %s", chat, rider);
        HASH_ADD_STR(turns->awaits, name, await);
    }
    await->until_ms = until_ms;
}
