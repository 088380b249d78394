#pragma once

#include "base/buf.h"

#include <stddef.h>

/*
 * A command, or a part of one, as Redis reads it: "$3\r\nGET\r\n" for each
 * word, "*2\r\n" before all of them. Written here because hiredis formats each
 * word by a printf of its own, which took a sixth of a request's time.
 */
struct resp {
    struct buf bytes;
    size_t n; /* words */
};

void resp_clear(struct resp *resp); /* keeps the memory */
void resp_finish(struct resp *resp);
void resp_add(struct resp *resp, const char *word, size_t len);
void resp_adds(struct resp *resp, const char *word);
/* Begins a command of n words. */
void resp_begin(struct resp *resp, size_t n);
/* Appends the words of more. */
void resp_join(struct resp *resp, const struct resp *more);
