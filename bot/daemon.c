#define LOG_MODULE "daemon"
#include "bot/daemon.h"

#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/account.h"
#include "bot/api/api.h"
#include "bot/api/audit.h"
#include "bot/api/health.h"
#include "bot/api/metrics.h"
#include "bot/api/open311.h"
#include "bot/api/photo.h"
#include "bot/api/resources.h"
#include "bot/api/staff.h"
#include "bot/audience.h"
#include "bot/audit_keeper.h"
#include "bot/bot.h"
#include "bot/clocks.h"
#include "bot/connectors/onebot11.h"
#include "bot/connectors/web.h"
#include "bot/console.h"
#include "bot/dispatch.h"
#include "bot/events.h"
#include "bot/feeds.h"
#include "bot/fetch.h"
#include "bot/groups.h"
#include "bot/key_watch.h"
#include "bot/loop.h"
#include "bot/nightly.h"
#include "bot/notify.h"
#include "bot/outbox.h"
#include "bot/password.h"
#include "bot/photo.h"
#include "bot/planner.h"
#include "bot/policies.h"
#include "bot/quizzes.h"
#include "bot/roster.h"
#include "bot/server.h"
#include "bot/track_http.h"
#include "bot/turns.h"
#include "bot/webhook.h"
#include "store/embedded.h"
#include "store/group.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* How long what is under way may take to end after SIGTERM. */
#define STOP_MS 8000
#define STOP_LOOK_MS 20

struct daemon {
    struct bot bot;
    struct loop loop;
    struct embedded_redis *embedded;
    struct onebot11 *onebot11;
    struct web *web;
    struct notify *notify;
    struct audit_keeper *audit_keeper;
    struct key_watch *key_watch;
    struct nightly *nightly;
    uv_signal_t sigterm, sigint;
    uv_timer_t stop_timer;
    int64_t stop_at_ms;
    bool ready;
};

/* ---- the store -------------------------------------------------------------
 */

/* The groups of the web chat are groups of the district like any other. */
static void store_web_groups(struct daemon *daemon) {
    const struct config *config = daemon->bot.config;
    size_t n = config->web ? config->n_web_groups : 0;
    struct group *groups = xcalloc(n + 1, sizeof(*groups));
    char **chats = xcalloc(n + 1, sizeof(*chats));
    for (size_t i = 0; i < n; i++) {
        chats[i] = xasprintf("web.g%s", config->web_groups[i].name);
        groups[i] = (struct group){
            .chat = chats[i],
            .title = config->web_groups[i].title,
            .account = "web",
        };
    }
    groups_found(&daemon->bot, "web", groups, n);
    for (size_t i = 0; i < n; i++)
        free(chats[i]);
    free(chats);
    free(groups);
}

/* Riders are served when it is known who gets what they write. */
static void on_policies(void *data) {
    struct daemon *daemon = data;
    if (daemon->bot.stopping || !store_is_up(daemon->bot.store))
        return;
    turns_store_up(daemon->bot.turns);
    if (!daemon->ready)
        notify_ready(daemon->notify);
    daemon->ready = true;
    notify_status(daemon->notify, "serving");
}

static void on_store_up(void *data) {
    struct daemon *daemon = data;
    LOG_INFO("the store is up");
    store_web_groups(daemon);
    webhooks_store_up(daemon->bot.webhooks);
    policies_refresh(daemon->bot.policies, on_policies, daemon);
}

static void on_store_down(void *data) {
    struct daemon *daemon = data;
    LOG_WARN("the store is away");
    turns_store_down(daemon->bot.turns);
    notify_status(daemon->notify, "the store is away");
}

static char *redis_dir(const struct config *config) {
    return xasprintf("%s/redis", config->data_dir);
}

static void on_embedded_exit(void *data) {
    (void)data; /* it is started again, and the connection comes back */
}

static enum err start_store(struct daemon *daemon) {
    const struct config *config = daemon->bot.config;
    const char *url = config->redis_url;
    if (url == NULL) {
        char *dir = redis_dir(config);
        enum err err =
            embedded_redis_new(&daemon->loop.uv,
                               &(struct embedded_options){
                                   .dir = dir,
                                   .server_path = config->redis_server,
                                   .on_exit = on_embedded_exit,
                               },
                               &daemon->embedded);
        free(dir);
        if (err != OK)
            return err;
        url = embedded_redis_url(daemon->embedded);
    }
    daemon->bot.store =
        store_new(&daemon->loop.uv, &(struct store_options){
                                        .url = url,
                                        .district = config->district,
                                        .seen_ttl_ms = config->seen_ttl_ms,
                                        .seal = daemon->bot.seal,
                                        .on_up = on_store_up,
                                        .on_down = on_store_down,
                                        .data = daemon,
                                    });
    return daemon->bot.store == NULL ? ERR_INVALID : OK;
}

