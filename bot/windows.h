#pragma once

#include <stdint.h>

struct policy;

/*
 * When broadcasts may be sent: not in quiet hours, not while riders are busy
 * with meals, and not on public holidays where the document "broadcasts" says
 * so. Those with ignores_hours do not ask.
 */

/* 0: they may be sent now. Else when it is allowed again. */
int64_t windows_open_ms(const struct policy *policy, int64_t now_ms);
