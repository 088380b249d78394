#include "bot/photo_run.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/photo_sandbox.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_MODULE "photo"
#include "base/log.h"

/* Noise at PHOTO_MAX_EDGE stays below this; only a broken child sends more. */
#define OUTPUT_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define CHILD_NAME "xiaofeng-photo"

struct photo_run {
    uv_process_t process;
    uv_pipe_t to;
    uv_pipe_t from;
    uv_timer_t timer;
    uv_write_t write;
    struct photo_ask ask;
    char *bytes;
    struct buf out;
    photo_run_done *done; /* NULL once cancelled */
    void *data;
    enum err err;
    int n_handles;
    bool exited;
    bool from_ended;
    int64_t exit_status;
    int term_signal;
};

static void kill_child(struct photo_run *run) {
    if (!run->exited)
        uv_process_kill(&run->process, SIGKILL);
}

static bool is_jpeg(const char *bytes, size_t len) {
    return len > 4 && memcmp(bytes, "\xff\xd8\xff", 3) == 0 &&
           memcmp(bytes + len - 2, "\xff\xd9", 2) == 0;
}

static bool is_position(const struct photo_reply *reply) {
    return reply->has_position == 1 && isfinite(reply->lat) &&
           isfinite(reply->lon) && fabs(reply->lat) <= 90 &&
           fabs(reply->lon) <= 180;
}

/* Reads the child's answer; ERR_IO when it is none. */
static enum err read_reply(const struct buf *out,
                           struct photo_run_result *result) {
    struct photo_reply reply;
    if (out->len < sizeof(reply))
        return ERR_IO;
    memcpy(&reply, out->data, sizeof(reply));
    const size_t rest = out->len - sizeof(reply);
    if (reply.magic != PHOTO_REPLY_MAGIC)
        return ERR_IO;
    if (reply.err == ERR_INVALID || reply.err == ERR_TOO_LARGE)
        return (enum err)reply.err;
    if (reply.err != OK || reply.jpeg_len > rest ||
        reply.thumb_len != rest - reply.jpeg_len)
        return ERR_IO;

    *result = (struct photo_run_result){
        .jpeg = out->data + sizeof(reply),
        .jpeg_len = reply.jpeg_len,
        .thumb = out->data + sizeof(reply) + reply.jpeg_len,
        .thumb_len = reply.thumb_len,
    };
    if (is_position(&reply)) {
        result->has_position = true;
        result->lat = reply.lat;
        result->lon = reply.lon;
    }
    return is_jpeg(result->jpeg, result->jpeg_len) &&
                   is_jpeg(result->thumb, result->thumb_len)
               ? OK
               : ERR_IO;
}

static enum err result_of(const struct photo_run *run,
                          struct photo_run_result *result) {
    static struct metric died =
        METRIC_COUNTER("xiaofeng_photo_children_died_total",
                       "Photo children that ended without an answer.");
    if (run->err != OK)
        return run->err;
    if (run->exit_status == PHOTO_EXIT_UNCONFINED) {
        LOG_ERR("the photo child could not be confined: is seccomp allowed?");
        return ERR_IO;
    }
    if (run->term_signal == 0 && run->exit_status == PHOTO_EXIT_OK) {
        enum err err = read_reply(&run->out, result);
        if (err != ERR_IO)
            return err;
    }
    /* A picture that ends its decoder is a broken one, or worse. */
    metric_add(&died, 1);
    LOG_WARN("a photo child ended with status %d, signal %d, after %zu bytes",
             (int)run->exit_status, run->term_signal, run->out.len);
    return run->term_signal == SIGXCPU ? ERR_TIMEOUT : ERR_INVALID;
}

static void on_closed(uv_handle_t *handle) {
    struct photo_run *run = handle->data;
    struct photo_run_result result = {0};

    if (--run->n_handles > 0)
        return;
    if (run->done) {
        enum err err = result_of(run, &result);
        run->done(run->data, err, err == OK ? &result : NULL);
    }
    buf_finish(&run->out);
    free(run->bytes);
    free(run);
}

