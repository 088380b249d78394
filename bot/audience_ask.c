/* Those who ask the index whom an expression names. */
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/audience_internal.h"
#include "bot/audience_result.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* The loop is left alone at least so often. */
#define SLICE_NS (8ull * 1000 * 1000)
#define SLICE_LOOK 512 /* members between two looks at the time */

static struct metric m_asked =
    METRIC_COUNTER("xiaofeng_audiences_total", "Audiences asked for.");
static struct metric m_refused = METRIC_COUNTER(
    "xiaofeng_audiences_refused_total", "… refused: too many at a time.");
static struct metric m_seconds =
    METRIC_HISTOGRAM("xiaofeng_audience_seconds",
                     "Processor time to look through all for one audience.");

/* A timer of no time at all that is started from its own callback runs again
 * before the loop looks at anything else (libuv before 1.45). */
void askings_look(struct audiences *audiences) {
    if (!uv_is_active((uv_handle_t *)audiences->slice))
        uv_timer_start(audiences->slice, askings_on_slice, 1, 0);
}

void asking_free(struct audience_asking *asking) {
    match_finish(&asking->match);
    free(asking->tag_lists.bits);
    audience_free(asking->audience);
    arena_finish(&asking->arena);
    free(asking);
}

/* Whoever asked is told, and may ask again. */
static void end(struct audience_asking *asking, enum err err) {
    struct audiences *audiences = asking->audiences;
    struct audience *audience = err == OK ? asking->audience : NULL;
    audience_done *done = asking->done;
    void *data = asking->data;
    if (err == OK)
        asking->audience = NULL;
    DL_DELETE(audiences->askings, asking);
    if (audiences->answered == asking) {
        audiences->answered = NULL;
        audiences->held = false;
    }
    asking_free(asking);
    done(data, err, audience);
}

/* ---- looking through -----------------------------------------------------
 */

/* "qq.90001" is reached at "qq.u90001". */
static void add_rider(struct audience *audience, size_t part, const char *id) {
    char chat[NAMES_TEXT_BYTES + 2];
    size_t platform = strcspn(id, ".");
    size_t len = strlen(id);
    if (id[platform] == '\0' || len > NAMES_TEXT_BYTES)
        return;
    memcpy(chat, id, platform + 1);
    chat[platform + 1] = 'u';
    memcpy(chat + platform + 2, id + platform + 1, len - platform);
    audience_add(audience, part, chat);
}

/* Members next to each other are most often reached alike. */
static size_t part_of(struct audience_asking *asking,
                      const struct audience_member *member) {
    const struct audience_tables *tables = asking->match.tables;
    if (asking->last_lang != member->lang ||
        asking->last_accounts != member->accounts) {
        asking->last_lang = member->lang;
        asking->last_accounts = member->accounts;
        asking->last_part = audience_part(
            asking->audience, names_text(&tables->accounts, member->accounts),
            lang_tag((enum lang)member->lang));
    }
    return asking->last_part;
}

/* What stands against sending a member anything, as a count; or NULL. */
static size_t *excluded(struct audience_asking *asking,
                        const struct audience_member *member) {
    struct audience *audience = asking->audience;
    bool rider = asking->target == AUDIENCE_RIDERS;
    if (asking->everybody)
        return NULL;
    if (rider && (member->flags & MEMBER_CONSENT) == 0)
        return &audience->no_consent;
    if (rider && (member->flags & MEMBER_NOPUSH) != 0)
        return &audience->nopush;
    if ((member->flags & MEMBER_MUTED) != 0)
        return &audience->muted;
    const struct audience_names *accounts = &asking->match.tables->accounts;
    return names_text(accounts, member->accounts)[0] == '\0'
               ? &audience->no_account
               : NULL;
}

