#pragma once

struct bot;

/* Whom a broadcast would reach, and of what an organiser can choose. */
void audience_add_routes(struct bot *bot);
