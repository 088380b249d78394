#include "store/redis_link.h"

#include "base/mem.h"
#include "store/redis_uv.h"

#include <stdio.h>
#include <stdlib.h>

#define CONNECT_MS 5000  /* from the attempt to the connection */
#define DEADLINE_MS 5000 /* from sending a command to its answer */

struct redis_link {
    struct redis_uv uv;
    uv_timer_t timer; /* of the attempt, then of the oldest command */
    const struct redis_link_hooks *hooks;
    struct redis_call *head; /* waiting, the oldest first */
    struct redis_call *tail;
    bool closed;  /* by the owner: only answers are due */
    bool ending;  /* hiredis is freeing its context */
    bool overdue; /* the deadline passed; the socket is read once more */
    int parts;    /* of libuv, still holding on to this */
};

static struct redis_call *pop(struct redis_link *link) {
    struct redis_call *call = link->head;

    if (call != NULL)
        link->head = call->next;
    return call;
}

static void lose(struct redis_link *link, const char *why) {
    char copy[160];

    /* The reason is part of what is going away. */
    snprintf(copy, sizeof(copy), "%s", why[0] != '\0' ? why : "closed");
    link->hooks->lost(link->hooks->data, copy);
}

static void let_go(struct redis_link *link) {
    if (--link->parts == 0)
        free(link);
}

static void on_uv_closed(void *data) {
    let_go(data);
}

static void on_timer_closed(uv_handle_t *handle) {
    let_go(handle->data);
}

static void on_gone(void *data) {
    struct redis_link *link = data;

    link->ending = true;
    uv_close((uv_handle_t *)&link->timer, on_timer_closed);
    /* Before a connection stands, 0.14.1 knows the reason only in c. */
    if (!link->closed)
        lose(link, link->uv.ac->c.errstr);
}

static void on_deadline(uv_timer_t *timer) {
    struct redis_link *link = timer->data;
    uint64_t now = uv_now(timer->loop);

    if (link->head == NULL) {
        link->overdue = false;
    } else if (link->head->sent_ms + DEADLINE_MS > now) {
        link->overdue = false;
        uv_timer_start(timer, on_deadline,
                       link->head->sent_ms + DEADLINE_MS - now, 0);
    } else if (!link->overdue) {
        /* It may be us who stood still: look into the socket first. */
        link->overdue = true;
        uv_timer_start(timer, on_deadline, 1, 0);
    } else {
        lose(link, "no answer in time");
    }
}

static void on_connect_timeout(uv_timer_t *timer) {
    lose(timer->data, "no connection in time");
}

static void on_connect(const redisAsyncContext *ac, int status) {
    struct redis_link *link = ac->data;

    if (status != REDIS_OK || link->closed)
        return; /* on_gone() follows */
    uv_timer_stop(&link->timer);
    if (ac->c.connection_type == REDIS_CONN_TCP)
        redisEnableKeepAlive(&link->uv.ac->c);
    link->hooks->connected(link->hooks->data);
}

static redisAsyncContext *connect_to(const char *path, const char *address,
                                     int port, char *why, size_t why_size) {
    redisAsyncContext *ac = path != NULL ? redisAsyncConnectUnix(path)
                                         : redisAsyncConnect(address, port);

    if (ac == NULL) {
        snprintf(why, why_size, "out of memory");
    } else if (ac->err != 0) {
        snprintf(why, why_size, "%s", ac->errstr);
        redisAsyncFree(ac);
        ac = NULL;
    }
    return ac;
}

struct redis_link *redis_link_new(uv_loop_t *loop, const char *path,
                                  const char *address, int port,
                                  const struct redis_link_hooks *hooks,
                                  char *why, size_t why_size) {
    redisAsyncContext *ac = connect_to(path, address, port, why, why_size);
    struct redis_link *link;

    if (ac == NULL)
        return NULL;
    link = xcalloc(1, sizeof(*link));
    link->uv.gone = on_gone;
    link->uv.closed = on_uv_closed;
    link->uv.data = link;
    if (redis_uv_attach(&link->uv, loop, ac) != OK) {
        snprintf(why, why_size, "cannot poll the socket");
        redisAsyncFree(ac);
        free(link);
        return NULL;
    }
    link->hooks = hooks;
    link->parts = 2;
    ac->data = link;
    uv_timer_init(loop, &link->timer);
    link->timer.data = link;
    uv_timer_start(&link->timer, on_connect_timeout, CONNECT_MS, 0);
    redisAsyncSetConnectCallback(ac, on_connect);
    return link;
}

static void on_reply(redisAsyncContext *ac, void *reply, void *data) {
    struct redis_link *link = ac->data;
    struct redis_call *call = data;

    if (reply == NULL && !link->closed) {
        /* 0.14.1 tells of the end of a connection here first. */
        link->ending = true;
        lose(link, ac->c.errstr);
    } else if (!link->closed) {
        pop(link);
        link->hooks->answer(link->hooks->data, call, OK, reply);
    }
    free(call);
}

enum err redis_link_send(struct redis_link *link, struct redis_call *call,
                         const char *command, size_t len) {
    if (link->closed || redisAsyncFormattedCommand(link->uv.ac, on_reply, call,
                                                   command, len) != REDIS_OK)
        return ERR_AWAY;
    call->next = NULL;
    call->sent_ms = uv_now(link->timer.loop);
    if (link->head == NULL)
        link->head = call;
    else
        link->tail->next = call;
    link->tail = call;
    if (!uv_is_active((uv_handle_t *)&link->timer))
        uv_timer_start(&link->timer, on_deadline, DEADLINE_MS, 0);
    return OK;
}

void redis_link_close(struct redis_link *link, enum err err) {
    struct redis_call *call;

    link->closed = true;
    uv_timer_stop(&link->timer);
    /* on_reply() frees them, when hiredis gives each back without a reply. */
    while ((call = pop(link)) != NULL)
        link->hooks->answer(link->hooks->data, call, err, NULL);
    if (!link->ending) {
        link->ending = true;
        redisAsyncFree(link->uv.ac);
    }
}
