/*
 * A bare WebSocket server of libwebsockets on libuv, that does nothing with its
 * connections: what one costs in the library itself. The buffers are those
 * that the daemon asks for.
 *
 *   bench_lws PORT
 */
#define ERR_STATE OPENSSL_ERR_STATE
#include <libwebsockets.h>
#undef ERR_STATE

#include <stdlib.h>
#include <sys/resource.h>
#include <uv.h>

static int on_event(struct lws *wsi, enum lws_callback_reasons reason,
                    void *user, void *in, size_t len) {
    (void)wsi;
    (void)reason;
    (void)user;
    (void)in;
    (void)len;
    return 0;
}

int main(int argc, char **argv) {
    static const struct lws_protocols protocols[] = {
        {.name = "bench", .callback = on_event, .rx_buffer_size = 4096},
        {.name = NULL},
    };
    uv_loop_t loop;
    void *loops[] = {&loop};
    struct rlimit files = {4096, 4096};
    struct lws_context_creation_info info = {
        .port = argc > 1 ? atoi(argv[1]) : 0,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBUV,
        .foreign_loops = loops,
        .pt_serv_buf_size = 32 * 1024,
        .max_http_header_data2 = 8192,
    };

    setrlimit(RLIMIT_NOFILE, &files);
    lws_set_log_level(LLL_ERR, NULL);
    uv_loop_init(&loop);
    if (!lws_create_context(&info))
        return 1;
    uv_run(&loop, UV_RUN_DEFAULT);
    return 0;
}
