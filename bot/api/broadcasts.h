#pragma once

struct bot;

/*
 * Broadcasts in the API: composed, moved and watched by organisers and
 * approvers, each of them for the units of their grants. One that reaches
 * further than a caller's units is not there for them.
 */
void broadcasts_add_routes(struct bot *bot);
