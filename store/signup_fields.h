#pragma once

#include "store/signup.h"

/*
 * How a sign-up's fields are named in its record: shared by the writing half
 * (signup.c) and the reading half (signup_read.c). Private to store/.
 */
struct signup_field {
    const char *name;
    size_t offset; /* in struct signup */
};
extern const struct signup_field signup_texts[], signup_numbers[];
extern const size_t n_signup_texts, n_signup_numbers;

#define SIGNUP_PRIVATE '\x1c' /* between children and answers */
/* What the private field is sealed for. */
const char *signup_context(struct arena *arena, const char *event,
                           const char *rider);
