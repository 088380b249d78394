#pragma once

struct arena;

/*
 * A copy of a text in which the middle of every mobile number of China is
 * stars: "138****5678", "+86 138-****-5678". For whoever may read a text, but
 * need not know whom to call.
 */
char *phone_mask(struct arena *arena, const char *text);
