/* What each move of a broadcast does. */
#include "bot/broadcasts_parts.h"

#include "base/arena.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/recurrence.h"
#include "bot/windows.h"
#include "store/delivery.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <string.h>

/* What fires later than that was missed: the daemon was not running. */
#define MISSED_MS (15 * 60 * 1000LL)
/* A time that passed while the draft was being written is meant as "now". */
#define PAST_MS (60 * 60 * 1000LL)

static const struct policy *policy_of(const struct moving *m) {
    return policies_get(m->bot->policies);
}

static bool wants_approval(const struct moving *m) {
    return m->order.move == BROADCAST_SUBMIT &&
           policy_broadcasts(policy_of(m))->approval;
}

static int64_t next_after(const struct moving *m, int64_t after_ms) {
    return recurrence_next(policy_of(m), &m->before, after_ms);
}

static bool missed(const struct moving *m) {
    return m->before.skips_missed && m->now_ms - m->before.next_ms > MISSED_MS;
}

/* ---- what has to be so --------------------------------------------------- */

static enum err refuse(struct moving *m, enum err err, const char *code,
                       const char *field) {
    m->moved.code = code;
    m->moved.field = field;
    return err;
}

/* A draft may lack what is sent may not. */
static enum err check_draft(struct moving *m) {
    const char *field = NULL;
    const char *fault = broadcasts_fault(m->bot, &m->before, &field);
    if (m->before.text[0] == '\0')
        return refuse(m, ERR_INVALID, "required", "text");
    if (fault != NULL)
        return refuse(m, ERR_INVALID, fault, field);
    if (!broadcast_is_series(&m->before) && m->before.at_ms != 0 &&
        m->before.at_ms < m->now_ms - PAST_MS)
        return refuse(m, ERR_INVALID, "past", "at_ms");
    return OK;
}

static bool was_sent(const struct broadcast *broadcast) {
    return !broadcast_is_series(broadcast) && broadcast->fired_ms != 0 &&
           broadcast->total != 0;
}

static bool needs_delivery(enum broadcast_move move) {
    return move == BROADCAST_RECALL || move == BROADCAST_RETRY ||
           move == BROADCAST_RETRY_UNKNOWN;
}

bool broadcasts_may(const struct broadcast *broadcast,
                    enum broadcast_move move) {
    return move != BROADCAST_FIRE && broadcast_can(broadcast->state, move) &&
           (!needs_delivery(move) || was_sent(broadcast));
}

enum err broadcast_step_check(struct moving *m) {
    enum broadcast_move move = m->order.move;
    m->open_ms =
        m->before.ignores_hours ? 0 : windows_open_ms(policy_of(m), m->now_ms);
    if (move != BROADCAST_FIRE && !broadcasts_may(&m->before, move))
        return refuse(m, ERR_STATE, "state", NULL);
    if (move == BROADCAST_FIRE &&
        (!broadcast_can(m->before.state, move) || m->before.next_ms == 0 ||
         m->before.next_ms > m->now_ms))
        return refuse(m, ERR_STATE, "state", NULL);
    if (broadcast_is_claimed(m) && move != BROADCAST_CANCEL)
        return refuse(m, ERR_CONFLICT, "busy", NULL);
    if (move == BROADCAST_APPROVE &&
        broadcasts_same_person(m->bot, m->order.actor, m->before.by))
        return refuse(m, ERR_DENIED, "own", NULL);
    return move == BROADCAST_SUBMIT ? check_draft(m) : OK;
}

/* ---- whom it reaches ----------------------------------------------------- */

/* Whether a series whose time has come becomes a broadcast now. */
static enum broadcast_reach reach_of_firing(struct moving *m) {
    if (!broadcast_is_series(&m->before) || missed(m) || m->open_ms != 0)
        return REACH_NOTHING;
    int64_t number = store_next_number(m->bot->store);
    if (number == 0)
        return REACH_NOTHING; /* the store is away: at the next look */
    m->child = m->before;
    m->child.id = arena_printf(m->arena, "B%" PRId64, number);
    m->frozen = m->child.id;
    return REACH_FREEZE;
}

enum broadcast_reach broadcast_step_reach(struct moving *m) {
    enum broadcast_move move = m->order.move;
    if (move == BROADCAST_FIRE)
        return reach_of_firing(m);
    if (move != BROADCAST_SUBMIT && move != BROADCAST_APPROVE)
        return REACH_NOTHING;
    if (wants_approval(m) || broadcast_is_series(&m->before))
        return REACH_COUNT;
    m->frozen = m->after.id;
    return REACH_FREEZE;
}

/* ---- the moves ----------------------------------------------------------- */

/* Its targets go on their way. The report goes to a chat: users of the console
 * see the progress there. */
static void begin(struct moving *m, struct broadcast *sent) {
    struct notice report = {
        .lane = LANE_ANSWER,
        .account = sent->report_account,
        .chat = sent->report_chat,
        .rider = sent->by,
        .key = "notify.report",
    };
    bool told = sent->report_account[0] != '\0';
    notice_param(&report, "id", sent->id);
    sent->state = BROADCAST_SENDING;
    sent->fired_ms = m->now_ms;
    sent->next_ms = 0;
    delivery_begin(m->txn, sent->id, told ? &report : NULL, m->now_ms);
    m->moved.opens_ms = m->open_ms;
}

