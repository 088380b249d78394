#include "store/redis_uv.h"

static void on_poll(uv_poll_t *poll, int status, int events) {
    struct redis_uv *uv = poll->data;

    if (status < 0) {
        /* libuv has stopped polling; hiredis finds the error by trying. */
        events = uv->events;
        uv->events = 0;
    }
    if (events & UV_READABLE)
        redisAsyncHandleRead(uv->ac);
    if ((events & UV_WRITABLE) && uv->ac != NULL)
        redisAsyncHandleWrite(uv->ac);
}

static void poll_for(struct redis_uv *uv, int events) {
    if (events == uv->events)
        return;
    uv->events = events;
    if (events == 0)
        uv_poll_stop(&uv->poll);
    else
        uv_poll_start(&uv->poll, events, on_poll);
}

static void on_awake(uv_idle_t *awake) {
    (void)awake;
}

static void on_flush(uv_prepare_t *flush) {
    struct redis_uv *uv = flush->data;

    uv_prepare_stop(&uv->flush);
    uv_idle_stop(&uv->awake);
    uv->writing = true;
    redisAsyncHandleWrite(uv->ac);
    uv->writing = false;
}

static void add_read(void *data) {
    struct redis_uv *uv = data;
    poll_for(uv, uv->events | UV_READABLE);
}

static void del_read(void *data) {
    struct redis_uv *uv = data;
    poll_for(uv, uv->events & ~UV_READABLE);
}

static void add_write(void *data) {
    struct redis_uv *uv = data;

    if (uv->events & UV_WRITABLE)
        return;
    if (uv->writing || !(uv->ac->c.flags & REDIS_CONNECTED)) {
        /* The socket is full, or still connecting: the kernel will tell. */
        poll_for(uv, uv->events | UV_WRITABLE);
    } else if (!uv_is_active((uv_handle_t *)&uv->flush)) {
        uv_prepare_start(&uv->flush, on_flush);
        uv_idle_start(&uv->awake, on_awake);
    }
}

static void del_write(void *data) {
    struct redis_uv *uv = data;
    poll_for(uv, uv->events & ~UV_WRITABLE);
}

static void on_close(uv_handle_t *handle) {
    struct redis_uv *uv = handle->data;

    if (--uv->open == 0)
        uv->closed(uv->data);
}

/* 1.2.0 calls this before the callbacks of unanswered commands, 0.14.1 after
 * them. */
static void cleanup(void *data) {
    struct redis_uv *uv = data;

    uv_close((uv_handle_t *)&uv->poll, on_close);
    uv_close((uv_handle_t *)&uv->flush, on_close);
    uv_close((uv_handle_t *)&uv->awake, on_close);
    uv->gone(uv->data);
    uv->ac = NULL;
}

enum err redis_uv_attach(struct redis_uv *uv, uv_loop_t *loop,
                         redisAsyncContext *ac) {
    if (uv_poll_init(loop, &uv->poll, ac->c.fd) != 0)
        return ERR_IO;
    uv_prepare_init(loop, &uv->flush);
    uv_idle_init(loop, &uv->awake);
    uv->poll.data = uv->flush.data = uv->awake.data = uv;
    uv->open = 3;
    uv->ac = ac;
    ac->ev.data = uv;
    ac->ev.addRead = add_read;
    ac->ev.delRead = del_read;
    ac->ev.addWrite = add_write;
    ac->ev.delWrite = del_write;
    ac->ev.cleanup = cleanup;
    return OK;
}
