#pragma once

#include "base/err.h"
#include "store/audit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;
struct seal;

/*
 * Anchors of the audit log: a file beside the store that says which entry had
 * which hash, a line "<number> <hash> <mac>" each, signed by a key of the file
 * of field keys. Whoever may write the store alone can make a log whose chain
 * is whole, but not one that fits the anchors. A copy kept elsewhere binds
 * those, too, who may write here.
 */
#define AUDIT_ANCHORS_FILE "audit.anchors"
#define AUDIT_ANCHORS_MAX 2000000 /* lines; one in ten minutes is 40 years */
#define AUDIT_ANCHOR_SIZE 160

struct audit_anchor {
    int64_t number;
    char hash[AUDIT_HASH_SIZE];
};

struct audit_anchors {
    struct audit_anchor *items; /* by number */
    size_t n;
    size_t bad; /* lines that were not signed by our keys */
};

char *audit_anchors_path(const struct config *config); /* owned */
/* A file that is not there has none. ERR_IO and a log line; *out is to be
 * finished. Blocking, as are those below. */
enum err audit_anchors_read(const char *path, const struct seal *seal,
                            struct audit_anchors *out) must_check;
void audit_anchors_finish(struct audit_anchors *anchors);

/* The line of an entry, and its way to the end of the file, onto the disk. */
void audit_anchor_print(const struct seal *seal, const struct audit_link *link,
                        char out[static AUDIT_ANCHOR_SIZE]);
enum err audit_anchors_add(const char *path, const char *line) must_check;
/* Leaves out those before an entry and lines that are not ours, and signs what
 * remains by the current key. The file is replaced as a whole. */
enum err audit_anchors_rewrite(const char *path, const struct seal *seal,
                               int64_t from_number) must_check;
