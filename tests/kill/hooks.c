/* A system that hears of every change by a webhook. Now and then it answers
 * with 500, or hangs up: before it has read an event, or having read it. */
#include "base/buf.h"
#include "tests/kill/kill.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNS (HOOK_FDS - 1)
#define FAILS 250 /* one of so many requests is refused */
#define SERVED_MS 15000

struct conn {
    int fd; /* -1: free */
    struct buf in;
};

static struct conn conns[CONNS];
static int listener = -1;
static char hook_id[64], secret[64];

/* ---- the hook ------------------------------------------------------------ */

static int listen_somewhere(void) {
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0 ||
        bind(listener, (const struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&addr, &len) != 0) {
        fprintf(stderr, "the receiver of the webhook cannot listen\n");
        abort();
    }
    return ntohs(addr.sin_port);
}

static void add_hook(int port) {
    char *token = callers_token("hooks"), *body;
    char *json = xasprintf(
        "{\"url\":\"http://127.0.0.1:%d/bee\",\"events\":[\"*\"]}", port);
    int status = callers_ask("POST", "/webhooks", token, json, &body);
    json_t *hook = json_loads(body, 0, NULL);
    const char *id = json_string_value(json_object_get(hook, "id"));
    const char *has = json_string_value(json_object_get(hook, "secret"));

    if (status != 201 || id == NULL || has == NULL) {
        fprintf(stderr, "no webhook was added: %d %s\n", status, body);
        abort();
    }
    snprintf(hook_id, sizeof(hook_id), "%s", id);
    snprintf(secret, sizeof(secret), "%s", has);
    json_decref(hook);
    free(body);
    free(json);
    free(token);
}

/* Until the daemon serves it, nothing that happens is an event. */
static void until_served(void) {
    int64_t until = now_ms() + SERVED_MS;

    while (test_daemon_redis_int(world.daemon, "EXISTS {qinhuai}:hooksender:%s",
                                 hook_id) == 0)
        if (now_ms() > until) {
            problem("the webhook is not served");
            return;
        }
}

void hooks_make(void) {
    for (size_t i = 0; i < CONNS; i++)
        conns[i].fd = -1;
    add_hook(listen_somewhere());
    until_served();
}

void hooks_let_go(void) {
    freeReplyObject(test_daemon_redis(world.daemon,
                                      "DEL {qinhuai}:hooksender:%s", hook_id));
}

long long hooks_waiting(void) {
    return test_daemon_redis_int(world.daemon, "XLEN {qinhuai}:hook:%s",
                                 hook_id);
}

long long hooks_dead(void) {
    return test_daemon_redis_int(world.daemon, "HLEN {qinhuai}:hookdead:%s",
                                 hook_id);
}

/* ---- events -------------------------------------------------------------- */

static void take_header(const char *head, const char *name, char *out,
                        size_t size) {
    const char *at = strcasestr(head, name);

    out[0] = '\0';
    if (at != NULL)
        snprintf(out, size, "%.*s", (int)strcspn(at + strlen(name), "\r"),
                 at + strlen(name));
}

static bool is_signed(const char *head, const char *id, const char *body) {
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state state;
    char at[32], signature[96], hex[2 * sizeof(mac) + 1];

    take_header(head, "\r\nX-Xiaofeng-Timestamp: ", at, sizeof(at));
    take_header(head, "\r\nX-Xiaofeng-Signature: v1=", signature,
                sizeof(signature));
    char *text = xasprintf("%s.%s.%s", at, id, body);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret,
                                strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)text,
                                  strlen(text));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, sizeof(hex), mac, sizeof(mac));
    free(text);
    return strcmp(hex, signature) == 0;
}

/* The same under an id that is known; else new. */
static struct event *take_event(const char *head, const char *body) {
    struct event *event;
    char id[sizeof(event->id)];

