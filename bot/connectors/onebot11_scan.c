#include "bot/connectors/onebot11_codec.h"

#include "bot/connectors/cq.h"

#include <string.h>

/* The member of frame that key names, or NULL. */
static struct jspan *member_of(struct onebot11_frame *frame, struct jspan key) {
    static const struct {
        const char *name;
        size_t offset;
    } members[] = {
#define MEMBER(name) {#name, offsetof(struct onebot11_frame, name)}
        /* By length: a key is compared with those of its own length. */
        MEMBER(msg),        MEMBER(time),         MEMBER(data),
        MEMBER(echo),       MEMBER(sender),       MEMBER(status),
        MEMBER(self_id),    MEMBER(user_id),      MEMBER(message),
        MEMBER(retcode),    MEMBER(wording),      MEMBER(group_id),
        MEMBER(sub_type),   MEMBER(post_type),    MEMBER(anonymous),
        MEMBER(message_id), MEMBER(message_type), MEMBER(meta_event_type),
#undef MEMBER
    };
    /* The first member of each length, and behind the last one. */
    static const unsigned char first[] = {0,  0,  0,  0,  1,  4,  4,  6, 11,
                                          13, 15, 16, 16, 17, 17, 17, 18};

    if (key.len + 1 >= sizeof(first))
        return NULL;
    for (size_t i = first[key.len]; i < first[key.len + 1]; i++)
        if (memcmp(members[i].name, key.at, key.len) == 0)
            return (struct jspan *)((char *)frame + members[i].offset);
    return NULL;
}

