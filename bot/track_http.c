#define LOG_MODULE "track"
#include "bot/track_http.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/token.h"
#include "bot/bot.h"
#include "bot/broadcast_text.h"
#include "bot/config.h"
#include "bot/connector.h"
#include "bot/rates.h"
#include "bot/server.h"
#include "bot/track.h"
#include "store/broadcast.h"
#include "store/delivery.h"
#include "store/salt.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What one address may have counted: many phones share one with their
 * provider. */
#define PEER_RATE 10
#define PEER_BURST 300
#define PEERS_MAX 10000
#define SALT_BYTES 24
#define SALT_SIZE 40
#define VISITOR_CHARS 22

static struct metric m_taps =
    METRIC_COUNTER("xiaofeng_track_taps_total", "Taps on links that count.");
static struct metric m_forged = METRIC_COUNTER(
    "xiaofeng_track_forged_total", "Links of broadcasts that nobody made.");
static struct metric m_robots =
    METRIC_COUNTER("xiaofeng_track_robots_total",
                   "Looks at links that do not count: machines, heads.");
static struct metric m_hurried =
    METRIC_COUNTER("xiaofeng_track_hurried_total",
                   "Taps that do not count: too many of one address.");

struct tracker {
    struct bot *bot;
    struct rates *peers;
    int64_t day; /* of salt */
    char salt[SALT_SIZE];
};

/* One tap on its way. */
struct tap {
    struct tracker *tracker;
    struct http_request *request; /* NULL: they have gone */
    struct arena arena;
    struct track track;
    const char *peer, *agent;
    bool counts;
    const char *goal;  /* where it leads, or NULL */
    const char *rider; /* whose private chat it was, or NULL */
    int64_t now_ms;
};

/* ---- what they get ------------------------------------------------------- */

static void add_escaped(struct buf *out, const char *text) {
    for (; *text != '\0'; text++) {
        if (strchr("<>&\"'", *text) != NULL)
            buf_addf(out, "&#%d;", *text);
        else
            buf_addc(out, *text);
    }
}

static void add_element(struct buf *out, const char *name, const char *text) {
    buf_addf(out, "<%s>", name);
    add_escaped(out, text);
    buf_addf(out, "</%s>", name);
}

/* A page of a few words, without anything that could run. */
static void answer_page(const struct bot *bot, struct http_request *request,
                        unsigned status, const char *said, const char *more) {
    enum lang lang = bot->config->lang;
    struct buf page;
    buf_init(&page);
    buf_addf(&page,
             "<!doctype html><html lang=\"%s\"><meta charset=\"utf-8\">"
             "<meta name=\"viewport\" content=\"width=device-width\">"
             "<meta name=\"robots\" content=\"noindex\">",
             lang_tag(lang));
    add_element(&page, "title", catalog_text(lang, "read.page.title"));
    add_element(&page, "h1", catalog_text(lang, said));
    if (more != NULL)
        add_element(&page, "p", catalog_text(lang, more));
    http_answer(request, &(struct http_answer){
                             .status = status,
                             .type = "text/html; charset=utf-8",
                             .body = page.data,
                             .body_len = page.len,
                         });
    buf_finish(&page);
}

static void answer_not_found(const struct bot *bot,
                             struct http_request *request) {
    answer_page(bot, request, 404, "read.page.none", NULL);
}

static void answer_goal(struct http_request *request, const char *goal) {
    const struct http_header location = {"Location", goal};
    http_answer(request, &(struct http_answer){
                             .status = 302,
                             .type = "text/plain; charset=utf-8",
                             .body = "",
                             .headers = &location,
                             .n_headers = 1,
                         });
}

static void tap_free(struct tap *tap) {
    arena_finish(&tap->arena);
    free(tap);
}

/* The end of each tap that has a broadcast. */
static void arrive(struct tap *tap) {
    if (tap->request != NULL && tap->goal != NULL)
        answer_goal(tap->request, tap->goal);
    else if (tap->request != NULL)
        answer_page(tap->tracker->bot, tap->request, 200, "read.page.thanks",
                    "read.page.hint");
    tap_free(tap);
}

