#pragma once

#include <stdbool.h>
#include <stdint.h>

struct api_call;

/*
 * How often a password may be tried: by one address for one name, for one name
 * by all the world, and by one address for any name. So nobody guesses long,
 * and nobody is kept out for good by somebody else who does.
 */
#define SIGN_IN_DOOR_BURST 10  /* and one a minute */
#define SIGN_IN_NAME_BURST 50  /* and six a minute */
#define SIGN_IN_PEER_BURST 100 /* and one a second: an office, or a proxy */

struct sign_in_rates;
struct sign_in_rates *sign_in_rates_new(void);
void sign_in_rates_free(struct sign_in_rates *rates); /* takes NULL */

/* False when it was tried too often: the call has been answered. */
bool sign_in_may_try(struct api_call *call, const char *name);
/* The password was right: this time does not count. */
void sign_in_was_right(struct api_call *call, const char *name);
