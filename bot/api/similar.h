#pragma once

#include <stddef.h>

struct api_call;
struct card;

/*
 * Open tickets that may be about the same: of the same category, within the
 * metres and hours of the rules, and visible to the caller.
 */
#define SIMILAR_MAX 20

/* The nearest first; out borrows from the board. Returns how many. */
size_t similar_find(const struct api_call *call, const struct card *card,
                    const struct card *out[static SIMILAR_MAX]);
/* 0 while the board is not there. */
size_t similar_count(const struct api_call *call, const struct card *card);