/* Nothing more has to happen before its time. */
static enum err release(struct moving *m) {
    struct broadcast *after = &m->after;
    bool series = broadcast_is_series(after);
    if (series && after->at_ms == 0)
        after->at_ms = m->before.at_ms = m->now_ms;
    if (!series && after->at_ms <= m->now_ms) {
        begin(m, after);
        return OK;
    }
    after->state = BROADCAST_SCHEDULED;
    after->next_ms = next_after(m, m->now_ms);
    return after->next_ms != 0
               ? OK
               : refuse(m, ERR_INVALID, "never",
                        after->workday != 0 ? "workday" : "rrule");
}

static enum err submit(struct moving *m) {
    m->after.note = "";
    m->after.total = (int64_t)m->audience->n;
    if (m->audience->n == 0)
        return refuse(m, ERR_NOT_FOUND, "no_one", "audience");
    if (!wants_approval(m))
        return release(m);
    m->after.state = BROADCAST_SUBMITTED;
    return OK;
}

static enum err approve(struct moving *m) {
    m->after.approved_by = m->order.actor;
    return submit(m);
}

static enum err give_back(struct moving *m) {
    m->after.state = BROADCAST_DRAFT;
    m->after.note = m->order.note;
    return OK;
}

static enum err pause_it(struct moving *m) {
    m->after.state = BROADCAST_PAUSED;
    if (m->before.state == BROADCAST_SENDING)
        delivery_pause(m->txn, m->before.id);
    return OK;
}

/* What came while a series was paused was not wanted. */
static enum err resume(struct moving *m) {
    bool series = broadcast_is_series(&m->before);
    if (!series && m->before.fired_ms != 0) {
        m->after.state = BROADCAST_SENDING;
        m->moved.opens_ms = m->open_ms;
        delivery_resume(m->txn, m->before.id);
        return OK;
    }
    m->after.next_ms = next_after(m, m->now_ms);
    m->after.state =
        m->after.next_ms != 0 ? BROADCAST_SCHEDULED : BROADCAST_DONE;
    return OK;
}

static void end(struct moving *m, enum broadcast_state state) {
    m->after.state = state;
    m->after.next_ms = 0;
    m->after.ended_ms = m->now_ms;
}

static enum err cancel(struct moving *m) {
    bool frozen = !broadcast_is_series(&m->before) &&
                  m->before.state != BROADCAST_SUBMITTED;
    end(m, BROADCAST_CANCELLED);
    if (frozen && m->before.fired_ms != 0)
        delivery_cancel(m->txn, m->before.id);
    else if (frozen)
        delivery_drop(m->txn, m->before.id);
    return OK;
}

static enum err recall(struct moving *m) {
    if (m->before.state != BROADCAST_DONE)
        end(m, BROADCAST_CANCELLED);
    delivery_recall(m->txn, m->before.id, m->now_ms);
    return OK;
}

static enum err retry(struct moving *m) {
    bool unknown = m->order.move == BROADCAST_RETRY_UNKNOWN;
    m->after.state = BROADCAST_SENDING;
    m->after.ended_ms = 0;
    m->moved.opens_ms = m->open_ms;
    delivery_retry(m->txn, m->before.id, unknown ? 'u' : 'r');
    return OK;
}

/* ---- its time has come --------------------------------------------------- */

static void skip(struct moving *m) {
    bool series = broadcast_is_series(&m->before);
    int64_t next_ms = series ? next_after(m, m->now_ms) : 0;
    if (!series)
        delivery_drop(m->txn, m->before.id);
    m->after.note = "missed";
    m->after.next_ms = next_ms;
    if (next_ms == 0)
        end(m, series ? BROADCAST_DONE : BROADCAST_CANCELLED);
}

/* One firing of a series is a broadcast of its own. */
static void begin_child(struct moving *m) {
    struct broadcast *child = &m->child;
    child->version = 0;
    child->parent = m->before.id;
    child->rrule = child->freezing = child->note = "";
    child->workday = 0;
    child->at_ms = m->before.next_ms;
    child->total = (int64_t)m->audience->n;
    child->created_ms = child->updated_ms = m->now_ms;
    if (m->audience->n > 0) {
        begin(m, child);
    } else {
        child->state = BROADCAST_DONE;
        child->next_ms = 0;
        child->fired_ms = child->ended_ms = m->now_ms;
        child->note = "no_one";
    }
    broadcast_put(m->txn, child);
    m->after.fired_ms = m->now_ms;
    m->after.note = "";
    m->after.next_ms = next_after(m, m->now_ms);
    if (m->after.next_ms == 0)
        end(m, BROADCAST_DONE);
}

static enum err fire(struct moving *m) {
    if (missed(m))
        skip(m);
    else if (m->open_ms != 0) /* it is late, or the hours are others now */
        m->after.next_ms = m->open_ms;
    else if (m->audience != NULL)
        begin_child(m);
    else if (broadcast_is_series(&m->before))
        return ERR_AWAY;
    else
        begin(m, &m->after);
    return OK;
}

enum err broadcast_step_apply(struct moving *m) {
    static enum err (*const steps[BROADCAST_MOVES])(struct moving *m) = {
        [BROADCAST_SUBMIT] = submit,       [BROADCAST_APPROVE] = approve,
        [BROADCAST_RETURN] = give_back,    [BROADCAST_PAUSE] = pause_it,
        [BROADCAST_RESUME] = resume,       [BROADCAST_CANCEL] = cancel,
        [BROADCAST_RECALL] = recall,       [BROADCAST_RETRY] = retry,
        [BROADCAST_RETRY_UNKNOWN] = retry, [BROADCAST_FIRE] = fire,
    };
    return steps[m->order.move](m);
}
