#pragma once

#include "i18n/catalog.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What one process remembers of the riders it hears, in a table of fixed size:
 * how fast they write, and what they were told already. A rider whose place is
 * taken by another one starts afresh.
 */
struct flood;

enum flood_verdict { FLOOD_OK, FLOOD_TELL, FLOOD_SILENT };

/* rate messages a second and burst for each rider; rate 0: no limit. */
struct flood *flood_new(double rate, double burst);
void flood_free(struct flood *flood);
/* One more message: go on, refuse it and say so, or refuse it silently. */
enum flood_verdict flood_message(struct flood *flood, const char *rider,
                                 int64_t now_ms);
/* They were told, for another reason: not again until they paused. */
void flood_told(struct flood *flood, const char *rider, int64_t now_ms);
/* True once for each rider and outage. */
bool flood_tell_outage(struct flood *flood, const char *rider, unsigned outage);
/* The language last seen, or fallback. */
enum lang flood_lang(const struct flood *flood, const char *rider,
                     enum lang fallback);
void flood_set_lang(struct flood *flood, const char *rider, enum lang lang);
