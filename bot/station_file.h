#pragma once

#include "store/station.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Reads stations of a table (bot/table_file.h) with the columns name (名称),
 * address (地址), lat (纬度), lon (经度), hours (营业时间), offers (服务);
 * those of address, hours and offers may be missing.
 */
#define STATION_FILE_BYTES ((size_t)1024 * 1024)

/* line: where the row begins, 1 the first; 0: the file as a whole. */
typedef void station_file_fault(void *data, size_t line, const char *what);

/*
 * Every fault is told; false when there was one. The stations live in arena;
 * their hours and offers are in the form that is kept.
 */
bool station_file_read(struct arena *arena, const char *bytes, size_t len,
                       station_file_fault *fault, void *data,
                       struct station **out, size_t *n);

/* Brings what somebody typed for a station to the form that is kept: clean
 * strings, "08:00-20:00", "喝水 充电". */
void station_tidy(struct arena *arena, struct station *station);
