#include "base/mem.h"
#include "bot/loop.h"
#include "bot/net.h"
#include "tests/integration/net_peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_TEXT 300000
#define SOME_BYTES 200000

/* What the handler under test has seen. */
struct seen {
    struct loop loop;
    struct ws *ws; /* the last one opened, NULL when closed */
    unsigned opens, closes, messages;
    struct buf last; /* the last message */
    bool last_binary;
    struct ws_request request; /* the strings are copies */
    unsigned answer;           /* of accept */
    bool echo;
    bool close_at_message;
    void *accepted_data;
    /* the client's side */
    struct ws_client *client;
    struct ws *client_ws;
    unsigned client_opens, client_closes;
    struct buf client_last;
    unsigned client_messages;
    bool free_at_message, free_at_close;
};

static void forget_request(struct seen *seen) {
    const char *const texts[] = {
        seen->request.path,         seen->request.authorization,
        seen->request.access_token, seen->request.self_id,
        seen->request.client_role,  seen->request.origin,
        seen->request.host,         seen->request.peer};

    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        free((void *)(uintptr_t)texts[i]);
    seen->request = (struct ws_request){0};
}

static unsigned on_accept(void *route, const struct ws_request *request,
                          void **data) {
    struct seen *seen = route;

    forget_request(seen);
    seen->request =
        (struct ws_request){.path = xstrdup(request->path),
                            .authorization = xstrdup(request->authorization),
                            .access_token = xstrdup(request->access_token),
                            .self_id = xstrdup(request->self_id),
                            .client_role = xstrdup(request->client_role),
                            .origin = xstrdup(request->origin),
                            .host = xstrdup(request->host),
                            .peer = xstrdup(request->peer)};
    *data = seen;
    return seen->answer;
}

static void on_open(struct ws *ws, void *data) {
    struct seen *seen = data;

    assert_ptr_equal(ws_data(ws), data);
    seen->ws = ws;
    seen->opens++;
}

static void on_message(struct ws *ws, void *data, const char *bytes, size_t len,
                       bool binary) {
    struct seen *seen = data;

    assert_ptr_equal(ws, seen->ws);
    seen->messages++;
    seen->last_binary = binary;
    buf_clear(&seen->last);
    buf_add(&seen->last, bytes, len);
    if (seen->echo)
        assert_int_equal(ws_send(ws, bytes, len), OK);
    if (seen->close_at_message) {
        ws_close(ws, 4001, "enough");
        assert_int_equal(ws_send(ws, "late", 4), ERR_AWAY);
    }
}

static void on_close(struct ws *ws, void *data) {
    struct seen *seen = data;

    assert_int_equal(ws_send(ws, "late", 4), ERR_AWAY);
    seen->closes++;
    seen->ws = NULL;
}

static const struct ws_handler handler = {.accept = on_accept,
                                          .open = on_open,
                                          .message = on_message,
                                          .close = on_close,
                                          .max_text_bytes = MAX_TEXT};

static void client_open(struct ws *ws, void *data) {
    struct seen *seen = data;

    seen->client_ws = ws;
    seen->client_opens++;
}

static void client_message(struct ws *ws, void *data, const char *bytes,
                           size_t len, bool binary) {
    struct seen *seen = data;

    (void)ws;
    assert_false(binary);
    seen->client_messages++;
    buf_clear(&seen->client_last);
    buf_add(&seen->client_last, bytes, len);
    if (seen->free_at_message) {
        ws_client_free(seen->client);
        seen->client = NULL;
    }
}

static void client_close(struct ws *ws, void *data) {
    struct seen *seen = data;

    (void)ws;
    seen->client_closes++;
    seen->client_ws = NULL;
    if (seen->free_at_close) {
        ws_client_free(seen->client);
        seen->client = NULL;
    }
}

static const struct ws_handler client_handler = {.open = client_open,
                                                 .message = client_message,
                                                 .close = client_close,
                                                 .max_text_bytes = MAX_TEXT};

static const struct server_limits limits = {.peer_connections = 5,
                                            .request_ms = 5000,
                                            .message_ms = 5000,
                                            .close_ms = 200,
                                            .ping_ms = 5000,
                                            .hangup_ms = 10000};

