#include "bot/api/metrics.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/server.h"
#include "store/store.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* https://prometheus.io/docs/instrumenting/exposition_formats/ */
#define TEXT_FORMAT "text/plain; version=0.0.4; charset=utf-8"

static int64_t started_wall_ms, started_mono_ms;

static void put_head(struct buf *out, const char *name, const char *type,
                     const char *help) {
    buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_gauge(struct buf *out, const char *name, const char *help,
                      int64_t value) {
    put_head(out, name, "gauge", help);
    buf_addf(out, "%s %" PRId64 "\n", name, value);
}

/* Names as in Prometheus' own client libraries; 0 where /proc is not there. */

static int64_t resident_bytes(void) {
    FILE *file = fopen("/proc/self/statm", "re");
    char line[128] = "";
    int64_t pages = 0;

    if (file == NULL)
        return 0;
    if (fgets(line, sizeof(line), file) != NULL) {
        const char *second = strchr(line, ' '); /* the first is virtual */
        pages = second != NULL ? strtoll(second, NULL, 10) : 0;
    }
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static int64_t open_files(void) {
    DIR *dir = opendir("/proc/self/fd");
    int64_t n = 0;

    if (dir == NULL)
        return 0;
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += entry->d_name[0] != '.';
    closedir(dir);
    return n - 1; /* without the one that reads */
}

static void put_files(struct buf *out) {
    struct rlimit limit = {0};

    put_gauge(out, "process_open_fds", "Open file descriptors.", open_files());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
        limit.rlim_cur != RLIM_INFINITY)
        put_gauge(out, "process_max_fds", "The most that may be open.",
                  (int64_t)limit.rlim_cur);
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void put_cpu(struct buf *out) {
    static const char name[] = "process_cpu_seconds_total";
    struct rusage usage = {0};

    getrusage(RUSAGE_SELF, &usage);
    put_head(out, name, "counter", "CPU time of user and system.");
    buf_addf(out, "%s %.3f\n", name,
             seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime));
}

static void put_times(struct buf *out, const struct clock *clock) {
    put_gauge(out, "process_start_time_seconds", "When it started, Unix time.",
              started_wall_ms / 1000);
    put_gauge(out, "xiaofeng_uptime_seconds", "Since it started.",
              (clock_mono_ms(clock) - started_mono_ms) / 1000);
}

static void put_bot(struct buf *out, const struct bot *bot) {
    int64_t online = 0;

    for (const struct account *a = bot->accounts; a != NULL; a = a->hh.next)
        online += a->online;
    put_gauge(out, "xiaofeng_accounts_online", "Chat accounts that can send.",
              online);
    put_gauge(out, "xiaofeng_store_up", "1 while Redis answers.",
              bot->store != NULL && store_is_up(bot->store));
    put_gauge(out, "xiaofeng_store_pending", "Commands Redis has not answered.",
              bot->store != NULL ? (int64_t)store_pending(bot->store) : 0);
}

static void put_build(struct buf *out) {
    static const char name[] = "xiaofeng_build_info";

    put_head(out, name, "gauge", "The version that runs.");
    buf_addf(out, "%s{version=\"%s\"} 1\n", name, XIAOFENG_VERSION);
}

static void on_metrics(struct http_request *request, const char *rest,
                       void *data) {
    const struct bot *bot = data;
    struct buf out;

    (void)rest;
    buf_init(&out);
    put_build(&out);
    put_times(&out, bot->clock);
    put_cpu(&out);
    put_gauge(&out, "process_resident_memory_bytes", "Resident memory.",
              resident_bytes());
    put_files(&out);
    put_bot(&out, bot);
    metrics_print(&out);
    const struct http_answer answer = {
        .status = 200,
        .type = TEXT_FORMAT,
        .body = out.data,
        .body_len = out.len,
    };
    http_answer(request, &answer);
    buf_finish(&out);
}

void metrics_add_routes(struct bot *bot) {
    started_wall_ms = clock_wall_ms(bot->clock);
    started_mono_ms = clock_mono_ms(bot->clock);
    http_route_add(bot->loop, "/metrics", on_metrics, bot);
}
