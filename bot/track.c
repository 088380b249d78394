#include "bot/track.h"

#include "base/seal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT "track"
#define DIGITS "0123456789"
#define ID_DIGITS 19
#define INDEX_DIGITS 9

void track_token(const struct seal *seal, const char *id, size_t index,
                 char out[static TRACK_TOKEN_SIZE]) {
    int len =
        snprintf(out, TRACK_TOKEN_SIZE - SEAL_TAG_SIZE, "%s-%zu", id, index);
    char *tag = out + len + 1;
    seal_tag(seal, CONTEXT, out, tag);
    tag[-1] = '-';
}

/* "B12-345" */
static bool parse_what(const char *what, struct track *out) {
    size_t id = what[0] == 'B' ? strspn(what + 1, DIGITS) : 0;
    const char *at = what + 1 + id;
    if (id == 0 || id > ID_DIGITS || *at != '-')
        return false;
    size_t index = strspn(at + 1, DIGITS);
    if (index == 0 || index > INDEX_DIGITS || at[1 + index] != '\0')
        return false;
    snprintf(out->id, sizeof(out->id), "%.*s", (int)(id + 1), what);
    out->index = strtoul(at + 1, NULL, 10);
    return true;
}

bool track_parse(const struct seal *seal, const char *token,
                 struct track *out) {
    char what[TRACK_TOKEN_SIZE];
    size_t len = strlen(token);
    if (len >= sizeof(what) || len < SEAL_TAG_SIZE)
        return false;
    memcpy(what, token, len + 1);
    char *tag = what + len - (SEAL_TAG_SIZE - 1);
    if (tag[-1] != '-')
        return false;
    tag[-1] = '\0';
    return parse_what(what, out) && seal_tag_ok(seal, CONTEXT, what, tag);
}
