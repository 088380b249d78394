#include "bot/connectors/onebot11_codec.h"

#include "base/arena.h"
#include "base/geo.h"
#include "base/utf8.h"
#include "bot/connectors/cq.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define URL_BYTES 4096
/* More bytes than this are more than LIMIT_TEXT_CHARS characters, unless most
 * of them are dropped; cleaning takes three times the memory. */
#define TEXT_RAW_BYTES ((size_t)8 * LIMIT_TEXT_CHARS)
#define NAME_RAW_BYTES ((size_t)16 * LIMIT_NAME_CHARS)

struct decoder {
    struct arena *arena;
    struct message *message;
    struct onebot11_oddities *odd;
    const char *self;
    const char *alias;
    size_t chars_left; /* of LIMIT_TEXT_CHARS */
    size_t max_segments;
};

/* The parameters of one segment, in either form. */
struct params {
    struct arena *arena;
    struct jspan data;           /* the JSON object, or */
    const struct cq_piece *code; /* the CQ code */
};

/* A parameter as text: a string, or a number as it stands. NULL otherwise. */
static char *param(const struct params *params, const char *name, size_t *len) {
    const char *escaped;
    struct jspan value;

    if (params->code) {
        if (!cq_param(params->code, name, &escaped, len))
            return NULL;
        return cq_unescape(params->arena, escaped, *len, len);
    }
    value = onebot11_member(params->data, name);
    if (value.len == 0)
        return NULL;
    if (*value.at == '"')
        return jspan_string(params->arena, value, len);
    if (*value.at != '-' && (*value.at < '0' || *value.at > '9'))
        return NULL;
    *len = value.len;
    return arena_strndup(params->arena, value.at, value.len);
}

/* A parameter that is shown on one line, or NULL. */
static const char *param_line(const struct params *params, const char *name) {
    size_t len;
    char *raw = param(params, name, &len);

    if (!raw)
        return NULL;
    if (len > TEXT_RAW_BYTES)
        len = TEXT_RAW_BYTES;
    raw = utf8_clean(params->arena, raw, len);
    return *raw ? utf8_excerpt(params->arena, raw, LIMIT_PLACE_CHARS - 1)
                : NULL;
}

static bool parse_degrees(const char *s, double limit, double *out) {
    char *end;

    /* strtod() also knows "inf", "nan" and hexadecimal. */
    if (!*s || strspn(s, "+-.0123456789eE") != strlen(s))
        return false;
    *out = strtod(s, &end);
    return *end == '\0' && isfinite(*out) && fabs(*out) <= limit;
}

static bool param_degrees(const struct params *params, const char *name,
                          double limit, double *out) {
    size_t len;
    const char *s = param(params, name, &len);

    return s && parse_degrees(s, limit, out);
}

/* The next free segment; NULL when there are LIMIT_SEGMENTS. */
static struct segment *add_segment(struct decoder *d, enum segment_type type) {
    struct message *message = d->message;
    struct segment *segment;

    if (message->n_segments >= d->max_segments) {
        message->n_dropped++;
        return NULL;
    }
    segment = &message->segments[message->n_segments++];
    segment->type = type;
    return segment;
}

static void add_other(struct decoder *d) {
    add_segment(d, SEGMENT_OTHER);
}

