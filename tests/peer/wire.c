#include "tests/peer/wire.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tests/peer/sha1.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_MS 5000
#define READ_BYTES ((size_t)256 * 1024)
#define FLUSH_BYTES ((size_t)128 * 1024) /* more than that does not wait */
#define KEY "c2ltdWxhdGVkLXBlZXItMQ=="
#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

struct wire {
    int fd;
    bool client;
    struct buf in; /* from taken on not yet looked at */
    size_t taken;
    struct buf out;    /* not yet written */
    struct buf joined; /* the fragments of a message */
    char key[64];      /* of the request */
    uint32_t mask;
    int close_code;
    bool close_sent, close_seen;
    bool ended; /* nothing more comes */
};

static void (*idle_call)(void *);
static void *idle_data;

void wire_set_idle(void (*idle)(void *data), void *data) {
    idle_call = idle;
    idle_data = data;
}

int64_t wire_now_ms(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Waits for events on fd; lets the idle call run meanwhile. */
static bool wait_for(int fd, short events, int64_t until_ms) {
    for (;;) {
        struct pollfd poller = {.fd = fd, .events = events};
        int64_t left_ms = until_ms - wire_now_ms();

        if (left_ms < 0)
            left_ms = 0;
        if (idle_call)
            idle_call(idle_data);
        if (poll(&poller, 1, idle_call && left_ms > 1 ? 1 : (int)left_ms) > 0)
            return true;
        if (left_ms == 0)
            return false;
    }
}

static struct wire *wire_new(int fd, bool client) {
    struct wire *wire = xcalloc(1, sizeof(*wire));
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    fcntl(fd, F_SETFL, O_NONBLOCK);
    wire->fd = fd;
    wire->client = client;
    wire->mask = 0x5bd1e995;
    return wire;
}

void wire_free(struct wire *wire) {
    if (!wire)
        return;
    close(wire->fd);
    buf_finish(&wire->in);
    buf_finish(&wire->out);
    buf_finish(&wire->joined);
    free(wire);
}

int wire_fd(const struct wire *wire) {
    return wire->fd;
}

int wire_close_code(const struct wire *wire) {
    return wire->close_code;
}

size_t wire_waiting(const struct wire *wire) {
    return wire->out.len;
}

static void end(struct wire *wire) {
    wire->ended = true;
    if (!wire->close_code)
        wire->close_code = 1006;
}

/* ---- bytes --------------------------------------------------------------- */

/* Writes as much as the socket takes. */
static void write_some(struct wire *wire) {
    ssize_t done = 1;
    size_t at = 0;

    while (at < wire->out.len && done > 0) {
        done = send(wire->fd, wire->out.data + at, wire->out.len - at,
                    MSG_NOSIGNAL);
        if (done > 0)
            at += (size_t)done;
    }
    if (done < 0 && errno != EAGAIN && errno != EINTR) {
        buf_clear(&wire->out);
        end(wire);
        return;
    }
    buf_consume(&wire->out, at);
}

bool wire_flush(struct wire *wire, int timeout_ms) {
    int64_t until_ms = wire_now_ms() + timeout_ms;

    write_some(wire);
    while (wire->out.len > 0 && !wire->ended) {
        if (!wait_for(wire->fd, POLLOUT, until_ms))
            return false;
        write_some(wire);
    }
    return !wire->ended;
}

/* Reads what is there; false when nothing is. */
static bool read_some(struct wire *wire) {
    ssize_t got;

    if (wire->taken > 0) {
        buf_consume(&wire->in, wire->taken);
        wire->taken = 0;
    }
    got = recv(wire->fd, buf_reserve(&wire->in, READ_BYTES), READ_BYTES, 0);
    if (got > 0) {
        wire->in.len += (size_t)got;
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR))
        end(wire);
    return false;
}

/* ---- handshakes ---------------------------------------------------------- */

/* Reads up to the empty line; its length, or 0 when it did not come. */
static size_t read_head(struct wire *wire, int64_t until_ms) {
    for (;;) {
        const char *empty =
            wire->in.len ? strstr(wire->in.data, "\r\n\r\n") : NULL;

        if (empty)
            return (size_t)(empty - wire->in.data) + 4;
        if (wire->ended || !wait_for(wire->fd, POLLIN, until_ms))
            return 0;
        read_some(wire);
        if (wire->in.len)
            wire->in.data[wire->in.len] = '\0';
    }
}

