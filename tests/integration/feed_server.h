#pragma once

#include <stddef.h>

/*
 * A site on 127.0.0.1 with feeds, for tests: pages that the test puts there,
 * which answer 304 to whoever has them already, and
 *   /large  50 MB of XML       /drip  a byte every tenth of a second
 * Anything else is not found. Threads of its own serve it.
 */
struct feed_server;

struct feed_server *feed_server_new(void);
void feed_server_free(struct feed_server *server);
/* "http://127.0.0.1:1234/path", valid until the next eight calls. */
const char *feed_server_url(const struct feed_server *server, const char *path);
/* A page, or a newer one; strings but bytes live as long as the server. etag
 * and modified may be NULL. */
void feed_server_put(struct feed_server *server, const char *path,
                     const char *type, const char *etag, const char *modified,
                     const char *bytes, size_t len);
/* The same, a file of tests/fuzz/corpus/feed. */
void feed_server_put_sample(struct feed_server *server, const char *path,
                            const char *type, const char *etag,
                            const char *modified, const char *name);
/* How often a page was asked for, and how often it had not changed. */
unsigned feed_server_asked(struct feed_server *server, const char *path);
unsigned feed_server_unchanged(struct feed_server *server, const char *path);
