#include "bot/server.h"

#include "base/mem.h"
#include "bot/loop.h"
#include "bot/net.h"

#define LOG_MODULE "http"
#include "base/log.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#define STATIC_FILES 1000
#define STATIC_DEPTH 8
#define STATIC_INDEX "index.html"

/* A file that may be asked for, by the path of its url. */
struct static_file {
    char *url;
    char *path;
    const char *type;
    UT_hash_handle hh;
};

struct http_static {
    struct static_file *files;
};

/* A file being read in libuv's pool. */
struct file_read {
    uv_work_t work;
    struct http_request *request;
    char *path;
    char *type;
    struct http_header header; /* one more, or its name is NULL */
    char *header_value;
    enum http_cache cache;
    unsigned status;
    char *bytes;
    size_t len;
    char etag[HTTP_ETAG_BYTES];
};

static const char *type_of(const char *name) {
    static const struct {
        const char *ending, *type;
    } types[] = {
        {"html", "text/html; charset=utf-8"},
        {"js", "text/javascript; charset=utf-8"},
        {"css", "text/css; charset=utf-8"},
        {"json", "application/json"},
        {"webmanifest", "application/manifest+json"},
        {"svg", "image/svg+xml"},
        {"png", "image/png"},
        {"jpg", "image/jpeg"},
        {"webp", "image/webp"},
        {"ico", "image/x-icon"},
        {"woff2", "font/woff2"},
        {"txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < ARRAY_LEN(types); i++)
        if (strcasecmp(dot + 1, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

static bool read_whole(struct file_read *file, int fd) {
    struct stat st;
    size_t size;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0 ||
        st.st_size > HTTP_FILE_BYTES)
        return false;
    size = (size_t)st.st_size;
    snprintf(file->etag, sizeof(file->etag), "\"%jx-%jx-%lx\"",
             (uintmax_t)st.st_size, (uintmax_t)st.st_mtim.tv_sec,
             st.st_mtim.tv_nsec);
    file->bytes = xmalloc(size + 1);
    while (file->len < size) {
        ssize_t n = read(fd, file->bytes + file->len, size - file->len);

        if (n <= 0)
            return false;
        file->len += (size_t)n;
    }
    return true;
}

/* In the pool. Not followed is a link in the last place: who may write into a
 * directory of photos shall not thereby read everything. */
static void do_read(uv_work_t *work) {
    struct file_read *file = work->data;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

    if (fd < 0)
        return;
    if (read_whole(file, fd))
        file->status = 200;
    close(fd);
}

static void on_read(uv_work_t *work, int status) {
    struct file_read *file = work->data;
    struct http_request *request = file->request;
    struct http_answer answer = {.status = 200,
                                 .type = file->type,
                                 .body = file->bytes,
                                 .body_len = file->len,
                                 .headers = &file->header,
                                 .n_headers = file->header.name != NULL};
    bool known;

    request->server->handles--;
    if (status != 0 || file->status != 200) {
        http_answer_status(request, 404);
    } else {
        known =
            file->cache == HTTP_CACHE_CHECK &&
            strcmp(http_field(request, HTTP_IF_NONE_MATCH), file->etag) == 0;
        if (known)
            answer = (struct http_answer){.status = 304};
        http_answer_with(request, &answer, file->cache,
                         file->cache == HTTP_CACHE_CHECK ? file->etag : NULL);
    }
    free(file->bytes);
    free(file->path);
    free(file->type);
    free(file->header_value);
    free(file);
}

static void answer_file(struct http_request *request, const char *path,
                        const char *type, enum http_cache cache,
                        const struct http_header *header) {
    struct file_read *file = xcalloc(1, sizeof(*file));

    /* From here on the answer is ours to give. */
    request->gone = NULL;
    file->work.data = file;
    file->request = request;
    file->path = xstrdup(path);
    file->type = xstrdup(type);
    file->cache = cache;
    file->status = 404;
    if (header) {
        file->header_value = xstrdup(header->value);
        file->header = (struct http_header){header->name, file->header_value};
    }
    request->server->handles++;
    uv_queue_work(&request->server->loop->uv, &file->work, do_read, on_read);
}

void http_answer_file(struct http_request *request, const char *path,
                      const char *type, bool cache) {
    http_answer_file_with(request, path, type, cache, NULL);
}

void http_answer_file_with(struct http_request *request, const char *path,
                           const char *type, bool cache,
                           const struct http_header *header) {
    answer_file(request, path, type, cache ? HTTP_CACHE_YEAR : HTTP_CACHE_NEVER,
                header);
}

static void add_file(struct http_static *all, const char *url,
                     const char *path) {
    struct static_file *file;

    HASH_FIND_STR(all->files, url, file);
    if (file)
        return;
    if (HASH_COUNT(all->files) >= STATIC_FILES) {
        LOG_WARN("more than %d static files, %s left out", STATIC_FILES, path);
        return;
    }
    file = xcalloc(1, sizeof(*file));
    file->url = xstrdup(url);
    /* Links are the installer's business and resolved now. */
    file->path = realpath(path, NULL);
    if (!file->path)
        file->path = xstrdup(path);
    file->type = type_of(path);
    HASH_ADD_KEYPTR(hh, all->files, file->url, strlen(file->url), file);
}

static void add_index(struct http_static *all, const char *url,
                      const char *path) {
    char *shorter = xstrdup(url);
    size_t len = strlen(shorter);

    if (len > 1)
        add_file(all, shorter, path); /* with the slash */
    while (len > 1 && shorter[len - 1] == '/')
        shorter[--len] = '\0';
    add_file(all, shorter, path);
    free(shorter);
}

/* url ends with a slash. */
static void add_directory(struct http_static *all, const char *url,
                          const char *dir, int depth) {
    DIR *d = depth ? opendir(dir) : NULL;
    const struct dirent *entry;

    while (d && (entry = readdir(d))) {
        char *path, *name;
        struct stat st;

        if (entry->d_name[0] == '.')
            continue;
        path = xasprintf("%s/%s", dir, entry->d_name);
        name = xasprintf("%s%s", url, entry->d_name);
        if (stat(path, &st) == 0 && S_ISREG(st.st_mode)) {
            add_file(all, name, path);
            if (strcmp(entry->d_name, STATIC_INDEX) == 0)
                add_index(all, url, path);
        } else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
            char *below = xasprintf("%s/", name);

            add_directory(all, below, path, depth - 1);
            free(below);
        }
        free(path);
        free(name);
    }
    if (d)
        closedir(d);
}

void http_static_add(struct loop *loop, const char *prefix, const char *dir) {
    struct ws_server *server = loop->ws;
    size_t len = strlen(prefix);
    bool slash = len && prefix[len - 1] == '/';
    char *url = xasprintf("%s%s", prefix, slash ? "" : "/");
    unsigned before;

    if (!server->statics)
        server->statics = xcalloc(1, sizeof(*server->statics));
    before = HASH_COUNT(server->statics->files);
    add_directory(server->statics, url, dir, STATIC_DEPTH);
    if (HASH_COUNT(server->statics->files) == before)
        LOG_WARN("no files to serve in %s", dir);
    free(url);
}

bool http_static_find(struct http_request *request, const char *path) {
    struct http_static *all = request->server->statics;
    struct static_file *file = NULL;

    if (all)
        HASH_FIND_STR(all->files, path, file);
    if (file)
        answer_file(request, file->path, file->type, HTTP_CACHE_CHECK, NULL);
    return file;
}

void http_static_finish(struct ws_server *server) {
    struct static_file *file, *next;

    if (!server->statics)
        return;
    HASH_ITER(hh, server->statics->files, file, next) {
        HASH_DEL(server->statics->files, file);
        free(file->url);
        free(file->path);
        free(file);
    }
    free(server->statics);
}
