#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal;

/*
 * The files of a backup and its manifest, a line "<SHA-256>  <name>" each, as
 * sha256sum(1) reads them, between lines of remarks; the last one signs all of
 * it by a field key. All of these block and log what goes wrong.
 */
#define BACKUP_MANIFEST "manifest"
#define BACKUP_STORE "store.rdb"
#define BACKUP_ANCHORS "audit.anchors"
#define BACKUP_KEYS "field.key"
#define BACKUP_PHOTOS "photos"
#define BACKUP_FILES "files"
#define BACKUP_MANIFEST_BYTES ((size_t)512 * 1024 * 1024)

/* Copying from one directory to another. */
struct backup {
    const char *from, *to;
    struct buf manifest;
    int64_t files, bytes;
    int64_t told_ms;
};

void backup_init(struct backup *backup, const char *from, const char *to);
void backup_finish(struct backup *backup);
/* One file, with mode 0600, under the same name or another. ERR_NOT_FOUND (not
 * logged): there is none. */
enum err backup_copy(struct backup *backup, const char *name) must_check;
enum err backup_copy_as(struct backup *backup, const char *path,
                        const char *name) must_check;
/* All that lie in BACKUP_PHOTOS and BACKUP_FILES; those that go meanwhile are
 * left out. */
enum err backup_copy_photos(struct backup *backup) must_check;
/* Writes the manifest and brings everything onto the disk. */
enum err backup_sign(struct backup *backup, const struct seal *seal) must_check;

/* A manifest that was read and is signed by one of our keys. */
struct manifest {
    char *text;
    char **names;
    size_t n;
    char district[64];
};

enum err manifest_read(const char *dir, const struct seal *seal,
                       struct manifest *out) must_check;
/* Every file is there and is what was written. */
enum err manifest_verify(const char *dir,
                         const struct manifest *manifest) must_check;
bool manifest_has(const struct manifest *manifest, const char *name);
void manifest_finish(struct manifest *manifest);
