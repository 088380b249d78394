/* `xiaofeng code`: see bot/daemon.h. */
#define LOG_MODULE "code"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/daemon.h"
#include "bot/loop.h"
#include "store/code.h"
#include "store/embedded.h"
#include "store/keys.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CODE_CHARS 8
#define CODE_TIMEOUT_MS 5000

struct making {
    uv_loop_t loop;
    uv_timer_t deadline;
    struct store *store;
    unsigned role;
    const char *name;
    char code[TOKEN_MAX];
    bool asked, made;
};

static void on_made(void *data, const struct txn_result *result) {
    struct making *making = data;
    making->made = result->err == OK;
    if (!making->made)
        LOG_ERR("not stored: %s", err_str(result->err));
    uv_stop(&making->loop);
}

static void on_up(void *data) {
    struct making *making = data;
    if (making->asked)
        return;
    making->asked = true;
    token_code(making->code, sizeof(making->code), CODE_CHARS);
    struct txn *txn = txn_new(making->store);
    code_create(txn, making->code,
                &(struct code){
                    .roles = making->role, .rider = "", .name = making->name},
                TTL_CODE_MS);
    txn_audit(txn, "system", "code-create", "", making->name);
    txn_commit(txn, on_made, making);
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
    strcpy(at.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool there =
        fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
    if (fd >= 0)
        close(fd);
    return there;
}

/* The running daemon's Redis, or one started on its files for a moment. */
static char *find_redis(struct making *making, const struct config *config,
                        struct embedded_redis **embedded) {
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
        &making->loop,
        &(struct embedded_options){.dir = dir,
                                   .server_path = config->redis_server,
                                   .on_exit = on_down},
        embedded);
    if (err == OK)
        url = xstrdup(embedded_redis_url(*embedded));
    free(dir);
    return url;
}

int daemon_make_code(const struct config *config, unsigned role,
                     const char *name) {
    struct making making = {.role = role, .name = name};
    struct embedded_redis *embedded = NULL;
    uv_loop_init(&making.loop);
    uv_timer_init(&making.loop, &making.deadline);
    uv_timer_start(&making.deadline, on_deadline, CODE_TIMEOUT_MS, 0);
    char *url = find_redis(&making, config, &embedded);
    if (url != NULL)
        making.store =
            store_new(&making.loop, &(struct store_options){
                                        .url = url,
                                        .district = config->district,
                                        .seen_ttl_ms = config->seen_ttl_ms,
                                        .on_up = on_up,
                                        .on_down = on_down,
                                        .data = &making,
                                    });
    if (making.store != NULL)
        uv_run(&making.loop, UV_RUN_DEFAULT);
    store_free(making.store);
    embedded_redis_free(embedded);
    uv_close((uv_handle_t *)&making.deadline, NULL);
    uv_run(&making.loop, UV_RUN_DEFAULT);
    uv_loop_close(&making.loop);
    free(url);
    if (!making.made)
        return EXIT_FAILURE;
    printf("%s\n", making.code);
    return EXIT_SUCCESS;
}
