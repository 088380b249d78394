#pragma once

/*
 * An HTTP server of 127.0.0.1 for what riders' photos may turn out to be:
 *   /photo/…   a small JPEG
 *   /exif/…    one that says where it was taken (Nanjing)
 *   /html      a page                 /empty   200 and nothing
 *   /bomb      a small PNG of 30000 by 30000 pixels
 *   /404       not found              /slow    a byte a second
 *   /loop      a redirect to itself
 * Threads of its own serve it.
 */
struct photo_server;

struct photo_server *photo_server_new(void);
void photo_server_free(struct photo_server *server);
int photo_server_port(const struct photo_server *server);
/* How many requests there have been. */
unsigned photo_server_requests(const struct photo_server *server);
/* "http://127.0.0.1:1234/photo/a", valid until the next eight calls. */
const char *photo_server_url(const struct photo_server *server,
                             const char *path);
