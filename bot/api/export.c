#define LOG_MODULE "export"
#include "bot/api/export.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/api/api.h"
#include "bot/api/export_snapshot.h"
#include "bot/api/export_table.h"
#include "bot/api/filter.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "store/txn.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <utlist.h>

#define DETAIL_BYTES 400

struct exports {
    struct bot *bot;
    struct export_job *jobs;
    size_t n_jobs;
    char *dir; /* of workbooks being made */
};

struct export_job {
    uv_work_t work;
    struct exports *exports; /* NULL: nobody waits for it */
    struct api_call *call;
    struct filter filter;
    bool xlsx;
    char *dir;
    struct export_table table;
    struct buf out;
    enum err err;
    struct export_job *prev, *next;
};

static void job_free(struct export_job *job) {
    if (job->exports != NULL) {
        DL_DELETE(job->exports->jobs, job);
        job->exports->n_jobs--;
    }
    export_table_finish(&job->table);
    buf_finish(&job->out);
    free(job->dir);
    free(job);
}

/* ---- when it is written --------------------------------------------------
 */

static const char *filename(struct api_call *call, bool xlsx) {
    int64_t local_s =
        call->now_ms / 1000 + call->bot->config->utc_offset_minutes * 60;
    time_t seconds = (time_t)local_s;
    char day[16];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(day, sizeof(day), "%Y%m%d", &tm);
    return arena_printf(&call->arena, "xiaofeng-%s.%s", day,
                        xlsx ? "xlsx" : "csv");
}

/* Only now that it is written down who has it. */
static void on_audited(void *data, const struct txn_result *result) {
    struct export_job *job = data;
    struct api_call *call = job->call;

    if (call != NULL && result->err != OK)
        api_fail(call, result->err);
    else if (call != NULL)
        api_bytes(call, 200,
                  job->xlsx ? "application/vnd.openxmlformats-officedocument."
                              "spreadsheetml.sheet"
                            : "text/csv; charset=utf-8",
                  filename(call, job->xlsx), job->out.data, job->out.len);
    job_free(job);
}

/* "csv 120 state=routed&q=…" */
static const char *detail_of(const struct export_job *job) {
    static const char *const names[] = {
        "state",    "open",     "kind",     "unit", "community",
        "category", "level",    "urgency",  "q",    "assignee",
        "overdue",  "since_ms", "until_ms",
    };
    struct api_call *call = job->call;
    struct buf text = {0};

    buf_addf(&text, "%s %zu", job->xlsx ? "xlsx" : "csv", job->table.n);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = api_query(call, names[i]);
        if (value[0] != '\0' && text.len + strlen(value) < DETAIL_BYTES)
            buf_addf(&text, " %s=%s", names[i], value);
    }
    const char *clean = utf8_clean(&call->arena, text.data, text.len);
    buf_finish(&text);
    return clean;
}

static void on_written(uv_work_t *work, int status) {
    struct export_job *job = work->data;
    struct api_call *call = job->call;

    if (call == NULL || status != 0 || job->err != OK) {
        if (call != NULL) {
            LOG_ERR("an export could not be written: %s", err_str(job->err));
            api_fail(call, ERR_IO);
        }
        job_free(job);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    txn_audit(txn, call->caller.actor, "export", "", detail_of(job));
    txn_commit(txn, on_audited, job);
}

/* In another thread. */
static void write_job(uv_work_t *work) {
    struct export_job *job = work->data;

    export_sort(&job->table);
    if (job->xlsx)
        job->err = export_xlsx(&job->table, job->dir, &job->out);
    else
        export_csv(&job->table, &job->out);
}

/* ---- beginning -----------------------------------------------------------
 */

static void begin(void *data) {
    struct api_call *call = data;
    struct export_job *job = call->data;
    enum err err =
        export_snapshot(call, &job->filter, EXPORT_ROWS_MAX, &job->table);

    if (err != OK) {
        if (err == ERR_TOO_LARGE)
            api_invalid(call, "too_many", NULL);
        else
            api_fail(call, err);
        job_free(job);
        return;
    }
    job->work.data = job;
    uv_queue_work(&call->bot->loop->uv, &job->work, write_job, on_written);
}

static void get_export(struct api_call *call, bool xlsx) {
    struct exports *exports = call->bot->exports;
    struct filter filter;

    if (!filter_read(call, PERM_EXPORT, &filter))
        return;
    if (exports->n_jobs >= EXPORTS_MAX) {
        api_fail(call, ERR_LIMIT);
        return;
    }
    struct export_job *job = xcalloc(1, sizeof(*job));
    job->exports = exports;
    job->call = call;
    job->xlsx = xlsx;
    job->dir = xstrdup(exports->dir);
    job->filter = filter;
    job->filter.board.data = &job->filter.scope; /* it has moved */
    arena_init(&job->table.arena);
    DL_APPEND(exports->jobs, job);
    exports->n_jobs++;
    call->data = job;
    filter_when_loaded(call, begin);
}

static void get_csv(struct api_call *call) {
    get_export(call, false);
}

static void get_xlsx(struct api_call *call) {
    get_export(call, true);
}

static const struct api_route routes[] = {
    {"GET", "/export.csv", PERM_EXPORT, get_csv, 0, false},
    {"GET", "/export.xlsx", PERM_EXPORT, get_xlsx, 0, false},
};

void export_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}

/* ---- beginning and end ---------------------------------------------------
 */

/* What a process that was killed has left. */
static void sweep(const char *dir) {
    DIR *stream = opendir(dir);
    int fd = stream == NULL ? -1 : dirfd(stream);
    struct dirent *entry;

    while (fd >= 0 && (entry = readdir(stream)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(fd, entry->d_name, 0);
    if (stream != NULL)
        closedir(stream);
}

struct exports *exports_new(struct bot *bot) {
    struct exports *exports = xcalloc(1, sizeof(*exports));

    exports->bot = bot;
    exports->dir = xasprintf("%s/exports", bot->config->data_dir);
    if (file_make_dirs(exports->dir))
        sweep(exports->dir);
    else
        LOG_WARN("there is no place to make workbooks");
    return exports;
}

void exports_free(struct exports *exports) {
    struct export_job *job, *next;

    if (exports == NULL)
        return;
    DL_FOREACH_SAFE(exports->jobs, job, next) {
        DL_DELETE(exports->jobs, job);
        job->exports = NULL;
        job->call = NULL;
        if (job->work.data == NULL)
            job_free(job); /* it still waited for the board */
    }
    free(exports->dir);
    free(exports);
}
