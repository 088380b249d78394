#define LOG_MODULE "files"
#include "bot/files.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/token.h"
#include "base/utf8.h"
#include "bot/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <utlist.h>

static struct metric m_stored =
    METRIC_COUNTER("xiaofeng_files_stored_total", "Files uploaded and kept.");
static struct metric m_refused = METRIC_COUNTER("xiaofeng_files_refused_total",
                                                "Files uploaded and not kept.");

struct files {
    struct loop *loop;
    char *dir;
    struct file_job *jobs;
    size_t n_jobs;
};

/* A file on its way to the disk, in libuv's pool. */
struct file_job {
    uv_work_t work;
    struct files *files; /* NULL: nobody waits for it */
    char *dir, *bytes;
    size_t len;
    struct file file;
    enum err err;
    files_stored *done;
    void *data;
    struct file_job *prev, *next;
};

struct files *files_new(struct loop *loop, const char *dir) {
    struct files *files = xcalloc(1, sizeof(*files));
    files->loop = loop;
    files->dir = xstrdup(dir);
    if (!file_make_dirs(dir))
        LOG_WARN("there is no place for files: %s", strerror(errno));
    return files;
}

static void tell(struct file_job *job, enum err err) {
    metric_add(err == OK ? &m_stored : &m_refused, 1);
    job->done(job->data, err, err == OK ? &job->file : NULL);
}

void files_free(struct files *files) {
    struct file_job *job, *next;
    if (files == NULL)
        return;
    DL_FOREACH_SAFE(files->jobs, job, next) {
        DL_DELETE(files->jobs, job);
        job->files = NULL;
        tell(job, ERR_AWAY);
    }
    free(files->dir);
    free(files);
}

/* ---- names and places ---------------------------------------------------- */

bool files_id_valid(const char *id) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return strnlen(id, FILE_ID_SIZE) == FILE_ID_SIZE - 1 &&
           strspn(id, letters) == FILE_ID_SIZE - 1;
}

char *files_path_in(const char *dir, const char *id, enum file_type type) {
    return xasprintf("%s/%.2s/%s.%s", dir, id, id, file_kinds[type].word);
}

char *files_path(const struct files *files, const char *id,
                 enum file_type type) {
    return files_path_in(files->dir, id, type);
}

void files_remove(struct files *files, const char *id, enum file_type type) {
    char *path = files_path(files, id, type);
    if (unlink(path) != 0 && errno != ENOENT)
        LOG_WARN("a file could not be removed: %s", strerror(errno));
    free(path);
}

bool files_is_there(const struct files *files, const char *id) {
    bool there = false;
    for (int type = 0; type < FILE_TYPES && !there; type++) {
        char *path = files_path(files, id, (enum file_type)type);
        there = access(path, F_OK) == 0;
        free(path);
    }
    return there;
}

static bool has_ending(const char *name, const char *word) {
    const char *dot = strrchr(name, '.');
    return dot != NULL && dot != name && strcasecmp(dot + 1, word) == 0;
}

char *files_name(struct arena *arena, const char *given, enum file_type type) {
    const char *word = file_kinds[type].word;
    char *name = utf8_clean(arena, given, strlen(given));
    for (char *at = name; *at != '\0'; at++)
        if (strchr("/\\:*?\"<>|;%\n\t", *at) != NULL)
            *at = ' ';
    while (*name == '.' || *name == ' ')
        name++;
    bool ended = has_ending(name, word);
    if (ended)
        *strrchr(name, '.') = '\0';
    size_t most = FILE_NAME_CHARS - strlen(word) - 1;
    while (utf8_prefix(name, most) + strlen(word) + 1 > FILE_NAME_BYTES)
        most--;
    name[utf8_prefix(name, most)] = '\0';
    return arena_printf(arena, "%s.%s", name[0] == '\0' ? "file" : name, word);
}

/* ---- on the disk --------------------------------------------------------- */

static bool write_new(const char *path, const char *bytes, size_t len) {
    int fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = file_write(fd, bytes, len) && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

/* It is there as a whole or not at all. */
static enum err write_file(const char *path, const char *bytes, size_t len) {
    char *part = xasprintf("%s.part", path);
    bool ok = file_make_dirs_of(path) && write_new(part, bytes, len) &&
              rename(part, path) == 0 && file_sync_dir_of(path);
    if (!ok)
        unlink(part);
    free(part);
    return ok ? OK : ERR_IO;
}

/* In another thread. */
static void do_job(uv_work_t *work) {
    struct file_job *job = work->data;
    job->file.type = file_type_sniff(job->bytes, job->len);
    if (job->file.type == FILE_TYPES) {
        job->err = ERR_INVALID;
        return;
    }
    char *path = files_path_in(job->dir, job->file.id, job->file.type);
    job->err = write_file(path, job->bytes, job->len);
    free(path);
}

static void remove_written(const struct file_job *job) {
    char *path = files_path_in(job->dir, job->file.id, job->file.type);
    unlink(path);
    free(path);
}

static void on_job(uv_work_t *work, int status) {
    struct file_job *job = work->data;
    struct files *files = job->files;
    if (status != 0)
        job->err = ERR_IO;
    if (files != NULL) {
        DL_DELETE(files->jobs, job);
        files->n_jobs--;
        if (job->err == ERR_IO)
            LOG_ERR("a file could not be written");
        tell(job, job->err);
    } else if (job->err == OK) {
        remove_written(job); /* whoever sent it was told that it is not kept */
    }
    free(job->dir);
    free(job->bytes);
    free(job);
}

enum err files_store(struct files *files, const char *bytes, size_t len,
                     files_stored *done, void *data) {
    if (len > FILE_BYTES_MAX)
        return ERR_TOO_LARGE;
    if (files->n_jobs >= FILES_WRITING_MAX)
        return ERR_LIMIT;
    struct file_job *job = xcalloc(1, sizeof(*job));
    job->files = files;
    job->dir = xstrdup(files->dir);
    job->done = done;
    job->data = data;
    job->work.data = job;
    job->len = len;
    token_random(job->file.id, sizeof(job->file.id), 16);
    job->bytes = memcpy(xmalloc(len + 1), bytes, len);
    DL_APPEND(files->jobs, job);
    files->n_jobs++;
    uv_queue_work(&files->loop->uv, &job->work, do_job, on_job);
    return OK;
}
