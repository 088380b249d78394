#define LOG_MODULE "backup"
#include "bot/backup_files.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/files.h"
#include "bot/photo.h"
#include "bot/photo_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES ((size_t)256 * 1024)
#define PROGRESS_MS 2000
#define HASH_DIGITS (2 * crypto_hash_sha256_BYTES)
#define LINE_HEAD (HASH_DIGITS + 2) /* "<hash>  " */
#define CONTEXT "backup"
#define MAC_MARK "# mac "
#define DISTRICT_MARK "# district "

static enum err failed(const char *path) {
    LOG_ERR("%s: %s", path, strerror(errno));
    return ERR_IO;
}

static void tell(int64_t *told_ms, const char *what, int64_t files,
                 int64_t bytes) {
    int64_t now = clock_mono_ms(&clock_system);
    if (now < *told_ms + PROGRESS_MS)
        return;
    *told_ms = now;
    fprintf(stderr, "%s %" PRId64 " files, %" PRId64 " MB\n", what, files,
            bytes / 1000000);
}

/* ---- a file ------------------------------------------------------------- */

/* Reads all of fd into out, when it is not -1, and hashes it. */
static bool pass_on(int fd, int out, char digits[static HASH_DIGITS + 1],
                    int64_t *bytes) {
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    unsigned char *part = xmalloc(COPY_BYTES);
    bool ok = true;
    ssize_t n = 0;
    crypto_hash_sha256_init(&state);
    while (ok && (n = file_read(fd, part, COPY_BYTES)) > 0) {
        crypto_hash_sha256_update(&state, part, (unsigned long long)n);
        ok = out < 0 || file_write(out, part, (size_t)n);
        *bytes += n;
    }
    free(part);
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(digits, HASH_DIGITS + 1, hash, sizeof(hash));
    return ok && n == 0;
}

void backup_init(struct backup *backup, const char *from, const char *to) {
    *backup = (struct backup){
        .from = from,
        .to = to,
        .told_ms = clock_mono_ms(&clock_system),
    };
    buf_init(&backup->manifest);
}

void backup_finish(struct backup *backup) {
    buf_finish(&backup->manifest);
}

enum err backup_copy_as(struct backup *backup, const char *path,
                        const char *name) {
    char digits[HASH_DIGITS + 1];
    int in = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (in < 0)
        return errno == ENOENT ? ERR_NOT_FOUND : failed(path);
    char *to = backup->to[0] == '\0' ? xstrdup(name)
                                     : xasprintf("%s/%s", backup->to, name);
    int out = -1;
    bool ok = file_make_dirs_of(to);
    if (ok)
        out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ok = out >= 0 && pass_on(in, out, digits, &backup->bytes);
    enum err err = ok ? OK : failed(to);
    close(in);
    if (out >= 0 && close(out) != 0 && err == OK)
        err = failed(to);
    free(to);
    if (err != OK)
        return err;
    buf_addf(&backup->manifest, "%s  %s\n", digits, name);
    backup->files++;
    tell(&backup->told_ms, "copied", backup->files, backup->bytes);
    return OK;
}

enum err backup_copy(struct backup *backup, const char *name) {
    char *path = xasprintf("%s/%s", backup->from, name);
    enum err err = backup_copy_as(backup, path, name);
    free(path);
    return err;
}

/* ---- photos and files ---------------------------------------------------- */

/* "<id>.jpg" or "<id>_t.jpg" */
static bool is_photo(const char *name) {
    char id[PHOTO_ID_SIZE] = "";
    if (strlen(name) < PHOTO_ID_SIZE)
        return false;
    memcpy(id, name, PHOTO_ID_SIZE - 1);
    if (!photo_id_valid(id))
        return false;
    const char *rest = name + PHOTO_ID_SIZE - 1;
    return strcmp(rest, ".jpg") == 0 || strcmp(rest, "_t.jpg") == 0;
}

