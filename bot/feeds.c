#define LOG_MODULE "feeds"
#include "bot/feeds.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/feeds_parts.h"
#include "bot/fetch.h"
#include "bot/loop.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define LOOK_MS 30000
#define RETRIES_DOUBLED 16 /* by then it is FEEDS_RETRY_MAX_MS */
#define ACCEPT                                                                 \
    "application/rss+xml, application/atom+xml, application/feed+json, "       \
    "application/xml;q=0.9, application/json;q=0.9, */*;q=0.5"

#define FETCHES(result)                                                        \
    METRIC_COUNTER_L("xiaofeng_feed_fetches_total",                            \
                     "Fetches of feeds, by result.", "result=\"" result "\"")
static struct metric m_read = FETCHES("read");
static struct metric m_same = FETCHES("unchanged");
static struct metric m_failed = FETCHES("failed");

/* ---- the end of one ------------------------------------------------------ */

void feeds_tell(struct feeds_job *job, enum err err) {
    feeds_done *done = job->done;
    job->done = NULL;
    if (done != NULL)
        done(job->data, err, &job->outcome);
}

void feeds_end(struct feeds_job *job) {
    if (job->feeds != NULL) {
        DL_DELETE(job->feeds->jobs, job);
        job->feeds->n_jobs--;
    }
    free(job->bytes);
    arena_finish(&job->arena);
    free(job);
}

static void fail(struct feeds_job *job, enum err err) {
    feeds_tell(job, err);
    feeds_end(job);
}

static void on_written(void *data, const struct txn_result *result) {
    struct feeds_job *job = data;
    if (result->err != OK)
        LOG_WARN("%s: what came of it is not written: %s", job->feed.id,
                 err_str(result->err));
    fail(job, result->err);
}

/* Twice as long after each failure. */
static int64_t wait_ms(const struct feed *feed) {
    int64_t every = feed->every_h * 3600000LL;
    if (feed->fails == 0)
        return every;
    if (feed->fails > RETRIES_DOUBLED)
        return FEEDS_RETRY_MAX_MS;
    int64_t wait = FEEDS_RETRY_MS << (feed->fails - 1);
    return wait < FEEDS_RETRY_MAX_MS ? wait : FEEDS_RETRY_MAX_MS;
}

static void count(const struct feeds_job *job) {
    metric_add(job->outcome.error[0] != '\0' ? &m_failed
               : job->outcome.status == 304  ? &m_same
                                             : &m_read,
               1);
}

void feeds_write(struct feeds_job *job, const char *error) {
    struct feed *feed = &job->feed;
    struct txn *txn = txn_new(job->bot->store);
    job->outcome.error = error;
    count(job);
    if (error[0] != '\0')
        LOG_INFO("%s: %s, status %d", feed->id, error, job->outcome.status);
    feed->fails = error[0] == '\0' ? 0 : feed->fails + 1;
    feed->last_ms = job->now_ms;
    feed->last_error = error;
    feed->last_status = job->outcome.status;
    feed->last_found = (int)job->outcome.found;
    feed->last_new = 0;
    feed->next_ms = job->now_ms + wait_ms(feed);
    feed_put(txn, feed);
    txn_commit(txn, on_written, job);
}

/* ---- the answer ---------------------------------------------------------- */

static void parse(uv_work_t *work) {
    struct feeds_job *job = work->data;
    const struct feed_source source = {job->bytes, job->len, job->type,
                                       job->feed.url};
    job->fault = feed_parse(&job->arena, &source, job->now_ms, &job->content);
}

static void on_parsed(uv_work_t *work, int status) {
    struct feeds_job *job = work->data;
    free(job->bytes);
    job->bytes = NULL;
    if (job->feeds == NULL || status != 0) {
        fail(job, ERR_AWAY);
        return;
    }
    job->outcome.found = job->content.n + job->content.left_out;
    if (job->fault != FEED_OK)
        feeds_write(job, feed_faults[job->fault]);
    else
        feeds_import(job);
}

static const char *word_of(enum err err) {
    switch (err) {
    case ERR_INVALID:
        return "invalid";
    case ERR_DENIED:
        return "denied";
    case ERR_TOO_LARGE:
        return "too_large";
    case ERR_TIMEOUT:
        return "timeout";
    case ERR_NOT_FOUND:
        return "not_found";
    default:
        return "io";
    }
}

static void on_answer(void *data, enum err err,
                      const struct fetch_answer *answer) {
    struct feeds_job *job = data;
    if (job->feeds == NULL || err == ERR_AWAY) {
        fail(job, ERR_AWAY);
        return;
    }
    job->outcome.status = answer->status;
    if (err != OK || answer->status == 304) {
        feeds_write(job, err == OK ? "" : word_of(err));
        return;
    }
    job->feed.etag = arena_strdup(&job->arena, answer->etag);
    job->feed.modified = arena_strdup(&job->arena, answer->modified);
    job->type = arena_strdup(&job->arena, answer->type);
    job->bytes = xmalloc(answer->len + 1);
    job->len = answer->len;
    memcpy(job->bytes, answer->bytes, answer->len);
    job->work.data = job;
    if (uv_queue_work(&job->bot->loop->uv, &job->work, parse, on_parsed) != 0)
        fail(job, ERR_AWAY);
}

/* ---- the question -------------------------------------------------------- */

