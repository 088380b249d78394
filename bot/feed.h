#pragma once

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * What a feed says: RSS 2.0 (and 1.0), Atom (RFC 4287) or JSON Feed 1.1, told
 * apart by what is in it. Nothing is fetched, no entity is expanded (a document
 * that declares any is refused), markup becomes plain text, and all of it has
 * limits. May run in another thread than the loop's.
 */
#define FEED_BYTES_MAX ((size_t)5 * 1024 * 1024)
#define FEED_JSON_BYTES_MAX ((size_t)2 * 1024 * 1024)
#define FEED_ENTRIES_MAX 50 /* the first ones; further ones are counted */

/* Why it is none. */
enum feed_fault {
    FEED_OK,
    FEED_EMPTY,     /* no bytes */
    FEED_HTML,      /* a page of a site */
    FEED_UNKNOWN,   /* well-formed, and no feed */
    FEED_MALFORMED, /* not well-formed */
    FEED_TRUNCATED, /* it ends in the middle */
    FEED_ENCODING,  /* no text of the encoding that it says */
    FEED_ENTITIES,  /* declares entities */
    FEED_TOO_DEEP,  /* nested without end */
    FEED_TOO_LARGE,
    FEED_FAULTS
};
/* "empty", "html", …; "" of FEED_OK. */
extern const char *const feed_faults[FEED_FAULTS];

struct feed_source {
    const char *bytes;
    size_t len;
    const char *type; /* Content-Type of the answer, or "" */
    const char *url;  /* where it came from: links may be relative to it */
};

/* Strings are "" when there is nothing; texts are plain, urls whole. */
struct feed_entry {
    const char *guid;
    const char *url;
    const char *title; /* never "" */
    const char *summary, *body;
    const char *image;
    int64_t published_ms; /* 0: not said, or absurd */
};

struct feed_content {
    const char *title; /* of the feed */
    struct feed_entry entries[FEED_ENTRIES_MAX];
    size_t n;
    size_t left_out; /* beyond FEED_ENTRIES_MAX, or without any text */
};

/* Before any other thread parses. */
void feed_init(void);
/* *out is filled in when FEED_OK; strings live in arena. now_ms: what is dated
 * later is of now. */
enum feed_fault feed_parse(struct arena *arena,
                           const struct feed_source *source, int64_t now_ms,
                           struct feed_content *out);
