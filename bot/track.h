#pragma once

#include <stdbool.h>
#include <stddef.h>

struct seal;

/*
 * The word in a link by which it is known who taps it: a target of a broadcast.
 * It is kept nowhere; a part of it is signed, so that nobody makes one up:
 * "B12-345-<key>.<16 digits>".
 */
#define TRACK_TOKEN_SIZE 80
#define TRACK_ID_SIZE 24

void track_token(const struct seal *seal, const char *broadcast, size_t index,
                 char out[static TRACK_TOKEN_SIZE]);
/* False when it is none of ours. */
bool track_parse(const struct seal *seal, const char *token,
                 char broadcast[static TRACK_ID_SIZE], size_t *index);
