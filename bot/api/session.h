#pragma once

struct bot;

/* Signing in and out, and what people change about themselves. */
void session_add_routes(struct bot *bot);
