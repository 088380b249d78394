#pragma once

#include <stdint.h>

struct turn;

/*
 * Points for learning: once for each why, such as a material or a question,
 * and counted on the leaderboards of the rider, of their firm and their branch.
 */
void earn_points(struct turn *turn, int64_t points, const char *why);
/* Keeps what they are called there; in a group it may be another name. Once a
 * turn. */
void earn_name(struct turn *turn);
