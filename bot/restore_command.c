/* `xiaofeng restore`: see bot/backup_command.h. */
#define LOG_MODULE "restore"
#include "bot/backup_command.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/audit_anchors.h"
#include "bot/audit_check.h"
#include "bot/backup_files.h"
#include "bot/config.h"
#include "bot/offline.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NOT_UNDERSTOOD 2

static enum err failed(const char *path) {
    LOG_ERR("%s: %s", path, strerror(errno));
    return ERR_IO;
}

/* ---- where to ----------------------------------------------------------- */

/* The file of keys may be there: it does not come with every backup. */
static bool may_be_there(const struct config *config, const char *name) {
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
        strcmp(name, "lost+found") == 0)
        return true;
    char *path = xasprintf("%s/%s", config->data_dir, name);
    bool keys = strcmp(path, config->key_file) == 0;
    free(path);
    return keys;
}

static enum err check_empty(const struct config *config) {
    DIR *dir = opendir(config->data_dir);
    enum err err = OK;
    struct dirent *entry;
    if (dir == NULL)
        return errno == ENOENT ? OK : failed(config->data_dir);
    while (err == OK && (entry = readdir(dir)) != NULL) {
        if (may_be_there(config, entry->d_name))
            continue;
        LOG_ERR("%s: it is not empty, there is %s; nothing was restored",
                config->data_dir, entry->d_name);
        err = ERR_CONFLICT;
    }
    closedir(dir);
    return err;
}

/* Ours, else those of the backup; none are made here. */
static enum err load_keys(const struct config *config, const char *dir,
                          struct seal **out) {
    char *path = xasprintf("%s/" BACKUP_KEYS, dir);
    enum err err = ERR_NOT_FOUND;
    if (access(config->key_file, F_OK) == 0)
        err = seal_load(config->key_file, out);
    else if (access(path, F_OK) == 0)
        err = seal_load(path, out);
    else
        LOG_ERR(
            "there are no field keys in the backup: put the file of keys "
            "at %s first",
            config->key_file);
    free(path);
    return err;
}

/* ---- the files ---------------------------------------------------------- */

/*
 * Redis reads its append-only file, never a snapshot beside it. The first part
 * of such a file may be a snapshot, so this one is.
 */
#define AOF_DIR "appendonlydir"
#define AOF_BASE "appendonly.aof.1.base.rdb"
#define AOF_INCR "appendonly.aof.1.incr.aof"
#define AOF_MANIFEST "appendonly.aof.manifest"

