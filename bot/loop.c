#include "bot/loop.h"

#include "base/mem.h"
#include "bot/net.h"

#define LOG_MODULE "loop"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * The library finds a connection by its descriptor in a table as large as the
 * limit of open files, and only when it was not told of another limit; so the
 * limit is what we set: enough for 16,000 riders, 256 KB of table.
 */
#define LOOP_FILES 16384
/* One TLS record and its overhead; with less, longer bodies fail on TLS. */
#define LOOP_IO_BYTES (32 * 1024)
#define LOOP_HEADER_BYTES 8192
#define LOOP_TIMEOUT_S 15
#define LOOP_KEEPALIVE_S 5
#define LOOP_GOODBYE_MS 500  /* for peers to agree to be closed */
#define LOOP_FINISH_MS 10000 /* for everything else to be gone */

/* While starting, what libwebsockets complains of is for the administrator;
 * later it is about strangers, who could fill the log. */
static bool starting;

static void log_lws(int level, const char *line) {
    /* Newer versions begin with "[time] E: ", which we say ourselves. */
    const char *time = line[0] == '[' ? strchr(line, ']') : NULL;
    const char *text = time && strlen(time) > 5 ? time + 5 : line;
    int len = (int)strcspn(text, "\n");

    if (starting && level == LLL_ERR)
        LOG_WARN("libwebsockets: %.*s", len, text);
    else
        LOG_DBG("libwebsockets: %.*s", len, text);
}

static void limit_files(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur =
        limit.rlim_max < LOOP_FILES ? limit.rlim_max : (rlim_t)LOOP_FILES;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        LOG_WARN("cannot set the limit of open files");
}

static struct lws_context *context_new(struct loop *loop, bool tls) {
    void *loops[] = {&loop->uv};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
                   (tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0),
        .foreign_loops = loops,
        .pt_serv_buf_size = LOOP_IO_BYTES,
        .max_http_header_data2 = LOOP_HEADER_BYTES,
        .timeout_secs = LOOP_TIMEOUT_S,
        .user = loop->ws,
        .pcontext = &loop->lws, /* set to NULL when all is freed */
    };

    return lws_create_context(&info);
}

static enum err init(struct loop *loop, bool tls) {
    *loop = (struct loop){0};
    signal(SIGPIPE, SIG_IGN); /* a write to a closed TLS socket raises it */
    limit_files();
    if (uv_loop_init(&loop->uv) != 0)
        return ERR_IO;
    loop->ws = xcalloc(1, sizeof(*loop->ws));
    loop->ws->loop = loop;
    lws_set_log_level(LLL_ERR | LLL_WARN, log_lws);
    starting = true;
    loop->lws = context_new(loop, tls);
    starting = false;
    if (!loop->lws) {
        LOG_ERR("cannot start libwebsockets");
        free(loop->ws);
        uv_loop_close(&loop->uv);
        return ERR_IO;
    }
    ws_frame_start(loop->ws);
    server_start(loop->ws);
    return OK;
}

/*
 * Why an address cannot be listened on: an errno, 0 if it can. Told of one that
 * is not there, the library tries for ever in some of its versions.
 */
static int bind_error(const char *address, int port) {
    struct sockaddr_storage at = {0};
    int on = 1, rc, fd;

    if (uv_ip4_addr(address, port, (struct sockaddr_in *)&at) != 0 &&
        uv_ip6_addr(address, port, (struct sockaddr_in6 *)&at) != 0)
        return EINVAL;
    fd = socket(at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    rc = bind(fd, (struct sockaddr *)&at,
              at.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                      : sizeof(struct sockaddr_in6));
    rc = rc == 0 ? 0 : errno;
    close(fd);
    return rc;
}

enum err loop_init(struct loop *loop) {
    return init(loop, true);
}

enum err loop_init_plain(struct loop *loop) {
    return init(loop, false);
}

static struct lws_vhost *vhost_new(struct loop *loop, const char *address,
                                   int port, const char *cert, const char *key,
                                   bool ipv6) {
    struct lws_context_creation_info info = {
        .port = port,
        .iface = address,
        .protocols = server_protocols,
        .vhost_name = "server",
        .keepalive_timeout = LOOP_KEEPALIVE_S,
        .retry_and_idle_policy = &no_keepalive,
        .alpn = "http/1.1",
        /* Else an address in use is waited for, and nobody told. */
        .options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
    };

    if (!ipv6)
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (cert && key) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = cert;
        info.ssl_private_key_filepath = key;
    }
    return lws_create_vhost(loop->lws, &info);
}

