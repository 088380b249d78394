#pragma once

#include "bot/api/api.h"

#include <stdbool.h>

struct broadcast;

/* What the resources of study materials share. */

/* A text of the body: cleaned, at most so many characters, on one line unless
 * lines. The call has been answered with 422 when false. */
bool study_text(struct api_call *call, const char *name, size_t max_chars,
                bool lines, const char **out);
/* An http or https url, or "". */
bool study_url(struct api_call *call, const char *name, const char **out);
/* The version that a change is of: a member of the body, or of a DELETE a query
 * argument. */
bool study_version(struct api_call *call, int64_t *out);
/* The offset that a cursor says. */
bool study_cursor(struct api_call *call, size_t *out);
/* The answer to a list of n items from offset on. Takes items. */
void study_page(struct api_call *call, json_t *items, size_t offset, size_t n,
                int64_t total);
/* A string, or null when it is "". */
json_t *study_word(const char *text);
/* Ids joined by ',' as an array. */
json_t *study_ids(const char *joined);
/* "B3" in front of ids joined by ',', so many of them. */
const char *study_add_id(struct api_call *call, const char *joined,
                         const char *id, size_t max);
/*
 * Fills in what a draft of the caller's own begins with, in lane study, to all
 * groups that the caller may reach. False: the call has been answered.
 */
bool study_draft(struct api_call *call, struct broadcast *draft);
/* The answer to one that was made. */
void study_drafted(struct api_call *call, const struct broadcast *draft);
