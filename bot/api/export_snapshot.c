#include "bot/api/export_snapshot.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/export_table.h"
#include "bot/api/filter.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "i18n/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* The text for a string that many cards share, looked up once. */
struct memo {
    const void *key;
    const char *text;
    UT_hash_handle hh;
};

struct snapshot {
    struct export_table *table;
    const struct filter *filter;
    const struct policy *policy;
    enum lang lang;
    size_t max;
    bool too_many;
    struct memo *units, *requests, *reports, *people; /* uthash tables */
};

static const char *unit_text(struct snapshot *s, const char *id) {
    const struct unit *unit = policy_unit(s->policy, id);

    return unit == NULL ? id : unit->name;
}

static const char *category_text(struct snapshot *s, const char *prefix,
                                 const char *category) {
    char *key = arena_printf(&s->table->arena, "%s.%s", prefix, category);

    return catalog_has(s->lang, key) ? catalog_text(s->lang, key) : category;
}

/* Strings of the board may be gone before the file is written. */
static const char *keep(struct snapshot *s, struct memo **memos,
                        const char *key, const char *text) {
    struct memo *memo = arena_alloc(&s->table->arena, sizeof(*memo));

    memo->key = key;
    memo->text = arena_strdup(&s->table->arena, text);
    HASH_ADD_PTR(*memos, key, memo);
    return memo->text;
}

static const char *find(struct memo *memos, const char *key) {
    struct memo *memo;

    HASH_FIND_PTR(memos, &key, memo);
    return memo == NULL ? NULL : memo->text;
}

static const char *unit_of(struct snapshot *s, const char *id) {
    const char *text = find(s->units, id);

    return text != NULL ? text : keep(s, &s->units, id, unit_text(s, id));
}

static const char *category_of(struct snapshot *s, const struct card *card) {
    struct memo **memos = card->report ? &s->reports : &s->requests;
    const char *text = find(*memos, card->category);

    if (text == NULL)
        text = keep(s, memos, card->category,
                    category_text(s, card->report ? "category" : "kind",
                                  card->category));
    return text;
}

static const char *person_of(struct snapshot *s, const struct card *card) {
    const char *name = card->assignee_name;
    const char *text = find(s->people, name);

    return text != NULL ? text : keep(s, &s->people, name, name);
}

static const char *words(const struct snapshot *s, const char *key) {
    return catalog_text(s->lang, key);
}

static void add(void *data, const struct card *card) {
    struct snapshot *s = data;
    struct export_table *table = s->table;

    if (table->n == s->max) {
        s->too_many = true;
        return;
    }
    if (table->n == table->room) {
        table->room = table->room == 0 ? 256 : table->room * 2;
        table->rows = xrealloc(table->rows, table->room * sizeof(*table->rows));
    }
    table->rows[table->n++] = (struct export_row){
        .value = board_value(card, s->filter->sort, s->filter->descending),
        .id = arena_strdup(&table->arena, card->id),
        .kind = words(s, card->report ? "export.report" : "export.request"),
        .category = category_of(s, card),
        .state = words(s, ticket_state_key(card->state)),
        .urgency = words(s, card->urgent ? "export.urgent" : "export.normal"),
        .unit = unit_of(s, card->unit),
        .community = unit_of(s, card->community),
        .assignee = person_of(s, card),
        .overdue = words(s, card->overdue ? "export.yes" : "export.no"),
        .place = arena_strdup(&table->arena, card->place),
        .text = arena_strdup(&table->arena, card->text),
        .created_ms = card->created_ms,
        .answered_ms = card->answered_ms,
        .closed_ms = card->closed_ms,
        .due_ms = card->due_ms,
        .lat = card->lat,
        .lon = card->lon,
        .has_position = card->has_position,
        .level = card->level,
        .reopened = card->reopened,
        .rating = card->rating,
        .followers = card->followers,
        .photos = card->photos,
    };
}

static void set_heads(struct snapshot *s) {
    static const char *const keys[EXPORT_COLUMNS] = {
        [COLUMN_ID] = "export.id",
        [COLUMN_KIND] = "export.kind",
        [COLUMN_CATEGORY] = "export.category",
        [COLUMN_STATE] = "export.state",
        [COLUMN_URGENCY] = "export.urgency",
        [COLUMN_LEVEL] = "export.level",
        [COLUMN_UNIT] = "export.unit",
        [COLUMN_COMMUNITY] = "export.community",
        [COLUMN_ASSIGNEE] = "export.assignee",
        [COLUMN_CREATED] = "export.created",
        [COLUMN_ANSWERED] = "export.answered",
        [COLUMN_CLOSED] = "export.closed",
        [COLUMN_DUE] = "export.due",
        [COLUMN_OVERDUE] = "export.overdue",
        [COLUMN_REOPENED] = "export.reopened",
        [COLUMN_RATING] = "export.rating",
        [COLUMN_FOLLOWERS] = "export.followers",
        [COLUMN_PHOTOS] = "export.photos",
        [COLUMN_LAT] = "export.lat",
        [COLUMN_LON] = "export.lon",
        [COLUMN_PLACE] = "export.place",
        [COLUMN_TEXT] = "export.text",
    };

    for (int i = 0; i < EXPORT_COLUMNS; i++)
        s->table->heads[i] = words(s, keys[i]);
    s->table->title = words(s, "export.title");
}

enum err export_snapshot(struct api_call *call, const struct filter *filter,
                         size_t max, struct export_table *out) {
    const struct config *config = call->bot->config;
    const struct user *user = call->caller.user;
    struct snapshot s = {
        .table = out,
        .filter = filter,
        .policy = policies_get(call->bot->policies),
        .lang = config->lang,
        .max = max,
    };

    if (user != NULL)
        lang_parse(user->lang, &s.lang);
    out->utc_offset_minutes = config->utc_offset_minutes;
    out->descending = filter->descending;
    set_heads(&s);
    enum err err = board_each(call->bot->board, &filter->board, add, &s);
    HASH_CLEAR(hh, s.units);
    HASH_CLEAR(hh, s.requests);
    HASH_CLEAR(hh, s.reports);
    HASH_CLEAR(hh, s.people);
    return err == OK && s.too_many ? ERR_TOO_LARGE : err;
}
