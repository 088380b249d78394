#include "store/resp.h"

#include <string.h>

#define HEADER_BYTES 24 /* a mark, twenty digits, CR LF */

static void add_header(struct buf *buf, char mark, size_t number) {
    char header[HEADER_BYTES];
    size_t at = sizeof(header);

    header[--at] = '\n';
    header[--at] = '\r';
    do {
        header[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    header[--at] = mark;
    buf_add(buf, header + at, sizeof(header) - at);
}

void resp_clear(struct resp *resp) {
    buf_clear(&resp->bytes);
    resp->n = 0;
}

void resp_finish(struct resp *resp) {
    buf_finish(&resp->bytes);
    resp->n = 0;
}

void resp_add(struct resp *resp, const char *word, size_t len) {
    add_header(&resp->bytes, '$', len);
    buf_add(&resp->bytes, word, len);
    buf_add(&resp->bytes, "\r\n", 2);
    resp->n++;
}

void resp_adds(struct resp *resp, const char *word) {
    resp_add(resp, word, strlen(word));
}

void resp_begin(struct resp *resp, size_t n) {
    resp_clear(resp);
    add_header(&resp->bytes, '*', n);
}

void resp_join(struct resp *resp, const struct resp *more) {
    buf_add(&resp->bytes, more->bytes.data, more->bytes.len);
    resp->n += more->n;
}
