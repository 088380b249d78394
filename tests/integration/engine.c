#include "tests/integration/engine.h"
#include "tests/integration/ticket_peek.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "base/token.h"
#include "bot/account.h"
#include "bot/audience.h"
#include "bot/clocks.h"
#include "bot/config.h"
#include "bot/dispatch.h"
#include "bot/events.h"
#include "bot/fetch.h"
#include "bot/outbox.h"
#include "bot/photo.h"
#include "bot/planner.h"
#include "bot/policies.h"
#include "bot/quizzes.h"
#include "bot/roster.h"
#include "bot/turn.h"
#include "bot/turns.h"
#include "bot/webhook.h"
#include "handlers/handlers.h"
#include "store/group.h"
#include "store/store.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define PATIENCE_MS 20000
#define TICK_MS 20
#define DISTRICT "test"

/* ---- the loopback connector ---------------------------------------------- */

static char *copy(const char *s) {
    return s == NULL ? NULL : xstrdup(s);
}

static enum err loopback_send(struct account *account, uint64_t ticket,
                              const struct outgoing *out) {
    struct engine *engine = account->data;
    if (engine->mode == ENGINE_AWAY)
        return ERR_AWAY;
    assert_true(engine->n_sent < ENGINE_SENT_MAX);
    struct engine_sent *sent = &engine->sent[engine->n_sent++];
    *sent = (struct engine_sent){
        .ticket = ticket,
        .at_ms = clock_mono_ms(engine->bot.clock),
        .account = account,
        .chat = copy(out->chat),
        .mention = copy(out->mention),
        .reply_to = copy(out->reply_to),
        .text = copy(out->text),
        .image = copy(out->image_path),
    };
    snprintf(sent->by, sizeof(sent->by), "%s", account->id);
    snprintf(sent->id, sizeof(sent->id), "m%u", ++engine->next_sent_id);
    if (engine->mode == ENGINE_HOLDS)
        return OK;
    struct send_end end = {.outcome = OUTCOME_SENT, .message_id = sent->id};
    if (engine->mode == ENGINE_REFUSES && !chat_is_group(out->chat))
        end = (struct send_end){.outcome = OUTCOME_REFUSED};
    if (engine->platform != NULL)
        engine->platform(engine, sent, &end);
    outbox_outcome(account, ticket, &end);
    return OK;
}

static enum err loopback_recall(struct account *account, uint64_t ticket,
                                const char *chat, const char *message_id) {
    struct engine *engine = account->data;
    struct send_end end = {.outcome = OUTCOME_REFUSED, .reason = "not there"};
    for (size_t i = 0; i < engine->n_sent; i++) {
        struct engine_sent *sent = &engine->sent[i];
        if (strcmp(sent->id, message_id) != 0 ||
            strcmp(sent->by, account->id) != 0)
            continue;
        assert_string_equal(sent->chat, chat);
        end = (struct send_end){.outcome = OUTCOME_SENT};
        if (engine->recall_platform != NULL)
            engine->recall_platform(engine, sent, &end);
        sent->recalled = end.outcome == OUTCOME_SENT;
    }
    outbox_outcome(account, ticket, &end);
    return OK;
}

static const struct connector loopback = {
    .platform = "qq",
    .send = loopback_send,
    .recall = loopback_recall,
};

struct account *engine_online(struct engine *engine, const char *account) {
    return account_online(&engine->bot, account, &loopback, engine);
}

void engine_outcome(struct engine *engine, size_t sent, enum outcome outcome) {
    assert_true(sent < engine->n_sent);
    outbox_outcome(engine->sent[sent].account, engine->sent[sent].ticket,
                   &(struct send_end){
                       .outcome = outcome,
                       .reason = "as the test says",
                       .message_id = outcome == OUTCOME_SENT
                                         ? engine->sent[sent].id
                                         : NULL,
                   });
}

/* ---- start and stop ------------------------------------------------------ */

static void on_tick(uv_timer_t *timer) {
    (void)timer;
}

