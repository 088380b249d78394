#pragma once

#include "base/err.h"

#include <stddef.h>

struct store;

/*
 * Every photo id that something in the store names: tickets and their history,
 * messages of web chats, forms that riders have not finished, covers of
 * materials. Some hundred keys a step; what is there from the begin to the end
 * is told, perhaps more than once, and words that only look like an id are
 * told, too.
 */
#define PHOTO_REF_CHARS 22

struct photo_refs_options {
    struct store *store;
    /* id is PHOTO_REF_CHARS long, without a NUL behind it. */
    void (*found)(void *data, const char *id);
    void (*progress)(void *data); /* after each step */
    void (*done)(void *data, enum err err);
    void *data;
};

/* done is called exactly once, later in the loop. */
void photo_refs(const struct photo_refs_options *options);
