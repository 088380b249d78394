#include "tests/integration/feed_server.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PAGES_MAX 16
#define LARGE_BYTES (50u * 1024 * 1024)
#define DRIP_US 100000

struct page {
    const char *path, *type, *etag, *modified;
    char *bytes;
    size_t len;
    unsigned asked, unchanged;
};

struct feed_server {
    int fd, port;
    pthread_t thread;
    pthread_mutex_t lock; /* of the pages */
    struct page pages[PAGES_MAX];
    size_t n_pages;
    volatile bool ending;
    volatile unsigned serving;
};

struct request {
    struct feed_server *server;
    int fd;
};

/* ---- pages --------------------------------------------------------------- */

static struct page *find(struct feed_server *server, const char *path) {
    for (size_t i = 0; i < server->n_pages; i++)
        if (strcmp(server->pages[i].path, path) == 0)
            return &server->pages[i];
    return NULL;
}

void feed_server_put(struct feed_server *server, const char *path,
                     const char *type, const char *etag, const char *modified,
                     const char *bytes, size_t len) {
    pthread_mutex_lock(&server->lock);
    struct page *page = find(server, path);
    if (page == NULL && server->n_pages == PAGES_MAX)
        abort();
    if (page == NULL)
        page = &server->pages[server->n_pages++];
    free(page->bytes);
    page->path = path;
    page->type = type;
    page->etag = etag;
    page->modified = modified;
    page->bytes = xmalloc(len + 1);
    page->len = len;
    memcpy(page->bytes, bytes, len);
    pthread_mutex_unlock(&server->lock);
}

void feed_server_put_sample(struct feed_server *server, const char *path,
                            const char *type, const char *etag,
                            const char *modified, const char *name) {
    char *file_path = xasprintf("%s/tests/fuzz/corpus/feed/%s",
                                getenv("XIAOFENG_SOURCE"), name);
    char bytes[8192];
    FILE *file = fopen(file_path, "rb");
    if (file == NULL)
        abort();
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    free(file_path);
    feed_server_put(server, path, type, etag, modified, bytes, len);
}

static unsigned count(struct feed_server *server, const char *path,
                      bool unchanged) {
    pthread_mutex_lock(&server->lock);
    const struct page *page = find(server, path);
    unsigned n = page == NULL ? 0 : unchanged ? page->unchanged : page->asked;
    pthread_mutex_unlock(&server->lock);
    return n;
}

unsigned feed_server_asked(struct feed_server *server, const char *path) {
    return count(server, path, false);
}

unsigned feed_server_unchanged(struct feed_server *server, const char *path) {
    return count(server, path, true);
}

/* ---- answering ----------------------------------------------------------- */

static bool send_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static void send_large(int fd) {
    static const char part[] = "<item><title>x</title></item>\n";
    const char *head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml"
        "\r\nConnection: close\r\n\r\n<rss><channel>";
    bool good = send_all(fd, head, strlen(head));
    for (size_t sent = 0; good && sent < LARGE_BYTES; sent += sizeof(part) - 1)
        good = send_all(fd, part, sizeof(part) - 1);
}

static void drip(struct request *request) {
    const char *head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
        "Content-Length: 100000\r\n\r\n";
    bool good = send_all(request->fd, head, strlen(head));
    while (good && !request->server->ending) {
        good = send_all(request->fd, "<", 1);
        usleep(DRIP_US);
    }
}

/* Whether the head of a request has a field with this value. */
static bool has_field(const char *head, const char *name, const char *value) {
    char *line;
    if (value == NULL)
        return false;
    line = xasprintf("\r\n%s: %s\r\n", name, value);
    bool has = strstr(head, line) != NULL;
    free(line);
    return has;
}