static void on_policies(void *data) {
    struct engine *engine = data;
    if (!engine->bot.stopping && store_is_up(engine->bot.store))
        turns_store_up(engine->bot.turns);
}

static void on_up(void *data) {
    struct engine *engine = data;
    engine->ups++;
    webhooks_store_up(engine->bot.webhooks);
    policies_refresh(engine->bot.policies, on_policies, engine);
}

static void on_down(void *data) {
    struct engine *engine = data;
    engine->downs++;
    if (engine->bot.turns != NULL)
        turns_store_down(engine->bot.turns);
}

/* The settings as the program reads them, without limits in time unless the
 * test is about those. */
static struct config *read_config(const struct engine *engine) {
    static char *const no_env[] = {NULL};
    struct config *config = NULL;
    char *text = xasprintf(
        "[xiaofeng]\ndistrict=" DISTRICT
        "\noperator_name=秦淮区\n"
        "contact=12345\ndata_dir=%s\n%s%s",
        engine->dir,
        engine->options.paced ? ""
                              : "[pace]\naccount_rate=0\ngroup_rate=0\n"
                                "broadcast_jitter=0s\n[rider]\nrate=0\n",
        engine->options.config == NULL ? "" : engine->options.config);
    assert_int_equal(config_parse("test", text, strlen(text), no_env, &config),
                     OK);
    free(text);
    return config;
}

static void start_store(struct engine *engine) {
    engine->bot.store = store_new(
        &engine->loop.uv, &(struct store_options){
                              .url = redis_server_url(engine->redis),
                              .district = DISTRICT,
                              .seen_ttl_ms = engine->config->seen_ttl_ms,
                              .seal = engine->bot.seal,
                              .on_up = on_up,
                              .on_down = on_down,
                              .data = engine,
                          });
    assert_non_null(engine->bot.store);
}

static void start_photos(struct engine *engine) {
    char *child = xasprintf("%s/xiaofeng-photo", getenv("XIAOFENG_BUILD"));
    char *dir = xasprintf("%s/photos", engine->dir);
    engine->bot.fetcher =
        fetcher_new(&engine->loop, &(struct fetch_options){
                                       .max_bytes = 1024 * 1024,
                                       .timeout_ms = 5000,
                                       .max_parallel = 4,
                                   });
    engine->bot.photos = photos_new(&engine->loop, &(struct photo_options){
                                                       .dir = dir,
                                                       .child_path = child,
                                                       .max_children = 2,
                                                       .timeout_ms = 20000,
                                                   });
    free(child);
    free(dir);
}

void engine_start(struct engine *engine) {
    struct bot *bot = &engine->bot;
    bool all = engine->options.commands == NULL;
    engine->config = read_config(engine);
    assert_int_equal(loop_init(&engine->loop), OK);
    uv_timer_init(&engine->loop.uv, &engine->tick);
    uv_timer_start(&engine->tick, on_tick, TICK_MS, TICK_MS);
    *bot = (struct bot){
        .config = engine->config,
        .clock = engine->options.twin == NULL ? &engine->clock.clock
                                              : engine->options.twin->bot.clock,
        .loop = &engine->loop,
        .commands = all ? handlers : engine->options.commands,
        .n_commands = all ? n_handlers : engine->options.n_commands,
    };
    assert_int_equal(seal_load(engine->config->key_file, &bot->seal), OK);
    start_store(engine);
    start_photos(engine);
    bot->lexicon = lexicon_new(bot);
    bot->policies = policies_new(bot);
    bot->webhooks = webhooks_new(bot);
    bot->audiences = audiences_new(bot);
    bot->outbox = outbox_new(bot);
    bot->turns = turns_new(bot);
    bot->roster = roster_new(bot);
    bot->clocks = clocks_new(bot);
    bot->planner = planner_new(bot);
    bot->quizzes = quizzes_new(bot);
    bot->events = events_clock_new(bot);
    if (!engine->options.without_online)
        engine_online(engine, ENGINE_ACCOUNT);
    ENGINE_UNTIL(engine, store_is_up(bot->store));
    engine_settle(engine); /* the first block of numbers */
}

