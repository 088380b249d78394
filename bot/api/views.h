#pragma once

#include "base/err.h"

struct bot;

/*
 * Looks at tickets, for the audit log: a page that somebody keeps open or opens
 * again is one entry in VIEW_MS. Kept in memory; a restart may write one more.
 */
#define VIEW_MS (10LL * 60 * 1000)
#define VIEWS_MAX 10000 /* remembered */

struct views;
struct views *views_new(struct bot *bot);
void views_free(struct views *views); /* takes NULL */
/* done is called once, at once when it was written a while ago. Not OK: nobody
 * may be shown the ticket. */
typedef void views_done(void *data, enum err err);
void views_add(struct views *views, const char *actor, const char *ticket,
               views_done *done, void *data);
