/* 待办, 看: what waits for staff, and all of one of them. */
#include "base/buf.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/roster.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/tickets.h"
#include "store/ticket.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- who is at work --------------------------------------------------------
 */

struct worker worker_of(struct turn *turn) {
    const struct user *user =
        roster_of_rider(turn->bot->roster, turn->message.rider);
    if (user == NULL)
        return (struct worker){turn->message.rider, turn->message.nick};
    return (struct worker){
        arena_printf(&turn->arena, "user:%s", user->name),
        arena_strdup(&turn->arena, user->display),
    };
}

bool worker_covers(struct turn *turn, const struct ticket *ticket) {
    const struct user *user =
        roster_of_rider(turn->bot->roster, turn->message.rider);
    return user == NULL ||
           (!user->disabled &&
            roster_covers(user, policies_get(turn->bot->policies), ticket->unit,
                          ticket->community, ticket->category));
}

/* ---- 待办 -------------------------------------------------------------------
 */

/* Of those that wait longest, and of those whose clock rings next. */
#define QUEUE_OLDEST 300
#define QUEUE_DUE 100
#define QUEUE_ABOUT_CHARS 18

/* A ticket that waits, and what it is sorted by. */
struct waiting {
    struct ticket ticket;
    bool mine, overdue;
    int64_t deadline_ms;
};

struct queue {
    struct turn *turn;
    struct waiting all[QUEUE_OLDEST + QUEUE_DUE];
    size_t n;
    int64_t others; /* that were not looked at */
};

static bool is_mine(const struct turn *turn, const struct worker *worker,
                    const struct ticket *ticket) {
    return strcmp(ticket->assignee, worker->actor) == 0 ||
           strcmp(ticket->assignee, turn->message.rider) == 0;
}

static bool has(const struct queue *queue, const char *id) {
    for (size_t i = 0; i < queue->n; i++)
        if (strcmp(queue->all[i].ticket.id, id) == 0)
            return true;
    return false;
}

static void add(struct queue *queue, const struct ticket *tickets, size_t n) {
    struct turn *turn = queue->turn;
    struct worker worker = worker_of(turn);
    for (size_t i = 0; i < n; i++) {
        const struct ticket *ticket = &tickets[i];
        if (!ticket_is_open(ticket->state) || has(queue, ticket->id) ||
            !worker_covers(turn, ticket))
            continue;
        int64_t deadline = ticket_deadline(ticket);
        queue->all[queue->n++] = (struct waiting){
            .ticket = *ticket,
            .mine = is_mine(turn, &worker, ticket),
            .overdue =
                ticket->overdue || (deadline != 0 && deadline <= turn->now_ms),
            .deadline_ms = deadline == 0 ? INT64_MAX : deadline,
        };
    }
}

/* Theirs, then what is late, then what is due next, then what came first. */
static int compare(const void *a, const void *b) {
    const struct waiting *x = a, *y = b;
    if (x->mine != y->mine)
        return x->mine ? -1 : 1;
    if (x->overdue != y->overdue)
        return x->overdue ? -1 : 1;
    if (x->deadline_ms != y->deadline_ms)
        return x->deadline_ms < y->deadline_ms ? -1 : 1;
    int64_t later = x->ticket.created_ms - y->ticket.created_ms;
    return later < 0 ? -1 : later > 0;
}

static const char *due_text(struct turn *turn, const struct waiting *waiting) {
    const struct text_param param = {
        "time", waiting->deadline_ms == INT64_MAX
                    ? ""
                    : ticket_time(turn, waiting->deadline_ms)};
    const char *key = waiting->overdue ? "queue.overdue"
                      : waiting->ticket.state == TICKET_WAITING ? "queue.waits"
                      : param.value[0] == '\0' ? "queue.no_clock"
                                               : "queue.due";
    return turn_text(turn, key, &param, 1);
}