static bool begins(const char *text, size_t len, const char *with) {
    return len >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

/* Why a scan broke: only asked then. */
static enum onebot11_flaw find_flaw(const char *text, size_t len) {
    unsigned depth = 0;
    bool quoted = false;

    while (len > 0 && memchr(" \t\r\n", *text, 4))
        text++, len--;
    if (len > 0 &&
        (memchr("[\"-0123456789", *text, 13) || begins(text, len, "true") ||
         begins(text, len, "false") || begins(text, len, "null")))
        return ONEBOT11_NOT_OBJECT;
    if (len == 0 || *text != '{')
        return ONEBOT11_NOT_JSON;
    for (size_t i = 0; i < len; i++) {
        if (quoted) {
            i += text[i] == '\\';
            quoted = i >= len || text[i] != '"';
        } else if (text[i] == '"') {
            quoted = true;
        } else if (text[i] == '{' || text[i] == '[') {
            if (++depth > JSCAN_DEPTH_MAX)
                return ONEBOT11_TOO_DEEP;
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return ONEBOT11_NOT_JSON;
}

bool onebot11_bare_id(struct jspan value, struct jspan *id) {
    if (value.len >= 2 && value.at[0] == '"') {
        value.at++;
        value.len -= 2;
    } else if (value.len > 0 && *value.at != '-' &&
               (*value.at < '0' || *value.at > '9')) {
        return false;
    }
    if (value.len == 0 || value.len > LIMIT_ID_BYTES)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.at[i];

        if ((c < '0' || c > '9') && (c < 'a' || c > 'z') &&
            (c < 'A' || c > 'Z') && c != '-' && c != '_')
            return false;
    }
    *id = value;
    return true;
}

static bool same_id(struct jspan a, struct jspan b) {
    struct jspan x;
    struct jspan y;

    return onebot11_bare_id(a, &x) && onebot11_bare_id(b, &y) &&
           x.len == y.len && memcmp(x.at, y.at, x.len) == 0;
}

static bool has_value(struct jspan value) {
    return value.len > 0 && !jspan_is(value, "null");
}

static enum onebot11_kind kind_of_message(const struct onebot11_frame *frame) {
    if (same_id(frame->user_id, frame->self_id))
        return ONEBOT11_OWN;
    /* All anonymous members share one id: they must not become one rider. */
    if (jspan_is(frame->sub_type, "\"notice\"") ||
        jspan_is(frame->sub_type, "\"anonymous\"") ||
        has_value(frame->anonymous))
        return ONEBOT11_SYSTEM;
    return ONEBOT11_MESSAGE;
}

static enum onebot11_kind kind_of(const struct onebot11_frame *frame) {
    if (frame->post_type.len > 0) {
        if (jspan_is(frame->post_type, "\"message\""))
            return kind_of_message(frame);
        if (jspan_is(frame->post_type, "\"message_sent\""))
            return ONEBOT11_OWN;
        if (jspan_is(frame->meta_event_type, "\"heartbeat\""))
            return ONEBOT11_HEARTBEAT;
        if (jspan_is(frame->meta_event_type, "\"lifecycle\""))
            return ONEBOT11_LIFECYCLE;
        return ONEBOT11_EVENT;
    }
    if (frame->status.len > 0 || frame->retcode.len > 0)
        return ONEBOT11_ANSWER;
    return ONEBOT11_STRANGE;
}

void onebot11_scan(struct onebot11_frame *frame, const char *text, size_t len) {
    struct jscan scan;
    struct jspan key;
    struct jspan value;

    *frame = (struct onebot11_frame){0};
    jscan_init(&scan, text, len);
    while (jscan_next(&scan, &key, &value)) {
        struct jspan *member = member_of(frame, key);

        if (member)
            *member = value;
    }
    if (scan.broken)
        frame->flaw = find_flaw(text, len);
    else
        frame->kind = kind_of(frame);
}

/* At most max bytes of s, without the first half of a character at the end. */
static size_t clip(const char *s, size_t len, size_t max) {
    if (len <= max)
        return len;
    while (max > 0 && ((unsigned char)s[max] & 0xc0) == 0x80)
        max--;
    return max;
}

/* Joins text at the end of the glance, as much as there is room for. */
static void add_text(struct onebot11_glance *out, const char *s, size_t len) {
    while (out->glance.text_len == 0 && len > 0 && (unsigned char)*s <= ' ')
        s++, len--;
    len = clip(s, len, sizeof(out->text) - out->glance.text_len);
    memcpy(out->text + out->glance.text_len, s, len);
    out->glance.text_len += len;
}

static bool is_self(const struct onebot11_frame *frame, const char *alias,
                    struct jspan id) {
    struct jspan self;

    return (onebot11_bare_id(frame->self_id, &self) && self.len == id.len &&
            memcmp(self.at, id.at, id.len) == 0) ||
           (id.len > 0 && jspan_is(id, alias));
}

/* The text of a JSON string; only one with escapes costs memory. */
static bool string_text(struct arena *scratch, struct jspan value,
                        struct jspan *text) {
    if (value.len < 2 || *value.at != '"')
        return false;
    if (memchr(value.at, '\\', value.len)) {
        text->at = jspan_string(scratch, value, &text->len);
        return text->at;
    }
    *text = (struct jspan){value.at + 1, value.len - 2};
    return true;
}

struct jspan onebot11_member(struct jspan object, const char *name) {
    struct jspan found = {0};
    struct jscan scan;
    struct jspan key;
    struct jspan value;

    jscan_init(&scan, object.at, object.len);
    while (jscan_next(&scan, &key, &value))
        if (jspan_is(key, name))
            found = value;
    return found;
}

void onebot11_segment(struct jspan segment, struct jspan *type,
                      struct jspan *data) {
    struct jscan scan;
    struct jspan key;
    struct jspan value;

    *type = *data = (struct jspan){0};
    jscan_init(&scan, segment.at, segment.len);
    while (jscan_next(&scan, &key, &value)) {
        if (jspan_is(key, "type"))
            *type = value;
        else if (jspan_is(key, "data"))
            *data = value;
    }
}

static void glance_segment(const struct onebot11_frame *frame,
                           const char *alias, struct arena *scratch,
                           struct jspan segment, struct onebot11_glance *out) {
    struct jspan type;
    struct jspan data;
    struct jspan text;
    struct jspan id;

    onebot11_segment(segment, &type, &data);
    if (jspan_is(type, "\"text\"")) {
        if (string_text(scratch, onebot11_member(data, "text"), &text))
            add_text(out, text.at, text.len);
    } else if (jspan_is(type, "\"at\"")) {
        if (onebot11_bare_id(onebot11_member(data, "qq"), &id) &&
            is_self(frame, alias, id))
            out->glance.mentioned = true;
    }
}

static void glance_cq(const struct onebot11_frame *frame, const char *alias,
                      struct jspan text, struct onebot11_glance *out) {
    char plain[2 * ONEBOT11_GLANCE_BYTES]; /* an escape is five bytes long */
    struct cq_piece piece;
    struct jspan id;
    struct cq cq;

    cq_init(&cq, text.at, text.len);
    while (cq_next(&cq, &piece)) {
        if (!piece.type) {
            size_t len = clip(piece.at, piece.len, sizeof(plain));

            add_text(out, plain, cq_unescape_to(plain, piece.at, len));
        } else if (cq_is(&piece, "at") &&
                   cq_param(&piece, "qq", &id.at, &id.len) &&
                   is_self(frame, alias, id)) {
            out->glance.mentioned = true;
        }
    }
}

static bool prefixed_id(char *out, const char *prefix, struct jspan value) {
    struct jspan id;
    char *end;

    if (!onebot11_bare_id(value, &id))
        return false;
    end = stpcpy(out, prefix);
    memcpy(end, id.at, id.len);
    end[id.len] = '\0';
    return true;
}

bool onebot11_glance(const struct onebot11_frame *frame, const char *alias,
                     struct arena *scratch, struct onebot11_glance *out) {
    struct jspan text;

    out->glance = (struct glance){
        .chat = out->chat,
        .rider = out->rider,
        .in_group = !jspan_is(frame->message_type, "\"private\""),
        .text = out->text,
    };
    if (!prefixed_id(out->rider, "qq.", frame->user_id) ||
        !prefixed_id(out->chat, out->glance.in_group ? "qq.g" : "qq.u",
                     out->glance.in_group ? frame->group_id : frame->user_id))
        return false;
    if (frame->message.len > 0 && *frame->message.at == '[') {
        struct jscan scan;
        struct jspan segment;

        jscan_array_init(&scan, frame->message);
        while (jscan_array_next(&scan, &segment))
            glance_segment(frame, alias, scratch, segment, out);
        return !scan.broken;
    }
    if (!string_text(scratch, frame->message, &text))
        return false;
    glance_cq(frame, alias, text, out);
    return true;
}
