#include "tests/integration/photo_server.h"

#include "base/buf.h"
#include "base/mem.h"
#include "tests/unit/photo_samples.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct photo_server {
    int fd, port;
    pthread_t thread;
    atomic_bool ending;
    atomic_uint requests, serving;
    struct buf photo, exif, bomb;
};

struct request {
    struct photo_server *server;
    int fd;
};

/* A JPEG whose frame header claims 30000 by 30000 pixels. */
static struct buf make_bomb(void) {
    struct buf bomb = plain_jpeg(16, 16);

    for (size_t i = 0; i + 9 < bomb.len; i++)
        if ((unsigned char)bomb.data[i] == 0xff &&
            (unsigned char)bomb.data[i + 1] == 0xc0) {
            memcpy(bomb.data + i + 5, "\x75\x30\x75\x30", 4);
            return bomb;
        }
    abort(); /* the encoder writes a baseline frame */
}

static void send_all(int fd, const char *bytes, size_t len) {
    while (len > 0) {
        ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}

static void answer(int fd, const char *head, const char *body, size_t len) {
    char *text = xasprintf(
        "HTTP/1.1 %s\r\nContent-Length: %zu\r\n"
        "Connection: close\r\n\r\n",
        head, len);

    send_all(fd, text, strlen(text));
    send_all(fd, body, len);
    free(text);
}

/* A byte a second, until the other side has enough. */
static void drip(const struct request *request) {
    static const char head[] =
        "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n"
        "Content-Type: image/jpeg\r\n\r\n";
    struct pollfd poller = {.fd = request->fd, .events = POLLIN};

    send_all(request->fd, head, sizeof(head) - 1);
    while (!request->server->ending && poll(&poller, 1, 1000) == 0)
        send_all(request->fd, "\xff", 1);
}

static void serve(const struct request *request, const char *path) {
    const struct photo_server *server = request->server;
    static const char page[] = "<!DOCTYPE html><title>登录</title><p>请登录";
    int fd = request->fd;

    if (strncmp(path, "/photo/", 7) == 0)
        answer(fd, "200 OK\r\nContent-Type: image/jpeg", server->photo.data,
               server->photo.len);
    else if (strncmp(path, "/exif/", 6) == 0)
        answer(fd, "200 OK\r\nContent-Type: image/jpeg", server->exif.data,
               server->exif.len);
    else if (strcmp(path, "/bomb") == 0)
        answer(fd, "200 OK\r\nContent-Type: image/jpeg", server->bomb.data,
               server->bomb.len);
    else if (strcmp(path, "/html") == 0)
        answer(fd, "200 OK\r\nContent-Type: image/jpeg", page,
               sizeof(page) - 1);
    else if (strcmp(path, "/empty") == 0)
        answer(fd, "200 OK\r\nContent-Type: image/jpeg", "", 0);
    else if (strcmp(path, "/slow") == 0)
        drip(request);
    else if (strcmp(path, "/loop") == 0)
        answer(fd, "302 Found\r\nLocation: /loop", "", 0);
    else
        answer(fd, "404 Not Found", "", 0);
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
    if (len > 0 && sscanf(head, "GET %1023s", path) == 1) {
        request->server->requests++;
        serve(request, path);
    }
    close(request->fd);
    request->server->serving--;
    free(request);
    return NULL;
}

static void *serve_all(void *data) {
    struct photo_server *server = data;
    int fd;

    while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0 &&
           !server->ending) {
        struct request *request = xcalloc(1, sizeof(*request));
        pthread_t thread;
        *request = (struct request){server, fd};
        server->serving++;
        if (pthread_create(&thread, NULL, serve_one, request) != 0)
            abort();
        pthread_detach(thread);
    }
    if (fd >= 0)
        close(fd);
    return NULL;
}

struct photo_server *photo_server_new(void) {
    struct photo_server *server = xcalloc(1, sizeof(*server));
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);

    server->photo = plain_jpeg(64, 48);
    server->exif = sample_jpeg(
        (struct sample_jpeg){.width = 64, .height = 48, .exif = &nanjing});
    server->bomb = make_bomb();
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

void photo_server_free(struct photo_server *server) {
    if (server == NULL)
        return;
    server->ending = true;
    shutdown(server->fd, SHUT_RDWR); /* accept4() returns */
    pthread_join(server->thread, NULL);
    close(server->fd);
    while (server->serving > 0)
        usleep(1000);
    buf_finish(&server->photo);
    buf_finish(&server->exif);
    buf_finish(&server->bomb);
    free(server);
}

int photo_server_port(const struct photo_server *server) {
    return server->port;
}

unsigned photo_server_requests(const struct photo_server *server) {
    return server->requests;
}

const char *photo_server_url(const struct photo_server *server,
                             const char *path) {
    static char urls[8][256];
    static unsigned next;
    char *url = urls[next++ % 8];

    snprintf(url, sizeof(urls[0]), "http://127.0.0.1:%d%s", server->port, path);
    return url;
}
