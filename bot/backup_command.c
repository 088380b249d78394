#define LOG_MODULE "backup"
#include "bot/backup_command.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/backup_files.h"
#include "bot/config.h"
#include "bot/offline.h"
#include "store/snapshot.h"
#include "store/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOT_UNDERSTOOD 2
#define PROGRESS_MS 2000
#define LOCK_FILE "backup.lock"

static enum err failed(const char *path) {
    LOG_ERR("%s: %s", path, strerror(errno));
    return ERR_IO;
}

/* ---- the store ---------------------------------------------------------- */

struct snapping {
    const struct config *config;
    struct offline *offline;
    struct store *store;
    int64_t told_ms;
};

static void on_progress(void *data) {
    struct snapping *snapping = data;
    int64_t now = clock_mono_ms(&clock_system);
    offline_goes_on(snapping->offline);
    if (now < snapping->told_ms + PROGRESS_MS)
        return;
    snapping->told_ms = now;
    fputs("the store writes its snapshot\n", stderr);
}

static void on_snapshot(void *data, enum err err) {
    struct snapping *snapping = data;
    if (err != OK)
        LOG_ERR("there is no snapshot of the store: %s", err_str(err));
    offline_end(snapping->offline, err == OK);
}

static void on_noted(void *data, const struct txn_result *result) {
    struct snapping *snapping = data;
    if (result->err != OK) {
        on_snapshot(snapping, result->err);
        return;
    }
    if (snapping->config->redis_url == NULL)
        store_snapshot(snapping->store, on_progress, on_snapshot, snapping);
    else
        offline_end(snapping->offline, true); /* it is fetched behind this */
}

static void snap(struct offline *offline, struct store *store, void *data) {
    struct snapping *snapping = data;
    snapping->offline = offline;
    snapping->store = store;
    struct txn *txn = txn_new(store);
    txn_audit(txn, "system", "backup", "", "");
    txn_commit(txn, on_noted, snapping);
}

/* What is erased later must not stay in Redis' own directory. */
static enum err take_snapshot(struct backup *backup) {
    char *path = xasprintf("%s/redis/" SNAPSHOT_FILE, backup->from);
    enum err err = backup_copy_as(backup, path, BACKUP_STORE);
    if (err == ERR_NOT_FOUND)
        err = failed(path);
    if (unlink(path) != 0 && err == OK)
        err = failed(path);
    free(path);
    return err;
}

static enum err fetch_snapshot(const struct config *config,
                               struct backup *backup) {
    char *path = xasprintf("%s/fetched.rdb", backup->to);
    enum err err = snapshot_fetch(config->redis_url, path);
    if (err == ERR_NOT_FOUND)
        LOG_ERR(
            "the store is a Redis of its own, and there is no redis-cli to "
            "fetch it with (Debian package redis-tools)");
    else if (err != OK)
        LOG_ERR("the store could not be fetched");
    else
        err = backup_copy_as(backup, path, BACKUP_STORE);
    unlink(path);
    free(path);
    return err;
}

static enum err copy_store(const struct config *config, struct backup *backup) {
    struct snapping snapping = {
        .config = config,
        .told_ms = clock_mono_ms(&clock_system),
    };
    if (!offline_run(config, snap, &snapping))
        return ERR_AWAY;
    return config->redis_url == NULL ? take_snapshot(backup)
                                     : fetch_snapshot(config, backup);
}

/* ---- the whole ---------------------------------------------------------- */

static void begin_manifest(const struct config *config, struct backup *backup,
                           bool with_keys) {
    char made[32];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(made, sizeof(made), "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_addf(&backup->manifest,
             "# xiaofeng backup 1\n# made %s by xiaofeng %s\n# district %s\n"
             "# keys %s\n",
             made, XIAOFENG_VERSION, config->district,
             with_keys ? "yes" : "no");
}

/*
 * The order matters: the anchors are older than the log they are kept with, and
 * every photo that the store names was there before it and is there still.
 */
static enum err copy_all(const struct config *config, struct backup *backup,
                         bool with_keys) {
    begin_manifest(config, backup, with_keys);
    enum err err = backup_copy(backup, BACKUP_ANCHORS);
    if (err == OK || err == ERR_NOT_FOUND)
        err = copy_store(config, backup);
    if (err == OK)
        err = backup_copy_photos(backup);
    if (err == OK && with_keys)
        err = backup_copy_as(backup, config->key_file, BACKUP_KEYS);
    if (err != OK)
        return err;
    struct seal *seal;
    err = seal_load(config->key_file, &seal);
    if (err != OK)
        return err;
    err = backup_sign(backup, seal);
    seal_free(seal);
    return err;
}

/* Two at once would take each other's snapshot. */
static int take_lock(const struct config *config) {
    char *path = xasprintf("%s/" LOCK_FILE, config->data_dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        failed(path);
    } else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        LOG_ERR("another backup is being made");
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

static enum err put_in_place(const char *part, const char *dir) {
    if (rename(part, dir) != 0 || !file_sync_dir_of(dir))
        return failed(dir);
    return OK;
}

static enum err back_up(const struct config *config, const char *dir,
                        bool with_keys) {
    struct backup backup;
    char *part = xasprintf("%s.part", dir);
    enum err err = OK;
    if (access(dir, F_OK) == 0) {
        LOG_ERR("%s: it is there already", dir);
        err = ERR_CONFLICT;
    } else if (mkdir(part, 0700) != 0) {
        err = failed(part);
    }
    if (err != OK) {
        free(part);
        return err;
    }
    backup_init(&backup, config->data_dir, part);
    err = copy_all(config, &backup, with_keys);
    if (err == OK)
        err = put_in_place(part, dir);
    if (err == OK)
        printf("%s: %" PRId64 " files, %" PRId64 " bytes%s\n", dir,
               backup.files, backup.bytes,
               with_keys ? "" : "; without the field keys");
    else
        LOG_ERR("what was begun is left in %s", part);
    backup_finish(&backup);
    free(part);
    return err;
}

int backup_command(const struct config *config, int argc, char **argv) {
    char *dir = NULL;
    bool with_keys = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--with-keys") == 0)
            with_keys = true;
        else if (dir == NULL && argv[i][0] != '-' && argv[i][0] != '\0')
            dir = argv[i];
        else
            return NOT_UNDERSTOOD;
    }
    if (dir == NULL)
        return NOT_UNDERSTOOD;
    for (size_t len = strlen(dir); len > 1 && dir[len - 1] == '/'; len--)
        dir[len - 1] = '\0';
    int lock = take_lock(config);
    if (lock < 0)
        return EXIT_FAILURE;
    enum err err = back_up(config, dir, with_keys);
    close(lock);
    return err == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
