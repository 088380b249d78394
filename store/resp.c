#include "store/resp.h"

#include <string.h>

#define HEADER_BYTES 24 /* a mark, twenty digits, CR LF */

/* Writes "$12\r\n" to header, at its end; where it begins. */
static char *write_header(char header[static HEADER_BYTES], char mark,
                          size_t number) {
    char *at = header + HEADER_BYTES;

    *--at = '\n';
    *--at = '\r';
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    *--at = mark;
    return at;
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
    char header[HEADER_BYTES];
    const char *begin = write_header(header, '$', len);
    size_t head = (size_t)(header + HEADER_BYTES - begin);
    char *to = buf_reserve(&resp->bytes, head + len + 2);

    memcpy(to, begin, head);
    memcpy(to + head, word, len);
    memcpy(to + head + len, "\r\n", 3); /* and the buffer's NUL */
    resp->bytes.len += head + len + 2;
    resp->n++;
}

void resp_adds(struct resp *resp, const char *word) {
    resp_add(resp, word, strlen(word));
}

void resp_begin(struct resp *resp, size_t n) {
    char header[HEADER_BYTES];
    const char *begin = write_header(header, '*', n);

    resp_clear(resp);
    buf_add(&resp->bytes, begin, (size_t)(header + HEADER_BYTES - begin));
}

void resp_join(struct resp *resp, const struct resp *more) {
    buf_add(&resp->bytes, more->bytes.data, more->bytes.len);
    resp->n += more->n;
}
