/* How tickets read in a chat. */
#include "base/buf.h"
#include "base/geo.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "handlers/tickets.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

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

#define MINUTE_MS (60LL * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

const char *ticket_ago(struct turn *turn, int64_t ms) {
    int64_t ago = turn->now_ms > ms ? turn->now_ms - ms : 0;
    const char *key = ago < HOUR_MS  ? "ticket.ago.minutes"
                      : ago < DAY_MS ? "ticket.ago.hours"
                                     : "ticket.ago.days";
    int64_t n = ago / (ago < HOUR_MS  ? MINUTE_MS
                       : ago < DAY_MS ? HOUR_MS
                                      : DAY_MS);
    const struct text_param param = {
        "n", arena_printf(&turn->arena, "%lld", (long long)(n > 0 ? n : 1))};
    return turn_text(turn, key, &param, 1);
}

/* Takes what was written into a buffer to the turn's arena. */
static char *finish(struct turn *turn, struct buf *text) {
    char *copy = arena_strndup(&turn->arena,
                               text->data == NULL ? "" : text->data, text->len);
    buf_finish(text);
    return copy;
}

/* ---- lists ---- */

/* What a ticket is about, in one line: its text, else its place. */
static const char *about(struct turn *turn, const struct ticket *ticket,
                         size_t max_chars) {
    const char *text = ticket->text[0] != '\0' ? ticket->text : ticket->place;
    if (!ticket_is_own(turn, ticket))
        return catalog_text(turn->lang, "ticket.followed");
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

/* ---- the history ---- */

/* Which moves riders hear of, and of which the words are for them. The others
 * are the desk's own business. */
static const struct shown {
    bool riders, words;
    bool owner; /* the words are of a rider: for their own eyes */
} shown[MOVES] = {
    [MOVE_ROUTE] = {.riders = true},
    [MOVE_CLAIM] = {.riders = true},
    [MOVE_ANSWER] = {.riders = true, .words = true},
    [MOVE_HAND_BACK] = {.riders = true},
    [MOVE_ESCALATE] = {.riders = true},
    [MOVE_ASK] = {.riders = true, .owner = true},
    [MOVE_REPLY] = {.riders = true, .owner = true},
    [MOVE_CLOSE] = {.riders = true, .words = true},
    [MOVE_CONFIRM] = {.riders = true, .owner = true},
    [MOVE_REOPEN] = {.riders = true, .owner = true},
    [MOVE_MERGE] = {.riders = true},
    [MOVE_JOIN] = {.riders = true},
    [MOVE_WITHDRAW] = {.riders = true},
    [MOVE_REJECT] = {.riders = true, .words = true},
};

static bool is_shown(const struct ticket_entry *entry,
                     enum ticket_reader reader) {
    return entry->move != MOVES &&
           (reader == READER_STAFF || shown[entry->move].riders);
}

static const char *words_of(const struct ticket_entry *entry,
                            enum ticket_reader reader) {
    const struct shown *what = &shown[entry->move];
    bool may = reader == READER_STAFF || what->words ||
               (what->owner && reader == READER_OWNER);
    return may ? entry->text : "";
}

/* A unit by its name, stars for a rating; else "". */
static const char *detail_of(struct turn *turn,
                             const struct ticket_entry *entry,
                             enum ticket_reader reader) {
    switch (entry->move) {
    case MOVE_ROUTE:
    case MOVE_HAND_BACK:
    case MOVE_ESCALATE:
        return ticket_unit_name(turn, entry->detail);
    case MOVE_CONFIRM:
        return reader == READER_FOLLOWER || strcmp(entry->detail, "0") == 0
                   ? ""
                   : entry->detail;
    case MOVE_MERGE:
        return entry->detail;
    default:
        return "";
    }
}

static char *entry_row(struct turn *turn, const struct ticket_entry *entry,
                       enum ticket_reader reader) {
    const char *detail = detail_of(turn, entry, reader);
    const char *words = words_of(entry, reader);
    const char *name = reader == READER_STAFF ? entry->name : "";
    const char *what = catalog_text(
        turn->lang, arena_printf(&turn->arena, "ticket.entry.%s",
                                 workflow_move(entry->move)->name));
    const struct text_param params[] = {
        {"time", ticket_time(turn, entry->at_ms)},
        {"what", arena_printf(&turn->arena, "%s%s%s%s%s", name,
                              name[0] == '\0' ? "" : " ", what,
                              detail[0] == '\0' ? "" : " ", detail)},
        {"text", words},
    };
    return turn_text(turn,
                     words[0] == '\0' ? "ticket.entry" : "ticket.entry_text",
                     params, 3);
}

char *ticket_log_rows(struct turn *turn, const struct ticket_entry *entries,
                      size_t n, enum ticket_reader reader) {
    struct buf rows;
    buf_init(&rows);
    for (size_t i = 0; i < n; i++) {
        if (!is_shown(&entries[i], reader))
            continue;
        buf_addf(&rows, "\n%s", entry_row(turn, &entries[i], reader));
        /* Photos of the ticket itself are listed with it. */
        if (reader == READER_STAFF && entries[i].move == MOVE_JOIN)
            buf_adds(&rows, ticket_photo_links(turn, entries[i].photos));
    }
    return finish(turn, &rows);
}

/* ---- its parts ---- */

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

/* The maps that people have on their phones want GCJ-02 inside China. */
static const char *map_link(struct turn *turn, const struct ticket *ticket) {
    struct geo at = {strtod(ticket->lat, NULL), strtod(ticket->lon, NULL)};
    bool shifted = geo_in_china(at);
    at = geo_wgs84_to_gcj02(at);
    const struct text_param params[] = {
        {"lat", arena_printf(&turn->arena, "%.6f", at.lat)},
        {"lon", arena_printf(&turn->arena, "%.6f", at.lon)},
    };
    return turn_text(turn, shifted ? "ticket.map_china" : "ticket.map", params,
                     2);
}

const char *ticket_place(struct turn *turn, const struct ticket *ticket) {
    if (ticket->lat[0] == '\0')
        return ticket->place;
    return arena_printf(&turn->arena, "%s%s%s", ticket->place,
                        ticket->place[0] == '\0' ? "" : "\n",
                        map_link(turn, ticket));
}

const char *ticket_unit_name(struct turn *turn, const char *id) {
    const struct unit *unit =
        policy_unit(policies_get(turn->bot->policies), id);
    return arena_strdup(&turn->arena, unit == NULL ? id : unit->name);
}

const char *ticket_holder(struct turn *turn, const struct ticket *ticket) {
    if (ticket->assignee[0] == '\0')
        return ticket_unit_name(turn, ticket->unit);
    return ticket->assignee_name[0] != '\0'
               ? ticket->assignee_name
               : catalog_text(turn->lang, "ticket.colleague");
}

int64_t ticket_deadline(const struct ticket *ticket) {
    if (!ticket_is_open(ticket->state))
        return 0;
    int64_t first = ticket->acknowledge_ms, second = ticket->resolve_ms;
    return first == 0 || (second != 0 && second < first) ? second : first;
}
