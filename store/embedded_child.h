#pragma once

#include "base/err.h"

#include <sys/types.h>

/* The redis-server child of embedded.c: how it is configured and begun. */
struct embedded_child {
    const char *dir;         /* its working directory, absolute */
    const char *server_path; /* a name to be found in PATH, or absolute */
    int lock_fd; /* kept open by the child: the lock goes when it is gone */
};

/* The socket in dir. */
#define EMBEDDED_SOCKET "redis.sock"

/* Returns once redis-server runs, not when it is ready. ERR_IO: it is logged.
 * The child is told to stop when the thread that called this ends. */
enum err embedded_child_start(const struct embedded_child *child,
                              pid_t *out) must_check;