static void add_base64(struct buf *out, const unsigned char *in, size_t len) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        unsigned bits = (unsigned)in[i] << 16;

        if (i + 1 < len)
            bits |= (unsigned)in[i + 1] << 8;
        if (i + 2 < len)
            bits |= in[i + 2];
        buf_addc(out, letters[bits >> 18]);
        buf_addc(out, letters[bits >> 12 & 63]);
        buf_addc(out, i + 1 < len ? letters[bits >> 6 & 63] : '=');
        buf_addc(out, i + 2 < len ? letters[bits & 63] : '=');
    }
}

static void add_accept(struct buf *out, const char *key) {
    unsigned char hash[SHA1_BYTES];
    struct buf both;

    buf_init(&both);
    buf_addf(&both, "%s%s", key, GUID);
    sha1(hash, both.data, both.len);
    add_base64(out, hash, sizeof(hash));
    buf_finish(&both);
}

static int read_status(struct wire *wire) {
    size_t head = read_head(wire, wire_now_ms() + CONNECT_MS);
    struct buf accept;
    int status = 0;

    if (!head || sscanf(wire->in.data, "HTTP/1.1 %d", &status) != 1)
        return 0;
    buf_init(&accept);
    add_accept(&accept, KEY);
    if (status == 101 && !strstr(wire->in.data, accept.data))
        status = 0; /* whoever that is, it has not read our key */
    buf_finish(&accept);
    wire->taken = head;
    return status;
}

struct wire *wire_connect(int port, const char *path, const char *headers,
                          int *status) {
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct wire *wire;

    *status = 0;
    if (fd < 0)
        return NULL;
    if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
        close(fd);
        return NULL;
    }
    wire = wire_new(fd, true);
    buf_addf(&wire->out,
             "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Key: " KEY
             "\r\n"
             "Sec-WebSocket-Version: 13\r\n%s\r\n",
             path, port, headers);
    if (wire_flush(wire, CONNECT_MS))
        *status = read_status(wire);
    if (*status == 101)
        return wire;
    wire_free(wire);
    return NULL;
}

int wire_listen(int *port) {
    struct sockaddr_in at = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)*port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t size = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(fd, 64) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
        perror("wire_listen");
        abort();
    }
    *port = ntohs(at.sin_port);
    return fd;
}

struct wire *wire_accept(int listener, int timeout_ms, char *request,
                         size_t size) {
    int64_t until_ms = wire_now_ms() + timeout_ms;
    struct wire *wire;
    const char *key;
    size_t head;
    int fd;

    if (!wait_for(listener, POLLIN, until_ms))
        return NULL;
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return NULL;
    wire = wire_new(fd, false);
    head = read_head(wire, until_ms);
    key = head ? strcasestr(wire->in.data, "\r\nSec-WebSocket-Key:") : NULL;
    if (!key || sscanf(key + 20, " %63[^ \r\n]", wire->key) != 1) {
        wire_free(wire);
        return NULL;
    }
    snprintf(request, size, "%.*s", (int)head, wire->in.data);
    wire->taken = head;
    return wire;
}

