#include "bot/connectors/onebot11_conn.h"

#include "base/mem.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/connectors/onebot11_codec.h"
#include "bot/loop.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

/* A frame of base64 must find room in a connection's queue (WS_QUEUE_BYTES). */
#define IMAGE_BYTES (INT64_C(2) * 1024 * 1024)

/* One file that is read in the pool. */
struct onebot11_image {
    uv_work_t work;
    struct onebot11_conn *conn; /* NULL when it is gone */
    struct onebot11 *owner;
    uint64_t number;
    char *chat, *mention, *reply_to, *text, *path;
    char *base64; /* NULL until it is read, or when it could not be */
    struct onebot11_image *prev, *next;
};

static char *copy(const char *s) {
    return s ? xstrdup(s) : NULL;
}

static bool read_file(int fd, unsigned char *bytes, size_t len) {
    size_t done = 0;

    while (done < len) {
        ssize_t got = read(fd, bytes + done, len - done);

        if (got <= 0)
            return false;
        done += (size_t)got;
    }
    return true;
}

/* In the pool: touches nothing but its own job. */
static void on_work(uv_work_t *work) {
    struct onebot11_image *image = work->data;
    int fd = open(image->path, O_RDONLY | O_CLOEXEC);
    unsigned char *bytes;
    struct stat stat;
    size_t len;

    if (fd < 0)
        return;
    if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode) && stat.st_size > 0 &&
        stat.st_size <= IMAGE_BYTES) {
        len = (size_t)stat.st_size;
        bytes = xmalloc(len);
        if (read_file(fd, bytes, len)) {
            size_t size =
                sodium_base64_ENCODED_LEN(len, sodium_base64_VARIANT_ORIGINAL);

            image->base64 = xmalloc(size);
            sodium_bin2base64(image->base64, size, bytes, len,
                              sodium_base64_VARIANT_ORIGINAL);
        }
        free(bytes);
    }
    close(fd);
}

static void send_image(struct onebot11_image *image) {
    struct onebot11_conn *conn = image->conn;
    struct buf *buf = &image->owner->out;
    const struct outgoing out = {
        .chat = image->chat,
        .mention = image->mention,
        .reply_to = image->reply_to,
        .text = image->text,
    };

    if (!image->base64) {
        onebot11_conn_refuse(conn, image->number, "the picture is unreadable");
        return;
    }
    buf_clear(buf);
    if (onebot11_encode_send(buf, &out, image->base64, image->owner->prefix,
                             image->number) ||
        ws_send(conn->ws, buf->data, buf->len) == ERR_LIMIT)
        onebot11_conn_refuse(conn, image->number, "the picture is too large");
    /* Megabytes are not kept for the next call. */
    buf_finish(buf);
}

static void on_done(uv_work_t *work, int status) {
    struct onebot11_image *image = work->data;

    (void)status;
    DL_DELETE(image->owner->images, image);
    if (image->conn)
        send_image(image);
    free(image->chat);
    free(image->mention);
    free(image->reply_to);
    free(image->text);
    free(image->path);
    free(image->base64);
    free(image);
}

void onebot11_image_send(struct onebot11_conn *conn, uint64_t number,
                         const struct outgoing *out) {
    struct onebot11_image *image = xcalloc(1, sizeof(*image));

    image->work.data = image;
    image->conn = conn;
    image->owner = conn->owner;
    image->number = number;
    image->chat = xstrdup(out->chat);
    image->mention = copy(out->mention);
    image->reply_to = copy(out->reply_to);
    image->text = copy(out->text);
    image->path = xstrdup(out->image_path);
    DL_APPEND(conn->owner->images, image);
    uv_queue_work(&conn->owner->bot->loop->uv, &image->work, on_work, on_done);
}

void onebot11_image_forget(const struct onebot11_conn *conn) {
    struct onebot11_image *image;

    DL_FOREACH(conn->owner->images, image) {
        if (image->conn == conn)
            image->conn = NULL;
    }
}
