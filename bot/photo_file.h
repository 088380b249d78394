#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Where photos lie: <dir>/ab/<id>.jpg and <dir>/ab/<id>_t.jpg, with files being
 * written in <dir>/tmp. All of these block: they are for the thread pool, or
 * for the start of the daemon, and neither log nor count.
 */

bool photo_id_valid(const char *id);
/* free(). id must be valid. */
char *photo_file_path(const char *dir, const char *id, bool thumb);

struct photo_bytes {
    const char *jpeg;
    size_t jpeg_len;
    const char *thumb;
    size_t thumb_len;
};

/* When OK both are on disk, whatever happens next; else neither is there. */
enum err photo_file_write(const char *dir, const char *id,
                          const struct photo_bytes *bytes) must_check;
void photo_file_remove(const char *dir, const char *id);

/* Makes dir, and removes what an earlier process left unfinished. */
enum err photo_file_prepare(const char *dir) must_check;
