#pragma once

#include <stdbool.h>
#include <stddef.h>

struct seal;

/*
 * The links in broadcasts by which it is known that one was read: /r/<token>.
 * A token says which target of which broadcast it is for and that we made it;
 * nothing of it is stored. "B12-345-<12 characters>".
 */
#define TRACK_TOKEN_SIZE 56

struct track {
    char id[24];  /* "B12" */
    size_t index; /* of the target, see store/delivery.h */
};

/* id is one of ours, "B" and digits. */
void track_token(const struct seal *seal, const char *id, size_t index,
                 char out[static TRACK_TOKEN_SIZE]);
/* False when it is not a token of ours. */
bool track_parse(const struct seal *seal, const char *token, struct track *out);
