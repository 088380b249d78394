#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether the objects and arrays of a JSON text, which need not be well-formed,
 * are nested deeper than max. Asked before Jansson reads what came from
 * outside: it goes down by recursion, as deep as whoever wrote it likes.
 */
bool json_deeper_than(const char *text, size_t len, size_t max);
