#pragma once

#include <stdint.h>

struct bot;
struct policy;

/*
 * The policy in force: read from the store when it comes up and again when a
 * document has changed there, whoever changed it. Until the first reading it is
 * the built-in one. When what is stored does not parse, the last good policy
 * stays; at the start the built-in document stands in for each bad one.
 */
struct policies;

/* How often the store is asked whether anything has changed. */
#define POLICIES_LOOK_MS 2000

struct policies *policies_new(struct bot *bot);
/* After the store, which ends what is under way. Takes NULL. */
void policies_free(struct policies *policies);

/* Never NULL; good until the loop turns. */
const struct policy *policies_get(const struct policies *policies);

/* Looks now; done, which may be NULL, is called once when it has been looked,
 * whether it went well or not. Never before this returns. */
typedef void policies_done(void *data);
void policies_refresh(struct policies *policies, policies_done *done,
                      void *data);
