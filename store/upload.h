#pragma once

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct store;
struct txn;

/*
 * A file that an organiser has uploaded to send along, such as a PDF: what is
 * known of it. Its bytes lie on the disk, see bot/files.h.
 */
struct upload {
    const char *id;   /* see files_id_valid() */
    const char *name; /* what it is called, with its ending: "公告.pdf" */
    const char *type; /* a word of bot/file_type.h: "pdf" */
    int64_t bytes;
    const char *by; /* who uploaded it: "user:wang" */
    int64_t created_ms;
};

/* A new one. ERR_CONFLICT: there is one with this id. */
void upload_put(struct txn *txn, const struct upload *upload);

/* ERR_CONFLICT: there is none. */
void upload_remove(struct txn *txn, const char *id);

/* Borrowed from arena. ERR_NOT_FOUND, upload then NULL. */
typedef void upload_read(void *data, enum err err, const struct upload *upload);
void upload_get(struct store *store, struct arena *arena, const char *id,
                upload_read *done, void *data);

/* The latest first, from offset on, at most max. */
typedef void upload_list(void *data, enum err err, const struct upload *uploads,
                         size_t n, int64_t total);
void upload_list_all(struct store *store, struct arena *arena, size_t offset,
                     size_t max, upload_list *done, void *data);

typedef void upload_counted(void *data, enum err err, int64_t n);
void upload_count(struct store *store, struct arena *arena,
                  upload_counted *done, void *data);
