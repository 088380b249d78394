#include "bot/photo_file.h"

#include "base/mem.h"
#include "bot/photo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_SIZE (PHOTO_ID_SIZE + 8)
#define TMP_DIR "tmp"
/* Another process may be writing there now, but not for so long. */
#define LEFTOVER_SECONDS 3600

bool photo_id_valid(const char *id) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        "abcdefghijklmnopqrstuvwxyz0123456789-_";
    return strnlen(id, PHOTO_ID_SIZE) == PHOTO_ID_SIZE - 1 &&
           strspn(id, letters) == PHOTO_ID_SIZE - 1;
}

static void name_of(char out[static NAME_SIZE], const char *id, bool thumb) {
    snprintf(out, NAME_SIZE, "%.22s%s.jpg", id, thumb ? "_t" : "");
}

char *photo_file_path(const char *dir, const char *id, bool thumb) {
    char name[NAME_SIZE];
    name_of(name, id, thumb);
    return xasprintf("%s/%.2s/%s", dir, id, name);
}

static int open_dir(int at, const char *path) {
    return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Opens a directory below at, made durably when it is missing; or -1. */
static int open_made_dir(int at, const char *name) {
    const bool made = mkdirat(at, name, 0700) == 0;
    if (!made && errno != EEXIST)
        return -1;
    int dir = open_dir(at, name);
    if (dir < 0 || !made)
        return dir;
    int parent = open_dir(dir, "..");
    if (parent >= 0) {
        fsync(parent);
        close(parent);
    }
    return dir;
}

static bool write_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static bool write_file(int at, const char *name, const char *bytes,
                       size_t len) {
    int fd = openat(at, name,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, bytes, len) && fsync(fd) == 0;
    return close(fd) == 0 && ok;
}

static bool write_both(int tmp, int into, const char *id,
                       const struct photo_bytes *bytes) {
    char name[NAME_SIZE], thumb[NAME_SIZE];
    name_of(name, id, false);
    name_of(thumb, id, true);

    bool ok = write_file(tmp, thumb, bytes->thumb, bytes->thumb_len) &&
              write_file(tmp, name, bytes->jpeg, bytes->jpeg_len) &&
              renameat(tmp, thumb, into, thumb) == 0 &&
              renameat(tmp, name, into, name) == 0 && fsync(into) == 0;
    if (!ok) {
        unlinkat(tmp, thumb, 0);
        unlinkat(tmp, name, 0);
        unlinkat(into, thumb, 0);
        unlinkat(into, name, 0);
    }
    return ok;
}

enum err photo_file_write(const char *dir, const char *id,
                          const struct photo_bytes *bytes) {
    const char prefix[] = {id[0], id[1], '\0'};
    bool ok = false;
    int at = open_dir(AT_FDCWD, dir);
    if (at < 0)
        return ERR_IO;
    int tmp = open_made_dir(at, TMP_DIR);
    int into = open_made_dir(at, prefix);
    if (tmp >= 0 && into >= 0)
        ok = write_both(tmp, into, id, bytes);
    if (into >= 0)
        close(into);
    if (tmp >= 0)
        close(tmp);
    close(at);
    return ok ? OK : ERR_IO;
}

void photo_file_remove(const char *dir, const char *id) {
    char *path = xasprintf("%s/%.2s", dir, id);
    char name[NAME_SIZE];
    int at = open_dir(AT_FDCWD, path);
    free(path);
    if (at < 0)
        return;
    name_of(name, id, false);
    unlinkat(at, name, 0);
    name_of(name, id, true);
    unlinkat(at, name, 0);
    fsync(at); /* what somebody wanted gone does not come back */
    close(at);
}

static void sweep(DIR *tmp) {
    struct stat st;
    const time_t before = time(NULL) - LEFTOVER_SECONDS;
    const int at = dirfd(tmp);
    if (at < 0)
        return;
    for (struct dirent *entry; (entry = readdir(tmp));)
        if (fstatat(at, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode) && st.st_mtime < before)
            unlinkat(at, entry->d_name, 0);
}

enum err photo_file_prepare(const char *dir) {
    int at = open_made_dir(AT_FDCWD, dir);
    if (at < 0)
        return ERR_IO;
    int tmp = open_made_dir(at, TMP_DIR);
    close(at);
    DIR *stream = tmp >= 0 ? fdopendir(tmp) : NULL;
    if (!stream) {
        if (tmp >= 0)
            close(tmp);
        return ERR_IO;
    }
    sweep(stream);
    closedir(stream);
    return OK;
}
