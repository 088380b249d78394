#include "bot/photo_set.h"

#include "base/mem.h"
#include "bot/photo.h"
#include "bot/photo_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uthash.h>

#define ID_CHARS (PHOTO_ID_SIZE - 1)

struct member {
    char id[PHOTO_ID_SIZE];
    UT_hash_handle hh;
};

struct photo_set {
    struct member *members;
};

struct photo_set *photo_set_new(void) {
    return xcalloc(1, sizeof(struct photo_set));
}

static void clear(struct photo_set *set) {
    struct member *member, *next;
    HASH_ITER(hh, set->members, member, next) {
        HASH_DEL(set->members, member);
        free(member);
    }
}

void photo_set_free(struct photo_set *set) {
    if (set == NULL)
        return;
    clear(set);
    free(set);
}

size_t photo_set_count(const struct photo_set *set) {
    return HASH_COUNT(set->members);
}

static void add(struct photo_set *set, const char *id) {
    struct member *member;
    HASH_FIND(hh, set->members, id, ID_CHARS, member);
    if (member != NULL || photo_set_count(set) == PHOTO_SET_MAX)
        return;
    member = xcalloc(1, sizeof(*member));
    memcpy(member->id, id, ID_CHARS);
    HASH_ADD(hh, set->members, id, ID_CHARS, member);
}

void photo_set_add(struct photo_set *set, const char *ids) {
    char id[PHOTO_ID_SIZE];
    while (*ids != '\0') {
        size_t len = strcspn(ids, ",");
        snprintf(id, sizeof(id), "%.*s", (int)len, ids);
        if (len == ID_CHARS && photo_id_valid(id))
            add(set, id);
        ids += len + (ids[len] == ',');
    }
}

void photo_set_drop(struct photo_set *set, const char *id) {
    struct member *member;
    HASH_FIND(hh, set->members, id, ID_CHARS, member);
    if (member == NULL)
        return;
    HASH_DEL(set->members, member);
    free(member);
}

/* "<id>.jpg", last written before seconds */
static void look_at(struct photo_set *set, int dir, const char *name,
                    int64_t seconds) {
    char id[PHOTO_ID_SIZE];
    struct stat st;
    snprintf(id, sizeof(id), "%.*s", ID_CHARS, name);
    if (!photo_id_valid(id) || strcmp(name + ID_CHARS, ".jpg") != 0 ||
        fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || st.st_mtim.tv_sec >= seconds)
        return;
    add(set, id);
}

static bool look_into(struct photo_set *set, const char *path,
                      int64_t seconds) {
    DIR *dir = opendir(path);
    struct dirent *entry;
    if (dir == NULL)
        return errno == ENOENT;
    int fd = dirfd(dir);
    while (fd >= 0 && (entry = readdir(dir)) != NULL)
        look_at(set, fd, entry->d_name, seconds);
    closedir(dir);
    return fd >= 0;
}

enum err photo_set_find(struct photo_set *set, const char *path,
                        int64_t before_ms) {
    DIR *dir = opendir(path);
    struct dirent *entry;
    bool ok = true;
    if (dir == NULL)
        return errno == ENOENT ? OK : ERR_IO;
    while (ok && (entry = readdir(dir)) != NULL) {
        if (strlen(entry->d_name) != 2 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *below = xasprintf("%s/%s", path, entry->d_name);
        ok = look_into(set, below, before_ms / 1000);
        free(below);
    }
    closedir(dir);
    return ok ? OK : ERR_IO;
}

void photo_set_remove(struct photo_set *set, const char *dir) {
    struct member *member, *next;
    HASH_ITER(hh, set->members, member, next) {
        photo_file_remove(dir, member->id);
    }
    clear(set);
}
