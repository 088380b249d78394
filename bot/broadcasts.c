#include "bot/broadcasts.h"
#include "bot/broadcasts_parts.h"

#include "base/arena.h"
#include "base/clock.h"
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/delivery.h"
#include "bot/roster.h"
#include "store/txn.h"

#include <inttypes.h>
#include <string.h>

bool broadcasts_same_person(struct bot *bot, const char *a, const char *b) {
    static const char prefix[] = "user:";
    size_t len = strlen(prefix);
    const struct user *user =
        strncmp(a, prefix, len) == 0 ? roster_find(bot->roster, a + len) : NULL;
    const struct user *other =
        strncmp(b, prefix, len) == 0 ? roster_find(bot->roster, b + len) : NULL;
    return strcmp(a, b) == 0 || (user != NULL && strcmp(user->rider, b) == 0) ||
           (other != NULL && strcmp(other->rider, a) == 0);
}

/* ---- an order's way ------------------------------------------------------ */

static void end(struct moving *m, enum err err) {
    audience_free(m->audience);
    m->audience = NULL;
    m->done(m->data, err, &m->moved);
}

/* Whom it reaches, or which broadcast it became. */
static const char *detail_of(const struct moving *m) {
    if (m->child.id != NULL)
        return m->child.id;
    if (m->audience != NULL)
        return arena_printf(m->arena, "%" PRId64, m->after.total);
    return m->after.note[0] != '\0' && m->order.move == BROADCAST_FIRE
               ? m->after.note
               : "";
}

static void finish(struct moving *m, enum err err) {
    /* Who came too late hears of that before anything else. */
    if (err == OK && m->before.version != 0)
        broadcast_expect(m->txn, m->before.id, m->after.version);
    /* They are added first: the move may begin to send. */
    if (err == OK)
        broadcast_add_frozen(m);
    if (err == OK)
        err = broadcast_step_apply(m);
    if (err != OK) {
        end(m, err);
        return;
    }
    broadcast_drop_claim(m);
    m->after.updated_ms = m->now_ms;
    broadcast_put(m->txn, &m->after);
    const char *action = arena_printf(m->arena, "broadcast-%s",
                                      broadcast_move_name(m->order.move));
    bool put_off = m->order.move == BROADCAST_FIRE &&
                   m->after.state == BROADCAST_SCHEDULED &&
                   m->child.id == NULL && m->after.note[0] == '\0';
    if (!put_off)
        txn_audit(m->txn, m->order.actor, action, m->after.id, detail_of(m));
    end(m, OK);
}

/* What a caller left out is "". */
static void fill_in(struct broadcast *broadcast) {
    const char **texts[] = {
        &broadcast->title,
        &broadcast->text,
        &broadcast->target,
        &broadcast->audience,
        &broadcast->rrule,
        &broadcast->parent,
        &broadcast->by,
        &broadcast->note,
        &broadcast->report_account,
        &broadcast->report_chat,
        &broadcast->freezing,
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (*texts[i] == NULL)
            *texts[i] = "";
    if (broadcast->unit == NULL)
        broadcast->unit = "*";
}

void broadcasts_move(struct bot *bot, struct arena *arena, struct txn *txn,
                     const struct broadcast *broadcast,
                     const struct broadcast_order *order, broadcasts_done *done,
                     void *data) {
    struct moving *m = arena_alloc(arena, sizeof(*m));
    *m = (struct moving){
        .bot = bot,
        .arena = arena,
        .txn = txn,
        .order = *order,
        .before = *broadcast,
        .now_ms = clock_wall_ms(bot->clock),
        .done = done,
        .data = data,
    };
    if (m->order.note == NULL)
        m->order.note = "";
    fill_in(&m->before);
    m->after = m->before;
    m->moved.after = &m->after;
    enum err err = broadcast_step_check(m);
    if (err != OK)
        end(m, err);
    else if (broadcast_step_reach(m) == REACH_NOTHING)
        finish(m, OK);
    else
        broadcast_freeze(m, finish);
}

void broadcasts_happened(struct bot *bot, const struct broadcast *after) {
    bool leaves =
        after->state != BROADCAST_SUBMITTED && after->state != BROADCAST_DRAFT;
    if (leaves && !bot->stopping)
        deliveries_look(bot);
}
