#pragma once

#include <stdbool.h>

/*
 * Opening hours of every day: "08:00-20:00", "20:00-02:00" over midnight, or
 * "24h". In minutes since midnight, local time.
 */
struct hours {
    int from, to; /* 0 .. 1439; both the same: always open */
};

/* Also reads what people type: "8:00-20:00", "8：00～20：00", "24小时". */
bool hours_parse(const char *text, struct hours *out);

/* The form that is kept, "08:00-20:00" or "24h". */
#define HOURS_SIZE 16
void hours_print(const struct hours *hours, char out[static HOURS_SIZE]);

bool hours_always(const struct hours *hours);
/* minute of the day, 0 .. 1439 */
bool hours_open_at(const struct hours *hours, int minute);
