#pragma once

struct bot;

/*
 * Reads the file of field keys again when it has changed: looked at every
 * minute, and at once on SIGHUP.
 */
#define KEY_WATCH_MS 60000

struct key_watch;

struct key_watch *key_watch_new(struct bot *bot);
/* The loop has to run once more after. Takes NULL. */
void key_watch_free(struct key_watch *watch);
