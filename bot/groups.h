#pragma once

#include <stddef.h>

struct bot;
struct group;

/*
 * A connector found its account in these groups: they are groups of the
 * district from now on, and this account sends their broadcasts.
 */
#define GROUPS_FOUND_MAX 500 /* more are left out, with a warning */
void groups_found(struct bot *bot, const struct group *groups, size_t n);
