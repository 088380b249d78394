#include "bot/qr.h"

#include "base/buf.h"

#include <qrencode.h>
#include <string.h>

#define QUIET 4 /* modules around it, as the standard asks */

/* A path with a rectangle for each run of dark modules in a row. */
static void add_rows(struct buf *out, const QRcode *code) {
    for (int y = 0; y < code->width; y++) {
        const unsigned char *row = code->data + y * code->width;
        for (int x = 0; x < code->width;) {
            int run = 0;
            while (x + run < code->width && (row[x + run] & 1) != 0)
                run++;
            if (run > 0)
                buf_addf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run,
                         run);
            x += run + 1;
        }
    }
}

char *qr_svg(const char *text) {
    struct buf out;
    if (text[0] == '\0' || strlen(text) > QR_BYTES_MAX)
        return NULL;
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
    if (code == NULL)
        return NULL;
    int side = code->width + 2 * QUIET;
    buf_init(&out);
    buf_addf(&out,
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
             "shape-rendering=\"crispEdges\">"
             "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/><path d=\"",
             side, side, side, side);
    add_rows(&out, code);
    buf_adds(&out, "\"/></svg>\n");
    QRcode_free(code);
    return buf_take(&out);
}