static void take(struct audience_asking *asking, uint32_t slot) {
    const struct audience_table *table = asking->match.table;
    const struct audience_member *member = table_at(table, slot);
    const char *id = names_text(&table->ids, slot);
    size_t *count = excluded(asking, member);
    if (asking->audience == NULL)
        abort(); /* it is there from the first slice on */
    if (asking->tags)
        set_put(&asking->tag_lists, member->lists[WORD_TAGS]);
    if (count != NULL)
        ++*count;
    else if (asking->count_only)
        asking->audience->n++;
    else if (asking->target == AUDIENCE_RIDERS)
        add_rider(asking->audience, part_of(asking, member), id);
    else
        audience_add(asking->audience, part_of(asking, member), id);
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Each tag once, sorted. */
static void keep_tags(struct audience_asking *asking) {
    const struct audience_names *lists =
        &asking->match.tables->words[WORD_TAGS];
    struct audience_names found = {0};
    const char *tags[AUDIENCE_TAGS_MAX];
    char word[WORD_BYTES];
    for (uint32_t i = 0; i < lists->n && found.n < AUDIENCE_TAGS_MAX; i++)
        for (const char *at = names_text(lists, i);
             set_has(&asking->tag_lists, i) && found.n < AUDIENCE_TAGS_MAX &&
             next_word(&at, word);)
            names_add(&found, word);
    for (uint32_t i = 0; i < found.n; i++)
        tags[i] = names_text(&found, i);
    if (found.n > 0)
        qsort(tags, found.n, sizeof(tags[0]), by_text);
    audience_keep_tags(asking->audience, tags, found.n);
    names_finish(&found);
}

static void look_through(struct audience_asking *asking) {
    struct audience_match *match = &asking->match;
    uint64_t began = uv_hrtime();
    match->policy = policies_get(asking->audiences->bot->policies);
    uint32_t n = match->table->ids.n;
    while (asking->slot < n) {
        uint32_t until =
            n - asking->slot < SLICE_LOOK ? n : asking->slot + SLICE_LOOK;
        for (; asking->slot < until; asking->slot++)
            if (match_is(match, asking->slot))
                take(asking, asking->slot);
        if (uv_hrtime() - began > SLICE_NS)
            break;
    }
    asking->spent_ns += uv_hrtime() - began;
}

static void begin_looking(struct audience_asking *asking) {
    struct audiences *audiences = asking->audiences;
    asking->match.tables = &audiences->tables;
    asking->match.table = &audiences->tables.of[asking->target];
    asking->match.expression = &asking->expression;
    asking->match.units = asking->units;
    asking->audience = audience_new();
    asking->slot = 0;
    asking->last_lang = -1;
    match_begin(&asking->match);
}

/* ---- one after the other -------------------------------------------------
 */

/* Its sets are of an index that was loaded anew meanwhile: once more. */
static void begin_again(struct audience_asking *asking) {
    struct audiences *audiences = asking->audiences;
    match_finish(&asking->match);
    asking->fresh = asking->reading = asking->fetched = false;
    asking->leaf = asking->value = asking->offset = 0;
    audiences->answered = NULL;
    audiences->held = false;
}

static void begin(struct audience_asking *asking) {
    asking->audiences->answered = asking;
    asking->generation = asking->audiences->generation;
    asking_fetch(asking);
}

/* The next that can be answered; those that cannot be end. */
static struct audience_asking *next_asking(struct audiences *audiences) {
    struct audience_asking *asking;
    DL_FOREACH(audiences->askings, asking) {
        if (asking->err != OK || asking->fresh)
            return asking;
    }
    return NULL;
}

void askings_on_slice(uv_timer_t *timer) {
    struct audiences *audiences = timer->data;
    struct audience_asking *asking = audiences->answered;
    if (asking == NULL) {
        asking = next_asking(audiences);
        if (asking == NULL) {
            audiences_go_on(audiences);
            return;
        }
        if (asking->err != OK)
            end(asking, asking->err);
        else
            begin(asking);
        askings_look(audiences);
        return;
    }
    /* A step that is under way changes the tables when it ends. */
    if (!asking->fetched || audiences->step != NULL)
        return;
    if (asking->generation != audiences->generation) {
        begin_again(asking);
        askings_look(audiences);
        return;
    }
    if (asking->audience == NULL)
        begin_looking(asking);
    look_through(asking);
    if (asking->slot == asking->match.table->ids.n) {
        metric_observe(&m_seconds, (double)asking->spent_ns / 1e9);
        if (asking->tags)
            keep_tags(asking);
        end(asking, OK);
    }
    askings_look(audiences);
}

void askings_fetched(struct audience_asking *asking, enum err err) {
    struct audiences *audiences = asking->audiences;
    if (audiences == NULL) {
        asking_free(asking);
        return;
    }
    asking->fetched = true;
    audiences->held = true;
    if (err != OK)
        end(asking, err);
    askings_look(audiences);
}

/* ---- what the index says -------------------------------------------------
 */

void askings_reading(struct audiences *audiences) {
    struct audience_asking *asking;
    DL_FOREACH(audiences->askings, asking) {
        asking->reading = true;
    }
}

void askings_fresh(struct audiences *audiences) {
    struct audience_asking *asking;
    DL_FOREACH(audiences->askings, asking) {
        asking->fresh |= asking->reading;
    }
    if (audiences->askings != NULL)
        askings_look(audiences);
}

void askings_away(struct audiences *audiences) {
    struct audience_asking *asking;
    DL_FOREACH(audiences->askings, asking) {
        if (!asking->fresh && asking->err == OK)
            asking->err = ERR_AWAY;
    }
    if (audiences->askings != NULL)
        askings_look(audiences);
}

/* ---- asking --------------------------------------------------------------
 */

void audience_resolve(struct bot *bot, const struct audience_query *query,
                      audience_done *done, void *data) {
    struct audiences *audiences = bot->audiences;
    struct audience_asking *asking = xcalloc(1, sizeof(*asking)), *other;
    size_t n;
    metric_add(&m_asked, 1);
    arena_init(&asking->arena);
    asking->audiences = audiences;
    asking->target = query->target;
    asking->units = arena_strdup(&asking->arena, query->units);
    asking->count_only = query->count_only;
    asking->everybody = query->everybody;
    asking->tags = query->tags;
    asking->done = done;
    asking->data = data;
    asking->err = audience_expression_parse(&asking->arena, query->expression,
                                            query->target, &asking->expression);
    asking->match.expression = &asking->expression;
    DL_COUNT(audiences->askings, other, n);
    if (n >= ASKINGS_MAX) {
        metric_add(&m_refused, 1);
        asking->err = ERR_LIMIT;
    } else if (!store_is_up(bot->store)) {
        asking->err = ERR_AWAY;
    }
    DL_APPEND(audiences->askings, asking);
    audiences_want(audiences);
    askings_look(audiences);
}

/* One whose set is being fetched is freed when that has ended. */
void askings_free(struct audiences *audiences) {
    struct audience_asking *asking, *next;
    DL_FOREACH_SAFE(audiences->askings, asking, next) {
        bool fetching = asking == audiences->answered && !asking->fetched;
        DL_DELETE(audiences->askings, asking);
        asking->audiences = NULL;
        asking->done(asking->data, ERR_AWAY, NULL);
        if (!fetching)
            asking_free(asking);
    }
}
