#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct arena;

/*
 * A scan over the members of one JSON object that copies and allocates
 * nothing: for deciding whether a frame is worth decoding. It checks only what
 * it must to find where values end; a frame that is for us is decoded by
 * Jansson, or by the accessors below.
 */
struct jspan {
    const char *at;
    size_t len;
};

struct jscan {
    const char *at;
    const char *end;
    bool broken; /* the text was not a well-formed object so far */
};

/* Depth of nesting that a scan follows; deeper is broken. */
#define JSCAN_DEPTH_MAX 32

/* Begins at the opening brace of text; broken when there is none. */
void jscan_init(struct jscan *scan, const char *text, size_t len);
/*
 * Gives the next member: key without quotes (still escaped), value as it
 * stands. Returns false at the end of the object or when broken.
 */
bool jscan_next(struct jscan *scan, struct jspan *key, struct jspan *value);

/* The same over the elements of an array span, such as "message". */
void jscan_array_init(struct jscan *scan, struct jspan array);
bool jscan_array_next(struct jscan *scan, struct jspan *value);

/* Raw equality. Inline, so that for a literal most misses cost one comparison
 * of lengths. */
static inline bool jspan_is(struct jspan span, const char *literal) {
    return span.len == strlen(literal) &&
           memcmp(span.at, literal, span.len) == 0;
}
/* A JSON string or integer as a plain string: ids come as either. Returns
 * NULL for anything else, for escapes that are not valid, or above max_len. */
char *jspan_id(struct arena *arena, struct jspan value, size_t max_len);
/* The unescaped text of a JSON string, NUL-terminated and valid UTF-8: U+0000,
 * a lone surrogate and broken bytes become U+FFFD. Returns NULL when it is not
 * a string or an escape in it is not well-formed. len may be NULL. */
char *jspan_string(struct arena *arena, struct jspan value, size_t *len);
bool jspan_int(struct jspan value, int64_t *out);
