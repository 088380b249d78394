#define LOG_MODULE "seal"
#include "base/seal_file.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_DIGITS (2 * SEAL_KEY_BYTES)
#define LINE_BYTES (SEAL_ID_MAX + 1 + KEY_DIGITS + 1)
/* Room for every key there may be, and for line ends of Windows. */
#define FILE_BYTES (SEAL_KEYS_MAX * (LINE_BYTES + 1))
#define ID_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789"
#define NEW_ID_LEN 6

/* ---- reading ---------------------------------------------------------- */

static bool id_is_new(const struct seal_keys *keys, const char *id) {
    for (size_t i = 0; i < keys->n; i++)
        if (strcmp(keys->keys[i].id, id) == 0)
            return false;
    return true;
}

/* "<id> <64 hex digits>"; NULL, or what is wrong. */
static const char *read_line(const char *line, size_t len,
                             struct seal_keys *keys) {
    struct seal_key *key = &keys->keys[keys->n];
    const char *space = memchr(line, ' ', len);
    size_t id_len = space == NULL ? 0 : (size_t)(space - line);
    size_t bytes = 0;

    if (keys->n == SEAL_KEYS_MAX)
        return "there are too many keys";
    if (id_len == 0 || id_len > SEAL_ID_MAX)
        return "it is not \"<id> <64 hex digits>\", id 1 to 8 of a-z 0-9";
    memcpy(key->id, line, id_len);
    key->id[id_len] = '\0';
    if (strspn(key->id, ID_LETTERS) != id_len)
        return "the id of a key is 1 to 8 of a-z 0-9";
    if (!id_is_new(keys, key->id))
        return "this id is there twice";
    if (len - id_len - 1 != KEY_DIGITS ||
        sodium_hex2bin(key->bytes, sizeof(key->bytes), space + 1, KEY_DIGITS,
                       NULL, &bytes, NULL) != 0 ||
        bytes != sizeof(key->bytes))
        return "a key is 64 hex digits";
    keys->n++;
    return NULL;
}

static enum err read_lines(const char *path, const char *text, size_t len,
                           struct seal_keys *keys) {
    const char *end = text + len;

    keys->n = 0;
    for (int number = 1; text < end; number++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        const char *next = stop == NULL ? end : stop + 1;
        size_t line = (size_t)((stop == NULL ? end : stop) - text);
        if (line > 0 && text[line - 1] == '\r')
            line--;
        const char *fault = line == 0 ? NULL : read_line(text, line, keys);
        if (fault != NULL) {
            LOG_ERR("%s:%d: %s", path, number, fault);
            return ERR_INVALID;
        }
        text = next;
    }
    if (keys->n == 0) {
        LOG_ERR("%s: there is no key in it", path);
        return ERR_INVALID;
    }
    return OK;
}

static enum err check_file(const char *path, int fd) {
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        LOG_ERR("%s: it is not a file", path);
        return ERR_IO;
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        LOG_ERR(
            "%s: others than its owner may use this file of keys; "
            "take their rights away (chmod 600)",
            path);
        return ERR_DENIED;
    }
    if (st.st_size > (off_t)FILE_BYTES) {
        LOG_ERR("%s: it is too large for a file of keys", path);
        return ERR_INVALID;
    }
    return OK;
}

enum err seal_file_read(const char *path, struct seal_keys *out) {
    char text[FILE_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0 && errno == ENOENT)
        return ERR_NOT_FOUND;
    if (fd < 0) {
        LOG_ERR("%s: %s", path, strerror(errno));
        return ERR_IO;
    }
    enum err err = check_file(path, fd);
    ssize_t len = err == OK ? file_read(fd, text, sizeof(text)) : 0;
    close(fd);
    if (len < 0) {
        LOG_ERR("%s: %s", path, strerror(errno));
        err = ERR_IO;
    }
    if (err == OK)
        err = read_lines(path, text, (size_t)len, out);
    sodium_memzero(text, sizeof(text));
    return err;
}

/* ---- writing ---------------------------------------------------------- */

static size_t print_keys(char *out, size_t size, const struct seal_keys *keys) {
    char digits[KEY_DIGITS + 1];
    size_t len = 0;

    for (size_t i = 0; i < keys->n; i++) {
        const struct seal_key *key = &keys->keys[i];
        sodium_bin2hex(digits, sizeof(digits), key->bytes, sizeof(key->bytes));
        len +=
            (size_t)snprintf(out + len, size - len, "%s %s\n", key->id, digits);
    }
    sodium_memzero(digits, sizeof(digits));
    return len;
}

/* A file of its own beside path, on the disk; NULL on an error. */
static char *write_beside(const char *path, const struct seal_keys *keys) {
    char text[FILE_BYTES + 1];
    char *temp = xasprintf("%s.XXXXXX", path);
    size_t len = print_keys(text, sizeof(text), keys);
    int fd = mkostemp(temp, O_CLOEXEC); /* with mode 0600 */
    bool ok = fd >= 0 && file_write(fd, text, len) && fsync(fd) == 0;
    int error = errno;

    if (fd >= 0)
        close(fd);
    sodium_memzero(text, sizeof(text));
    if (ok)
        return temp;
    if (fd >= 0)
        unlink(temp);
    LOG_ERR("cannot write beside %s: %s", path, strerror(error));
    free(temp);
    return NULL;
}

static void sync_dir_of(const char *path) {
    if (!file_sync_dir_of(path))
        LOG_WARN("cannot sync the directory of %s: %s", path, strerror(errno));
}

enum err seal_file_create(const char *path, const struct seal_keys *keys) {
    /* Where this fails, so does what follows, which says so. */
    (void)file_make_dirs_of(path);
    char *temp = write_beside(path, keys);
    enum err err = OK;

    if (temp == NULL)
        return ERR_IO;
    /* Unlike rename() it never takes the place of a file. */
    if (link(temp, path) != 0)
        err = errno == EEXIST ? ERR_CONFLICT : ERR_IO;
    if (err == ERR_IO)
        LOG_ERR("%s: %s", path, strerror(errno));
    unlink(temp);
    free(temp);
    if (err == OK)
        sync_dir_of(path);
    return err;
}

enum err seal_file_replace(const char *path, const struct seal_keys *keys) {
    char *temp = write_beside(path, keys);
    enum err err = OK;

    if (temp == NULL)
        return ERR_IO;
    if (rename(temp, path) != 0) {
        LOG_ERR("%s: %s", path, strerror(errno));
        unlink(temp);
        err = ERR_IO;
    }
    free(temp);
    if (err == OK)
        sync_dir_of(path);
    return err;
}

enum err seal_keys_add(struct seal_keys *keys) {
    if (keys->n == SEAL_KEYS_MAX)
        return ERR_LIMIT;
    struct seal_key *key = &keys->keys[keys->n];
    do {
        for (size_t i = 0; i < NEW_ID_LEN; i++)
            key->id[i] =
                ID_LETTERS[randombytes_uniform(sizeof(ID_LETTERS) - 1)];
        key->id[NEW_ID_LEN] = '\0';
    } while (!id_is_new(keys, key->id));
    randombytes_buf(key->bytes, sizeof(key->bytes));
    keys->n++;
    return OK;
}
