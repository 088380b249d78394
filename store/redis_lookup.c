#include "store/redis_lookup.h"

#include "base/mem.h"

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

struct redis_lookup {
    uv_getaddrinfo_t req;
    redis_lookup_done *done; /* NULL when nobody waits any more */
    void *data;
    unsigned turn;
};

static bool pick(const struct addrinfo *list, unsigned turn, char *out,
                 size_t size) {
    unsigned count = 0;

    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        count++;
    if (count == 0)
        return false;
    for (unsigned i = turn % count; i > 0; i--)
        list = list->ai_next;
    return getnameinfo(list->ai_addr, list->ai_addrlen, out, (socklen_t)size,
                       NULL, 0, NI_NUMERICHOST) == 0;
}

static void on_lookup(uv_getaddrinfo_t *req, int status,
                      struct addrinfo *list) {
    struct redis_lookup *lookup = req->data;
    char address[NI_MAXHOST];

    if (lookup->done == NULL)
        ;
    else if (status != 0)
        lookup->done(lookup->data, NULL, uv_strerror(status));
    else if (!pick(list, lookup->turn, address, sizeof(address)))
        lookup->done(lookup->data, NULL, "no address");
    else
        lookup->done(lookup->data, address, NULL);
    uv_freeaddrinfo(list);
    free(lookup);
}

struct redis_lookup *redis_lookup_new(uv_loop_t *loop, const char *host,
                                      unsigned turn, redis_lookup_done *done,
                                      void *data) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct redis_lookup *lookup = xcalloc(1, sizeof(*lookup));

    lookup->done = done;
    lookup->data = data;
    lookup->turn = turn;
    lookup->req.data = lookup;
    if (uv_getaddrinfo(loop, &lookup->req, on_lookup, host, NULL, &hints) !=
        0) {
        free(lookup);
        return NULL;
    }
    return lookup;
}

void redis_lookup_cancel(struct redis_lookup *lookup) {
    if (lookup == NULL)
        return;
    lookup->done = NULL;
    uv_cancel((uv_req_t *)&lookup->req);
}
