#include "handlers/tickets.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/turn.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const request_kinds[] = {
    "wage",    "injury", "contract", "platform", "charge",
    "parking", "rest",   "family",   "other",    NULL};

const char *const report_categories[] = {
    "fire", "safety", "sanitation", "damage", "uncivil", "other", NULL};

/* ---- finding ---------------------------------------------------------------
 */

struct finding {
    struct turn *turn;
    char *id;
    bool own, tried_other;
    void (*done)(struct turn *turn, const struct ticket *ticket);
};

static void on_ticket(void *data, enum err err, const struct ticket *ticket) {
    struct finding *finding = data;
    struct turn *turn = finding->turn;
    if (err == ERR_NOT_FOUND && !finding->tried_other) {
        finding->tried_other = true;
        finding->id[0] = finding->id[0] == 'S' ? 'P' : 'S';
        ticket_get(turn->bot->store, &turn->arena, finding->id, on_ticket,
                   finding);
        return;
    }
    /* Somebody else's ticket is answered like one that is not there. */
    if (err == OK && finding->own &&
        strcmp(ticket->rider, turn->message.rider) != 0)
        err = ERR_NOT_FOUND;
    if (err != OK)
        turn_fail(turn, err);
    else
        finding->done(turn, ticket);
}

static void find(struct turn *turn, const char *id, bool own,
                 void (*done)(struct turn *turn, const struct ticket *ticket)) {
    struct finding *finding = arena_alloc(&turn->arena, sizeof(*finding));
    *finding = (struct finding){
        .turn = turn,
        .id = arena_strdup(&turn->arena, id),
        .own = own,
        .done = done,
    };
    ticket_get(turn->bot->store, &turn->arena, finding->id, on_ticket, finding);
}

void ticket_find(struct turn *turn, const char *id,
                 void (*done)(struct turn *turn, const struct ticket *ticket)) {
    find(turn, id, false, done);
}

void ticket_find_own(struct turn *turn, const char *id,
                     void (*done)(struct turn *turn,
                                  const struct ticket *ticket)) {
    find(turn, id, true, done);
}

/* ---- with the log ---- */

#define LOG_ENTRIES_SHOWN 20

struct log_reading {
    struct turn *turn;
    struct ticket ticket;
    void (*done)(struct turn *turn, const struct ticket *ticket,
                 const struct ticket_entry *entries, size_t n);
};

static void on_log(void *data, enum err err, const struct ticket_entry *entries,
                   size_t n) {
    struct log_reading *reading = data;
    if (err != OK)
        turn_fail(reading->turn, err);
    else
        reading->done(reading->turn, &reading->ticket, entries, n);
}

void ticket_with_log(struct turn *turn, const struct ticket *ticket,
                     void (*done)(struct turn *turn,
                                  const struct ticket *ticket,
                                  const struct ticket_entry *entries,
                                  size_t n)) {
    struct log_reading *reading = arena_alloc(&turn->arena, sizeof(*reading));
    *reading = (struct log_reading){turn, *ticket, done};
    ticket_log_get(turn->bot->store, &turn->arena, ticket->id,
                   LOG_ENTRIES_SHOWN, on_log, reading);
}

char *ticket_new_id(struct turn *turn, char prefix) {
    int64_t number = store_next_number(turn->bot->store);
    if (number == 0)
        return NULL;
    return arena_printf(&turn->arena, "%c%" PRId64, prefix, number);
}

/* ---- reading ----------------------------------------------------------------
 */

const char *ticket_category_key(struct turn *turn,
                                const struct ticket *ticket) {
    if (ticket->category[0] == '\0')
        return "ticket.unsorted";
    return arena_printf(&turn->arena, "%s.%s",
                        ticket_is_report(ticket->id) ? "category" : "kind",
                        ticket->category);
}

const char *ticket_time(struct turn *turn, int64_t ms) {
    time_t local =
        (time_t)(ms / 1000) + turn->bot->config->utc_offset_minutes * 60;
    struct tm tm;
    gmtime_r(&local, &tm);
    return arena_printf(&turn->arena, "%02d-%02d %02d:%02d", tm.tm_mon + 1,
                        tm.tm_mday, tm.tm_hour, tm.tm_min);
}

/* Takes what was written into a buffer to the turn's arena. */
static char *finish(struct turn *turn, struct buf *text) {
    char *copy = arena_strndup(&turn->arena,
                               text->data == NULL ? "" : text->data, text->len);
    buf_finish(text);
    return copy;
}

/* What a ticket is about, in one line: its text, else its place. */
static const char *about(struct turn *turn, const struct ticket *ticket,
                         size_t max_chars) {
    const char *text = ticket->text[0] != '\0' ? ticket->text : ticket->place;
    return utf8_excerpt(&turn->arena, text, max_chars);
}

char *ticket_rows(struct turn *turn, const struct ticket *tickets, size_t n,
                  size_t max_chars) {
    struct buf rows;
    buf_init(&rows);
    for (size_t i = 0; i < n; i++) {
        const struct ticket *ticket = &tickets[i];
        const struct text_param params[] = {
            {"id", ticket->id},
            {"time", ticket_time(turn, ticket->created_ms)},
            {"category",
             catalog_text(turn->lang, ticket_category_key(turn, ticket))},
            {"state",
             catalog_text(turn->lang, ticket_state_key(ticket->state))},
            {"about", about(turn, ticket, max_chars)},
        };
        buf_addf(&rows, "%s%s", i == 0 ? "" : "\n",
                 turn_text(turn, "ticket.row", params,
                           sizeof(params) / sizeof(params[0])));
    }
    return finish(turn, &rows);
}

char *ticket_log_rows(struct turn *turn, const struct ticket_entry *entries,
                      size_t n) {
    struct buf rows;
    buf_init(&rows);
    for (size_t i = 0; i < n; i++) {
        if (entries[i].move == MOVES)
            continue;
        const char *key = arena_printf(&turn->arena, "ticket.entry.%s",
                                       workflow_move(entries[i].move)->name);
        const struct text_param params[] = {
            {"time", ticket_time(turn, entries[i].at_ms)},
            {"text", entries[i].text},
        };
        buf_addf(&rows, "\n%s", turn_text(turn, key, params, 2));
    }
    return finish(turn, &rows);
}

char *ticket_photo_links(struct turn *turn, const char *photos) {
    const char *url = turn->bot->config->public_url;
    struct buf links;
    buf_init(&links);
    while (photos[0] != '\0') {
        size_t len = strcspn(photos, ",");
        buf_addf(&links, "\n%s/photos/%.*s", url == NULL ? "" : url, (int)len,
                 photos);
        photos += len + (photos[len] == ',');
    }
    return finish(turn, &links);
}

void ticket_say_list(struct turn *turn, enum err err,
                     const struct ticket *tickets, size_t n, int64_t total,
                     const struct ticket_list_texts *texts) {
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    if (n == 0) {
        turn_say(turn, texts->none);
        return;
    }
    struct notice *reply = turn_reply(turn, texts->list);
    notice_param(reply, "rows",
                 ticket_rows(turn, tickets, n, texts->about_chars));
    notice_param(reply, "n",
                 arena_printf(&turn->arena, "%lld", (long long)total));
    turn_commit(turn);
}
