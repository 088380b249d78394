#pragma once

#include <stddef.h>

struct bot;
struct group;

/*
 * A connector asked which groups its account is in, and these are all: they
 * are groups of the district from now on. Those that the account was found in
 * before and is in no more lose it. A list that is empty takes nothing away:
 * there are platforms that answer so while they start.
 */
#define GROUPS_FOUND_MAX 5000 /* more are left out, with a warning */
void groups_found(struct bot *bot, const char *account,
                  const struct group *groups, size_t n);