static void on_announced(void *data, const struct txn_result *result) {
    struct feeds_job *job = data;
    enum err err = job->feeds == NULL ? ERR_AWAY : result->err;
    if (err != OK) {
        fail(job, err);
        return;
    }
    job->feed.version++;
    fetch_ask(job->feeds->fetcher,
              &(struct fetch_question){
                  .url = job->feed.url,
                  .etag = job->feed.etag,
                  .modified = job->feed.modified,
                  .accept = ACCEPT,
                  .max_bytes = FEED_BYTES_MAX,
              },
              on_answer, job);
}

static bool is_due(const struct feed *feed, int64_t now_ms) {
    return feed->enabled && feed->next_ms <= now_ms;
}

static void on_feed(void *data, enum err err, const struct feed *feed) {
    struct feeds_job *job = data;
    if (job->feeds == NULL)
        err = ERR_AWAY;
    if (err == OK && job->only_due && !is_due(feed, job->now_ms))
        err = ERR_CONFLICT; /* somebody else was faster */
    if (err != OK) {
        fail(job, err);
        return;
    }
    job->feed = *feed;
    job->feed.next_ms = job->now_ms + FEEDS_CLAIM_MS;
    struct txn *txn = txn_new(job->bot->store);
    feed_put(txn, &job->feed);
    txn_commit(txn, on_announced, job);
}

static void start(struct feeds *feeds, const char *id, bool only_due,
                  feeds_done *done, void *data) {
    struct feeds_job *job = xcalloc(1, sizeof(*job));
    *job = (struct feeds_job){
        .feeds = feeds,
        .bot = feeds->bot,
        .only_due = only_due,
        .now_ms = clock_wall_ms(feeds->bot->clock),
        .outcome = {.error = ""},
        .done = done,
        .data = data,
    };
    arena_init(&job->arena);
    DL_APPEND(feeds->jobs, job);
    feeds->n_jobs++;
    feed_get(feeds->bot->store, &job->arena, id, on_feed, job);
}

void feeds_fetch(struct feeds *feeds, const char *id, feeds_done *done,
                 void *data) {
    const struct feeds_outcome none = {.error = ""};
    if (feeds->n_jobs >= 2 * FEEDS_PARALLEL)
        done(data, ERR_LIMIT, &none);
    else
        start(feeds, id, false, done, data);
}

/* ---- when they are due --------------------------------------------------- */

struct feeds_look {
    struct feeds *feeds; /* NULL: they were freed meanwhile */
    struct arena arena;
};

static bool is_under_way(const struct feeds *feeds, const char *id) {
    const struct feeds_job *job;
    DL_FOREACH(feeds->jobs, job) {
        if (job->feed.id != NULL && strcmp(job->feed.id, id) == 0)
            return true;
    }
    return false;
}

static void on_feeds(void *data, enum err err, const struct feed *all,
                     size_t n) {
    struct feeds_look *look = data;
    struct feeds *feeds = look->feeds;
    for (size_t i = 0; feeds != NULL && err == OK && i < n; i++)
        if (feeds->n_jobs < FEEDS_PARALLEL &&
            is_due(&all[i], clock_wall_ms(feeds->bot->clock)) &&
            !is_under_way(feeds, all[i].id))
            start(feeds, all[i].id, true, NULL, NULL);
    if (feeds != NULL)
        feeds->look = NULL;
    arena_finish(&look->arena);
    free(look);
}

void feeds_look(struct feeds *feeds) {
    struct bot *bot = feeds->bot;
    if (feeds->look != NULL || bot->stopping || !store_is_up(bot->store))
        return;
    struct feeds_look *look = xcalloc(1, sizeof(*look));
    look->feeds = feeds;
    arena_init(&look->arena);
    feeds->look = look;
    feed_list_all(bot->store, &look->arena, on_feeds, look);
}

_Bool feeds_idle(const struct feeds *feeds) {
    return feeds->look == NULL && feeds->jobs == NULL;
}

static void on_timer(uv_timer_t *timer) {
    feeds_look(timer->data);
}

struct feeds *feeds_new(struct bot *bot) {
    struct feeds *feeds = xcalloc(1, sizeof(*feeds));
    feed_init();
    feeds->bot = bot;
    feeds->fetcher = fetcher_new(
        bot->loop, &(struct fetch_options){
                       .allow_private = bot->config->study_private_urls,
                       .max_bytes = LIMIT_UPLOAD_BYTES,
                       .timeout_ms = bot->config->study_timeout_ms,
                       .max_redirects = 3,
                       .max_parallel = 2 * FEEDS_PARALLEL,
                   });
    uv_timer_init(&bot->loop->uv, &feeds->timer);
    feeds->timer.data = feeds;
    uv_timer_start(&feeds->timer, on_timer, LOOK_MS, LOOK_MS);
    return feeds;
}

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

void feeds_free(struct feeds *feeds) {
    struct feeds_job *job, *next;
    if (feeds == NULL)
        return;
    if (feeds->look != NULL)
        feeds->look->feeds = NULL;
    DL_FOREACH_SAFE(feeds->jobs, job, next) {
        DL_DELETE(feeds->jobs, job);
        job->feeds = NULL;
    }
    fetcher_free(feeds->fetcher);
    uv_close((uv_handle_t *)&feeds->timer, on_closed);
}
