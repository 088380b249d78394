#pragma once

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * A receiver of webhooks on the loop under test: keeps every request, and
 * answers each path as the test says.
 */
enum receiver_mode {
    RECEIVER_STATUS, /* with .status, at once */
    RECEIVER_HOLDS,  /* when the test says: hook_receiver_release() */
    RECEIVER_NEVER,  /* reads, and says nothing */
    RECEIVER_RESETS, /* ends the connection rudely */
    RECEIVER_ENDLESS /* 200 and more bytes than anybody wants */
};

struct receiver_path {
    char path[32];
    enum receiver_mode mode;
    int status;
    const char *location; /* of a redirect, or NULL */
    int first_status;     /* of the next first_times requests, before status */
    unsigned first_times;
    unsigned requests;  /* heard so far */
    unsigned now, peak; /* under way */
};

struct received {
    char path[32];
    char id[64], timestamp[32], signature[96];
    char *body;
    bool ok; /* answered with 2xx */
};

#define RECEIVED_MAX 4096
#define RECEIVER_PATHS 8

struct hook_receiver {
    uv_tcp_t tcp;
    int port;
    struct receiver_path paths[RECEIVER_PATHS];
    size_t n_paths;
    struct received all[RECEIVED_MAX];
    size_t n;
    struct receiver_conn *conns;
};

/* port 0: a free one. */
struct hook_receiver *hook_receiver_new(uv_loop_t *loop, int port);
/* Before its loop is finished. */
void hook_receiver_free(struct hook_receiver *receiver);
/* What a path does; made at its first mention, with 200. */
struct receiver_path *hook_receiver_path(struct hook_receiver *receiver,
                                         const char *path);
/* Answers what RECEIVER_HOLDS holds, with .status. */
void hook_receiver_release(struct hook_receiver *receiver, const char *path);
/* How many different events of a path were answered with 2xx. */
size_t hook_receiver_heard(const struct hook_receiver *receiver,
                           const char *path);
/* The i-th request of a path; fails the test when there is none. */
const struct received *hook_receiver_get(const struct hook_receiver *receiver,
                                         const char *path, size_t i);