static enum err write_text(const char *dir, const char *name,
                           const char *text) {
    char *path = xasprintf("%s/%s", dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && file_write(fd, text, strlen(text));
    enum err err = ok ? OK : failed(path);
    if (fd >= 0)
        close(fd);
    free(path);
    return err;
}

static bool sync_all(const char *dir) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && syncfs(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static enum err restore_store(const struct config *config, const char *dir) {
    char *part = xasprintf("%s/redis.part", config->data_dir);
    char *aof = xasprintf("%s/" AOF_DIR, part);
    char *redis = xasprintf("%s/redis", config->data_dir);
    char *from = xasprintf("%s/" BACKUP_STORE, dir);
    struct backup backup;
    backup_init(&backup, dir, aof);
    enum err err = file_make_dirs(aof) ? OK : failed(aof);
    if (err == OK)
        err = backup_copy_as(&backup, from, AOF_BASE);
    if (err == OK)
        err = write_text(aof, AOF_INCR, "");
    if (err == OK)
        err = write_text(aof, AOF_MANIFEST,
                         "file " AOF_BASE
                         " seq 1 type b\n"
                         "file " AOF_INCR " seq 1 type i\n");
    if (err == OK && !sync_all(aof)) /* before it takes its name */
        err = failed(aof);
    if (err == OK && (rename(part, redis) != 0 || !file_sync_dir_of(redis)))
        err = failed(redis);
    backup_finish(&backup);
    free(from);
    free(redis);
    free(aof);
    free(part);
    return err;
}

/* Last of all the store: before that a daemon would begin anew, and a second
 * restore would refuse. */
static enum err restore_files(const struct config *config, const char *dir,
                              const struct manifest *manifest) {
    struct backup backup;
    char *keys = xasprintf("%s/" BACKUP_KEYS, dir);
    enum err err = OK;
    backup_init(&backup, dir, config->data_dir);
    for (size_t i = 0; err == OK && i < manifest->n; i++) {
        const char *name = manifest->names[i];
        if (strcmp(name, BACKUP_STORE) != 0 && strcmp(name, BACKUP_KEYS) != 0)
            err = backup_copy(&backup, name);
    }
    backup_finish(&backup);
    if (err == OK && access(config->key_file, F_OK) != 0) {
        backup_init(&backup, dir, "");
        err = backup_copy_as(&backup, keys, config->key_file);
        backup_finish(&backup);
    }
    free(keys);
    return err == OK ? restore_store(config, dir) : err;
}

/* ---- whether it lives --------------------------------------------------- */

struct trying {
    struct offline *offline;
    char *anchors;
};

static void on_progress(void *data, int64_t entries) {
    struct trying *trying = data;
    (void)entries;
    offline_goes_on(trying->offline);
}

static void on_checked(void *data, const struct audit_report *report) {
    struct trying *trying = data;
    if (report->err != OK)
        LOG_ERR("the audit log could not be read: %s", err_str(report->err));
    else
        printf("the audit log has %" PRId64 " entries and is %s\n",
               report->entries,
               report->ok ? "in order"
                          : "not in order: see xiaofeng audit verify");
    offline_end(trying->offline, report->err == OK);
}

static void try_store(struct offline *offline, struct store *store,
                      void *data) {
    struct trying *trying = data;
    trying->offline = offline;
    audit_check(&(struct audit_check_options){
        .store = store,
        .seal = offline_seal(offline),
        .anchors = trying->anchors,
        .progress = on_progress,
        .done = on_checked,
        .data = trying,
    });
}

static enum err try_it(const struct config *config) {
    struct trying trying = {.anchors = audit_anchors_path(config)};
    bool ok = offline_run(config, try_store, &trying);
    free(trying.anchors);
    return ok ? OK : ERR_IO;
}

/* ---- the whole ---------------------------------------------------------- */

static enum err check_district(const struct config *config,
                               const struct manifest *manifest) {
    if (strcmp(config->district, manifest->district) == 0)
        return OK;
    LOG_ERR("the backup is of the district %s, the settings name %s",
            manifest->district, config->district);
    return ERR_INVALID;
}

static enum err restore(const struct config *config, const char *dir) {
    struct seal *seal = NULL;
    struct manifest manifest;
    enum err err = check_empty(config);
    if (err == OK)
        err = load_keys(config, dir, &seal);
    if (err != OK)
        return err;
    err = manifest_read(dir, seal, &manifest);
    seal_free(seal);
    if (err != OK)
        return err;
    err = check_district(config, &manifest);
    if (err == OK)
        err = manifest_verify(dir, &manifest);
    if (err == OK && !manifest_has(&manifest, BACKUP_STORE)) {
        LOG_ERR("there is no store in the backup");
        err = ERR_INVALID;
    }
    if (err == OK && !file_make_dirs(config->data_dir))
        err = failed(config->data_dir);
    if (err == OK)
        err = restore_files(config, dir, &manifest);
    if (err == OK)
        err = try_it(config);
    if (err == OK)
        printf("%zu files were restored\n", manifest.n);
    manifest_finish(&manifest);
    return err;
}

int restore_command(const struct config *config, int argc, char **argv) {
    if (argc != 2 || argv[1][0] == '-')
        return NOT_UNDERSTOOD;
    if (config->redis_url != NULL) {
        LOG_ERR(
            "only the private Redis is restored, and the settings name "
            "another one: give it %s/" BACKUP_STORE
            " as its own manual "
            "says",
            argv[1]);
        return EXIT_FAILURE;
    }
    return restore(config, argv[1]) == OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
