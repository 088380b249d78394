#define LOG_MODULE "policies"
#include "bot/policies.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "bot/policy.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <utlist.h>
#include <uv.h>

/* Clocks that begin now end within a month or so. */
#define YEAR_AHEAD_MS (31LL * 24 * 3600 * 1000)

/* Somebody who waits for a look that begins after they asked. */
struct waiting {
    policies_done *done;
    void *data;
    struct waiting *next;
};

struct policies {
    struct bot *bot;
    struct policy *policy;
    bool loaded; /* policy was made of what the store has */
    bool looking;
    int64_t seen[POLICY_DOCUMENTS]; /* versions in the store at the last look */
    struct arena arena;             /* of the look under way */
    struct waiting *waiting, *served;
    uv_timer_t timer;
    int year_told; /* the last that the calendar was told to lack */
};

static struct metric loads = METRIC_COUNTER("xiaofeng_policy_loads_total",
                                            "Policies read from the store.");
static struct metric refusals =
    METRIC_COUNTER("xiaofeng_policy_refusals_total",
                   "Stored documents that were not used, for their mistakes.");

static void look(struct policies *policies);

/* ---- what is in force ------------------------------------------------------
 */

static int year_of(const struct bot *bot, int64_t ms) {
    struct tm tm;
    time_t local = (time_t)(ms / 1000 + bot->config->utc_offset_minutes * 60LL);
    return gmtime_r(&local, &tm) == NULL ? 0 : tm.tm_year + 1900;
}

/* Without its holidays a year is reckoned wrongly, and nobody would notice. */
static void check_years(struct policies *policies) {
    int64_t now = clock_wall_ms(policies->bot->clock);
    for (int64_t at = now; at <= now + YEAR_AHEAD_MS; at += YEAR_AHEAD_MS) {
        int year = year_of(policies->bot, at);
        if (policy_has_year(policies->policy, year) ||
            policies->year_told >= year)
            continue;
        policies->year_told = year;
        LOG_WARN(
            "the calendar has no holidays of %d: add them to the document "
            "calendar",
            year);
    }
}

static void replace(struct policies *policies, struct policy *policy) {
    policy_free(policies->policy);
    policies->policy = policy;
    policies->year_told = 0;
    check_years(policies);
}

/* Tells what is wrong with each document, and puts the built-in one in its
 * place. */
static void refuse(const struct problems *problems,
                   struct document documents[POLICY_DOCUMENTS]) {
    for (int i = 0; i < POLICY_DOCUMENTS; i++) {
        const char *first = NULL;
        size_t n = 0;
        for (size_t j = 0; j < problems->n; j++) {
            if (problems->items[j].document != (enum policy_document)i)
                continue;
            if (n++ == 0)
                first = problems->items[j].path;
        }
        if (n == 0)
            continue;
        LOG_ERR("document %s, version %" PRId64
                ": %zu mistakes, the first at "
                "\"%s\"; it is not used",
                policy_names[i], documents[i].version, n, first);
        metric_add(&refusals, 1);
        documents[i] = (struct document){.name = policy_names[i]};
    }
}

static void take(struct policies *policies, const struct document *found) {
    struct document documents[POLICY_DOCUMENTS];
    struct problems problems;
    struct policy *policy;
    int offset = policies->bot->config->utc_offset_minutes;
    bool good = true;
    memcpy(documents, found, sizeof(documents));
    while (policy_parse(documents, offset, &policies->arena, &problems,
                        &policy) != OK) {
        good = false;
        refuse(&problems, documents);
    }
    if (policies->loaded && !good) {
        LOG_ERR("the policy stays as it was");
        policy_free(policy);
        return;
    }
    metric_add(&loads, 1);
    policies->loaded = true;
    replace(policies, policy);
}

/* ---- looking ---------------------------------------------------------------
 */

/* Whoever is told may ask again: that is for another look. */
static void tell(struct waiting **list) {
    struct waiting *told = *list;
    *list = NULL;
    while (told != NULL) {
        struct waiting *one = told;
        LL_DELETE(told, one);
        one->done(one->data);
        free(one);
    }
}

static void end_look(struct policies *policies) {
    arena_finish(&policies->arena);
    policies->looking = false;
    tell(&policies->served);
    if (policies->bot->stopping) /* and the store is going */
        tell(&policies->waiting);
    else if (policies->waiting != NULL && !policies->looking)
        look(policies);
}

static void on_documents(void *data, enum err err,
                         const struct document *documents, size_t n) {
    struct policies *policies = data;
    if (err == OK && n == POLICY_DOCUMENTS) {
        for (size_t i = 0; i < n; i++)
            policies->seen[i] = documents[i].version;
        take(policies, documents);
    } else if (err != ERR_AWAY) {
        LOG_WARN("the documents could not be read: %s", err_str(err));
    }
    end_look(policies);
}

static void on_versions(void *data, enum err err, const int64_t *versions,
                        size_t n) {
    struct policies *policies = data;
    bool same = policies->loaded &&
                memcmp(versions, policies->seen, n * sizeof(*versions)) == 0;
    if (err != OK || same) {
        end_look(policies);
        return;
    }
    document_get(policies->bot->store, &policies->arena, policy_names,
                 POLICY_DOCUMENTS, on_documents, policies);
}

static void look(struct policies *policies) {
    policies->looking = true;
    policies->served = policies->waiting;
    policies->waiting = NULL;
    document_get_versions(policies->bot->store, policy_names, POLICY_DOCUMENTS,
                          on_versions, policies);
}

static void on_timer(uv_timer_t *timer) {
    struct policies *policies = timer->data;
    check_years(policies);
    if (!policies->looking && store_is_up(policies->bot->store))
        look(policies);
}

void policies_refresh(struct policies *policies, policies_done *done,
                      void *data) {
    if (done != NULL) {
        struct waiting *one = xcalloc(1, sizeof(*one));
        *one = (struct waiting){.done = done, .data = data};
        LL_APPEND(policies->waiting, one);
    }
    if (!policies->looking)
        look(policies);
}

/* ---- life ------------------------------------------------------------------
 */

struct policies *policies_new(struct bot *bot) {
    struct document none[POLICY_DOCUMENTS] = {{0}};
    struct policies *policies = xcalloc(1, sizeof(*policies));
    policies->bot = bot;
    arena_init(&policies->arena);
    if (policy_parse(none, bot->config->utc_offset_minutes, &policies->arena,
                     NULL, &policies->policy) != OK)
        abort(); /* tests/unit/test_policy.c reads it, too */
    arena_finish(&policies->arena);
    uv_timer_init(&bot->loop->uv, &policies->timer);
    policies->timer.data = policies;
    uv_timer_start(&policies->timer, on_timer, POLICIES_LOOK_MS,
                   POLICIES_LOOK_MS);
    return policies;
}

static void on_closed(uv_handle_t *handle) {
    struct policies *policies = handle->data;
    free(policies);
}

void policies_free(struct policies *policies) {
    if (policies == NULL)
        return;
    policy_free(policies->policy);
    policies->policy = NULL;
    uv_close((uv_handle_t *)&policies->timer, on_closed);
}

const struct policy *policies_get(const struct policies *policies) {
    return policies->policy;
}