static char *make_answer(struct page *page, const char *head, size_t *len) {
    bool same = has_field(head, "If-None-Match", page->etag) ||
                has_field(head, "If-Modified-Since", page->modified);
    char *fields = xasprintf(
        "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
        "Connection: close\r\n%s%s%s%s%s%s\r\n",
        same ? "304 Not Modified" : "200 OK", page->type, same ? 0 : page->len,
        page->etag == NULL ? "" : "ETag: ",
        page->etag == NULL ? "" : page->etag, page->etag == NULL ? "" : "\r\n",
        page->modified == NULL ? "" : "Last-Modified: ",
        page->modified == NULL ? "" : page->modified,
        page->modified == NULL ? "" : "\r\n");
    size_t n = strlen(fields);
    char *all = xmalloc(n + page->len + 1);
    memcpy(all, fields, n);
    memcpy(all + n, page->bytes, page->len);
    *len = same ? n : n + page->len;
    page->asked++;
    page->unchanged += same;
    free(fields);
    return all;
}

static void serve(struct request *request, const char *path, const char *head) {
    struct feed_server *server = request->server;
    const char *none =
        "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
        "Connection: close\r\n\r\n";
    size_t len;
    pthread_mutex_lock(&server->lock);
    struct page *page = find(server, path);
    char *answer = page == NULL ? NULL : make_answer(page, head, &len);
    pthread_mutex_unlock(&server->lock);
    if (answer != NULL)
        send_all(request->fd, answer, len);
    else if (strcmp(path, "/large") == 0)
        send_large(request->fd);
    else if (strcmp(path, "/drip") == 0)
        drip(request);
    else
        send_all(request->fd, none, strlen(none));
    free(answer);
}

static void *serve_one(void *data) {
    struct request *request = data;
    char head[8192], path[1024] = "";
    size_t len = 0;
    ssize_t got;
    while (len + 1 < sizeof(head) &&
           (got = recv(request->fd, head + len, sizeof(head) - 1 - len, 0)) >
               0) {
        len += (size_t)got;
        head[len] = '\0';
        if (strstr(head, "\r\n\r\n") != NULL)
            break;
    }
    if (len > 0 && sscanf(head, "GET %1023s", path) == 1)
        serve(request, path, head);
    close(request->fd);
    __atomic_sub_fetch(&request->server->serving, 1, __ATOMIC_SEQ_CST);
    free(request);
    return NULL;
}

/* ---- the server ---------------------------------------------------------- */

static void *serve_all(void *data) {
    struct feed_server *server = data;
    int fd;
    while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0 &&
           !server->ending) {
        struct request *request = xcalloc(1, sizeof(*request));
        pthread_t thread;
        *request = (struct request){server, fd};
        __atomic_add_fetch(&server->serving, 1, __ATOMIC_SEQ_CST);
        if (pthread_create(&thread, NULL, serve_one, request) != 0)
            abort();
        pthread_detach(thread);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

struct feed_server *feed_server_new(void) {
    struct feed_server *server = xcalloc(1, sizeof(*server));
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    pthread_mutex_init(&server->lock, NULL);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->fd < 0 ||
        bind(server->fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
        listen(server->fd, 128) != 0 ||
        getsockname(server->fd, (struct sockaddr *)&addr, &len) != 0 ||
        pthread_create(&server->thread, NULL, serve_all, server) != 0)
        abort();
    server->port = ntohs(addr.sin_port);
    return server;
}

void feed_server_free(struct feed_server *server) {
    server->ending = true;
    shutdown(server->fd, SHUT_RDWR); /* accept4() returns */
    pthread_join(server->thread, NULL);
    close(server->fd);
    while (__atomic_load_n(&server->serving, __ATOMIC_SEQ_CST) > 0)
        usleep(1000);
    for (size_t i = 0; i < server->n_pages; i++)
        free(server->pages[i].bytes);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

const char *feed_server_url(const struct feed_server *server,
                            const char *path) {
    static char urls[8][256];
    static unsigned next;
    char *url = urls[next++ % 8];
    snprintf(url, sizeof(urls[0]), "http://127.0.0.1:%d%s", server->port, path);
    return url;
}