static const char *queue_rows(const struct queue *queue) {
    struct turn *turn = queue->turn;
    struct buf rows;
    buf_init(&rows);
    for (size_t i = 0; i < queue->n && i < LIMIT_TICKETS_SHOWN; i++) {
        const struct waiting *waiting = &queue->all[i];
        const struct ticket *ticket = &waiting->ticket;
        const char *about =
            ticket->text[0] != '\0' ? ticket->text : ticket->place;
        const struct text_param params[] = {
            {"id", ticket->id},
            {"due", due_text(turn, waiting)},
            {"holder", waiting->mine ? catalog_text(turn->lang, "queue.mine")
                                     : ticket_holder(turn, ticket)},
            {"category",
             catalog_text(turn->lang, ticket_category_key(turn, ticket))},
            {"about", utf8_excerpt(&turn->arena, about, QUEUE_ABOUT_CHARS)},
        };
        buf_addf(&rows, "%s%s", i == 0 ? "" : "\n",
                 turn_text(turn, "queue.row", params, ARRAY_LEN(params)));
    }
    const char *text = arena_strndup(&turn->arena, rows.data, rows.len);
    buf_finish(&rows);
    return text;
}

static void say_queue(struct queue *queue) {
    struct turn *turn = queue->turn;
    if (queue->n == 0) {
        turn_say(turn, "queue.empty");
        return;
    }
    qsort(queue->all, queue->n, sizeof(queue->all[0]), compare);
    struct notice *reply = turn_reply(turn, "queue.list");
    notice_param(reply, "rows", queue_rows(queue));
    notice_param(reply, "n",
                 arena_printf(&turn->arena, "%" PRId64,
                              (int64_t)queue->n + queue->others));
    turn_commit(turn);
}

static void on_due(void *data, enum err err, const struct ticket *tickets,
                   size_t n, int64_t total) {
    struct queue *queue = data;
    (void)total;
    if (err != OK) {
        turn_fail(queue->turn, err);
        return;
    }
    size_t before = queue->n;
    add(queue, tickets, n);
    queue->others -= (int64_t)(queue->n - before);
    if (queue->others < 0)
        queue->others = 0;
    say_queue(queue);
}

/* How many more there are is known only to who may see all of them. */
static void on_oldest(void *data, enum err err, const struct ticket *tickets,
                      size_t n, int64_t total) {
    struct queue *queue = data;
    struct turn *turn = queue->turn;
    bool all = roster_of_rider(turn->bot->roster, turn->message.rider) == NULL;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    add(queue, tickets, n);
    queue->others = all && total > (int64_t)n ? total - (int64_t)n : 0;
    if (total <= (int64_t)n)
        say_queue(queue);
    else
        ticket_list_due(turn->bot->store, &turn->arena, INT64_MAX / 2,
                        QUEUE_DUE, on_due, queue);
}

static void queue_commit(struct turn *turn) {
    struct queue *queue = arena_alloc(&turn->arena, sizeof(*queue));
    queue->turn = turn;
    ticket_list_open(turn->bot->store, &turn->arena, QUEUE_OLDEST, on_oldest,
                     queue);
}

const struct command command_queue = {
    .name = "queue",
    .roles = ROLE_STAFF | ROLE_USER,
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .commit = queue_commit,
};

/* ---- 看 ---- */

#define NOTES_SHOWN 10

static const struct slot view_slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
};

/* What has been read of it so far. */
struct viewing {
    struct turn *turn;
    struct ticket ticket;
    const struct ticket_entry *log;
    size_t n_log;
};

