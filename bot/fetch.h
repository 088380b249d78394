#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct loop;
struct fetcher;
struct fetch;

/*
 * HTTP GETs and POSTs of strangers' urls, by libcurl's multi interface on the
 * loop: https and http only, without user names, cookies or proxies; an address
 * that is private, loopback, link-local, multicast or otherwise not public is
 * refused after name resolution and at every redirect, unless allow_private;
 * size, time and redirects are capped.
 */
#define FETCH_URL_BYTES 4096   /* a longer url is ERR_INVALID */
#define FETCH_WAITING_MAX 4096 /* beyond max_parallel; more are ERR_LIMIT */

struct fetch_options {
    bool allow_private; /* for tests and for peers on the same machine */
    size_t max_bytes;   /* LIMIT_UPLOAD_BYTES */
    int64_t timeout_ms; /* of the whole transfer, once it has begun */
    unsigned max_redirects;
    unsigned max_parallel; /* further ones wait in order */
};

struct fetcher *fetcher_new(struct loop *loop,
                            const struct fetch_options *options);
/*
 * Cancels what is under way (each callback is called with ERR_AWAY). Takes
 * NULL; safe in a callback. Its handles close, and its memory goes, as the loop
 * runs on.
 */
void fetcher_free(struct fetcher *fetcher);

/*
 * err: OK; ERR_INVALID (not a url we fetch, or too many redirects), ERR_DENIED
 * (private address), ERR_TOO_LARGE, ERR_TIMEOUT, ERR_NOT_FOUND (status other
 * than 200), ERR_LIMIT (too many wait), ERR_IO, ERR_AWAY (shutting down). bytes
 * are borrowed for the call, and never NULL when OK.
 */
typedef void fetch_done(void *data, enum err err, const char *bytes,
                        size_t len);
/* Always calls done exactly once, later in the loop, never before returning. */
void fetch_get(struct fetcher *fetcher, const char *url, fetch_done *done,
               void *data);

/* A GET with a condition, or with a limit of its own. All of it is copied. */
struct fetch_question {
    const char *url;
    const char *etag, *modified; /* of an earlier answer, or NULL, or "" */
    const char *accept;          /* types, or NULL */
    size_t max_bytes;            /* 0, or less than that of the fetcher */
};
#define FETCH_FIELD_BYTES 256 /* a longer field is left out, both ways */
struct fetch_answer {
    int status; /* 0: none came */
    const char *bytes;
    size_t len;
    const char *type, *etag, *modified; /* fields of the head, or "" */
};
/*
 * err: OK (status 200, or 304: it is as it was, and there are no bytes), else
 * as above. answer is borrowed for the call, never NULL, and empty but for the
 * status unless OK.
 */
typedef void fetch_answered(void *data, enum err err,
                            const struct fetch_answer *answer);
void fetch_ask(struct fetcher *fetcher, const struct fetch_question *question,
               fetch_answered *done, void *data);

/* A POST. All of it is copied. */
struct fetch_message {
    const char *url;
    const char *const *headers; /* "Name: value" lines, NULL behind the last */
    const char *body;
    size_t body_len;
};
/*
 * err: OK (a status of 2xx), ERR_NOT_FOUND (any other, redirects too: none is
 * followed), else as above. status is 0 when no answer came. What the answer
 * holds is read up to max_bytes, and ignored.
 */
typedef void fetch_posted(void *data, enum err err, int status);
void fetch_post(struct fetcher *fetcher, const struct fetch_message *message,
                fetch_posted *done, void *data);

/* Whether a url is one to try: whole, of http or https, without a user name,
 * and, unless allow_private, no address that is private as it is written. What
 * a name resolves to is looked at later, each time. */
bool fetch_url_ok(const char *url, bool allow_private);