/* ---- stopping ---------------------------------------------------------------
 */

static bool drained(const struct daemon *daemon) {
    return turns_idle(daemon->bot.turns) && outbox_idle(daemon->bot.outbox);
}

/* First what is under way ends, then the unused numbers go back, then the last
 * commands are answered. */
static void on_stop_timer(uv_timer_t *timer) {
    struct daemon *daemon = timer->data;
    struct store *store = daemon->bot.store;
    bool late = clock_mono_ms(daemon->bot.clock) >= daemon->stop_at_ms;
    if (!late && store_is_up(store) && !drained(daemon))
        return;
    if (!late && store_is_up(store) && daemon->ready) {
        store_return_numbers(store);
        daemon->ready = false;
        return;
    }
    if (!late && store_pending(store) > 0)
        return;
    if (late)
        LOG_WARN("stopping with work under way; the store keeps it");
    uv_timer_stop(timer);
    loop_stop(&daemon->loop);
}

static void on_signal(uv_signal_t *signal, int number) {
    struct daemon *daemon = signal->data;
    if (daemon->bot.stopping) {
        loop_stop(&daemon->loop); /* asked twice: now */
        return;
    }
    LOG_INFO("stopping on signal %d", number);
    notify_stopping(daemon->notify);
    daemon->bot.stopping = true;
    webhooks_stop(daemon->bot.webhooks);
    daemon->stop_at_ms = clock_mono_ms(daemon->bot.clock) + STOP_MS;
    uv_timer_start(&daemon->stop_timer, on_stop_timer, 0, STOP_LOOK_MS);
}

static void catch_signals(struct daemon *daemon) {
    uv_loop_t *uv = &daemon->loop.uv;
    signal(SIGPIPE, SIG_IGN); /* a peer that went is an error of its write */
    uv_timer_init(uv, &daemon->stop_timer);
    uv_signal_init(uv, &daemon->sigterm);
    uv_signal_init(uv, &daemon->sigint);
    daemon->stop_timer.data = daemon;
    daemon->sigterm.data = daemon->sigint.data = daemon;
    uv_signal_start(&daemon->sigterm, on_signal, SIGTERM);
    uv_signal_start(&daemon->sigint, on_signal, SIGINT);
}

/* ---- the parts ---- */

static void start_onebot11(struct daemon *daemon) {
    const struct config *config = daemon->bot.config;
    size_t n = config->n_forwards;
    struct onebot11_forward_options *forwards =
        xcalloc(n + 1, sizeof(*forwards));
    for (size_t i = 0; i < n; i++)
        forwards[i] = (struct onebot11_forward_options){
            .url = config->forwards[i].url,
            .token = config->forwards[i].token,
        };
    daemon->onebot11 = onebot11_new(
        &daemon->bot, &(struct onebot11_options){
                          .token = config->onebot11_token,
                          .forwards = forwards,
                          .n_forwards = n,
                          .deadline_ms = config->onebot11_deadline_ms,
                      });
    free(forwards);
}

static void start_web(struct daemon *daemon) {
    const struct config *config = daemon->bot.config;
    if (!config->web)
        return;
    struct web_options options = web_default_options;
    options.public_url = config->public_url;
    daemon->web = web_new(&daemon->bot, &options);
    struct web_group *groups =
        xcalloc(config->n_web_groups + 1, sizeof(*groups));
    char **ids = xcalloc(config->n_web_groups + 1, sizeof(*ids));
    for (size_t i = 0; i < config->n_web_groups; i++) {
        ids[i] = xasprintf("web.g%s", config->web_groups[i].name);
        groups[i] = (struct web_group){ids[i], config->web_groups[i].title};
    }
    web_set_groups(daemon->web, groups, config->n_web_groups);
    for (size_t i = 0; i < config->n_web_groups; i++)
        free(ids[i]);
    free(ids);
    free(groups);
    if (config->web_dir != NULL)
        http_static_add(&daemon->loop, "/chat", config->web_dir);
}

static void start_bot(struct daemon *daemon) {
    struct bot *bot = &daemon->bot;
    const struct config *config = bot->config;
    char *photo_dir = xasprintf("%s/photos", config->data_dir);
    bot->fetcher = fetcher_new(&daemon->loop,
                               &(struct fetch_options){
                                   .allow_private = config->photo_private_urls,
                                   .max_bytes = LIMIT_UPLOAD_BYTES,
                                   .timeout_ms = config->photo_timeout_ms,
                                   .max_redirects = 3,
                                   .max_parallel = 16,
                               });
    bot->photos = photos_new(
        &daemon->loop, &(struct photo_options){
                           .dir = photo_dir,
                           .child_path = config->photo_child,
                           .max_children = (unsigned)config->photo_children,
                           .timeout_ms = config->photo_timeout_ms,
                       });
    free(photo_dir);
    bot->lexicon = lexicon_new(bot);
    bot->policies = policies_new(bot);
    bot->webhooks = webhooks_new(bot);
    bot->audiences = audiences_new(bot);
    bot->outbox = outbox_new(bot);
    bot->turns = turns_new(bot);
    bot->roster = roster_new(bot);
    bot->clocks = clocks_new(bot);
    bot->feeds = feeds_new(bot);
    bot->events = events_clock_new(bot);
    bot->planner = planner_new(bot);
    bot->quizzes = quizzes_new(bot);
    bot->passwords = passwords_new(&daemon->loop.uv);
    bot->api = api_new(bot);
    staff_start(bot);
}

