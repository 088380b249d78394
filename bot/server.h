#pragma once

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct http_request;

/*
 * The HTTP side of the daemon: exact and prefix routes, GET only in this
 * release (uploads come by WebSocket), and a directory of static files.
 * Every answer carries Content-Security-Policy, X-Content-Type-Options,
 * Referrer-Policy and no-store unless the route says otherwise.
 */
struct http_answer {
    unsigned status;
    const char *type; /* Content-Type */
    const char *body; /* copied */
    size_t body_len;
    bool cache; /* immutable content: may be kept for a year */
};

/*
 * Called with the rest of the path after the prefix ("" for an exact match).
 * Must call http_answer() once, now or later in the loop; the request is
 * gone after that, or when http_on_gone's callback says the client went.
 */
typedef void http_handler(struct http_request *request, const char *rest,
                          void *data);

void http_route_add(struct loop *loop, const char *prefix,
                    http_handler *handler, void *data);
/* Serves the files of a directory below a url prefix ("/chat"), index.html for
 * the prefix itself. */
void http_static_add(struct loop *loop, const char *prefix, const char *dir);

/* The value of a query argument, decoded; "" when absent. Borrowed. */
const char *http_query(struct http_request *request, const char *name);
const char *http_peer(const struct http_request *request);
void http_answer(struct http_request *request,
                 const struct http_answer *answer);
/* Answers with the bytes of a file; 404 when there is none. */
void http_answer_file(struct http_request *request, const char *path,
                      const char *type, bool cache);