static bool is_space(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Clean text, with one space where it was trimmed, because another segment's
 * text may follow. */
static char *clean_text(struct arena *arena, const char *raw, size_t len) {
    char *clean = utf8_clean(arena, raw, len);

    if (!*clean || (!is_space(raw[0]) && !is_space(raw[len - 1])))
        return clean;
    return arena_printf(arena, "%s%s%s", is_space(raw[0]) ? " " : "", clean,
                        is_space(raw[len - 1]) ? " " : "");
}

/* Cuts text to what is left of LIMIT_TEXT_CHARS. */
static void cut_text(struct decoder *d, char *text) {
    for (; *text; text++) {
        if (((unsigned char)*text & 0xc0) == 0x80)
            continue;
        if (d->chars_left == 0) {
            *text = '\0';
            d->message->text_too_long = true;
            return;
        }
        d->chars_left--;
    }
}

static void add_text(struct decoder *d, const char *raw, size_t len) {
    struct segment *segment;
    char *text;

    if (len > TEXT_RAW_BYTES) {
        len = TEXT_RAW_BYTES;
        d->message->text_too_long = true;
    }
    if (len == 0)
        return;
    text = clean_text(d->arena, raw, len);
    if (!*text)
        return;
    cut_text(d, text);
    segment = *text ? add_segment(d, SEGMENT_TEXT) : NULL;
    if (segment)
        segment->text = text;
}

static void take_text(struct decoder *d, const struct params *params) {
    size_t len;
    const char *text = param(params, "text", &len);

    if (text)
        add_text(d, text, len);
    else
        d->odd->wrong++;
}

static void take_at(struct decoder *d, const struct params *params) {
    size_t len;
    const char *id = param(params, "qq", &len);

    if (!id)
        d->odd->wrong++;
    if (id && *id && (strcmp(id, d->self) == 0 || strcmp(id, d->alias) == 0)) {
        d->message->mentioned = true;
        add_segment(d, SEGMENT_MENTION);
    } else {
        add_other(d);
    }
}

static bool is_http(const char *url) {
    return url && (strncasecmp(url, "https://", 8) == 0 ||
                   strncasecmp(url, "http://", 7) == 0);
}

static void take_image(struct decoder *d, const struct params *params) {
    struct segment *segment = add_segment(d, SEGMENT_IMAGE);
    size_t len = 0;
    const char *url;

    if (!segment)
        return;
    url = param(params, "url", &len);
    if (!is_http(url))
        url = param(params, "file", &len);
    if (is_http(url) && len <= URL_BYTES)
        segment->url = url;
    else
        d->odd->wrong++;
}

/* Whatever is shared in QQ comes from a map of China: GCJ-02. */
static void add_location(struct decoder *d, double lat, double lon,
                         const char *name, const char *address) {
    struct segment *segment = add_segment(d, SEGMENT_LOCATION);

    if (!segment)
        return;
    struct geo at = geo_gcj02_to_wgs84((struct geo){lat, lon});
    segment->lat = at.lat;
    segment->lon = at.lon;
    segment->text = name ? name : address;
    if (name && address && strcmp(name, address) != 0)
        segment->text = utf8_excerpt(
            d->arena, arena_printf(d->arena, "%s %s", name, address),
            LIMIT_PLACE_CHARS - 1);
}

static void take_location(struct decoder *d, const struct params *params) {
    double lat;
    double lon;

    if (param_degrees(params, "lat", 90, &lat) &&
        param_degrees(params, "lon", 180, &lon)) {
        add_location(d, lat, lon, param_line(params, "title"),
                     param_line(params, "content"));
    } else {
        d->odd->wrong++;
        add_other(d);
    }
}

/*
 * A card, of which we know one: the place that QQ shares as
 * {"app":"com.tencent.map", …, "meta":{"Location.Search":{"lat":"32.03",
 * "lng":"118.78","name":"…","address":"…"}}}.
 */
static void take_card(struct decoder *d, const struct params *params) {
    struct params place = {.arena = d->arena};
    struct jspan card = {0};
    double lat;
    double lon;

    card.at = param(params, "data", &card.len);
    if (!card.at && !params->code)
        card = onebot11_member(params->data, "data");
    if (card.len > 0 &&
        jspan_is(onebot11_member(card, "app"), "\"com.tencent.map\""))
        place.data =
            onebot11_member(onebot11_member(card, "meta"), "Location.Search");
    if (place.data.len > 0 && param_degrees(&place, "lat", 90, &lat) &&
        param_degrees(&place, "lng", 180, &lon))
        add_location(d, lat, lon, param_line(&place, "name"),
                     param_line(&place, "address"));
    else
        add_other(d);
}

static void take_voice(struct decoder *d, const struct params *params) {
    (void)params;
    add_segment(d, SEGMENT_VOICE);
}

/* What a message answers: not part of what it says. */
static void take_reply(struct decoder *d, const struct params *params) {
    (void)d;
    (void)params;
}

static void take_other(struct decoder *d, const struct params *params) {
    (void)params;
    add_other(d);
}

/* message/segment.md, and what NapCat and LLBot add. */
static const struct {
    const char *type;
    void (*take)(struct decoder *d, const struct params *params);
} takers[] = {
    {"text", take_text},           {"at", take_at},
    {"image", take_image},         {"reply", take_reply},
    {"face", take_other},          {"location", take_location},
    {"json", take_card},           {"record", take_voice},
    {"voice", take_voice},         {"mface", take_other},
    {"video", take_other},         {"file", take_other},
    {"forward", take_other},       {"node", take_other},
    {"share", take_other},         {"contact", take_other},
    {"music", take_other},         {"poke", take_other},
    {"dice", take_other},          {"rps", take_other},
    {"shake", take_other},         {"xml", take_other},
    {"markdown", take_other},      {"anonymous", take_other},
    {"bface", take_other},         {"keyboard", take_other},
    {"onlinefile", take_other},    {"miniapp", take_other},
    {"flashtransfer", take_other},
};

static void take_segment(struct decoder *d, struct jspan type,
                         const struct params *params) {
    for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++) {
        if (jspan_is(type, takers[i].type)) {
            takers[i].take(d, params);
            return;
        }
    }
    d->odd->unknown++;
    add_other(d);
}

