#pragma once

#include "base/err.h"
#include "store/audit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal;
struct store;

/*
 * Verifies the audit log from its begin to its end, page by page: finds every
 * entry that was altered, taken out, put in or moved, an end that was cut off,
 * and a log that was written anew as a whole, which does not fit its anchors.
 */
#define AUDIT_FINDINGS_MAX 20 /* told one by one; all are counted */

struct audit_finding {
    int64_t number;         /* of the entry, 0 when it has none */
    char id[AUDIT_ID_SIZE]; /* of the entry, or "" */
    const char *what;       /* a constant text, English */
};

struct audit_report {
    enum err err; /* it could not be read to its end; nothing is said then */
    bool ok;      /* no finding */
    int64_t entries;
    int64_t unchained; /* of before there was a chain: nothing binds them */
    int64_t forgotten; /* the number of the last one */
    int64_t anchored;  /* the number of the last one; 0: none */
    size_t anchors;
    int64_t first_bad; /* number of the first finding, 0 without */
    size_t n_findings;
    struct audit_finding findings[AUDIT_FINDINGS_MAX];
};

struct audit_check_options {
    struct store *store;
    const struct seal *seal;
    const char *anchors; /* path, see bot/audit_anchors.h */
    /* After each page; or NULL. */
    void (*progress)(void *data, int64_t entries);
    void (*done)(void *data, const struct audit_report *report);
    void *data;
};

/* done is called exactly once, later in the loop. Reads the anchors at once. */
void audit_check(const struct audit_check_options *options);