static enum err listen_http(struct daemon *daemon) {
    const struct config *config = daemon->bot.config;
    health_add_routes(&daemon->bot);
    metrics_add_routes(&daemon->bot);
    photo_add_routes(&daemon->bot);
    resources_add(&daemon->bot);
    console_add_routes(&daemon->bot);
    audit_add_routes(&daemon->bot);
    api_serve(&daemon->bot);
    daemon->bot.open311 = open311_new(&daemon->bot);
    daemon->bot.tracker = tracker_new(&daemon->bot);
    enum err err = loop_listen(&daemon->loop, config->address, config->port,
                               config->tls_cert, config->tls_key);
    if (err == OK)
        LOG_INFO("listening on port %d", loop_port(&daemon->loop));
    return err;
}

/* Photos are fetched by curl, which starts OpenSSL by itself. */
static enum err start_loop(struct daemon *daemon) {
    const struct config *config = daemon->bot.config;
    bool tls = config->tls_cert != NULL;
    for (size_t i = 0; i < config->n_forwards; i++)
        tls |= strncasecmp(config->forwards[i].url, "wss:", 4) == 0;
    return tls ? loop_init(&daemon->loop) : loop_init_plain(&daemon->loop);
}

static void close_handle(void *handle) {
    uv_close(handle, NULL);
}

/* The reverse of the start. Whatever still waits for an answer is told that
 * there will be none, while the turns it belongs to are still there. */
static void take_down(struct daemon *daemon) {
    struct bot *bot = &daemon->bot;
    bot->stopping = true;
    web_free(daemon->web);
    onebot11_stop(daemon->onebot11);
    audit_keeper_free(daemon->audit_keeper);
    key_watch_free(daemon->key_watch);
    nightly_free(daemon->nightly);
    audiences_free(bot->audiences);
    webhooks_free(bot->webhooks);
    bot->webhooks = NULL; /* no more events */
    feeds_free(bot->feeds);
    bot->feeds = NULL; /* nobody asks for a fetch any more */
    fetcher_free(bot->fetcher);
    photos_free(bot->photos);
    passwords_free(bot->passwords);
    store_free(bot->store);
    staff_stop(bot);
    clocks_free(bot->clocks);
    planner_free(bot->planner);
    quizzes_free(bot->quizzes);
    events_clock_free(bot->events);
    bot->events = NULL;
    roster_free(bot->roster);
    turns_free(bot->turns);
    outbox_free(bot->outbox);
    policies_free(bot->policies);
    accounts_free(bot);
    notify_free(daemon->notify);
    close_handle(&daemon->stop_timer);
    close_handle(&daemon->sigterm);
    close_handle(&daemon->sigint);
    embedded_redis_free(daemon->embedded);
    loop_finish(&daemon->loop);
    onebot11_free(daemon->onebot11);
    lexicon_free(bot->lexicon);
    api_free(bot->api);
    open311_free(bot->open311);
    tracker_free(bot->tracker);
    seal_free(bot->seal);
}

int daemon_run(const struct config *config,
               const struct command *const *commands, size_t n_commands) {
    struct daemon daemon = {
        .bot =
            {
                .config = config,
                .clock = &clock_system,
                .commands = commands,
                .n_commands = n_commands,
            },
    };
    struct bot *bot = &daemon.bot;
    bot->loop = &daemon.loop;
    if (start_loop(&daemon) != OK)
        return EXIT_FAILURE;
    daemon.notify = notify_new(&daemon.loop.uv);
    catch_signals(&daemon);
    enum err err = seal_load(config->key_file, &bot->seal);
    if (err == OK)
        err = start_store(&daemon);
    if (err == OK) {
        start_bot(&daemon);
        start_onebot11(&daemon);
        start_web(&daemon);
        daemon.audit_keeper = audit_keeper_new(bot);
        daemon.key_watch = key_watch_new(bot);
        daemon.nightly = nightly_new(bot);
        err = listen_http(&daemon);
    }
    if (err == OK)
        loop_run(&daemon.loop);
    else
        LOG_ERR("cannot start: %s", err_str(err));
    take_down(&daemon);
    return err == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
