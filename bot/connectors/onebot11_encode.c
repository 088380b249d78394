#include "bot/connectors/onebot11_codec.h"

#include "base/buf.h"
#include "base/number.h"

#include <string.h>

/* Ids are integers in the specification, but need not fit one. */
static void add_id(struct buf *buf, const char *id) {
    size_t len = strlen(id);
    int64_t number;

    if (jspan_int((struct jspan){id, len}, &number))
        buf_add(buf, id, len);
    else
        buf_add_json_string(buf, id, len);
}

static void add_param(struct buf *buf, const char *begin, const char *value,
                      const char *end) {
    buf_adds(buf, begin);
    buf_add_json_string(buf, value, strlen(value));
    buf_adds(buf, end);
}

static void add_echo(struct buf *buf, const char *prefix, uint64_t number) {
    char digits[NUMBER_SIZE];

    buf_adds(buf, ",\"echo\":\"");
    buf_adds(buf, prefix);
    buf_adds(buf, number_print(digits, (int64_t)number));
    buf_adds(buf, "\"}");
}

/* The id behind the platform word, such as "90001" of "qq.90001". */
static const char *bare(const char *id) {
    const char *dot = strchr(id, '.');

    return dot ? dot + 1 : id;
}

/* The text of a message in a group goes behind a mention on the same line. */
static void add_text(struct buf *buf, const char *text, bool mentioned) {
    buf_adds(buf, "{\"type\":\"text\",\"data\":{\"text\":");
    if (mentioned && *text != ' ' && *text != '\n') {
        size_t quote = buf->len;

        buf_addc(buf, ' ');
        buf_add_json_string(buf, text, strlen(text));
        memcpy(buf->data + quote, "\" ", 2);
    } else {
        buf_add_json_string(buf, text, strlen(text));
    }
    buf_adds(buf, "}},");
}

static void add_segments(struct buf *buf, const struct outgoing *out,
                         const char *image, bool group) {
    bool mentioned = out->mention && group;

    if (out->reply_to && group) /* two people know what they speak of */
        add_param(buf, "{\"type\":\"reply\",\"data\":{\"id\":", out->reply_to,
                  "}},");
    if (mentioned)
        add_param(buf, "{\"type\":\"at\",\"data\":{\"qq\":", bare(out->mention),
                  "}},");
    if (out->text && *out->text)
        add_text(buf, out->text, mentioned);
    if (image) {
        buf_adds(buf, "{\"type\":\"image\",\"data\":{\"file\":\"base64://");
        buf_adds(buf, image);
        buf_adds(buf, "\"}},");
    }
    buf->len--; /* the last comma */
}

enum err onebot11_encode_send(struct buf *buf, const struct outgoing *out,
                              const char *image, const char *prefix,
                              uint64_t number) {
    const char *to = bare(out->chat);
    bool group = *to == 'g';

    if ((*to != 'g' && *to != 'u') || !to[1] ||
        (!image && (!out->text || !*out->text)))
        return ERR_INVALID;
    buf_adds(buf, group ? "{\"action\":\"send_group_msg\",\"params\":"
                          "{\"group_id\":"
                        : "{\"action\":\"send_private_msg\",\"params\":"
                          "{\"user_id\":");
    add_id(buf, to + 1);
    buf_adds(buf, ",\"message\":[");
    add_segments(buf, out, image, group);
    buf_adds(buf, "]}");
    add_echo(buf, prefix, number);
    return OK;
}

void onebot11_encode_recall(struct buf *buf, const char *message_id,
                            const char *prefix, uint64_t number) {
    buf_adds(buf, "{\"action\":\"delete_msg\",\"params\":{\"message_id\":");
    add_id(buf, message_id);
    buf_addc(buf, '}');
    add_echo(buf, prefix, number);
}

void onebot11_encode_question(struct buf *buf, const char *action,
                              const char *prefix, uint64_t number) {
    buf_addf(buf, "{\"action\":\"%s\",\"params\":{}", action);
    add_echo(buf, prefix, number);
}