static int setup(void **state) {
    struct seen *seen = xcalloc(1, sizeof(*seen));
    struct ws_handler binary = handler;

    *state = seen;
    seen->answer = 101;
    assert_int_equal(loop_init(&seen->loop), OK);
    server_set_limits(&seen->loop, &limits);
    ws_route_add(&seen->loop, "/onebot/v11/ws", &handler, seen);
    binary.max_binary_bytes = 1000;
    ws_route_add(&seen->loop, "/binary", &binary, seen);
    assert_int_equal(loop_listen(&seen->loop, "127.0.0.1", 0, NULL, NULL), OK);
    assert_true(loop_port(&seen->loop) > 0);
    return 0;
}

static int teardown(void **state) {
    struct seen *seen = *state;

    ws_client_free(seen->client);
    loop_finish(&seen->loop);
    assert_int_equal(seen->opens, seen->closes);
    assert_int_equal(seen->client_opens, seen->client_closes);
    forget_request(seen);
    buf_finish(&seen->last);
    buf_finish(&seen->client_last);
    free(seen);
    return 0;
}

#define HANDSHAKE                                                              \
    "Host: localhost\r\nConnection: keep-alive, Upgrade\r\n"                   \
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                      \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

/* A raw peer whose upgrade has gone through, with nothing read yet. */
static struct net_peer *raw_ws(struct seen *seen, const char *path) {
    struct net_peer *peer = net_peer_new(&seen->loop, loop_port(&seen->loop));
    unsigned had = seen->opens;
    char head[1024];

    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n" HANDSHAKE "\r\n", path);
    net_peer_says(peer, head);
    NET_UNTIL(&seen->loop, net_head_end(&peer->got) && seen->opens > had);
    assert_memory_equal(peer->got.data, "HTTP/1.1 101 ", 13);
    assert_non_null(strstr(peer->got.data, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
    buf_consume(&peer->got, net_head_end(&peer->got));
    return peer;
}

static void send_frame(struct net_peer *peer, uint8_t first, const char *bytes,
                       size_t len) {
    struct buf out = {0};

    net_frame(&out, first, bytes, len);
    net_peer_send(peer, out.data, out.len);
    buf_finish(&out);
}

static bool next_frame(struct net_peer *peer, struct net_frame_seen *frame) {
    size_t at = 0;

    return net_frame_next(&peer->got, &at, frame);
}

static void expect_frame(struct seen *seen, struct net_peer *peer,
                         uint8_t first, const char *bytes) {
    struct net_frame_seen frame;
    size_t at = 0;

    NET_UNTIL(&seen->loop, next_frame(peer, &frame));
    net_frame_next(&peer->got, &at, &frame);
    assert_int_equal(frame.first, first);
    assert_int_equal(frame.len, strlen(bytes));
    assert_memory_equal(frame.bytes, bytes, frame.len);
    buf_consume(&peer->got, at);
}

/* The server closes with this code, and after our answer the connection ends.
 */
static void expect_close(struct seen *seen, struct net_peer *peer,
                         unsigned code) {
    struct net_frame_seen frame;
    unsigned closes = seen->closes;

    NET_UNTIL(&seen->loop, next_frame(peer, &frame));
    assert_int_equal(frame.first, 0x88);
    assert_true(frame.len >= 2);
    assert_int_equal(((uint8_t)frame.bytes[0] << 8) | (uint8_t)frame.bytes[1],
                     code);
    send_frame(peer, 0x88, frame.bytes, 2);
    NET_UNTIL(&seen->loop, peer->ended && seen->closes == closes + 1);
}

static void echoes_every_length_both_ways(void **state) {
    static const size_t sizes[] = {0,    1,     125,   126,   127,
                                   4095, 65535, 65536, 250000};
    struct seen *seen = *state;
    char *text = xmalloc(SOME_BYTES * 2);
    char url[64];
    struct ws_client_options options = {.url = url, .token = "s3cret"};

    for (size_t i = 0; i < SOME_BYTES * 2; i++)
        text[i] = (char)('a' + i % 26);
    seen->echo = true;
    snprintf(url, sizeof(url), "ws://127.0.0.1:%d/onebot/v11/ws?a=1",
             loop_port(&seen->loop));
    seen->client = ws_client_new(&seen->loop, &options, &client_handler, seen);
    NET_UNTIL(&seen->loop, seen->client_ws);
    assert_string_equal(ws_peer(seen->client_ws), "127.0.0.1");
    assert_string_equal(seen->request.authorization, "Bearer s3cret");
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_int_equal(ws_send(seen->client_ws, text + i, sizes[i]), OK);
        NET_UNTIL(&seen->loop, seen->client_messages == i + 1);
        assert_int_equal(seen->last.len, sizes[i]);
        assert_int_equal(seen->client_last.len, sizes[i]);
        if (sizes[i])
            assert_memory_equal(seen->client_last.data, text + i, sizes[i]);
    }
    free(text);
}

static void many_frames_keep_their_order(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
    struct net_frame_seen frame;
    size_t at = 0;
    char text[16];

    for (int i = 0; i < 5000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        assert_int_equal(ws_send(seen->ws, text, strlen(text)), OK);
    }
    for (int i = 0; i < 5000; i++) {
        NET_UNTIL(&seen->loop, net_frame_next(&peer->got, &at, &frame));
        snprintf(text, sizeof(text), "%d", i);
        assert_int_equal(frame.len, strlen(text));
        assert_memory_equal(frame.bytes, text, frame.len);
    }
    net_peer_free(peer);
}

static void joins_fragments_around_a_ping(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

    /* 小 is cut in its middle, and the last piece is empty. */
    send_frame(peer, 0x01, "one \xe5\xb0", 6);
    send_frame(peer, 0x89, "hi", 2);
    send_frame(peer, 0x00, "\x8f two", 5);
    expect_frame(seen, peer, 0x8a, "hi");
    assert_int_equal(seen->messages, 0);
    send_frame(peer, 0x80, "", 0);
    NET_UNTIL(&seen->loop, seen->messages == 1);
    assert_string_equal(seen->last.data, "one \xe5\xb0\x8f two");
    send_frame(peer, 0x81, "next", 4);
    NET_UNTIL(&seen->loop, seen->messages == 2);
    assert_string_equal(seen->last.data, "next");
    net_peer_free(peer);
}

static void takes_bytes_one_by_one(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
    struct buf out = {0};

    net_frame(&out, 0x81, "drip", 4);
    net_frame(&out, 0x81, "drop", 4);
    for (size_t i = 0; i < out.len; i++) {
        net_peer_send(peer, out.data + i, 1);
        uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    }
    NET_UNTIL(&seen->loop, seen->messages == 2);
    assert_string_equal(seen->last.data, "drop");
    buf_finish(&out);
    net_peer_free(peer);
}

static void takes_frames_sent_with_the_handshake(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = net_peer_new(&seen->loop, loop_port(&seen->loop));
    struct buf out = {0};

    buf_adds(&out, "GET /onebot/v11/ws HTTP/1.1\r\n" HANDSHAKE "\r\n");
    net_frame(&out, 0x81, "early", 5);
    net_frame(&out, 0x81, "bird", 4);
    net_peer_send(peer, out.data, out.len);
    NET_UNTIL(&seen->loop, seen->messages == 2);
    assert_string_equal(seen->last.data, "bird");
    buf_finish(&out);
    net_peer_free(peer);
}

static void the_longest_message_is_taken(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
    char *text = xmalloc(MAX_TEXT);

    memset(text, 'x', MAX_TEXT);
    send_frame(peer, 0x81, text, MAX_TEXT);
    NET_UNTIL(&seen->loop, seen->messages == 1);
    assert_int_equal(seen->last.len, MAX_TEXT);
    free(text);
    net_peer_free(peer);
}

static void a_longer_one_is_refused_by_its_header(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

    /* 2^40 bytes are announced, one is sent. */
    net_peer_send(peer,
                  "\x81\xff\0\0\1\0\0\0\0\0"
                  "\0\0\0\0x",
                  15);
    /* Our answer would be the payload, so it has to be ended by time. */
    NET_UNTIL(&seen->loop, peer->ended && seen->closes == 1);
    assert_memory_equal(peer->got.data, "\x88\x12\x03\xf1message too long", 20);
    assert_int_equal(seen->messages, 0);
    net_peer_free(peer);
}

static void a_longer_one_in_pieces_is_refused(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
    char *text = xmalloc(MAX_TEXT);

    memset(text, 'x', MAX_TEXT);
    send_frame(peer, 0x01, text, MAX_TEXT / 2);
    send_frame(peer, 0x00, text, MAX_TEXT / 2);
    send_frame(peer, 0x80, text, 1);
    expect_close(seen, peer, 1009);
    assert_int_equal(seen->messages, 0);
    assert_int_equal(seen->loop.ws->joining, 0);
    free(text);
    net_peer_free(peer);
}

static void binary_is_refused_where_it_is_not_wanted(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

    send_frame(peer, 0x82, "\0\1", 2);
    expect_close(seen, peer, 1003);
    assert_int_equal(seen->messages, 0);
    net_peer_free(peer);
    peer = raw_ws(seen, "/binary");
    send_frame(peer, 0x82, "\0\xff", 2);
    NET_UNTIL(&seen->loop, seen->messages == 1);
    assert_true(seen->last_binary);
    assert_memory_equal(seen->last.data, "\0\xff", 2);
    net_peer_free(peer);
}

static void broken_utf8_closes(void **state) {
    static const char *const broken[] = {"\xff", "a\xc0\xaf", "\xed\xa0\x80",
                                         "\xe5\xb0", "\xf4\x90\x80\x80"};
    struct seen *seen = *state;

    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

        send_frame(peer, 0x81, broken[i], strlen(broken[i]));
        expect_close(seen, peer, 1007);
        net_peer_free(peer);
    }
    assert_int_equal(seen->messages, 0);
}

