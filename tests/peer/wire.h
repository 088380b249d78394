#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A WebSocket connection for tests, either side of it, on plain sockets: it
 * shares nothing with the daemon's own, so that both cannot be wrong in the
 * same way. What is written waits in memory until wire_flush() or a wait.
 */
struct wire;

/* Called again and again while a wire waits: a test that has the daemon's loop
 * in its own thread runs it here. NULL: none. */
void wire_set_idle(void (*idle)(void *data), void *data);

/* Connects to 127.0.0.1. headers are whole lines ending in CR LF, or "". NULL
 * unless the answer is 101; *status is the answer's, or 0 when there was none.
 */
struct wire *wire_connect(int port, const char *path, const char *headers,
                          int *status);

/* Listens on 127.0.0.1; *port 0 takes a free one. Returns a descriptor. */
int wire_listen(int *port);
/* The next request for a WebSocket, its head in request; NULL when none came in
 * time. Answered by wire_answer(). */
struct wire *wire_accept(int listener, int timeout_ms, char *request,
                         size_t size);
/* 101 opens the connection, anything else ends it. */
void wire_answer(struct wire *wire, int status);

enum wire_opcode {
    WIRE_MORE = 0,
    WIRE_TEXT = 1,
    WIRE_BINARY = 2,
    WIRE_CLOSE = 8,
    WIRE_PING = 9,
    WIRE_PONG = 10
};

void wire_text(struct wire *wire, const char *text, size_t len);
void wire_frame(struct wire *wire, enum wire_opcode opcode, bool final,
                const char *bytes, size_t len);
/* Writes what waits; false when that did not end in time. */
bool wire_flush(struct wire *wire, int timeout_ms);
size_t wire_waiting(const struct wire *wire);

/* The next message, valid until the next call. Returns 1, or 0 when none came
 * in time, or -1 when the connection has ended. Answers pings and closes. */
int wire_next(struct wire *wire, int timeout_ms, const char **text,
              size_t *len);
/* The code of the other side's close frame; 1005: it had none, 1006: the
 * connection ended without a close frame, 0: it has not ended. */
int wire_close_code(const struct wire *wire);
int wire_fd(const struct wire *wire);

/* Sends a close frame. */
void wire_close(struct wire *wire, int code, const char *reason);
/* Ends it; what waits is not written. Takes NULL. */
void wire_free(struct wire *wire);

int64_t wire_now_ms(void);
