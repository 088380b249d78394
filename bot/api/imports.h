#pragma once

#include <stddef.h>

struct api_call;

/*
 * Tables of where groups and riders belong, as CSV (bot/table_file.h): the
 * columns chat (群) or rider (骑手), and units (组织), stations (驿站), tags
 * (标签). A column that is not there leaves things as they are, an empty cell
 * takes them away. Lines that are wrong are told; the others are done.
 */
#define IMPORT_BYTES ((size_t)2 * 1024 * 1024)
#define IMPORT_ROWS_MAX 20000
void imports_groups(struct api_call *call);
void imports_riders(struct api_call *call);