/* Each of these is a breach of RFC 6455. */
static void broken_framing_ends_the_connection(void **state) {
    static const struct {
        const char *bytes;
        size_t len;
    } broken[] = {
        {"\xc1\x80\0\0\0\0", 6},                  /* a reserved bit */
        {"\x83\x80\0\0\0\0", 6},                  /* a reserved opcode */
        {"\x80\x80\0\0\0\0", 6},                  /* continues nothing */
        {"\x09\x80\0\0\0\0", 6},                  /* a ping in pieces */
        {"\x89\xfe\x01\x00\0\0\0\0", 8},          /* a ping of 256 bytes */
        {"\x01\x80\0\0\0\0\x81\x80\0\0\0\0", 12}, /* text within text */
        {"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14},
    };
    struct seen *seen = *state;

    for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
        struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
        unsigned closes = seen->closes;

        net_peer_send(peer, broken[i].bytes, broken[i].len);
        NET_UNTIL(&seen->loop, peer->ended || peer->got.len);
        if (peer->got.len) /* why, and not an answer to it */
            assert_int_equal((uint8_t)peer->got.data[0], 0x88);
        net_peer_free(peer);
        NET_UNTIL(&seen->loop, seen->closes == closes + 1);
    }
    assert_int_equal(seen->messages, 0);
}

