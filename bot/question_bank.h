#pragma once

#include "base/err.h"
#include "store/question.h"

#include <stdbool.h>

struct store;

/*
 * Looks through the whole question bank, latest first, some at a time: each is
 * called for every question, which is good until it returns; then done, once,
 * later in the loop. What is written meanwhile may be missed or come twice.
 */
typedef void bank_each(void *data, const struct question *question);
typedef void bank_done(void *data, enum err err);
void bank_scan(struct store *store, bank_each *each, bank_done *done,
               void *data);
