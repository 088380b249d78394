#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ids of photos that are to go: those that a ticket had, or that lie in the
 * directory and may turn out to be nobody's.
 */
struct photo_set;
#define PHOTO_SET_MAX 100000 /* more stay for the next time */

struct photo_set *photo_set_new(void);
void photo_set_free(struct photo_set *set); /* takes NULL */
size_t photo_set_count(const struct photo_set *set);
/* Ids joined by ','; what is none is left out. */
void photo_set_add(struct photo_set *set, const char *ids);
/* id needs no NUL behind it. */
void photo_set_drop(struct photo_set *set, const char *id);

/* Both block, and are for the thread pool. Every photo of the directory that
 * was last written before before_ms; ERR_IO. */
enum err photo_set_find(struct photo_set *set, const char *dir,
                        int64_t before_ms) must_check;
/* Removes their files, and forgets them. */
void photo_set_remove(struct photo_set *set, const char *dir);