static void close_sends_what_is_queued_first(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

    assert_int_equal(ws_send(seen->ws, "first", 5), OK);
    assert_int_equal(ws_send(seen->ws, "second", 6), OK);
    ws_close(seen->ws, 4000, "replaced");
    ws_close(seen->ws, 4001, "only the first counts");
    assert_int_equal(ws_send(seen->ws, "third", 5), ERR_AWAY);
    expect_frame(seen, peer, 0x81, "first");
    expect_frame(seen, peer, 0x81, "second");
    expect_close(seen, peer, 4000);
    net_peer_free(peer);
}

static void a_handler_may_close_inside_message(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
    struct buf out = {0};

    seen->close_at_message = true;
    seen->echo = true;
    for (int i = 0; i < 3; i++)
        net_frame(&out, 0x81, "same read", 9);
    net_peer_send(peer, out.data, out.len);
    expect_frame(seen, peer, 0x81, "same read");
    expect_close(seen, peer, 4001);
    assert_int_equal(seen->messages, 1);
    buf_finish(&out);
    net_peer_free(peer);
}

static void a_peer_may_close_politely(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

    send_frame(peer, 0x88,
               "\x03\xe8"
               "bye",
               5);
    NET_UNTIL(&seen->loop, peer->ended && seen->closes == 1);
    assert_int_equal((uint8_t)peer->got.data[0], 0x88);
    net_peer_free(peer);
}