/* "时限：受理 11-23 10:00，办结 11-25 17:00（已超时）" */
static const char *clocks_text(struct turn *turn, const struct ticket *ticket) {
    struct buf text;
    const struct {
        const char *key;
        int64_t ms;
    } clocks[] = {{"view.acknowledge", ticket->acknowledge_ms},
                  {"view.resolve", ticket->resolve_ms}};
    buf_init(&text);
    for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
        const struct text_param param = {"time",
                                         ticket_time(turn, clocks[i].ms)};
        if (clocks[i].ms != 0)
            buf_addf(&text, "\n%s", turn_text(turn, clocks[i].key, &param, 1));
    }
    if (ticket->state == TICKET_WAITING)
        buf_addf(&text, "\n%s", catalog_text(turn->lang, "view.waits"));
    if (ticket->overdue)
        buf_addf(&text, "\n%s", catalog_text(turn->lang, "view.overdue"));
    const char *copy = arena_strndup(
        &turn->arena, text.data == NULL ? "" : text.data, text.len);
    buf_finish(&text);
    return copy;
}

static const char *notes_text(struct turn *turn,
                              const struct ticket_entry *notes, size_t n) {
    return ticket_log_rows(turn, notes, n, READER_STAFF);
}

static void add_who(struct notice *reply, const struct ticket *ticket) {
    if (ticket->anonymous || ticket->nick[0] == '\0')
        notice_param(reply, "*who", "ticket.anonymous");
    else
        notice_param(reply, "who", ticket->nick);
}

static void show(struct viewing *viewing, const char *notes) {
    struct turn *turn = viewing->turn;
    const struct ticket *ticket = &viewing->ticket;
    struct follower all[TICKET_FOLLOWERS_MAX];
    size_t n = ticket_followers(&turn->arena, ticket, all);
    struct notice *reply = turn_reply(turn, "view.ticket");
    notice_param(reply, "id", ticket->id);
    notice_param(reply, "*state", ticket_state_key(ticket->state));
    notice_param(reply, "*category", ticket_category_key(turn, ticket));
    notice_param(reply, "time", ticket_time(turn, ticket->created_ms));
    add_who(reply, ticket);
    notice_param(reply, "*level",
                 arena_printf(&turn->arena, "ticket.level.%d", ticket->level));
    notice_param(reply, "unit", ticket_unit_name(turn, ticket->unit));
    notice_param(reply, "holder",
                 ticket->assignee[0] == '\0'
                     ? catalog_text(turn->lang, "view.nobody")
                     : ticket_holder(turn, ticket));
    notice_param(reply, "clocks", clocks_text(turn, ticket));
    notice_param(reply, "followers", arena_printf(&turn->arena, "%zu", n));
    notice_param(reply, "text", ticket->text);
    notice_param(reply, "place", ticket_place(turn, ticket));
    notice_param(reply, "photos", ticket_photo_links(turn, ticket->photos));
    notice_param(reply, "after", ticket_photo_links(turn, ticket->after));
    notice_param(
        reply, "log",
        ticket_log_rows(turn, viewing->log, viewing->n_log, READER_STAFF));
    notice_param(reply, "notes", notes);
    txn_audit(turn->txn, worker_of(turn).actor, "ticket-view", ticket->id, "");
    turn_commit(turn);
}

static void on_notes(void *data, enum err err, const struct ticket_entry *notes,
                     size_t n) {
    struct viewing *viewing = data;
    if (err != OK)
        turn_fail(viewing->turn, err);
    else
        show(viewing, notes_text(viewing->turn, notes, n));
}

static void read_notes(struct turn *turn, const struct ticket *ticket,
                       const struct ticket_entry *log, size_t n) {
    struct viewing *viewing = arena_alloc(&turn->arena, sizeof(*viewing));
    *viewing = (struct viewing){turn, *ticket, log, n};
    ticket_notes_get(turn->bot->store, &turn->arena, ticket->id, NOTES_SHOWN,
                     on_notes, viewing);
}

static void view(struct turn *turn, const struct ticket *ticket) {
    ticket_with_log(turn, ticket, read_notes);
}

static void view_commit(struct turn *turn) {
    ticket_find_covered(turn, form_value(turn, "ticket"), view);
}

const struct command command_view = {
    .name = "view",
    .roles = ROLE_STAFF | ROLE_USER,
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .slots = view_slots,
    .n_slots = ARRAY_LEN(view_slots),
    .commit = view_commit,
};
