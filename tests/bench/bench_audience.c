/*
 * How long it takes until all members of a district are in memory, how much
 * they take, and how long it takes to find whom an expression names, with the
 * longest time that the loop was not left alone. The members are in the Redis
 * whose url is given; see audience.py. How busy the loop was is measured in
 * processor time: others on this machine are no fault of it. Prints "name
 * value" lines.
 */
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/audience_internal.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "i18n/catalog.h"
#include "store/document.h"
#include "store/store.h"
#include "store/txn.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COMMUNITIES 100
#define FIRMS 213

static struct bot bot;
static struct loop loop;
static bool up, done;
static struct audience *found;
static double turn_began, longest; /* of this thread's processor time */

static double seconds(clockid_t clock) {
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "bench_audience: %s\n", what);
    exit(1);
}

/* ---- how long the loop was busy at a time -------------------------------- */

static void on_woken(uv_check_t *check) {
    (void)check;
    turn_began = seconds(CLOCK_THREAD_CPUTIME_ID);
}

static void on_going(uv_prepare_t *prepare) {
    (void)prepare;
    double busy = seconds(CLOCK_THREAD_CPUTIME_ID) - turn_began;
    if (busy > longest)
        longest = busy;
}

static void watch(void) {
    static uv_check_t check;
    static uv_prepare_t prepare;
    uv_check_init(&loop.uv, &check);
    uv_check_start(&check, on_woken);
    uv_prepare_init(&loop.uv, &prepare);
    uv_prepare_start(&prepare, on_going);
}

static void until(const bool *what) {
    while (!*what)
        uv_run(&loop.uv, UV_RUN_ONCE);
}

/* ---- the bot ------------------------------------------------------------- */

static void on_up(void *data) {
    (void)data;
    up = true;
}

static void on_down(void *data) {
    (void)data;
    fail("Redis has gone");
}

static void on_written(void *data, const struct txn_result *result) {
    (void)data;
    if (result->err != OK)
        fail("the organisation was not written");
    done = true;
}

static void on_looked(void *data) {
    (void)data;
    done = true;
}

static void lay_down(void) {
    struct buf json;
    buf_init(&json);
    buf_adds(&json,
             "{\"units\":[{\"id\":\"top\",\"name\":\"区\",\"kind\":"
             "\"district\"}");
    for (int i = 0; i < COMMUNITIES + FIRMS; i++) {
        bool firm = i >= COMMUNITIES;
        buf_addf(&json,
                 ",{\"id\":\"%s%d\",\"name\":\"n%d\",\"kind\":\"%s\","
                 "\"parent\":\"top\"}",
                 firm ? "f" : "c", firm ? i - COMMUNITIES : i, i,
                 firm ? "firm" : "community");
    }
    buf_adds(&json, "]}");
    struct txn *txn = txn_new(bot.store);
    document_put(txn, &(struct document){.name = "organisation",
                                         .json = json.data,
                                         .json_len = json.len,
                                         .by = "user:bench"});
    txn_commit(txn, on_written, NULL);
    until(&done);
    buf_finish(&json);
    done = false;
    policies_refresh(bot.policies, on_looked, NULL);
    until(&done);
}

static void begin(const char *url, const char *district) {
    static char *const no_env[] = {NULL};
    struct config *config = NULL;
    char *text =
        xasprintf("[xiaofeng]\ndistrict=%s\ndata_dir=/tmp\n", district);
    log_init(LOG_WARN, false);
    if (!catalog_init() ||
        config_parse("bench", text, strlen(text), no_env, &config) != OK ||
        loop_init_plain(&loop) != OK)
        fail("it does not start");
    free(text);
    bot = (struct bot){.config = config, .clock = &clock_system, .loop = &loop};
    bot.store = store_new(&loop.uv, &(struct store_options){
                                        .url = url,
                                        .district = district,
                                        .seen_ttl_ms = 1000,
                                        .on_up = on_up,
                                        .on_down = on_down,
                                    });
    if (bot.store == NULL)
        fail("no store");
    bot.policies = policies_new(&bot);
    bot.audiences = audiences_new(&bot);
    until(&up);
    lay_down();
    watch();
}

/* ---- what is measured ---------------------------------------------------- */

static void on_audience(void *data, enum err err, struct audience *audience) {
    (void)data;
    if (err != OK)
        fail("nobody was found");
    found = audience;
    done = true;
}

static void ask(const char *name, const char *expression,
                enum audience_target target) {
    double began = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    longest = 0;
    turn_began = seconds(CLOCK_THREAD_CPUTIME_ID);
    done = false;
    audience_resolve(&bot,
                     &(struct audience_query){.target = target,
                                              .expression = expression,
                                              .units = "*"},
                     on_audience, NULL);
    until(&done);
    printf("%s_ms %.1f\n", name, (seconds(CLOCK_MONOTONIC) - began) * 1000);
    printf("%s_cpu_ms %.1f\n", name,
           (seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1000);
    printf("%s_n %zu\n", name, found->n);
    printf("%s_pause_ms %.1f\n", name, longest * 1000);
    audience_free(found);
}

static size_t allocated(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void load(void) {
    double began = seconds(CLOCK_MONOTONIC);
    double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    size_t before = allocated();
    ask("first", "{\"tag\":\"nobody\"}", AUDIENCE_RIDERS);
    const struct audience_tables *tables = &bot.audiences->tables;
    size_t n =
        tables->of[AUDIENCE_RIDERS].n_live + tables->of[AUDIENCE_GROUPS].n_live;
    printf("members %zu\n", n);
    printf("load_s %.2f\n", seconds(CLOCK_MONOTONIC) - began);
    printf("load_cpu_s %.2f\n", seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu);
    printf("bytes_each %.1f\n", (double)tables_bytes(tables) / (double)n);
    printf("allocated_each %.1f\n", (double)(allocated() - before) / (double)n);
}

static char *many_leaves(void) {
    struct buf text;
    buf_init(&text);
    buf_adds(&text, "{\"any\":[");
    for (int i = 0; i < AUDIENCE_LEAVES_MAX; i++)
        buf_addf(&text, "%s{\"%s\":\"%s%d\"}", i == 0 ? "" : ",",
                 i % 2 == 0 ? "unit" : "station", i % 2 == 0 ? "f" : "s", i);
    buf_adds(&text, "]}");
    return buf_take(&text);
}

int main(int argc, char **argv) {
    if (argc != 3)
        fail("bench_audience URL DISTRICT");
    signal(SIGPIPE, SIG_IGN);
    begin(argv[1], argv[2]);
    load();
    char *leaves = many_leaves();
    ask("everybody", "", AUDIENCE_RIDERS);
    ask("unit", "{\"unit\":\"c7\"}", AUDIENCE_RIDERS);
    ask("combined",
        "{\"all\":[{\"unit\":[\"c1\",\"c2\",\"c3\",\"f9\",\"f10\"]},{\"any\":["
        "{\"tag\":\"t1\"},{\"station\":[\"s3\",\"s5\",\"s8\"]}]},{\"not\":"
        "{\"lang\":\"en\"}},{\"not\":{\"unit\":\"f3\"}}]}",
        AUDIENCE_RIDERS);
    ask("leaves", leaves, AUDIENCE_RIDERS);
    ask("groups", "{\"not\":{\"tag\":\"t1\"}}", AUDIENCE_GROUPS);
    free(leaves);
    fflush(stdout);
    _exit(0);
}