static void a_peer_may_leave_rudely(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

    send_frame(peer, 0x01, "half", 4);
    uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    assert_int_equal(ws_send(seen->ws, "lost", 4), OK);
    net_peer_reset(peer);
    NET_UNTIL(&seen->loop, seen->closes == 1);
    assert_int_equal(seen->loop.ws->joining, 0);
}

static void a_peer_that_never_agrees_is_cut_off(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");

    ws_close(seen->ws, 1000, "");
    NET_UNTIL(&seen->loop, seen->closes == 1);
    net_peer_free(peer);
}

static void a_slow_reader_is_bounded_and_loses_nothing(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
    struct net_frame_seen frame;
    unsigned sent = 0, got = 0;
    size_t at = 0;
    char *text = xcalloc(1, 10001);

    memset(text, 'x', 10000);
    net_peer_pause(peer, true);
    for (;;) {
        snprintf(text, 10001, "%08u", sent);
        text[8] = 'x';
        if (ws_send(seen->ws, text, 10000) != OK)
            break;
        sent++;
        assert_true(ws_queued(seen->ws) <= WS_QUEUE_BYTES + 14 * sent);
        uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    }
    assert_int_equal(ws_send(seen->ws, text, 10000), ERR_LIMIT);
    assert_true(sent >= WS_QUEUE_BYTES / 10000);
    assert_int_equal(seen->closes, 0);
    net_peer_pause(peer, false);
    while (got < sent) {
        NET_UNTIL(&seen->loop, net_frame_next(&peer->got, &at, &frame));
        snprintf(text, 10001, "%08u", got++);
        assert_int_equal(frame.len, 10000);
        assert_memory_equal(frame.bytes, text, 8);
    }
    NET_UNTIL(&seen->loop, ws_queued(seen->ws) == 0);
    assert_int_equal(ws_send(seen->ws, "again", 5), OK);
    buf_consume(&peer->got, at);
    expect_frame(seen, peer, 0x81, "again");
    free(text);
    net_peer_free(peer);
}

static void a_reader_that_stopped_is_cut_off_when_closed(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = raw_ws(seen, "/onebot/v11/ws");
    char *text = xmalloc(1000000);

    memset(text, 'x', 1000000);
    net_peer_pause(peer, true);
    while (ws_send(seen->ws, text, 1000000) == OK)
        uv_run(&seen->loop.uv, UV_RUN_NOWAIT);
    ws_close(seen->ws, 1013, "too slow");
    NET_UNTIL(&seen->loop, seen->closes == 1);
    free(text);
    net_peer_free(peer);
}

static void a_message_must_end_in_time(void **state) {
    struct seen *seen = *state;
    struct server_limits tight = limits;
    struct net_peer *peer;

    tight.message_ms = 100;
    server_set_limits(&seen->loop, &tight);
    peer = raw_ws(seen, "/onebot/v11/ws");
    send_frame(peer, 0x01, "never", 5);
    NET_UNTIL(&seen->loop, seen->closes == 1 && peer->ended);
    net_peer_free(peer);
    peer = raw_ws(seen, "/onebot/v11/ws");
    send_frame(peer, 0x01, "in", 2);
    send_frame(peer, 0x80, "time", 4);
    NET_UNTIL(&seen->loop, seen->messages == 1);
    net_run_for(&seen->loop, 300);
    assert_int_equal(seen->closes, 1);
    net_peer_free(peer);
}

static void silent_peers_are_pinged_and_given_up(void **state) {
    struct seen *seen = *state;
    struct server_limits tight = limits;
    struct net_peer *silent, *alive;
    struct net_frame_seen frame;
    unsigned pings = 0;
    size_t at = 0;

    silent = raw_ws(seen, "/onebot/v11/ws");
    alive = raw_ws(seen, "/onebot/v11/ws");
    tight.ping_ms = 60;
    tight.hangup_ms = 400;
    server_set_limits(&seen->loop, &tight);
    while (pings < 12) {
        NET_UNTIL(&seen->loop, net_frame_next(&alive->got, &at, &frame));
        assert_int_equal(frame.first, 0x89);
        send_frame(alive, 0x8a, frame.bytes, frame.len);
        pings++;
    }
    NET_UNTIL(&seen->loop, silent->ended);
    assert_int_equal(seen->closes, 1);
    assert_false(alive->ended);
    assert_int_equal((uint8_t)silent->got.data[0], 0x89);
    net_peer_free(silent);
    net_peer_free(alive);
}