/* "<id>.pdf" */
static bool is_file(const char *name) {
    char id[FILE_ID_SIZE] = "";
    if (strlen(name) < FILE_ID_SIZE || name[FILE_ID_SIZE - 1] != '.')
        return false;
    memcpy(id, name, FILE_ID_SIZE - 1);
    return files_id_valid(id) &&
           file_type_parse(name + FILE_ID_SIZE) != FILE_TYPES;
}

/* What lies in directories of two letters. */
static const struct tree {
    const char *name;
    bool (*is_part)(const char *name);
} trees[] = {{BACKUP_PHOTOS, is_photo}, {BACKUP_FILES, is_file}};

static enum err copy_branch(struct backup *backup, const struct tree *tree,
                            const char *name) {
    char *path = xasprintf("%s/%s/%s", backup->from, tree->name, name);
    DIR *dir = opendir(path);
    enum err err = dir == NULL ? failed(path) : OK;
    struct dirent *entry;
    while (err == OK && (entry = readdir(dir)) != NULL) {
        if (!tree->is_part(entry->d_name))
            continue;
        char *file = xasprintf("%s/%s/%s", tree->name, name, entry->d_name);
        err = backup_copy(backup, file);
        if (err == ERR_NOT_FOUND)
            err = OK;
        free(file);
    }
    if (dir != NULL)
        closedir(dir);
    free(path);
    return err;
}

static enum err copy_tree(struct backup *backup, const struct tree *tree) {
    char *path = xasprintf("%s/%s", backup->from, tree->name);
    DIR *dir = opendir(path);
    enum err err = OK;
    struct dirent *entry;
    if (dir == NULL && errno != ENOENT)
        err = failed(path);
    while (dir != NULL && err == OK && (entry = readdir(dir)) != NULL)
        if (strlen(entry->d_name) == 2 && strcmp(entry->d_name, "..") != 0)
            err = copy_branch(backup, tree, entry->d_name);
    if (dir != NULL)
        closedir(dir);
    free(path);
    return err;
}

enum err backup_copy_photos(struct backup *backup) {
    enum err err = OK;
    for (size_t i = 0; i < ARRAY_LEN(trees) && err == OK; i++)
        err = copy_tree(backup, &trees[i]);
    return err;
}

/* ---- the manifest, written ---------------------------------------------- */

enum err backup_sign(struct backup *backup, const struct seal *seal) {
    struct buf *text = &backup->manifest;
    char mac[SEAL_MAC_SIZE];
    char *path = xasprintf("%s/" BACKUP_MANIFEST, backup->to);
    seal_mac(seal, CONTEXT, text->data, mac);
    buf_addf(text, MAC_MARK "%s\n", mac);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    /* All at once is faster than each by itself. */
    bool ok =
        fd >= 0 && file_write(fd, text->data, text->len) && syncfs(fd) == 0;
    enum err err = ok ? OK : failed(path);
    if (fd >= 0)
        close(fd);
    free(path);
    return err;
}

/* ---- the manifest, read ------------------------------------------------- */

static enum err read_text(const char *path, char **out) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        enum err err = failed(path);
        if (fd >= 0)
            close(fd);
        return err;
    }
    size_t size = (size_t)st.st_size;
    if (!S_ISREG(st.st_mode) || size > BACKUP_MANIFEST_BYTES) {
        LOG_ERR("%s: it is no manifest", path);
        close(fd);
        return ERR_INVALID;
    }
    *out = xcalloc(1, size + 1);
    ssize_t n = file_read(fd, *out, size);
    close(fd);
    if (n == (ssize_t)size)
        return OK;
    free(*out);
    return failed(path);
}

/* Cuts the signature off. */
static bool is_signed(char *text, const struct seal *seal) {
    char *mac = NULL;
    for (char *at = text; (at = strstr(at, "\n" MAC_MARK)) != NULL; at++)
        mac = at + 1;
    size_t len = mac == NULL ? 0 : strlen(mac);
    if (len == 0 || mac[len - 1] != '\n')
        return false;
    mac[len - 1] = '\0';
    char *signature = xstrdup(mac + strlen(MAC_MARK));
    *mac = '\0';
    bool ok = seal_mac_ok(seal, CONTEXT, text, signature);
    free(signature);
    return ok;
}

