#pragma once

struct bot;

/* The rows of every resource of the API. */
void resources_add(struct bot *bot);