static void fail(struct tap *tap, enum err err) {
    const struct bot *bot = tap->tracker->bot;
    if (tap->request != NULL && err == ERR_NOT_FOUND)
        answer_not_found(bot, tap->request);
    else if (tap->request != NULL)
        answer_page(bot, tap->request, 503, "read.page.away", NULL);
    tap_free(tap);
}

/* ---- counting ------------------------------------------------------------ */

/* Whoever tapped gets where they wanted, counted or not. */
static void on_counted(void *data, const struct txn_result *result) {
    struct tap *tap = data;
    if (result->err == OK)
        metric_add(&m_taps, 1);
    else if (result->err != ERR_NOT_FOUND)
        LOG_WARN("a tap could not be counted: %s", err_str(result->err));
    arrive(tap);
}

/* Of a day's salt, address and browser nothing is left but this. */
static const char *visitor_of(struct tap *tap) {
    char hash[TOKEN_HASH_SIZE];
    token_hash(hash, arena_printf(&tap->arena, "%s\n%s\n%s", tap->tracker->salt,
                                  tap->peer, tap->agent));
    return arena_strndup(&tap->arena, hash, VISITOR_CHARS);
}

static void count(struct tap *tap) {
    struct txn *txn = txn_new(tap->tracker->bot->store);
    const char *visitor = tap->rider == NULL ? visitor_of(tap) : NULL;
    delivery_read(txn, tap->track.id, tap->track.index, tap->rider, visitor,
                  tap->now_ms);
    txn_commit(txn, on_counted, tap);
}

static void on_salt(void *data, const struct txn_result *result) {
    struct tap *tap = data;
    struct tracker *tracker = tap->tracker;
    if (result->err != OK || result->n_values == 0 ||
        strlen(result->values[0]) >= SALT_SIZE) {
        arrive(tap);
        return;
    }
    memcpy(tracker->salt, result->values[0], strlen(result->values[0]) + 1);
    tracker->day = tap->now_ms / SALT_DAY_MS;
    count(tap);
}

static void take_salt(struct tap *tap) {
    struct txn *txn = txn_new(tap->tracker->bot->store);
    char candidate[TOKEN_MAX];
    int64_t day = tap->now_ms / SALT_DAY_MS;
    token_random(candidate, sizeof(candidate), SALT_BYTES);
    salt_take(txn, day, candidate, (day + 1) * SALT_DAY_MS - tap->now_ms);
    txn_commit(txn, on_salt, tap);
}

static void on_target(void *data, enum err err,
                      const struct delivery_target *targets, size_t n,
                      int64_t next) {
    struct tap *tap = data;
    bool known_day = tap->tracker->salt[0] != '\0' &&
                     tap->tracker->day == tap->now_ms / SALT_DAY_MS;
    (void)next;
    if (err != OK && err != ERR_NOT_FOUND) {
        fail(tap, err);
        return;
    }
    /* Nobody is to be counted for a rider who was forgotten. */
    if (n == 0 || targets[0].index != tap->track.index ||
        targets[0].chat[0] == '\0') {
        arrive(tap);
        return;
    }
    if (!chat_is_group(targets[0].chat))
        tap->rider = rider_of_chat(&tap->arena, targets[0].chat);
    if (tap->rider != NULL || known_day)
        count(tap);
    else
        take_salt(tap);
}

static void on_broadcast(void *data, enum err err,
                         const struct broadcast *broadcast) {
    struct tap *tap = data;
    const struct bot *bot = tap->tracker->bot;
    if (err != OK) {
        fail(tap, err);
        return;
    }
    tap->goal = broadcast_goal(&tap->arena, bot, broadcast);
    if (!tap->counts)
        arrive(tap);
    else
        delivery_targets(bot->store, &tap->arena, tap->track.id, 0,
                         tap->track.index, 1, on_target, tap);
}