/* Sends a request and returns the status of its answer. */
static int ask(struct seen *seen, const char *request) {
    struct net_peer *peer = net_peer_new(&seen->loop, loop_port(&seen->loop));
    int status;

    net_peer_says(peer, request);
    NET_UNTIL(&seen->loop, peer->ended);
    status = net_head_end(&peer->got) ? atoi(peer->got.data + 9) : 0;
    net_peer_free(peer);
    return status;
}

static void refusals_are_answered_before_the_upgrade(void **state) {
    static const unsigned statuses[] = {401, 403, 404, 429, 503};
    struct seen *seen = *state;

    for (size_t i = 0; i < ARRAY_LEN(statuses); i++) {
        seen->answer = statuses[i];
        assert_int_equal(
            ask(seen, "GET /onebot/v11/ws HTTP/1.1\r\n" HANDSHAKE "\r\n"),
            statuses[i]);
    }
    assert_int_equal(seen->opens, 0);
    assert_int_equal(ask(seen, "GET /onebot/v11 HTTP/1.1\r\n" HANDSHAKE "\r\n"),
                     404);
    assert_int_equal(
        ask(seen, "GET /onebot/v11/ws/ HTTP/1.1\r\n" HANDSHAKE "\r\n"), 404);
}

static void broken_handshakes_are_refused(void **state) {
#define GET_WS "GET /onebot/v11/ws HTTP/1.1\r\n"
    static const char *const broken[] = {
        GET_WS "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
        GET_WS
        "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x\r\n\r\n",
        GET_WS
        "Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 8\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        GET_WS
        "Host: a\r\nConnection: close\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        GET_WS
        "Connection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        GET_WS HANDSHAKE "Sec-WebSocket-Protocol: chat\r\n\r\n",
        GET_WS
        "Host: a\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        "POST /onebot/v11/ws HTTP/1.1\r\n" HANDSHAKE "\r\n",
    };
    struct seen *seen = *state;

    for (size_t i = 0; i < ARRAY_LEN(broken); i++)
        assert_int_equal(ask(seen, broken[i]), 400);
    assert_int_equal(ask(seen, GET_WS "Host: a\r\nConnection: Upgrade\r\n"
                                      "Upgrade: gopher\r\n\r\n") /
                         100,
                     4);
    assert_int_equal(seen->opens, 0);
}

static void the_handler_sees_what_the_request_brings(void **state) {
    struct seen *seen = *state;
    struct net_peer *peer = net_peer_new(&seen->loop, loop_port(&seen->loop));

    net_peer_says(peer,
                  "GET /onebot/v11/ws?x=1&access_token=a%26b%3Dc HTTP/1.1"
                  "\r\n" HANDSHAKE
                  "X-Self-ID: 10001\r\nx-client-role: Universal\r\n"
                  "Authorization: Token abc\r\n"
                  "Origin: https://example.org\r\n\r\n");
    NET_UNTIL(&seen->loop, seen->opens == 1);
    assert_string_equal(seen->request.path, "/onebot/v11/ws");
    assert_string_equal(seen->request.access_token, "a&b=c");
    assert_string_equal(seen->request.self_id, "10001");
    assert_string_equal(seen->request.client_role, "Universal");
    assert_string_equal(seen->request.authorization, "Token abc");
    assert_string_equal(seen->request.origin, "https://example.org");
    assert_string_equal(seen->request.host, "localhost");
    assert_string_equal(seen->request.peer, "127.0.0.1");
    assert_string_equal(ws_peer(seen->ws), "127.0.0.1");
    net_peer_free(peer);
    peer = raw_ws(seen, "/onebot/v11/ws");
    assert_string_equal(seen->request.access_token, "");
    assert_string_equal(seen->request.self_id, "");
    assert_string_equal(seen->request.authorization, "");
    net_peer_free(peer);
}