static void close_once(uv_handle_t *handle) {
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void close_all(struct photo_run *run) {
    close_once((uv_handle_t *)&run->process);
    close_once((uv_handle_t *)&run->to);
    close_once((uv_handle_t *)&run->from);
    close_once((uv_handle_t *)&run->timer);
}

/* A child must be waited for, however it ended, or it stays as a zombie. */
static void end_when_over(struct photo_run *run) {
    if (run->exited && run->from_ended)
        close_all(run);
}

static void on_exit_of_child(uv_process_t *process, int64_t status,
                             int term_signal) {
    struct photo_run *run = process->data;
    run->exited = true;
    run->exit_status = status;
    run->term_signal = term_signal;
    end_when_over(run);
}

static void on_timeout(uv_timer_t *timer) {
    struct photo_run *run = timer->data;
    run->err = ERR_TIMEOUT;
    run->from_ended = true; /* or somebody else holds that pipe open */
    kill_child(run);
    end_when_over(run);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf) {
    struct photo_run *run = handle->data;
    *buf = uv_buf_init(buf_reserve(&run->out, suggested), (unsigned)suggested);
}

static void on_read(uv_stream_t *from, ssize_t n, const uv_buf_t *buf) {
    (void)buf; /* lies in run->out already */
    struct photo_run *run = from->data;
    if (n > 0)
        run->out.len += (size_t)n;
    if (n >= 0 && run->out.len <= OUTPUT_BYTES_MAX)
        return;
    uv_read_stop(from);
    run->from_ended = true;
    if (n >= 0) {
        run->err = ERR_INVALID;
        kill_child(run);
    }
    end_when_over(run);
}

/* Whether it took it all or not: its answer will say. */
static void on_written(uv_write_t *write, int status) {
    (void)status;
    struct photo_run *run = write->data;
    close_once((uv_handle_t *)&run->to);
}

static int spawn(struct photo_run *run, const struct photo_run_options *opts) {
    char *path = xstrdup(opts->child_path);
    char *args[] = {path, NULL};
    char *no_environment[] = {NULL}; /* it may hold secrets of the daemon */
    uv_stdio_container_t stdio[] = {
        {.flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
         .data.stream = (uv_stream_t *)&run->to},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&run->from},
#ifdef PHOTO_SANITIZED /* what a sanitizer finds in the child has to be seen   \
                        */
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
#else
        {.flags = UV_IGNORE},
#endif
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_of_child,
        .file = path,
        .args = args,
        .env = no_environment,
        .cwd = "/",
        .stdio = stdio,
        .stdio_count = ARRAY_LEN(stdio),
    };
    int status = uv_spawn(opts->uv, &run->process, &options);
    free(path);
    return status;
}

static void feed(struct photo_run *run) {
    uv_buf_t bufs[] = {
        uv_buf_init((char *)&run->ask, sizeof(run->ask)),
        uv_buf_init(run->bytes, run->ask.len),
    };
    run->write.data = run;
    uv_write(&run->write, (uv_stream_t *)&run->to, bufs, ARRAY_LEN(bufs),
             on_written);
    uv_read_start((uv_stream_t *)&run->from, on_alloc, on_read);
}

struct photo_run *photo_run_new(const struct photo_run_options *options,
                                char *bytes, size_t len, photo_run_done *done,
                                void *data) {
    struct photo_run *run = xcalloc(1, sizeof(*run));
    run->ask = (struct photo_ask){PHOTO_ASK_MAGIC, (uint32_t)len};
    run->bytes = bytes;
    run->done = done;
    run->data = data;
    buf_init(&run->out);
    uv_pipe_init(options->uv, &run->to, 0);
    uv_pipe_init(options->uv, &run->from, 0);
    uv_timer_init(options->uv, &run->timer);
    run->process.data = run->to.data = run->from.data = run->timer.data = run;
    run->n_handles = 4;

    int status = spawn(run, options);
    if (status != 0) {
        LOG_ERR("no photo child: %s", uv_strerror(status));
        run->err = ERR_IO;
        run->exited = true;
        close_all(run);
        return run;
    }
    uv_timer_start(&run->timer, on_timeout, (uint64_t)options->timeout_ms, 0);
    feed(run);
    return run;
}

void photo_run_cancel(struct photo_run *run) {
    run->done = NULL;
    run->from_ended = true;
    kill_child(run);
    end_when_over(run);
}

char *photo_child_find(void) {
    char exe[4096];
    size_t size = sizeof(exe);
    if (uv_exepath(exe, &size) == 0) {
        char *slash = strrchr(exe, '/');
        *slash = '\0';
        char *path = xasprintf("%s/" CHILD_NAME, exe);
        if (access(path, X_OK) == 0)
            return path;
        free(path);
    }
    return xstrdup(XIAOFENG_LIBEXEC_DIR "/" CHILD_NAME);
}
