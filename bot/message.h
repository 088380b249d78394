#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * One incoming chat message, the same for every protocol. A connector fills it
 * with strings from the turn's arena; no JSON lives above it.
 *
 * Ids are strings made of a platform word and the platform's own id:
 *   account  "qq.10001000"   the bot's account that received it
 *   rider    "qq.90001"      who sent it
 *   chat     "qq.g20010001"  a group, or "qq.u90001" a private chat
 */
enum segment_type {
    SEGMENT_TEXT,
    SEGMENT_IMAGE,
    SEGMENT_LOCATION,
    SEGMENT_VOICE,
    SEGMENT_MENTION, /* of the bot's own account */
    SEGMENT_OTHER    /* a mention of somebody else, a face, a card, … */
};

struct segment {
    enum segment_type type;
    const char *text; /* TEXT: clean UTF-8; LOCATION: its name or NULL */
    const char *url;  /* IMAGE: where to fetch it, or NULL */
    const char *blob; /* IMAGE: the bytes themselves, when there is no url */
    size_t blob_bytes;
    /* IMAGE: id of a photo the connector has stored already, or NULL; then
     * there is no url and no blob. */
    const char *photo;
    bool has_position; /* IMAGE with photo: its EXIF has one, in lat and lon */
    double lat, lon;   /* LOCATION: degrees, WGS-84 whatever the platform has */
};

struct message {
    const char *account;
    const char *chat;
    const char *rider;
    const char *id;   /* the platform's id, unique within account and chat */
    const char *nick; /* shown name, clean UTF-8, at most LIMIT_NAME_CHARS */
    const char *lang; /* the platform's hint of a language tag, or NULL */
    bool in_group;
    bool mentioned; /* the bot's account was mentioned */
    struct segment *segments;
    size_t n_segments;
    size_t n_dropped;   /* segments beyond LIMIT_SEGMENTS */
    bool text_too_long; /* more than LIMIT_TEXT_CHARS: text was cut there */
    int64_t time_ms;    /* by the platform's clock; 0 when it gave none */
};

/*
 * The text of all TEXT segments, joined and trimmed; "" when there is none.
 * Borrowed from arena.
 */
const char *message_text(const struct message *message, struct arena *arena);
size_t message_count(const struct message *message, enum segment_type type);
/* The i-th segment of that type, or NULL. */
const struct segment *message_segment(const struct message *message,
                                      enum segment_type type, size_t i);
