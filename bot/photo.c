#include "bot/photo.h"

#include "base/limits.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/token.h"
#include "bot/loop.h"
#include "bot/photo_file.h"
#include "bot/photo_run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define LOG_MODULE "photo"
#include "base/log.h"

/*
 * One photo on its way: waiting, then in a child, then written by the thread
 * pool. From the child on it holds a slot, so that a slow disk slows the
 * queue down and not the memory up.
 */
struct job {
    struct photos *photos;
    char *bytes; /* as they came; the child's run takes them */
    size_t len;
    enum err err;
    photo_done *done; /* NULL once it was called */
    void *data;
    struct photo_run *run;
    struct photo photo;
    uv_work_t work;
    char *jpeg; /* what the child made of them */
    char *thumb;
    size_t jpeg_len, thumb_len;
    uint64_t began_at; /* uv_hrtime() */
    struct job *prev, *next;
};

struct photos {
    struct loop *loop;
    char *dir;
    char *child_path;
    unsigned max_children;
    int64_t timeout_ms;
    uv_timer_t kick; /* begins what photo_store() queued */
    struct job *waiting;
    struct job *refused; /* only have to be told */
    struct job *running;
    unsigned n_waiting;
    size_t waiting_bytes;
    unsigned n_running;
    unsigned n_holds; /* what still reaches this struct: kick, works */
    bool closing;
};

#define PHOTOS(result)                                                         \
    METRIC_COUNTER_L("xiaofeng_photos_total", "Photos taken in, by result.",   \
                     "result=\"" result "\"")

static void count_result(enum err err) {
    static struct metric results[ERR_COUNT] = {
        [OK] = PHOTOS("ok"),
        [ERR_INVALID] = PHOTOS("invalid"),
        [ERR_TOO_LARGE] = PHOTOS("too_large"),
        [ERR_TIMEOUT] = PHOTOS("timeout"),
        [ERR_LIMIT] = PHOTOS("limit"),
        [ERR_IO] = PHOTOS("io"),
        [ERR_AWAY] = PHOTOS("away"),
    };
    metric_add(&results[err], 1);
}

static void tell(struct job *job, enum err err) {
    if (!job->done)
        return;
    photo_done *done = job->done;
    job->done = NULL;
    count_result(err);
    done(job->data, err, err == OK ? &job->photo : NULL);
}

static void job_free(struct job *job) {
    free(job->bytes);
    free(job->jpeg);
    free(job->thumb);
    free(job);
}

static void release(struct photos *photos) {
    if (--photos->n_holds > 0)
        return;
    free(photos->dir);
    free(photos->child_path);
    free(photos);
}

static void pump(struct photos *photos);

/* Ends a job that runs. */
static void end(struct job *job, enum err err) {
    static struct metric seconds = METRIC_HISTOGRAM(
        "xiaofeng_photo_seconds", "From a photo's child to its last fsync.");
    struct photos *photos = job->photos;

    metric_observe(&seconds, (double)(uv_hrtime() - job->began_at) / 1e9);
    DL_DELETE(photos->running, job);
    photos->n_running--;
    tell(job, err);
    job_free(job);
    pump(photos);
}

static void write_files(uv_work_t *work) {
    struct job *job = work->data;
    const struct photo_bytes bytes = {
        .jpeg = job->jpeg,
        .jpeg_len = job->jpeg_len,
        .thumb = job->thumb,
        .thumb_len = job->thumb_len,
    };
    job->err = photo_file_write(job->photos->dir, job->photo.id, &bytes);
}

static void on_files_written(uv_work_t *work, int status) {
    (void)status; /* never cancelled */
    struct job *job = work->data;
    struct photos *photos = job->photos;

    if (photos->closing) {
        /* Somebody was told that there is no such photo. */
        if (job->err == OK)
            photo_file_remove(photos->dir, job->photo.id);
        job_free(job);
    } else {
        if (job->err != OK)
            LOG_ERR("could not store a photo");
        end(job, job->err);
    }
    release(photos);
}

static char *copy(const char *bytes, size_t len) {
    return memcpy(xmalloc(len), bytes, len);
}

static void on_converted(void *data, enum err err,
                         const struct photo_run_result *result) {
    struct job *job = data;
    struct photos *photos = job->photos;

    job->run = NULL;
    if (err != OK) {
        end(job, err);
        return;
    }
    token_random(job->photo.id, sizeof(job->photo.id), 16);
    job->photo.has_position = result->has_position;
    job->photo.lat = result->lat;
    job->photo.lon = result->lon;
    job->jpeg = copy(result->jpeg, result->jpeg_len);
    job->jpeg_len = result->jpeg_len;
    job->thumb = copy(result->thumb, result->thumb_len);
    job->thumb_len = result->thumb_len;
    job->work.data = job;
    photos->n_holds++;
    uv_queue_work(&photos->loop->uv, &job->work, write_files, on_files_written);
}