    take_header(head, "\r\nX-Xiaofeng-Id: ", id, sizeof(id));
    world.n.hook_requests++;
    if (!is_signed(head, id, body)) {
        world.n.hook_forged++;
        problem("a webhook's signature is wrong: %s", body);
    }
    HASH_FIND_STR(world.events, id, event);
    if (event == NULL) {
        event = xcalloc(1, sizeof(*event));
        memcpy(event->id, id, sizeof(id));
        event->body = xstrdup(body);
        HASH_ADD_STR(world.events, id, event);
    } else if (strcmp(event->body, body) != 0) {
        problem("event %s has two contents: %s and %s", id, event->body, body);
    }
    event->requests++;
    return event;
}

/* ---- connections --------------------------------------------------------- */

static void end(struct conn *conn) {
    close(conn->fd);
    conn->fd = -1;
    buf_finish(&conn->in);
}

static void answer(struct conn *conn, bool takes) {
    const char *text = takes ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
                             : "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";

    /* It fits into the socket; whoever is gone by now sends it again. */
    if (send(conn->fd, text, strlen(text), MSG_NOSIGNAL) < 0)
        end(conn);
}

static void serve(struct conn *conn, const char *head, const char *body) {
    struct event *event = take_event(head, body);

    switch (roll(2 * FAILS)) {
    case 0:
        world.n.hook_hung_up++;
        end(conn);
        break;
    case 1:
        world.n.hook_refused++;
        answer(conn, false);
        break;
    default:
        event->taken++;
        answer(conn, true);
        break;
    }
}

/* Whole requests, one behind the other. */
static void read_requests(struct conn *conn) {
    while (conn->fd >= 0 && conn->in.len > 0) {
        char *end_of_head = strstr(conn->in.data, "\r\n\r\n");
        const char *length = strcasestr(conn->in.data, "\r\nContent-Length: ");
        if (end_of_head == NULL || length == NULL || length > end_of_head)
            return;
        size_t head = (size_t)(end_of_head + 4 - conn->in.data);
        size_t len = strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
        if (conn->in.len < head + len)
            return;
        char *body = xstrndup(conn->in.data + head, len);
        char *text = xstrndup(conn->in.data, head);
        buf_consume(&conn->in, head + len);
        serve(conn, text, body);
        free(text);
        free(body);
    }
}

static void read_some(struct conn *conn) {
    char bytes[8192];
    ssize_t got;

    while ((got = recv(conn->fd, bytes, sizeof(bytes), 0)) > 0)
        buf_add(&conn->in, bytes, (size_t)got);
    bool over = got == 0 || errno != EAGAIN;
    read_requests(conn);
    if (over && conn->fd >= 0)
        end(conn);
}

static void take_connections(void) {
    int fd;

    for (size_t i = 0; i < CONNS; i++) {
        if (conns[i].fd >= 0)
            continue;
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        conns[i].fd = fd;
        buf_init(&conns[i].in);
        if (roll(FAILS) == 0) {
            world.n.hook_hung_up++;
            end(&conns[i]);
        }
    }
}

size_t hooks_fds(struct pollfd out[static HOOK_FDS]) {
    size_t n = 0;

    out[n++] = (struct pollfd){.fd = listener, .events = POLLIN};
    for (size_t i = 0; i < CONNS; i++)
        if (conns[i].fd >= 0)
            out[n++] = (struct pollfd){.fd = conns[i].fd, .events = POLLIN};
    return n;
}

void hooks_act(void) {
    take_connections();
    for (size_t i = 0; i < CONNS; i++)
        if (conns[i].fd >= 0)
            read_some(&conns[i]);
}

void hooks_free(void) {
    struct event *event, *next;

    for (size_t i = 0; i < CONNS; i++)
        if (conns[i].fd >= 0)
            end(&conns[i]);
    close(listener);
    HASH_ITER(hh, world.events, event, next) {
        HASH_DEL(world.events, event);
        free(event->body);
        free(event);
    }
}
