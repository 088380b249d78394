#include "bot/recurrence.h"

#include "store/broadcast.h"

#include <stddef.h>

const char *recurrence_fault(const struct policy *policy,
                             const struct broadcast *broadcast, int64_t from_ms,
                             const char **field) {
    (void)policy;
    (void)from_ms;
    *field = "rrule";
    return broadcast_is_series(broadcast) ? "invalid" : NULL;
}

int64_t recurrence_next(const struct policy *policy,
                        const struct broadcast *broadcast, int64_t after_ms) {
    (void)policy;
    return broadcast->at_ms > after_ms ? broadcast->at_ms : after_ms;
}
