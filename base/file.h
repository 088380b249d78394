#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Files and directories; errno says why when something is false. Blocking. */

/* The directory and those above it, with mode 0700 where they are not there. */
bool file_make_dirs(const char *path);
bool file_make_dirs_of(const char *path); /* all but its last part */
/* A name is on the disk when its directory is. */
bool file_sync_dir(const char *dir);
bool file_sync_dir_of(const char *path);
/* Up to size bytes, fewer only at the end; -1 on an error. */
ssize_t file_read(int fd, void *out, size_t size);
bool file_write(int fd, const void *data, size_t len); /* all of it */
