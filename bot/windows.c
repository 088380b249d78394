#include "bot/windows.h"

#include "bot/policy.h"
#include "bot/worktime.h"

#include <stdbool.h>

#define MINUTE_MS 60000LL
#define DAY_MS (POLICY_DAY_MINUTES * MINUTE_MS)
#define DAYS_MAX 400 /* a year of holidays, and no longer */

static bool day_is_closed(const struct policy *policy, int64_t at_ms) {
    return policy_broadcasts(policy)->holds_holidays &&
           worktime_is_holiday(policy_worktime(policy), at_ms);
}

/* The first open minute of a day from one on, or the next midnight. */
static int64_t open_minute(const struct policy *policy, int64_t minute) {
    const bool *closed = policy_broadcasts(policy)->closed;
    while (minute < POLICY_DAY_MINUTES && closed[minute])
        minute++;
    return minute;
}

int64_t windows_open_ms(const struct policy *policy, int64_t now_ms) {
    int64_t local = now_ms + policy_offset_ms(policy);
    int64_t midnight = local - local % DAY_MS - policy_offset_ms(policy);
    int64_t minute = (local % DAY_MS) / MINUTE_MS;
    for (int day = 0; day < DAYS_MAX; day++, midnight += DAY_MS, minute = 0) {
        if (day_is_closed(policy, midnight))
            continue;
        int64_t open = open_minute(policy, minute);
        if (day == 0 && open == minute)
            return 0;
        if (open < POLICY_DAY_MINUTES)
            return midnight + open * MINUTE_MS;
    }
    return midnight; /* all of it is a holiday: it is asked again then */
}
