#define LOG_MODULE "snapshot"
#include "store/snapshot.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/redis_url.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define LOOK_MS 50
#define CLI "redis-cli"

/* ---- the private one ---------------------------------------------------- */

struct snapshot {
    struct store *store;
    uv_timer_t timer;
    int64_t saves; /* there were before; -1: not known yet */
    void (*progress)(void *data);
    void (*done)(void *data, enum err err);
    void *data;
};

static void on_closed(uv_handle_t *handle) {
    free(handle->data);
}

static void finish(struct snapshot *snapshot, enum err err) {
    snapshot->done(snapshot->data, err);
    uv_close((uv_handle_t *)&snapshot->timer, on_closed);
}

static int64_t number_of(const char *info, const char *name) {
    const char *at = strstr(info, name);
    return at == NULL ? -1 : strtoll(at + strlen(name), NULL, 10);
}

static void look(struct snapshot *snapshot);

static void on_timer(uv_timer_t *timer) {
    look(timer->data);
}

static void look_later(struct snapshot *snapshot) {
    if (snapshot->progress != NULL)
        snapshot->progress(snapshot->data);
    uv_timer_start(&snapshot->timer, on_timer, LOOK_MS, 0);
}

static void on_begun(void *data, enum err err, const struct redisReply *reply) {
    struct snapshot *snapshot = data;
    if (err == ERR_IO && reply != NULL && reply->str != NULL)
        LOG_ERR("Redis makes no snapshot: %s", reply->str);
    if (err != OK)
        finish(snapshot, err);
    else
        look_later(snapshot);
}

static void begin(struct snapshot *snapshot) {
    /* Scheduled: when its append-only file is being written anew, after. */
    store_read(snapshot->store, on_begun, snapshot, 2,
               (const char *const[]){"BGSAVE", "SCHEDULE"});
}

static void on_info(void *data, enum err err, const struct redisReply *reply) {
    struct snapshot *snapshot = data;
    const char *info =
        err == OK && reply->type == REDIS_REPLY_STRING ? reply->str : "";
    int64_t saves = number_of(info, "\nrdb_saves:");
    bool busy = number_of(info, "\nrdb_bgsave_in_progress:") != 0 ||
                number_of(info, "\naof_rewrite_in_progress:") != 0;
    bool begun = snapshot->saves >= 0 && !busy;
    if (err == OK && saves < 0)
        err = ERR_IO;
    if (err != OK) {
        finish(snapshot, err);
    } else if (snapshot->saves < 0 && !busy) {
        snapshot->saves = saves;
        begin(snapshot);
    } else if (begun && saves > snapshot->saves) {
        finish(snapshot, OK);
    } else if (begun && strstr(info, "rdb_last_bgsave_status:ok") == NULL) {
        LOG_ERR("Redis could not write the snapshot, redis.log says why");
        finish(snapshot, ERR_IO);
    } else {
        look_later(snapshot); /* one that began earlier is none of ours */
    }
}

static void look(struct snapshot *snapshot) {
    store_read(snapshot->store, on_info, snapshot, 2,
               (const char *const[]){"INFO", "persistence"});
}

void store_snapshot(struct store *store, void (*progress)(void *data),
                    void (*done)(void *data, enum err err), void *data) {
    struct snapshot *snapshot = xcalloc(1, sizeof(*snapshot));
    *snapshot = (struct snapshot){
        .store = store,
        .saves = -1,
        .progress = progress,
        .done = done,
        .data = data,
    };
    snapshot->timer.data = snapshot;
    uv_timer_init(store->loop, &snapshot->timer);
    look(snapshot);
}

/* ---- any other ---------------------------------------------------------- */

#define ARGS_MAX 16

static void fill_args(char **args, const struct redis_url *url,
                      const char *path) {
    size_t n = 0;
    args[n++] = xstrdup(CLI);
    if (url->path != NULL) {
        args[n++] = xstrdup("-s");
        args[n++] = xstrdup(url->path);
    } else {
        args[n++] = xstrdup("-h");
        args[n++] = xstrdup(url->host);
        args[n++] = xstrdup("-p");
        args[n++] = xasprintf("%d", url->port);
    }
    if (url->user != NULL) {
        args[n++] = xstrdup("--user");
        args[n++] = xstrdup(url->user);
    }
    args[n++] = xstrdup("--rdb");
    args[n++] = xstrdup(path);
    args[n] = NULL;
}

/* With the password, if any, at its end, where only we can see it. */
static char **make_env(char *password) {
    size_t n = 0;
    while (environ[n] != NULL)
        n++;
    char **env = xcalloc(n + 2, sizeof(*env));
    memcpy(env, environ, n * sizeof(*env));
    env[n] = password;
    return env;
}

static enum err run(char **args, char **env) {
    pid_t pid;
    int status;
    int error = posix_spawnp(&pid, CLI, NULL, NULL, args, env);
    if (error == ENOENT)
        return ERR_NOT_FOUND;
    if (error != 0)
        return ERR_IO;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return ERR_IO;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return ERR_NOT_FOUND;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? OK : ERR_IO;
}

enum err snapshot_fetch(const char *text, const char *path) {
    struct redis_url url;
    char *args[ARGS_MAX], *password = NULL;
    enum err err = redis_url_parse(&url, text);
    if (err != OK)
        return err;
    if (url.password != NULL)
        password = xasprintf("REDISCLI_AUTH=%s", url.password);
    fill_args(args, &url, path);
    char **env = make_env(password);
    err = run(args, env);
    for (size_t i = 0; args[i] != NULL; i++)
        free(args[i]);
    free(env);
    free(password);
    redis_url_finish(&url);
    return err;
}
