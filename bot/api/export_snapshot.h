#pragma once

#include "base/err.h"

#include <stddef.h>

struct api_call;
struct export_table;
struct filter;

/* Copies what fits the filter, in the words of the caller's language.
 * ERR_TOO_LARGE when there are more than max. */
enum err export_snapshot(struct api_call *call, const struct filter *filter,
                         size_t max, struct export_table *out) must_check;
