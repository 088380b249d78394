#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "bot/api/access.h"
#include "store/claim.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct api;
struct api_call;
struct bot;
struct http_request;
struct txn;
struct work;

/*
 * The REST API: each route is one row of a table in the file of its resource.
 * api.c does what is common: finds the route, authenticates (bearer token, or
 * the console's cookie with its CSRF header), holds the permission, the rate
 * limit and the idempotency key, parses the body, and keeps the call until it
 * is answered. A handler ends in exactly one of api_answer(), api_created(),
 * api_empty(), api_fail(), api_invalid(), api_stale() or api_bytes().
 */
typedef void api_handler(struct api_call *call);

struct api_route {
    const char *method;  /* "GET" */
    const char *path;    /* below /api/v1: "/tickets/{id}/moves" */
    unsigned permission; /* enum permission; of several, any is enough */
    api_handler *handler;
    size_t max_body_bytes; /* 0: API_BODY_BYTES */
    bool raw;              /* the body is no JSON: call->body has it */
};
#define API_BODY_BYTES (256 * 1024)
#define API_ARGS_MAX 3
#define API_DEPTH_MAX 32      /* of a body's JSON */
#define API_CALLS_MAX 2000    /* under way in one process */
#define API_HEADERS_MAX 4     /* that a handler adds */
#define API_CALLERS_MAX 10000 /* whose rates are remembered */
#define API_KEY_CHARS 64      /* of an Idempotency-Key */

struct api_call {
    struct bot *bot;
    struct arena arena;
    const struct api_route *route;
    /* values of the path's {names}, in order, decoded */
    const char *args[API_ARGS_MAX];
    struct caller caller;
    json_t *json; /* the body, an object; NULL without one */
    const char *body;
    size_t body_len;
    int64_t now_ms;
    void *data; /* the handler's own, in arena */
    /* private to api*.c; the request stays until the answer */
    struct http_request *request;
    struct claim claim; /* of its Idempotency-Key; key NULL: none */
    bool claimed;
    const char *headers[API_HEADERS_MAX][2];
    size_t n_headers;
    struct api_reply *reply;
    int64_t begun_ms; /* monotonic */
    struct api_call *prev, *next;
};

struct api *api_new(struct bot *bot);
/* After everything that calls may wait for. Takes NULL. */
void api_free(struct api *api);
/* Serves what was added, below /api/v1. */
void api_serve(struct bot *bot);
/* Adds the rows of a resource; before the loop runs. routes live for ever. */
void api_add(struct bot *bot, const struct api_route *routes, size_t n);

/* A query argument, decoded, or "". */
const char *api_query(const struct api_call *call, const char *name);
/* limit of a list: 1 .. 200, default 50. */
size_t api_limit(const struct api_call *call);
/* Members of the body; the call has been answered with 422 when false.
 * *out is borrowed; NULL or fallback when absent and not required. */
bool api_string(struct api_call *call, const char *name, size_t max_bytes,
                bool required, const char **out);
bool api_integer(struct api_call *call, const char *name, int64_t min,
                 int64_t max, int64_t fallback, int64_t *out);

/* Each takes over json. etag_version 0: no ETag. */
void api_answer(struct api_call *call, json_t *json, int64_t etag_version);
void api_created(struct api_call *call, json_t *json);
void api_empty(struct api_call *call); /* 204 */
/* A problem+json for an error: 404, 403, 409, 429, 503, … */
void api_fail(struct api_call *call, enum err err);
/* 422: code is a word such as "not_allowed", field the member or NULL. */
void api_invalid(struct api_call *call, const char *code, const char *field);
/* 409 with the thing as it is now. */
void api_stale(struct api_call *call, json_t *current);
/* Anything else: an export, say. filename NULL: shown, else a download. */
void api_bytes(struct api_call *call, unsigned status, const char *type,
               const char *filename, const char *bytes, size_t len);

/* One more header of the answer; value is borrowed and lives in the arena. */
void api_header(struct api_call *call, const char *name, const char *value);
/*
 * Marks in a transaction that the call has done what it was to do. With it a
 * call with an Idempotency-Key happens once even if the process dies before it
 * has answered; without, it may happen again two minutes later.
 */
void api_happens(struct api_call *call, struct txn *txn);
