#define LOG_MODULE "audit"
#include "bot/audit_anchors.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/seal.h"
#include "bot/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTEXT "audit anchor"

char *audit_anchors_path(const struct config *config) {
    return xasprintf("%s/" AUDIT_ANCHORS_FILE, config->data_dir);
}

static enum err failed(const char *path) {
    LOG_ERR("%s: %s", path, strerror(errno));
    return ERR_IO;
}

/* ---- reading ------------------------------------------------------------ */

static bool read_line(const char *line, const struct seal *seal,
                      struct audit_anchor *out) {
    char mac[SEAL_MAC_SIZE], what[AUDIT_ANCHOR_SIZE];
    int end = 0;
    if (sscanf(line, "%18" SCNd64 " %40s %73s%n", &out->number, out->hash, mac,
               &end) != 3 ||
        strcmp(line + end, "\n") != 0)
        return false;
    snprintf(what, sizeof(what), "%" PRId64 " %s", out->number, out->hash);
    return seal_mac_ok(seal, CONTEXT, what, mac);
}

static int compare(const void *a, const void *b) {
    const struct audit_anchor *one = a, *other = b;
    return (one->number > other->number) - (one->number < other->number);
}

static void read_lines(FILE *file, const struct seal *seal,
                       struct audit_anchors *out) {
    size_t room = 0, size = 0;
    char *line = NULL;
    while (out->n < AUDIT_ANCHORS_MAX) {
        ssize_t len = getline(&line, &size, file);
        if (len < 0 || line[len - 1] != '\n')
            break; /* the end of a line is lost when its writer is killed */
        if (out->n == room) {
            room = room == 0 ? 64 : room * 2;
            out->items = xrealloc(out->items, room * sizeof(*out->items));
        }
        if (read_line(line, seal, &out->items[out->n]))
            out->n++;
        else
            out->bad++;
    }
    free(line);
    if (out->n > 0)
        qsort(out->items, out->n, sizeof(*out->items), compare);
}

enum err audit_anchors_read(const char *path, const struct seal *seal,
                            struct audit_anchors *out) {
    *out = (struct audit_anchors){0};
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return errno == ENOENT ? OK : failed(path);
    read_lines(file, seal, out);
    enum err err = ferror(file) ? failed(path) : OK;
    fclose(file);
    return err;
}

void audit_anchors_finish(struct audit_anchors *anchors) {
    free(anchors->items);
    *anchors = (struct audit_anchors){0};
}

/* ---- writing ------------------------------------------------------------ */

static void print(const struct seal *seal, int64_t number, const char *hash,
                  char out[static AUDIT_ANCHOR_SIZE]) {
    char mac[SEAL_MAC_SIZE];
    int len = snprintf(out, AUDIT_ANCHOR_SIZE, "%" PRId64 " %s", number, hash);
    seal_mac(seal, CONTEXT, out, mac);
    snprintf(out + len, AUDIT_ANCHOR_SIZE - (size_t)len, " %s\n", mac);
}

void audit_anchor_print(const struct seal *seal, const struct audit_link *link,
                        char out[static AUDIT_ANCHOR_SIZE]) {
    print(seal, link->number, link->hash, out);
}

/* Behind the last whole line. */
static bool go_to_end(int fd) {
    char tail[AUDIT_ANCHOR_SIZE];
    off_t end = lseek(fd, 0, SEEK_END);
    off_t from = end > (off_t)sizeof(tail) ? end - (off_t)sizeof(tail) : 0;
    if (end < 0 || lseek(fd, from, SEEK_SET) < 0)
        return false;
    ssize_t n = file_read(fd, tail, sizeof(tail));
    if (n < 0)
        return false;
    while (n > 0 && tail[n - 1] != '\n')
        n--;
    return ftruncate(fd, from + n) == 0 && lseek(fd, 0, SEEK_END) >= 0;
}

enum err audit_anchors_add(const char *path, const char *line) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return failed(path);
    bool ok =
        go_to_end(fd) && file_write(fd, line, strlen(line)) && fsync(fd) == 0;
    enum err err = ok ? OK : failed(path);
    close(fd);
    return err;
}

static bool write_all(FILE *file, const struct audit_anchors *anchors,
                      const struct seal *seal, int64_t from_number) {
    char line[AUDIT_ANCHOR_SIZE];
    for (size_t i = 0; i < anchors->n; i++) {
        const struct audit_anchor *anchor = &anchors->items[i];
        if (anchor->number < from_number)
            continue;
        print(seal, anchor->number, anchor->hash, line);
        if (fputs(line, file) < 0)
            return false;
    }
    return fflush(file) == 0 && fsync(fileno(file)) == 0;
}

enum err audit_anchors_rewrite(const char *path, const struct seal *seal,
                               int64_t from_number) {
    struct audit_anchors anchors;
    enum err err = audit_anchors_read(path, seal, &anchors);
    char *temp = xasprintf("%s.new", path);
    FILE *file = err == OK ? fopen(temp, "we") : NULL;
    if (err == OK && file == NULL)
        err = failed(temp);
    if (file != NULL) {
        bool ok = fchmod(fileno(file), 0600) == 0 &&
                  write_all(file, &anchors, seal, from_number);
        ok = fclose(file) == 0 && ok;
        ok = ok && rename(temp, path) == 0 && file_sync_dir_of(path);
        err = ok ? OK : failed(path);
    }
    free(temp);
    audit_anchors_finish(&anchors);
    return err;
}
