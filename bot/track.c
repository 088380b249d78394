#include "bot/track.h"

#include "base/seal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONTEXT "track"
#define INDEX_DIGITS 9
#define WHAT_SIZE (TRACK_TOKEN_SIZE - SEAL_SHORT_SIZE - 1)
#define DIGITS "0123456789"

/* A signature has a ':', which a link had better not. */
static void exchange(char *text, char from, char to) {
    char *at = strchr(text, from);
    if (at != NULL)
        *at = to;
}

void track_token(const struct seal *seal, const char *broadcast, size_t index,
                 char out[static TRACK_TOKEN_SIZE]) {
    char signature[SEAL_SHORT_SIZE], what[WHAT_SIZE];
    snprintf(what, sizeof(what), "%.*s-%zu", TRACK_ID_SIZE - 1, broadcast,
             index);
    seal_mac_short(seal, CONTEXT, what, signature);
    exchange(signature, ':', '.');
    snprintf(out, TRACK_TOKEN_SIZE, "%s-%s", what, signature);
}

/* "B12-345-" at the begin of a token: its length without the last '-', or 0. */
static size_t read_what(const char *token, char broadcast[static TRACK_ID_SIZE],
                        size_t *index) {
    size_t id_len = token[0] == 'B' ? 1 + strspn(token + 1, DIGITS) : 0;
    if (id_len < 2 || id_len >= TRACK_ID_SIZE || token[id_len] != '-')
        return 0;
    const char *number = token + id_len + 1;
    size_t digits = strspn(number, DIGITS);
    if (digits == 0 || digits > INDEX_DIGITS || number[digits] != '-')
        return 0;
    memcpy(broadcast, token, id_len);
    broadcast[id_len] = '\0';
    *index = strtoul(number, NULL, 10);
    return id_len + 1 + digits;
}

bool track_parse(const struct seal *seal, const char *token,
                 char broadcast[static TRACK_ID_SIZE], size_t *index) {
    char signature[SEAL_SHORT_SIZE], what[WHAT_SIZE];
    size_t len = read_what(token, broadcast, index);
    const char *signed_by = token + len + 1;
    if (len == 0 || len >= sizeof(what) ||
        strlen(signed_by) >= sizeof(signature))
        return false;
    memcpy(what, token, len);
    what[len] = '\0';
    strcpy(signature, signed_by);
    exchange(signature, '.', ':');
    return seal_mac_short_ok(seal, CONTEXT, what, signature);
}
