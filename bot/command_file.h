#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* What the commands that take a file have in common. */

/* "WORD FILE [FLAG]" behind a command, in any order; flag may be NULL. False
 * when it is something else. */
bool command_file_parse(int argc, char **argv, const char *flag, char **path,
                        bool *flagged);
/* The file, or its first max + 1 bytes: more than may be, so that a larger file
 * is seen to be one. NULL when it cannot be read, which has been told. */
char *command_file_read(struct arena *arena, const char *path, size_t max,
                        size_t *len);
