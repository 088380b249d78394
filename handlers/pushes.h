#pragma once

#include <stdint.h>

struct turn;

/* "11-22 07:30" of the district's time. */
const char *push_time(struct turn *turn, int64_t at_ms);