void engine_stop(struct engine *engine) {
    struct bot *bot = &engine->bot;
    bot->stopping = true;
    audiences_free(bot->audiences);
    webhooks_free(bot->webhooks);
    bot->webhooks = NULL;
    fetcher_free(bot->fetcher);
    photos_free(bot->photos);
    store_free(bot->store);
    clocks_free(bot->clocks);
    planner_free(bot->planner);
    quizzes_free(bot->quizzes);
    events_clock_free(bot->events);
    roster_free(bot->roster);
    turns_free(bot->turns);
    outbox_free(bot->outbox);
    policies_free(bot->policies);
    accounts_free(bot);
    bot->turns = NULL;
    uv_close((uv_handle_t *)&engine->tick, NULL);
    loop_finish(&engine->loop);
    lexicon_free(bot->lexicon);
    seal_free(bot->seal);
    config_free(engine->config);
}

void engine_restart(struct engine *engine) {
    engine_stop(engine);
    engine_start(engine);
}

struct engine *engine_new(const struct engine_options *options) {
    struct engine *engine = xcalloc(1, sizeof(*engine));
    log_init(LOG_ERROR, false);
    assert_true(token_init());
    assert_true(catalog_init());
    assert_non_null(getenv("XIAOFENG_BUILD"));
    if (options != NULL)
        engine->options = *options;
    struct engine *twin = engine->options.twin;
    snprintf(engine->dir, sizeof(engine->dir), "%s",
             twin == NULL ? "/tmp/xiaofeng-engine-XXXXXX" : twin->dir);
    assert_true(twin != NULL || mkdtemp(engine->dir) != NULL);
    clock_manual_init(&engine->clock, ENGINE_START_MS);
    engine->redis = twin == NULL ? redis_server_new(NULL) : twin->redis;
    engine_start(engine);
    return engine;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void engine_free(struct engine *engine) {
    engine_stop(engine);
    engine_clear(engine);
    if (engine->options.twin == NULL) {
        redis_server_free(engine->redis);
        nftw(engine->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    }
    free(engine);
}

/* ---- waiting ------------------------------------------------------------- */

int64_t engine_deadline(void) {
    return clock_mono_ms(&clock_system) + PATIENCE_MS;
}

void engine_step(struct engine *engine, int64_t end, const char *what) {
    if (clock_mono_ms(&clock_system) > end)
        fail_msg("never: %s", what);
    uv_run(&engine->loop.uv, UV_RUN_ONCE);
}

static void hurry(uv_handle_t *handle, void *tick) {
    uv_timer_t *timer = (uv_timer_t *)handle;
    if (handle->type == UV_TIMER && handle != tick && uv_is_active(handle))
        uv_timer_start(timer, timer->timer_cb, 0, uv_timer_get_repeat(timer));
}

void engine_hurry(struct engine *engine) {
    uv_walk(&engine->loop.uv, hurry, &engine->tick);
}

/* Closing what was sent begins in a timer of 0 ms: a few rounds more. */
void engine_settle(struct engine *engine) {
    int64_t end = engine_deadline();
    for (int quiet = 0; quiet < 4;) {
        if (clock_mono_ms(&clock_system) > end)
            fail_msg("does not settle");
        bool busy = !turns_idle(engine->bot.turns) ||
                    store_pending(engine->bot.store) > 0 ||
                    !audiences_idle(engine->bot.audiences);
        quiet = busy ? 0 : quiet + 1;
        uv_run(&engine->loop.uv, busy ? UV_RUN_ONCE : UV_RUN_NOWAIT);
    }
}

/* ---- what people write --------------------------------------------------- */

static char *keep(struct turn *turn, const char *s) {
    return arena_strdup(&turn->arena, s);
}

void engine_send(struct engine *engine, const struct message *message) {
    struct turn *turn = turn_new(&engine->bot);
    struct message *to = &turn->message;
    *to = *message;
    to->account = keep(turn, message->account == NULL ? ENGINE_ACCOUNT
                                                      : message->account);
    to->rider = keep(turn, message->rider);
    to->chat = message->chat == NULL ? chat_of_rider(&turn->arena, to->rider)
                                     : keep(turn, message->chat);
    to->in_group = chat_is_group(to->chat);
    to->id = message->id == NULL
                 ? arena_printf(&turn->arena, "m%u", ++engine->next_id)
                 : keep(turn, message->id);
    to->nick = keep(turn, message->nick == NULL ? "小王" : message->nick);
    to->lang = keep(turn, message->lang);
    to->segments = arena_alloc(&turn->arena, (message->n_segments + 1) *
                                                 sizeof(*to->segments));
    for (size_t i = 0; i < message->n_segments; i++) {
        struct segment *segment = &to->segments[i];
        *segment = message->segments[i];
        segment->text = keep(turn, segment->text);
        segment->url = keep(turn, segment->url);
        segment->photo = keep(turn, segment->photo);
    }
    turn_start(turn);
}

static void send_text(struct engine *engine, const char *rider,
                      const char *chat, const char *text, bool mentioned) {
    struct segment segment = {.type = SEGMENT_TEXT, .text = text};
    engine_send(engine, &(struct message){
                            .rider = rider,
                            .chat = chat,
                            .mentioned = mentioned,
                            .segments = &segment,
                            .n_segments = 1,
                        });
}

void engine_private(struct engine *engine, const char *rider,
                    const char *text) {
    send_text(engine, rider, NULL, text, false);
}

void engine_group(struct engine *engine, const char *rider, const char *text) {
    send_text(engine, rider, ENGINE_GROUP, text, false);
}

void engine_mention(struct engine *engine, const char *rider,
                    const char *text) {
    send_text(engine, rider, ENGINE_GROUP, text, true);
}

void engine_photo(struct engine *engine, const char *rider, const char *photo,
                  const char *text) {
    struct segment segments[] = {
        {.type = SEGMENT_IMAGE, .photo = photo},
        {.type = SEGMENT_TEXT, .text = text},
    };
    engine_send(engine, &(struct message){
                            .rider = rider,
                            .segments = segments,
                            .n_segments = text == NULL ? 1 : 2,
                        });
}

void engine_place(struct engine *engine, const char *rider, double lat,
                  double lon, const char *words) {
    struct segment segment = {
        .type = SEGMENT_LOCATION, .text = words, .lat = lat, .lon = lon};
    engine_send(engine, &(struct message){
                            .rider = rider,
                            .segments = &segment,
                            .n_segments = 1,
                        });
}

/* ---- what was sent ------------------------------------------------------- */

const char *engine_last(const struct engine *engine, const char *chat) {
    for (size_t i = engine->n_sent; i-- > 0;)
        if (chat == NULL || strcmp(engine->sent[i].chat, chat) == 0)
            return engine->sent[i].text;
    return "";
}

size_t engine_count(const struct engine *engine, const char *chat) {
    size_t n = 0;
    for (size_t i = 0; i < engine->n_sent; i++)
        n += strcmp(engine->sent[i].chat, chat) == 0;
    return n;
}

size_t engine_said(const struct engine *engine, const char *what) {
    size_t n = 0;
    for (size_t i = 0; i < engine->n_sent; i++)
        n += strstr(engine->sent[i].text, what) != NULL;
    return n;
}

void engine_clear(struct engine *engine) {
    for (size_t i = 0; i < engine->n_sent; i++) {
        free(engine->sent[i].chat);
        free(engine->sent[i].mention);
        free(engine->sent[i].reply_to);
        free(engine->sent[i].text);
        free(engine->sent[i].image);
    }
    engine->n_sent = 0;
}

const char *engine_ask(struct engine *engine, const char *rider,
                       const char *text) {
    engine_clear(engine);
    engine_private(engine, rider, text);
    engine_settle(engine);
    return engine_last(engine, NULL);
}

const char *engine_ask_group(struct engine *engine, const char *rider,
                             const char *text) {
    engine_clear(engine);
    engine_group(engine, rider, text);
    engine_settle(engine);
    return engine_last(engine, ENGINE_GROUP);
}

/* ---- the store ----------------------------------------------------------- */

struct committing {
    bool done;
    enum err err;
};

static void on_committed(void *data, const struct txn_result *result) {
    struct committing *committing = data;
    committing->done = true;
    committing->err = result->err;
}

enum err engine_commit(struct engine *engine, struct txn *txn) {
    struct committing committing = {0};
    txn_commit(txn, on_committed, &committing);
    ENGINE_UNTIL(engine, committing.done);
    return committing.err;
}

void engine_role(struct engine *engine, const char *rider, unsigned roles) {
    char digits[16];
    long long version =
        engine_redis(engine, "HINCRBY {" DISTRICT "}:rider:%s v 0", rider);
    snprintf(digits, sizeof(digits), "%u", roles);
    struct txn *txn = txn_new(engine->bot.store);
    txn_rider(txn, rider, version,
              (const char *const[]){"roles", digits, "consent", "yes:1:1"}, 4);
    assert_int_equal(engine_commit(engine, txn), OK);
}

void engine_add_group(struct engine *engine, const char *chat,
                      const char *title, const char *account) {
    struct txn *txn = txn_new(engine->bot.store);
    group_set(
        txn, &(struct group){.chat = chat, .title = title, .account = account});
    assert_int_equal(engine_commit(engine, txn), OK);
}

/* Words of the command are split at blanks by us: what a value holds stays. */
__attribute__((format(printf, 2, 0))) static redisReply *
run(struct engine *engine, const char *fmt, va_list args) {
    char *line = xvasprintf(fmt, args), *save = NULL;
    char *words[8] = {NULL};
    size_t n = 0;
    for (char *word = strtok_r(line, " ", &save); word != NULL && n < 8;
         word = strtok_r(NULL, " ", &save))
        words[n++] = word;
    static const char *const formats[] = {
        "", "%s", "%s %s", "%s %s %s", "%s %s %s %s", "%s %s %s %s %s"};
    assert_true(n >= 1 && n < ARRAY_LEN(formats));
    redisReply *reply =
        redis_server_command(engine->redis, formats[n], words[0], words[1],
                             words[2], words[3], words[4]);
    free(line);
    return reply;
}

long long engine_redis(struct engine *engine, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    redisReply *reply = run(engine, fmt, args);
    va_end(args);
    assert_int_not_equal(reply->type, REDIS_REPLY_ERROR);
    long long number = reply->type == REDIS_REPLY_INTEGER ? reply->integer
                       : reply->type == REDIS_REPLY_NIL   ? -1
                                                        : (long long)reply->len;
    freeReplyObject(reply);
    return number;
}

char *engine_redis_text(struct engine *engine, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    redisReply *reply = run(engine, fmt, args);
    va_end(args);
    char *text = xstrdup(reply->type == REDIS_REPLY_STRING ? reply->str : "");
    freeReplyObject(reply);
    return text;
}

char *engine_ticket(struct engine *engine, const char *id, const char *field) {
    return ticket_peek(
        engine_redis_text(engine, "HGET {" DISTRICT "}:ticket:%s private", id),
        id, engine->config->key_file, field);
}

double engine_metric(const char *name) {
    struct buf all;
    double value = 0;
    size_t len = strlen(name);
    buf_init(&all);
    metrics_print(&all);
    for (const char *at = all.data; at != NULL && *at != '\0';) {
        if (strncmp(at, name, len) == 0 && at[len] == ' ')
            value = strtod(at + len, NULL);
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    buf_finish(&all);
    return value;
}

void engine_has(const char *text, const char *part) {
    if (strstr(text, part) == NULL)
        fail_msg("no \"%s\" in \"%s\"", part, text);
}

void engine_has_not(const char *text, const char *part) {
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" in \"%s\"", part, text);
}
