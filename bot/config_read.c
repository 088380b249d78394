#include "bot/config_parts.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads to the end, or to one byte more than allowed. */
static const char *read_all(int fd, size_t max, struct buf *out) {
    size_t before = out->len;

    while (out->len - before <= max) {
        size_t room = max + 1 - (out->len - before);
        char *to = buf_reserve(out, room);
        ssize_t n = read(fd, to, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return "cannot be read";
        if (n == 0)
            return NULL;
        out->len += (size_t)n;
        out->data[out->len] = '\0';
    }
    return "is too large";
}

/* A device or a pipe could keep us waiting for ever. */
static const char *read_regular(int fd, size_t max, struct buf *out,
                                bool *shared) {
    struct stat st;

    if (fstat(fd, &st) != 0)
        return "cannot be read";
    if (!S_ISREG(st.st_mode))
        return "is not a regular file";
    *shared = (st.st_mode & S_IROTH) != 0;
    return read_all(fd, max, out);
}

const char *config_read(const char *path, size_t max, struct buf *out,
                        bool *shared) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    const char *fault;

    if (fd < 0 && errno == ENOENT)
        return "does not exist";
    if (fd < 0)
        return errno == EACCES ? "may not be read" : "cannot be opened";
    fault = read_regular(fd, max, out, shared);
    close(fd);
    return fault;
}

/* Editors and echo end a file with a newline that is not part of it. */
static const char *take_secret(struct buf *buf, char **out) {
    while (buf->len > 0 && strchr("\r\n", buf->data[buf->len - 1]) != NULL)
        buf->len--;
    if (buf->len == 0)
        return "is empty";
    buf->data[buf->len] = '\0';
    if (strlen(buf->data) != buf->len || strchr(buf->data, '\n') != NULL ||
        !utf8_valid(buf->data, buf->len))
        return "is not one line of text";
    *out = xstrdup(buf->data);
    return NULL;
}

const char *config_read_secret(const char *path, char **out, bool *shared) {
    struct buf buf;
    const char *fault;

    buf_init(&buf);
    /* All at once, so that no growing leaves a copy behind. */
    buf_reserve(&buf, CONFIG_SECRET_BYTES + 1);
    fault = config_read(path, CONFIG_SECRET_BYTES, &buf, shared);
    if (fault == NULL)
        fault = take_secret(&buf, out);
    explicit_bzero(buf.data, buf.cap);
    buf_finish(&buf);
    return fault;
}
