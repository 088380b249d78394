#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct bot;
struct feeds;

/*
 * Fetches the feeds of the district (store/feed.h) when they are due; their new
 * entries become materials that wait for a look. A fetch is announced in the
 * store under the feed's version before it begins, and what it brings is
 * written under the next one: with several daemons one of them does it, and a
 * fetch that dies with its daemon is done again FEEDS_CLAIM_MS later. What came
 * of it is kept in the feed: last_error is "", a word of feed_faults, or
 *   invalid    it is no url that is fetched
 *   denied     it leads to a private address
 *   timeout    the answer took too long
 *   too_large  more than FEED_BYTES_MAX
 *   not_found  last_status is neither 200 nor 304
 *   io         there was no answer
 */
#define FEEDS_CLAIM_MS (10LL * 60 * 1000)
#define FEEDS_PARALLEL 4                  /* fetches at once in a process */
#define FEEDS_COVERS_MAX 10               /* pictures fetched for one of them */
#define FEEDS_RETRY_MS (15LL * 60 * 1000) /* after a failure; twice … */
#define FEEDS_RETRY_MAX_MS (7LL * 24 * 3600 * 1000)

struct feeds *feeds_new(struct bot *bot);
/* What is under way ends as the loop runs on. Takes NULL. */
void feeds_free(struct feeds *feeds);
/* Looks for those that are due, for tests with a clock of their own. */
void feeds_look(struct feeds *feeds);
/* Whether nothing is under way. */
_Bool feeds_idle(const struct feeds *feeds);

struct feeds_outcome {
    int status;        /* of HTTP, 0: none */
    const char *error; /* as above */
    size_t found, added;
};
/* err: OK (it was tried: outcome says what came of it), ERR_NOT_FOUND,
 * ERR_CONFLICT (it was changed, or somebody else fetched it meanwhile),
 * ERR_LIMIT (too many are under way), ERR_AWAY. outcome is borrowed for the
 * call. */
typedef void feeds_done(void *data, enum err err,
                        const struct feeds_outcome *outcome);
/* Fetches one now, due or not. */
void feeds_fetch(struct feeds *feeds, const char *id, feeds_done *done,
                 void *data);