/* Nothing that leads out of the directory. */
static bool name_ok(const char *name) {
    if (strcmp(name, BACKUP_STORE) == 0 || strcmp(name, BACKUP_ANCHORS) == 0 ||
        strcmp(name, BACKUP_KEYS) == 0)
        return true;
    for (size_t i = 0; i < ARRAY_LEN(trees); i++) {
        size_t len = strlen(trees[i].name);
        const char *at = name + len + 1; /* "ab/<id>.jpg" */
        if (strncmp(name, trees[i].name, len) == 0 && name[len] == '/' &&
            strlen(at) > 3 && at[2] == '/' && strncmp(at, at + 3, 2) == 0 &&
            trees[i].is_part(at + 3))
            return true;
    }
    return false;
}

static bool split(struct manifest *manifest) {
    size_t room = 0;
    char *rest = manifest->text, *line;
    while ((line = strsep(&rest, "\n")) != NULL && rest != NULL) {
        if (strncmp(line, DISTRICT_MARK, strlen(DISTRICT_MARK)) == 0)
            snprintf(manifest->district, sizeof(manifest->district), "%s",
                     line + strlen(DISTRICT_MARK));
        if (line[0] == '#')
            continue;
        if (strlen(line) <= LINE_HEAD || !name_ok(line + LINE_HEAD))
            return false;
        if (manifest->n == room) {
            room = room == 0 ? 64 : room * 2;
            manifest->names =
                xrealloc(manifest->names, room * sizeof(*manifest->names));
        }
        line[HASH_DIGITS] = '\0';
        manifest->names[manifest->n++] = line + LINE_HEAD;
    }
    return true;
}

enum err manifest_read(const char *dir, const struct seal *seal,
                       struct manifest *out) {
    char *path = xasprintf("%s/" BACKUP_MANIFEST, dir);
    *out = (struct manifest){0};
    enum err err = read_text(path, &out->text);
    if (err == OK && !is_signed(out->text, seal)) {
        LOG_ERR("%s: it was altered, or none of the field keys has signed it",
                path);
        err = ERR_DENIED;
    }
    if (err == OK && !split(out)) {
        LOG_ERR("%s: it is no manifest", path);
        err = ERR_INVALID;
    }
    free(path);
    if (err != OK)
        manifest_finish(out);
    return err;
}

static enum err verify_file(const char *dir, const char *name, int64_t *bytes) {
    char digits[HASH_DIGITS + 1];
    char *path = xasprintf("%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool ok = fd >= 0 && pass_on(fd, -1, digits, bytes);
    enum err err = ok ? OK : failed(path);
    if (fd >= 0)
        close(fd);
    if (err == OK && strcmp(digits, name - LINE_HEAD) != 0) {
        LOG_ERR("%s: it is not as it was written", path);
        err = ERR_INVALID;
    }
    free(path);
    return err;
}

enum err manifest_verify(const char *dir, const struct manifest *manifest) {
    int64_t told_ms = clock_mono_ms(&clock_system), bytes = 0;
    for (size_t i = 0; i < manifest->n; i++) {
        enum err err = verify_file(dir, manifest->names[i], &bytes);
        if (err != OK)
            return err;
        tell(&told_ms, "verified", (int64_t)i + 1, bytes);
    }
    return OK;
}

bool manifest_has(const struct manifest *manifest, const char *name) {
    for (size_t i = 0; i < manifest->n; i++)
        if (strcmp(manifest->names[i], name) == 0)
            return true;
    return false;
}

void manifest_finish(struct manifest *manifest) {
    free(manifest->text);
    free(manifest->names);
    *manifest = (struct manifest){0};
}