static void begin(struct job *job) {
    struct photos *photos = job->photos;
    const struct photo_run_options options = {
        .uv = &photos->loop->uv,
        .child_path = photos->child_path,
        .timeout_ms = photos->timeout_ms,
    };
    char *bytes = job->bytes;
    job->bytes = NULL;
    job->began_at = uv_hrtime();
    job->run = photo_run_new(&options, bytes, job->len, on_converted, job);
}

static void count_waiting(struct photos *photos) {
    static struct metric waiting = METRIC_GAUGE(
        "xiaofeng_photos_waiting", "Photos that wait for a child.");
    metric_set(&waiting, photos->n_waiting);
}

static void pump(struct photos *photos) {
    while (!photos->closing && photos->waiting &&
           photos->n_running < photos->max_children) {
        struct job *job = photos->waiting;
        DL_DELETE(photos->waiting, job);
        photos->n_waiting--;
        photos->waiting_bytes -= job->len;
        DL_APPEND(photos->running, job);
        photos->n_running++;
        begin(job);
    }
    count_waiting(photos);
}

static void tell_all(struct job **list, enum err err) {
    while (*list) {
        struct job *job = *list;
        DL_DELETE(*list, job);
        tell(job, err != OK ? err : job->err);
        job_free(job);
    }
}

static void on_kick(uv_timer_t *timer) {
    struct photos *photos = timer->data;
    tell_all(&photos->refused, OK);
    pump(photos);
}

struct photos *photos_new(struct loop *loop,
                          const struct photo_options *options) {
    struct photos *photos = xcalloc(1, sizeof(*photos));
    photos->loop = loop;
    photos->dir = xstrdup(options->dir);
    photos->child_path =
        options->child_path ? xstrdup(options->child_path) : photo_child_find();
    photos->max_children = options->max_children;
    photos->timeout_ms = options->timeout_ms;
    photos->n_holds = 1;
    /* A child that ends before it has read everything must not end us. */
    signal(SIGPIPE, SIG_IGN);
    if (photo_file_prepare(photos->dir) != OK)
        LOG_ERR("the directory of photos cannot be used");
    uv_timer_init(&loop->uv, &photos->kick);
    photos->kick.data = photos;
    return photos;
}

static void on_kick_closed(uv_handle_t *handle) {
    release(handle->data);
}

static void cancel_running(struct photos *photos) {
    while (photos->running) {
        struct job *job = photos->running;
        DL_DELETE(photos->running, job);
        tell(job, ERR_AWAY);
        if (job->run) {
            photo_run_cancel(job->run);
            job_free(job);
        } /* else the thread pool has it: see on_files_written() */
    }
}

void photos_free(struct photos *photos) {
    if (!photos)
        return;
    photos->closing = true;
    cancel_running(photos);
    tell_all(&photos->waiting, ERR_AWAY);
    tell_all(&photos->refused, ERR_AWAY);
    uv_close((uv_handle_t *)&photos->kick, on_kick_closed);
}

static enum err refusal(const struct photos *photos, size_t len) {
    if (photos->closing)
        return ERR_AWAY;
    if (len == 0)
        return ERR_INVALID;
    if (len > LIMIT_UPLOAD_BYTES)
        return ERR_TOO_LARGE;
    if (photos->n_waiting >= PHOTO_WAITING_MAX ||
        len > PHOTO_WAITING_BYTES - photos->waiting_bytes)
        return ERR_LIMIT;
    return OK;
}

void photo_store(struct photos *photos, const char *bytes, size_t len,
                 photo_done *done, void *data) {
    struct job *job = xcalloc(1, sizeof(*job));
    job->photos = photos;
    job->done = done;
    job->data = data;
    job->err = refusal(photos, len);
    if (job->err != OK) {
        DL_APPEND(photos->refused, job);
    } else {
        job->bytes = copy(bytes, len);
        job->len = len;
        DL_APPEND(photos->waiting, job);
        photos->n_waiting++;
        photos->waiting_bytes += len;
        count_waiting(photos);
    }
    if (!photos->closing)
        uv_timer_start(&photos->kick, on_kick, 0, 0);
}

char *photo_path(const struct photos *photos, const char *id, bool thumb) {
    if (!photo_id_valid(id))
        return NULL;
    return photo_file_path(photos->dir, id, thumb);
}

struct removal {
    uv_work_t work;
    char *dir;
    char id[PHOTO_ID_SIZE];
};

static void remove_files(uv_work_t *work) {
    struct removal *removal = work->data;
    photo_file_remove(removal->dir, removal->id);
}

static void on_files_removed(uv_work_t *work, int status) {
    (void)status;
    struct removal *removal = work->data;
    free(removal->dir);
    free(removal);
}

void photo_remove(struct photos *photos, const char *id) {
    if (!photo_id_valid(id))
        return;
    struct removal *removal = xcalloc(1, sizeof(*removal));
    removal->work.data = removal;
    removal->dir = xstrdup(photos->dir);
    memcpy(removal->id, id, sizeof(removal->id));
    uv_queue_work(&photos->loop->uv, &removal->work, remove_files,
                  on_files_removed);
}
