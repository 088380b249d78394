/* 推送进度, 撤回, 取消推送: what became of a broadcast, and the end of it. */
#include "handlers/pushes.h"

#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/broadcasts.h"
#include "bot/form.h"
#include "bot/options.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "store/delivery.h"
#include "store/store.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define LISTED_MAX 30  /* the latest of them can be named */
#define TITLE_CHARS 16 /* of a broadcast, in a list */

static const char *const sure[] = {"yes", "no", NULL};

static const struct slot progress_slots[] = {
    {.name = "which", .type = SLOT_CHOICE, .need = SLOT_REQUIRED},
};

static const struct slot end_slots[] = {
    {.name = "which", .type = SLOT_CHOICE, .need = SLOT_REQUIRED},
    {.name = "sure",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = sure,
     .options_key = "sure"},
};

const char *push_time(struct turn *turn, int64_t at_ms) {
    const struct policy *policy = policies_get(turn->bot->policies);
    time_t local = (time_t)((at_ms + policy_offset_ms(policy)) / 1000);
    char out[32];
    struct tm tm;
    strftime(out, sizeof(out), "%m-%d %H:%M", gmtime_r(&local, &tm));
    return at_ms == 0 ? "" : arena_strdup(&turn->arena, out);
}

static const char *number(struct turn *turn, int64_t n) {
    return arena_printf(&turn->arena, "%" PRId64, n);
}

/* ---- which one ----------------------------------------------------------- */

static const char *state_text(struct turn *turn, enum broadcast_state state) {
    const char *key = arena_printf(&turn->arena, "push.state.%s",
                                   broadcast_state_name(state));
    return turn_text(turn, key, NULL, 0);
}

/* "B12 明天有雨（已发完）", known by its number. */
static struct option option_of(struct turn *turn,
                               const struct broadcast *broadcast) {
    struct arena *arena = &turn->arena;
    const char *words =
        arena_printf(arena, "%s|%s", broadcast->id, broadcast->id + 1);
    return (struct option){
        .id = broadcast->id,
        .title =
            arena_printf(arena, "%s %s（%s）", broadcast->id,
                         utf8_excerpt(arena, broadcast->title, TITLE_CHARS),
                         state_text(turn, broadcast->state)),
        .words = options_words(arena, words),
    };
}

static bool is_offered(const struct turn *turn,
                       const struct broadcast *broadcast) {
    if (turn->command == &command_push_recall)
        return broadcasts_may(broadcast, BROADCAST_RECALL);
    if (turn->command == &command_push_cancel)
        return broadcasts_may(broadcast, BROADCAST_CANCEL);
    return broadcast->state != BROADCAST_DRAFT;
}

static void on_list(void *data, enum err err,
                    const struct broadcast *broadcasts, size_t n,
                    int64_t total) {
    struct turn *turn = data;
    struct option *options =
        arena_alloc(&turn->arena, (n + 1) * sizeof(*options));
    size_t count = 0;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (is_offered(turn, &broadcasts[i]))
            options[count++] = option_of(turn, &broadcasts[i]);
    if (count == 0) {
        turn_say(turn, "push.none");
        return;
    }
    form_set_options(turn, "which", options, count);
    form_ready(turn);
}

static void prepare(struct turn *turn) {
    broadcast_list_all(turn->bot->store, &turn->arena, 0, LISTED_MAX, on_list,
                       turn);
}

/* ---- 推送进度 ---------------------------------------------------------------
 */

struct looking {
    struct turn *turn;
    struct broadcast broadcast;
};

static const char *progress_key(const struct broadcast *broadcast) {
    if (broadcast_is_series(broadcast))
        return broadcast->next_ms != 0 ? "push.series" : "push.waits";
    return broadcast->fired_ms != 0  ? "push.progress"
           : broadcast->next_ms != 0 ? "push.scheduled"
                                     : "push.waits";
}