void wire_answer(struct wire *wire, int status) {
    if (status == 101) {
        buf_adds(&wire->out,
                 "HTTP/1.1 101 Switching Protocols\r\n"
                 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: ");
        add_accept(&wire->out, wire->key);
        buf_adds(&wire->out, "\r\n\r\n");
    } else {
        buf_addf(&wire->out,
                 "HTTP/1.1 %d No\r\nContent-Length: 0\r\n"
                 "Connection: close\r\n\r\n",
                 status);
    }
    wire_flush(wire, CONNECT_MS);
}

/* ---- frames -------------------------------------------------------------- */

/* key holds the mask twice, so that eight bytes go at a time. */
static void add_masked(struct buf *out, const char *bytes, size_t len,
                       uint32_t mask) {
    char *to = buf_reserve(out, len);
    uint64_t twice = (uint64_t)mask << 32 | mask;
    size_t i = 0;

    for (; i + 8 <= len; i += 8) {
        uint64_t word;

        memcpy(&word, bytes + i, 8);
        word ^= twice;
        memcpy(to + i, &word, 8);
    }
    for (; i < len; i++)
        to[i] = (char)(bytes[i] ^ ((const char *)&mask)[i % 4]);
    out->len += len;
    out->data[out->len] = '\0';
}

void wire_frame(struct wire *wire, enum wire_opcode opcode, bool final,
                const char *bytes, size_t len) {
    unsigned char head[14] = {
        (unsigned char)((final ? 0x80 : 0) | (unsigned)opcode),
    };
    size_t size = len < 126 ? 2 : len < 65536 ? 4 : 10;

    head[1] = (unsigned char)(len < 126 ? len : len < 65536 ? 126 : 127);
    for (size_t i = 2; i < size; i++)
        head[i] = (unsigned char)((uint64_t)len >> (8 * (size - 1 - i)));
    if (wire->client) {
        head[1] |= 0x80;
        memcpy(head + size, &wire->mask, 4);
        size += 4;
    }
    buf_add(&wire->out, head, size);
    if (wire->client)
        add_masked(&wire->out, bytes, len, wire->mask);
    else
        buf_add(&wire->out, bytes, len);
    wire->mask = wire->mask * 1664525 + 1013904223;
    if (wire->out.len >= FLUSH_BYTES)
        write_some(wire);
}

void wire_text(struct wire *wire, const char *text, size_t len) {
    wire_frame(wire, WIRE_TEXT, true, text, len);
}

void wire_close(struct wire *wire, int code, const char *reason) {
    char body[125];
    size_t len = strlen(reason);

    if (wire->close_sent)
        return;
    if (len > sizeof(body) - 2)
        len = sizeof(body) - 2;
    body[0] = (char)(code >> 8);
    body[1] = (char)code;
    memcpy(body + 2, reason, len);
    wire_frame(wire, WIRE_CLOSE, true, body, code ? len + 2 : 0);
    wire->close_sent = true;
    write_some(wire);
}

struct frame {
    unsigned opcode;
    bool final;
    char *bytes;
    size_t len;
};

/* Takes one whole frame from what was read; false when it is not all there. */
static bool take_frame(struct wire *wire, struct frame *frame) {
    size_t have = wire->in.len - wire->taken;
    const unsigned char *at;
    size_t head = 2;
    uint64_t len;
    bool masked;

    if (have < 2)
        return false;
    at = (unsigned char *)wire->in.data + wire->taken;
    len = at[1] & 0x7f;
    masked = at[1] & 0x80;
    if (len >= 126) {
        size_t more = len == 126 ? 2 : 8;

        if (have < 2 + more)
            return false;
        len = 0;
        for (size_t i = 0; i < more; i++)
            len = len << 8 | at[2 + i];
        head += more;
    }
    if (masked)
        head += 4;
    if (have < head || have - head < len)
        return false;
    frame->opcode = at[0] & 15;
    frame->final = at[0] & 0x80;
    frame->bytes = wire->in.data + wire->taken + head;
    frame->len = (size_t)len;
    for (size_t i = 0; masked && i < len; i++)
        frame->bytes[i] = (char)(frame->bytes[i] ^ (char)at[head - 4 + i % 4]);
    wire->taken += head + (size_t)len;
    return true;
}

static void take_close(struct wire *wire, const struct frame *frame) {
    wire->close_code = 1005;
    if (frame->len >= 2)
        wire->close_code = (unsigned char)frame->bytes[0] << 8 |
                           (unsigned char)frame->bytes[1];
    wire_close(wire, frame->len >= 2 ? wire->close_code : 0, "");
    wire->close_seen = true;
    wire->ended = true;
}

/* Looks at a frame; true when a message is whole. */
static bool take_message(struct wire *wire, const struct frame *frame,
                         const char **text, size_t *len) {
    switch (frame->opcode) {
    case WIRE_CLOSE:
        take_close(wire, frame);
        return false;
    case WIRE_PING:
        wire_frame(wire, WIRE_PONG, true, frame->bytes, frame->len);
        return false;
    case WIRE_PONG:
        return false;
    case WIRE_MORE:
        break;
    default:
        buf_clear(&wire->joined);
        if (frame->final) {
            *text = frame->bytes;
            *len = frame->len;
            return true;
        }
    }
    buf_add(&wire->joined, frame->bytes, frame->len);
    *text = wire->joined.data;
    *len = wire->joined.len;
    return frame->final;
}

int wire_next(struct wire *wire, int timeout_ms, const char **text,
              size_t *len) {
    int64_t until_ms = wire_now_ms() + timeout_ms;
    struct frame frame;

    for (;;) {
        while (!wire->close_seen && take_frame(wire, &frame))
            if (take_message(wire, &frame, text, len))
                return 1;
        if (wire->ended)
            return -1;
        write_some(wire);
        if (read_some(wire) || wire->ended)
            continue;
        if (!wait_for(wire->fd, (short)(POLLIN | (wire->out.len ? POLLOUT : 0)),
                      until_ms))
            return 0;
    }
}