/* ---- who taps ------------------------------------------------------------ */

bool tracker_is_robot(const char *user_agent) {
    static const char *const marks[] = {
        "bot/",     "bot;",    "bot)",   "bot-",  "+http",   "crawler",
        "spider",   "preview", "slurp",  "fetch", "curl/",   "wget/",
        "python",   "java/",   "okhttp", "axios", "go-http", "facebookexternal",
        "qq-url-m", "scanner",
    };
    if (user_agent[0] == '\0')
        return true;
    for (size_t i = 0; i < ARRAY_LEN(marks); i++)
        if (strcasestr(user_agent, marks[i]) != NULL)
            return true;
    return false;
}

/* A browser that looks ahead in case somebody will tap. */
static bool is_early(const struct http_request *request) {
    static const enum http_field fields[] = {HTTP_PURPOSE, HTTP_SEC_PURPOSE,
                                             HTTP_MOZ};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        const char *value = http_field(request, fields[i]);
        if (strcasestr(value, "prefetch") != NULL ||
            strcasestr(value, "prerender") != NULL ||
            strcasestr(value, "preview") != NULL)
            return true;
    }
    return false;
}

static bool is_counted(struct tracker *tracker,
                       const struct http_request *request) {
    char peer[RATES_PEER_SIZE];
    int64_t wait_ms;
    if (http_method(request) == HTTP_HEAD || is_early(request) ||
        tracker_is_robot(http_field(request, HTTP_USER_AGENT))) {
        metric_add(&m_robots, 1);
        return false;
    }
    rates_peer(peer, http_peer(request));
    if (rates_take(tracker->peers, peer, clock_mono_ms(tracker->bot->clock),
                   &wait_ms))
        return true;
    metric_add(&m_hurried, 1);
    return false;
}

static void on_gone(void *data) {
    struct tap *tap = data;
    tap->request = NULL;
}

static void begin(struct tracker *tracker, struct http_request *request,
                  const struct track *track) {
    struct bot *bot = tracker->bot;
    struct tap *tap = xcalloc(1, sizeof(*tap));
    arena_init(&tap->arena);
    tap->tracker = tracker;
    tap->request = request;
    tap->track = *track;
    tap->now_ms = clock_wall_ms(bot->clock);
    tap->counts = is_counted(tracker, request);
    tap->peer = arena_strdup(&tap->arena, http_peer(request));
    tap->agent =
        arena_strdup(&tap->arena, http_field(request, HTTP_USER_AGENT));
    http_on_gone(request, on_gone, tap);
    broadcast_get(bot->store, &tap->arena, tap->track.id, on_broadcast, tap);
}

static void on_request(struct http_request *request, const char *rest,
                       void *data) {
    struct tracker *tracker = data;
    struct track track;
    enum http_method method = http_method(request);
    if (method != HTTP_GET && method != HTTP_HEAD) {
        const struct http_header allow = {"Allow", "GET, HEAD"};
        http_answer(request, &(struct http_answer){
                                 .status = 405,
                                 .type = "text/plain; charset=utf-8",
                                 .body = "",
                                 .headers = &allow,
                                 .n_headers = 1,
                             });
    } else if (!track_parse(tracker->bot->seal, rest, &track)) {
        metric_add(&m_forged, 1);
        answer_not_found(tracker->bot, request);
    } else {
        begin(tracker, request, &track);
    }
}

struct tracker *tracker_new(struct bot *bot) {
    struct tracker *tracker = xcalloc(1, sizeof(*tracker));
    const struct http_tree tree = {.handler = on_request, .data = tracker};
    tracker->bot = bot;
    tracker->peers = rates_new(PEER_RATE, PEER_BURST, PEERS_MAX);
    http_tree_add(bot->loop, "/r/", &tree);
    return tracker;
}

void tracker_free(struct tracker *tracker) {
    if (tracker == NULL)
        return;
    rates_free(tracker->peers);
    free(tracker);
}
