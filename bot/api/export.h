#pragma once

struct bot;

/*
 * GET /export.csv and /export.xlsx: the tickets of a list as a file, written by
 * another thread. Who exported what, and how many, is in the audit log.
 */
#define EXPORT_ROWS_MAX 100000 /* more are refused: 422 "too_many" */
#define EXPORTS_MAX 2          /* at once; more are told to come again */

struct exports;
struct exports *exports_new(struct bot *bot);
/* Those being written are thrown away as the loop ends. Takes NULL. */
void exports_free(struct exports *exports);
void export_add_routes(struct bot *bot);
