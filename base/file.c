#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_dir(const char *path) {
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool file_make_dirs(const char *path) {
    char *copy = xstrdup(path);
    bool ok = *path != '\0';

    for (char *p = copy; ok && (p = strchr(p + 1, '/')) != NULL;) {
        *p = '\0';
        ok = make_dir(copy);
        *p = '/';
    }
    ok = ok && make_dir(copy);
    free(copy);
    return ok;
}

bool file_make_dirs_of(const char *path) {
    char *copy = xstrdup(path);
    bool ok = file_make_dirs(dirname(copy));

    free(copy);
    return ok;
}

bool file_sync_dir(const char *dir) {
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return false;
    bool ok = fsync(fd) == 0;
    int error = errno;
    close(fd);
    errno = error;
    return ok;
}

bool file_sync_dir_of(const char *path) {
    char *copy = xstrdup(path);
    bool ok = file_sync_dir(dirname(copy));

    free(copy);
    return ok;
}

ssize_t file_read(int fd, void *out, size_t size) {
    size_t len = 0;

    while (len < size) {
        ssize_t n = read(fd, (char *)out + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    return (ssize_t)len;
}

bool file_write(int fd, const void *data, size_t len) {
    const char *at = data;

    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        at += n;
        len -= (size_t)n;
    }
    return true;
}
