#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A password for a command: the first line of a file, or, with path NULL, typed
 * twice at the terminal without being shown, or the first line of standard
 * input when that is no terminal. False when there is none; said why.
 */
bool secret_input(const char *path, char *out, size_t size);