static void on_counts(void *data, enum err err,
                      const struct delivery_counts *counts) {
    struct looking *looking = data;
    struct turn *turn = looking->turn;
    const struct broadcast *broadcast = &looking->broadcast;
    if (err != OK && err != ERR_NOT_FOUND) {
        turn_fail(turn, err);
        return;
    }
    struct notice *reply = turn_reply(turn, progress_key(broadcast));
    notice_param(reply, "id", broadcast->id);
    notice_param(reply, "state", state_text(turn, broadcast->state));
    notice_param(reply, "total", number(turn, broadcast->total));
    notice_param(reply, "when", push_time(turn, broadcast->next_ms));
    if (err == OK) {
        int64_t waiting = counts->waiting + counts->sending;
        notice_param(reply, "sent", number(turn, counts->delivered));
        notice_param(reply, "waiting", number(turn, waiting));
        notice_param(reply, "refused", number(turn, counts->refused));
        notice_param(reply, "unknown", number(turn, counts->unknown));
        notice_param(reply, "recalled", number(turn, counts->recalled));
        notice_param(reply, "too_late", number(turn, counts->too_late));
        notice_param(reply, "read", number(turn, counts->read));
    }
    turn_commit(turn);
}

static void on_found(void *data, enum err err,
                     const struct broadcast *broadcast) {
    struct looking *looking = data;
    struct turn *turn = looking->turn;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    looking->broadcast = *broadcast;
    delivery_counts_get(turn->bot->store, &turn->arena, broadcast->id,
                        on_counts, looking);
}

static void find(struct turn *turn, broadcast_read *done) {
    struct looking *looking = arena_alloc(&turn->arena, sizeof(*looking));
    *looking = (struct looking){.turn = turn};
    broadcast_get(turn->bot->store, &turn->arena, form_value(turn, "which"),
                  done, looking);
}

static void progress_commit(struct turn *turn) {
    find(turn, on_found);
}

const struct command command_push_progress = {
    .name = "push_progress",
    .roles = ROLE_ORGANISER,
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .slots = progress_slots,
    .n_slots = ARRAY_LEN(progress_slots),
    .prepare = prepare,
    .commit = progress_commit,
};

/* ---- 撤回, 取消推送
 * ----------------------------------------------------------
 */

static void after_commit(struct turn *turn) {
    broadcasts_happened(turn->bot, turn->data);
}

static void on_moved(void *data, enum err err,
                     const struct broadcast_moved *moved) {
    struct looking *looking = data;
    struct turn *turn = looking->turn;
    bool recall = turn->command == &command_push_recall;
    if (err != OK && err != ERR_STATE) {
        turn_fail(turn, err);
        return;
    }
    const char *key = err == ERR_STATE ? "push.not_now"
                      : recall         ? "push.recalling"
                                       : "push.cancelled";
    turn->refused = err == ERR_STATE;
    if (err == OK) {
        looking->broadcast = *moved->after;
        turn->data = &looking->broadcast;
        turn->committed = after_commit;
    }
    struct notice *reply = turn_reply(turn, key);
    notice_param(reply, "id", moved->after->id);
    notice_param(reply, "state", state_text(turn, moved->after->state));
    turn_commit(turn);
}

static void on_to_end(void *data, enum err err,
                      const struct broadcast *broadcast) {
    struct looking *looking = data;
    struct turn *turn = looking->turn;
    bool recall = turn->command == &command_push_recall;
    const struct broadcast_order order = {
        .move = recall ? BROADCAST_RECALL : BROADCAST_CANCEL,
        .actor = turn->message.rider,
    };
    if (err != OK)
        turn_fail(turn, err);
    else
        broadcasts_move(turn->bot, &turn->arena, turn->txn, broadcast, &order,
                        on_moved, looking);
}

static void end_commit(struct turn *turn) {
    if (strcmp(form_value(turn, "sure"), "yes") == 0)
        find(turn, on_to_end);
    else
        turn_say(turn, "form.cancelled");
}

const struct command command_push_recall = {
    .name = "push_recall",
    .roles = ROLE_ORGANISER,
    .where = COMMAND_PRIVATE,
    .numbered = true, /* riders withdraw what they wrote with that word */
    .of_broadcasts = true,
    .slots = end_slots,
    .n_slots = ARRAY_LEN(end_slots),
    .prepare = prepare,
    .commit = end_commit,
};

const struct command command_push_cancel = {
    .name = "push_cancel",
    .roles = ROLE_ORGANISER,
    .where = COMMAND_PRIVATE,
    .slots = end_slots,
    .n_slots = ARRAY_LEN(end_slots),
    .prepare = prepare,
    .commit = end_commit,
};
