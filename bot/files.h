#pragma once

#include "base/err.h"
#include "bot/file_type.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct bot;
struct loop;

/*
 * Files that organisers upload to send along with a broadcast. Their bytes are
 * kept as they came, <dir>/ab/<id>.pdf, when they are of a type that is
 * allowed; an id is 128 random bits, so nobody guesses one. What is known of a
 * file stands in the store, see store/upload.h.
 */
#define FILE_ID_SIZE 23                   /* base64url, with the NUL */
#define FILE_BYTES_MAX (10 * 1024 * 1024) /* of one */
#define FILE_NAME_CHARS 80                /* of its name, with the ending */
#define FILE_NAME_BYTES 240
#define FILES_MAX 10000     /* of a district */
#define FILES_WRITING_MAX 8 /* at once; more are ERR_LIMIT */

struct file {
    char id[FILE_ID_SIZE];
    enum file_type type;
};

struct files;
struct files *files_new(struct loop *loop, const char *dir);
/* Each callback that is still to come is called with ERR_AWAY. Takes NULL. */
void files_free(struct files *files);

/*
 * err: OK; ERR_INVALID (no type that is allowed), ERR_IO, ERR_AWAY. file is
 * borrowed for the call, and NULL unless OK.
 */
typedef void files_stored(void *data, enum err err, const struct file *file);
/* Copies bytes. When OK done is called exactly once, later in the loop; else it
 * is ERR_LIMIT or ERR_TOO_LARGE, and nothing more comes. */
enum err files_store(struct files *files, const char *bytes, size_t len,
                     files_stored *done, void *data) must_check;

bool files_id_valid(const char *id);
/* Its path, of either; free(). id must be valid. */
char *files_path_in(const char *dir, const char *id, enum file_type type);
char *files_path(const struct files *files, const char *id,
                 enum file_type type);
/* These two block for a moment. */
bool files_is_there(const struct files *files, const char *id);
void files_remove(struct files *files, const char *id, enum file_type type);

/* A name as it is kept: clean, on one line, without what leads out of a
 * directory, FILE_NAME_CHARS at most, and with the ending of its type. */
char *files_name(struct arena *arena, const char *given, enum file_type type);
