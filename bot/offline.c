#define LOG_MODULE "offline"
#include "bot/offline.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/config.h"
#include "store/embedded.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <uv.h>

#define OFFLINE_TIMEOUT_MS 5000
/* For a Redis of ours to read a large store. */
#define OFFLINE_START_MS 120000

struct offline {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct embedded_redis *embedded;
    struct seal *seal;
    struct store *store;
    offline_work *work;
    void *data;
    bool begun, ok;
};

static void on_up(void *data) {
    struct offline *offline = data;
    if (offline->begun)
        return;
    offline->begun = true;
    offline_goes_on(offline);
    offline->work(offline, offline->store, offline->data);
}

static void on_down(void *data) {
    (void)data;
}

static void on_deadline(uv_timer_t *timer) {
    LOG_ERR("the store did not answer in time");
    uv_stop(timer->loop);
}

/* Whether somebody listens on a unix socket. */
static bool answers(const char *path) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(at.sun_path))
        return false;
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there =
        fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
    if (fd >= 0)
        close(fd);
    return there;
}

/* The running daemon's Redis, or one started on its files for a moment. */
static char *find_redis(struct offline *offline, const struct config *config) {
    if (config->redis_url != NULL)
        return xstrdup(config->redis_url);
    char *dir = xasprintf("%s/redis", config->data_dir);
    char *url = xasprintf("unix://%s/redis.sock", dir);
    if (answers(url + strlen("unix://"))) {
        free(dir);
        return url;
    }
    free(url);
    url = NULL;
    enum err err = embedded_redis_new(
        &offline->loop,
        &(struct embedded_options){.dir = dir,
                                   .server_path = config->redis_server,
                                   .on_exit = on_down},
        &offline->embedded);
    if (err == OK)
        url = xstrdup(embedded_redis_url(offline->embedded));
    free(dir);
    return url;
}

bool offline_run(const struct config *config, offline_work *work, void *data) {
    struct offline offline = {.work = work, .data = data};
    if (seal_load(config->key_file, &offline.seal) != OK)
        return false;
    uv_loop_init(&offline.loop);
    uv_timer_init(&offline.loop, &offline.deadline);
    uv_timer_start(&offline.deadline, on_deadline, OFFLINE_TIMEOUT_MS, 0);
    char *url = find_redis(&offline, config);
    if (url != NULL)
        offline.store =
            store_new(&offline.loop, &(struct store_options){
                                         .url = url,
                                         .district = config->district,
                                         .seen_ttl_ms = config->seen_ttl_ms,
                                         .seal = offline.seal,
                                         .on_up = on_up,
                                         .on_down = on_down,
                                         .data = &offline,
                                     });
    if (offline.embedded != NULL)
        uv_timer_start(&offline.deadline, on_deadline, OFFLINE_START_MS, 0);
    if (offline.store != NULL)
        uv_run(&offline.loop, UV_RUN_DEFAULT);
    store_free(offline.store);
    embedded_redis_free(offline.embedded);
    uv_close((uv_handle_t *)&offline.deadline, NULL);
    uv_run(&offline.loop, UV_RUN_DEFAULT);
    uv_loop_close(&offline.loop);
    free(url);
    seal_free(offline.seal);
    return offline.ok;
}

uv_loop_t *offline_loop(struct offline *offline) {
    return &offline->loop;
}

struct seal *offline_seal(struct offline *offline) {
    return offline->seal;
}

void offline_goes_on(struct offline *offline) {
    uv_timer_start(&offline->deadline, on_deadline, OFFLINE_TIMEOUT_MS, 0);
}

void offline_end(struct offline *offline, bool ok) {
    offline->ok = ok;
    uv_stop(&offline->loop);
}