static void one_address_has_so_many_connections(void **state) {
    struct seen *seen = *state;
    struct net_peer *peers[6];

    for (size_t i = 0; i < 5; i++)
        peers[i] = raw_ws(seen, "/onebot/v11/ws");
    peers[5] = net_peer_new(&seen->loop, loop_port(&seen->loop));
    NET_UNTIL(&seen->loop, peers[5]->ended);
    assert_int_equal(peers[5]->got.len, 0);
    net_peer_free(peers[5]);
    net_peer_reset(peers[4]);
    NET_UNTIL(&seen->loop, seen->closes == 1);
    peers[4] = raw_ws(seen, "/onebot/v11/ws");
    for (size_t i = 0; i < 5; i++)
        net_peer_free(peers[i]);
}

static void start_client(struct seen *seen, int port) {
    char url[64];
    const struct ws_client_options options = {
        .url = url, .retry_ms = 10, .retry_max_ms = 40};

    snprintf(url, sizeof(url), "ws://localhost:%d/onebot/v11/ws", port);
    seen->client = ws_client_new(&seen->loop, &options, &client_handler, seen);
    assert_non_null(seen->client);
}

static void a_client_comes_back(void **state) {
    struct seen *seen = *state;

    start_client(seen, loop_port(&seen->loop));
    for (unsigned i = 1; i <= 3; i++) {
        NET_UNTIL(&seen->loop, seen->client_opens == i && seen->ws);
        assert_int_equal(seen->client_closes, i - 1);
        ws_close(seen->ws, 1012, "restart");
        NET_UNTIL(&seen->loop, seen->client_closes == i && !seen->ws);
    }
    NET_UNTIL(&seen->loop, seen->client_opens == 4);
    /* and after it closed itself */
    ws_close(seen->client_ws, 1000, "");
    NET_UNTIL(&seen->loop, seen->client_opens == 5);
    assert_int_equal(seen->client_closes, 4);
}

static void a_client_tries_until_somebody_answers(void **state) {
    struct seen *seen = *state;
    struct loop other;
    int port;

    /* A port that was free a moment ago. */
    assert_int_equal(loop_init(&other), OK);
    assert_int_equal(loop_listen(&other, "127.0.0.1", 0, NULL, NULL), OK);
    port = loop_port(&other);
    loop_finish(&other);
    start_client(seen, port);
    net_run_for(&seen->loop, 100);
    assert_int_equal(seen->client_opens, 0);
    ws_client_free(seen->client);
    /* Refused, then let in. */
    seen->answer = 401;
    start_client(seen, loop_port(&seen->loop));
    NET_UNTIL(&seen->loop, seen->request.path);
    assert_int_equal(seen->client_opens, 0);
    seen->answer = 101;
    NET_UNTIL(&seen->loop, seen->client_opens == 1);
}

static void a_client_survives_strange_servers(void **state) {
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "",
    };
    struct seen *seen = *state;
    struct sockaddr_in at = {.sin_family = AF_INET,
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int peer = -1;

    assert_int_equal(bind(fd, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(fd, 5), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
    start_client(seen, ntohs(at.sin_port));
    for (size_t i = 0; i < ARRAY_LEN(answers); i++) {
        char request[4096];
        ssize_t n = 0;

        NET_UNTIL(&seen->loop, (net_run_for(&seen->loop, 1),
                                peer = accept(fd, NULL, NULL)) >= 0);
        NET_UNTIL(&seen->loop, (net_run_for(&seen->loop, 1),
                                n = recv(peer, request, sizeof(request) - 1,
                                         MSG_DONTWAIT)) > 0);
        request[n] = '\0';
        assert_non_null(strstr(request, "Host: localhost:"));
        assert_null(strstr(request, "uthorization"));
        assert_int_equal(
            send(peer, answers[i], strlen(answers[i]), MSG_NOSIGNAL),
            (ssize_t)strlen(answers[i]));
        close(peer);
    }
    assert_int_equal(seen->client_opens, 0);
    close(fd);
}

static void a_client_may_be_freed_anywhere(void **state) {
    struct seen *seen = *state;

    /* before anything happened */
    start_client(seen, loop_port(&seen->loop));
    ws_client_free(seen->client);
    /* while it connects */
    start_client(seen, loop_port(&seen->loop));
    NET_UNTIL(&seen->loop, seen->loop.ws->links);
    ws_client_free(seen->client);
    net_run_for(&seen->loop, 50);
    assert_int_equal(seen->client_opens, 0);
    /* inside message(), with what is queued still going out */
    start_client(seen, loop_port(&seen->loop));
    NET_UNTIL(&seen->loop, seen->client_opens == 1 && seen->ws);
    seen->free_at_message = true;
    assert_int_equal(ws_send(seen->client_ws, "last", 4), OK);
    assert_int_equal(ws_send(seen->ws, "hello", 5), OK);
    NET_UNTIL(&seen->loop, !seen->client && !seen->ws);
    assert_int_equal(seen->client_closes, 1);
    assert_string_equal(seen->last.data, "last");
    /* inside close() */
    seen->free_at_close = true;
    start_client(seen, loop_port(&seen->loop));
    NET_UNTIL(&seen->loop, seen->client_opens == 2 && seen->ws);
    ws_close(seen->ws, 1000, "");
    NET_UNTIL(&seen->loop, !seen->client);
    assert_int_equal(seen->client_closes, 2);
}

static void urls_are_checked(void **state) {
    static const char *const bad[] = {
        "",          "http://a/",     "ws://",           "ws:///path",
        "ws://a:0/", "ws://a:65536/", "ws://u:p@a/",     "ws://a/b c",
        "ws://[::1", "ws://[::1]x/",  "ws://a/\r\nX: y", "ws://:80/"};
    static const char *const good[] = {"ws://a", "ws://a:1?x=1",
                                       "wss://[::1]:8080/b#c", "ws://1.2.3.4"};
    struct seen *seen = *state;
    struct ws_client_options options = {0};
    struct ws_client *client;

    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        options.url = bad[i];
        assert_null(
            ws_client_new(&seen->loop, &options, &client_handler, seen));
    }
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        options.url = good[i];
        client = ws_client_new(&seen->loop, &options, &client_handler, seen);
        assert_non_null(client);
        ws_client_free(client);
    }
    options.token = "a\r\nb";
    assert_null(ws_client_new(&seen->loop, &options, &client_handler, seen));
}