enum err loop_listen(struct loop *loop, const char *address, int port,
                     const char *cert, const char *key) {
    bool ipv6 = !address || strchr(address, ':');
    const char *shown = address ? address : "*";
    int rc;

    if (loop->server)
        return ERR_STATE;
    if (!cert != !key)
        return ERR_INVALID;
    rc = bind_error(address ? address : "0.0.0.0", port);
    if (rc != 0) {
        LOG_ERR("cannot listen on %s port %d: %s", shown, port, strerror(rc));
        return ERR_IO;
    }
    starting = true;
    loop->server = vhost_new(loop, address, port, cert, key, ipv6);
    /* A machine or container may have no IPv6 at all. */
    if (!loop->server && !address)
        loop->server = vhost_new(loop, NULL, port, cert, key, false);
    starting = false;
    if (!loop->server) {
        LOG_ERR("cannot listen on %s port %d", shown, port);
        return ERR_IO;
    }
    LOG_INFO("listening on %s port %d%s", shown, loop_port(loop),
             cert ? " with TLS" : "");
    return OK;
}

int loop_port(const struct loop *loop) {
    return loop->server ? lws_get_vhost_listen_port(loop->server) : 0;
}

void loop_run(struct loop *loop) {
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *loop) {
    uv_stop(&loop->uv);
}

static void on_deadline(uv_timer_t *timer) {
    bool *passed = timer->data;

    *passed = true;
    uv_stop(timer->loop);
}

/* Lets the peers hear that we go, and requests for files end. */
static void say_goodbye(struct loop *loop) {
    uv_timer_t timer;
    bool passed = false;

    uv_timer_init(&loop->uv, &timer);
    timer.data = &passed;
    uv_timer_start(&timer, on_deadline, LOOP_GOODBYE_MS, 0);
    ws_stop(loop->ws);
    while (!passed && (loop->ws->all || loop->ws->handles))
        uv_run(&loop->uv, UV_RUN_ONCE);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

/* Runs what is left until nothing is, but not for ever. */
static void run_out(struct loop *loop) {
    uv_timer_t timer;
    bool passed = false;

    uv_timer_init(&loop->uv, &timer);
    timer.data = &passed;
    uv_timer_start(&timer, on_deadline, LOOP_FINISH_MS, 0);
    uv_unref((uv_handle_t *)&timer);
    /* It returns early when somebody asked it to stop before. */
    while (!passed && uv_run(&loop->uv, UV_RUN_DEFAULT) != 0)
        ;
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void loop_finish(struct loop *loop) {
    if (!loop->lws)
        return;
    say_goodbye(loop);
    uv_close((uv_handle_t *)&loop->ws->flush, NULL);
    uv_close((uv_handle_t *)&loop->ws->sweep, NULL);
    /* With a loop of ours the first call begins to close; how many more it
     * takes until everything is freed differs between versions. */
    for (int i = 0; i < 4 && loop->lws; i++) {
        lws_context_destroy(loop->lws);
        run_out(loop);
    }
    ws_client_finish(loop->ws);
    http_finish(loop->ws);
    ws_finish(loop->ws);
    if (uv_loop_close(&loop->uv) != 0)
        LOG_ERR("handles were left on the loop");
    free(loop->ws);
    *loop = (struct loop){0};
}
