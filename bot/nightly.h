#pragma once

struct bot;

/*
 * What the daemon does by itself every night, from three o'clock on by the
 * clock of the settings: the purge (bot/purge.h).
 */
#define NIGHTLY_HOUR 3

struct nightly;

struct nightly *nightly_new(struct bot *bot);
/* What is under way ends as the loop runs on. Takes NULL. */
void nightly_free(struct nightly *nightly);
/* Looks whether it is time, for tests with a clock of their own. */
void nightly_look(struct nightly *nightly);