static void take_element(struct decoder *d, struct jspan element) {
    struct params params = {.arena = d->arena};
    struct jspan type;

    onebot11_segment(element, &type, &params.data);
    if (type.len < 2 || *type.at != '"') {
        d->odd->wrong++;
        add_other(d);
        return;
    }
    type.at++;
    type.len -= 2;
    take_segment(d, type, &params);
}

/* Memory for count segments, of which no more than the limit are used. */
static void make_room(struct decoder *d, size_t count) {
    d->max_segments = count < LIMIT_SEGMENTS ? count : LIMIT_SEGMENTS;
    d->message->segments = arena_alloc(
        d->arena, d->max_segments * sizeof(*d->message->segments) + 1);
}

static enum err decode_array(struct decoder *d, struct jspan array) {
    struct jspan element;
    struct jscan scan;
    size_t count = 0;

    jscan_array_init(&scan, array);
    while (jscan_array_next(&scan, &element))
        count++;
    if (scan.broken)
        return ERR_INVALID;
    make_room(d, count);
    jscan_array_init(&scan, array);
    while (jscan_array_next(&scan, &element))
        take_element(d, element);
    return OK;
}

static enum err decode_cq(struct decoder *d, struct jspan string) {
    struct cq_piece piece;
    size_t count = 0;
    size_t len;
    char *text = jspan_string(d->arena, string, &len);
    struct cq cq;

    if (!text)
        return ERR_INVALID;
    cq_init(&cq, text, len);
    while (cq_next(&cq, &piece))
        count++;
    make_room(d, count);
    cq_init(&cq, text, len);
    while (cq_next(&cq, &piece)) {
        struct params params = {.arena = d->arena, .code = &piece};

        if (piece.type) {
            take_segment(d, (struct jspan){piece.type, piece.type_len},
                         &params);
        } else {
            char *plain = cq_unescape(d->arena, piece.at, piece.len, &len);

            add_text(d, plain, len);
        }
    }
    return OK;
}

static char *prefixed(struct arena *arena, const char *prefix,
                      struct jspan value) {
    struct jspan id;
    size_t len;
    char *out;

    if (!onebot11_bare_id(value, &id))
        return NULL;
    len = strlen(prefix);
    out = arena_alloc(arena, len + id.len + 1);
    memcpy(out, prefix, len);
    memcpy(out + len, id.at, id.len);
    return out;
}

/* The card is the name in this group, and often empty. */
static const char *decode_nick(struct arena *arena, struct jspan sender) {
    static const char *const names[] = {"card", "nickname"};

    for (size_t i = 0; i < 2; i++) {
        size_t len = 0;
        struct jspan value = onebot11_member(sender, names[i]);
        const char *raw = jspan_string(arena, value, &len);

        if (len > NAME_RAW_BYTES)
            len = NAME_RAW_BYTES;
        raw = raw ? utf8_clean(arena, raw, len) : "";
        if (*raw)
            return utf8_excerpt(arena, raw, LIMIT_NAME_CHARS - 1);
    }
    return "";
}

/* Seconds since 1970; 0 when it is not a sane number of them. */
static int64_t decode_time(struct jspan value) {
    int64_t seconds;

    if (!jspan_int(value, &seconds) || seconds < 0 ||
        seconds > INT64_C(100000000000))
        return 0;
    return seconds * 1000;
}

enum err onebot11_decode(const struct onebot11_frame *frame, const char *alias,
                         struct arena *arena, struct message *out,
                         struct onebot11_oddities *odd) {
    struct decoder d = {
        .arena = arena,
        .message = out,
        .odd = odd,
        .alias = alias,
        .chars_left = LIMIT_TEXT_CHARS,
    };

    *odd = (struct onebot11_oddities){0};
    *out = (struct message){
        .account = prefixed(arena, "qq.", frame->self_id),
        .rider = prefixed(arena, "qq.", frame->user_id),
        .id = onebot11_message_id(arena, frame->message_id),
        .in_group = !jspan_is(frame->message_type, "\"private\""),
        .time_ms = decode_time(frame->time),
    };
    out->chat = out->in_group ? prefixed(arena, "qq.g", frame->group_id)
                              : prefixed(arena, "qq.u", frame->user_id);
    if (!out->account || !out->rider || !out->id || !out->chat ||
        frame->message.len == 0)
        return ERR_INVALID;
    d.self = out->account + strlen("qq.");
    out->nick = decode_nick(arena, frame->sender);
    switch (*frame->message.at) {
    case '[':
        return decode_array(&d, frame->message);
    case '"':
        return decode_cq(&d, frame->message);
    default:
        return ERR_INVALID;
    }
}