static void finishing_closes_everything(void **state) {
    struct seen *seen = *state;
    struct net_peer *polite, *deaf;

    start_client(seen, loop_port(&seen->loop));
    NET_UNTIL(&seen->loop, seen->client_opens == 1 && seen->opens == 1);
    polite = raw_ws(seen, "/onebot/v11/ws");
    deaf = raw_ws(seen, "/onebot/v11/ws");
    send_frame(polite, 0x01, "half", 4);
    assert_int_equal(ws_send(seen->ws, "on its way", 10), OK);
    net_peer_free(polite);
    net_peer_free(deaf);
    /* teardown counts the closes */
}

int main(void) {
#define WS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        WS_TEST(echoes_every_length_both_ways),
        WS_TEST(many_frames_keep_their_order),
        WS_TEST(joins_fragments_around_a_ping),
        WS_TEST(takes_bytes_one_by_one),
        WS_TEST(takes_frames_sent_with_the_handshake),
        WS_TEST(the_longest_message_is_taken),
        WS_TEST(a_longer_one_is_refused_by_its_header),
        WS_TEST(a_longer_one_in_pieces_is_refused),
        WS_TEST(binary_is_refused_where_it_is_not_wanted),
        WS_TEST(broken_utf8_closes),
        WS_TEST(broken_framing_ends_the_connection),
        WS_TEST(close_sends_what_is_queued_first),
        WS_TEST(a_handler_may_close_inside_message),
        WS_TEST(a_peer_may_close_politely),
        WS_TEST(a_peer_may_leave_rudely),
        WS_TEST(a_peer_that_never_agrees_is_cut_off),
        WS_TEST(a_slow_reader_is_bounded_and_loses_nothing),
        WS_TEST(a_reader_that_stopped_is_cut_off_when_closed),
        WS_TEST(a_message_must_end_in_time),
        WS_TEST(silent_peers_are_pinged_and_given_up),
        WS_TEST(refusals_are_answered_before_the_upgrade),
        WS_TEST(broken_handshakes_are_refused),
        WS_TEST(the_handler_sees_what_the_request_brings),
        WS_TEST(one_address_has_so_many_connections),
        WS_TEST(a_client_comes_back),
        WS_TEST(a_client_tries_until_somebody_answers),
        WS_TEST(a_client_survives_strange_servers),
        WS_TEST(a_client_may_be_freed_anywhere),
        WS_TEST(urls_are_checked),
        WS_TEST(finishing_closes_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
