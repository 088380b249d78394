#define LOG_MODULE "store"
#include "store/store.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/functions.h"
#include "store/internal.h"
#include "store/numbers.h"

#include <stdlib.h>
#include <string.h>

static void on_up(void *data) {
    struct store *store = data;
    numbers_refill(store->numbers);
    store->options.on_up(store->options.data);
}

static void on_down(void *data) {
    struct store *store = data;
    store->options.on_down(store->options.data);
}

/* A district is part of every key: letters, digits, '-' and '_' only. */
static bool district_valid(const char *district) {
    size_t len = strlen(district);
    return len > 0 && len <= 32 &&
           strspn(district,
                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
                  "WXYZ0123456789-_") == len;
}

struct store *store_new(uv_loop_t *loop, const struct store_options *options) {
    if (!district_valid(options->district)) {
        LOG_ERR("district must be 1 to 32 letters, digits, - or _");
        return NULL;
    }
    struct store *store = xcalloc(1, sizeof(*store));
    store->loop = loop;
    store->options = *options;
    store->district = xstrdup(options->district);
    store->options.district = store->district;
    store->numbers = numbers_new(store);
    store->redis =
        redis_new(loop, &(struct redis_options){
                            .url = options->url,
                            .functions = (const char *)store_functions,
                            .on_up = on_up,
                            .on_down = on_down,
                            .data = store,
                        });
    if (store->redis == NULL) {
        store_free(store);
        return NULL;
    }
    return store;
}

void store_free(struct store *store) {
    if (store == NULL)
        return;
    redis_free(store->redis);
    numbers_free(store->numbers);
    buf_finish(&store->packed);
    free(store->district);
    free(store);
}

bool store_is_up(const struct store *store) {
    return redis_is_up(store->redis);
}

size_t store_pending(const struct store *store) {
    return redis_pending(store->redis);
}

#define READ_ARGS_MAX 256

void store_read(struct store *store, redis_done *done, void *data, size_t argc,
                const char *const *argv) {
    const char *args[READ_ARGS_MAX];
    size_t lens[READ_ARGS_MAX];
    char keys[1024];
    size_t used = 0, tag = strlen(store->district);
    if (argc > READ_ARGS_MAX)
        abort();
    for (size_t i = 0; i < argc; i++) {
        args[i] = argv[i];
        lens[i] = strlen(argv[i]);
        if (argv[i][0] != '@')
            continue;
        size_t need = tag + lens[i] + 2; /* "{tag}:" for "@" */
        if (used + need > sizeof(keys))
            abort();
        char *key = keys + used;
        key[0] = '{';
        memcpy(key + 1, store->district, tag);
        memcpy(key + 1 + tag, "}:", 2);
        memcpy(key + 3 + tag, argv[i] + 1, lens[i] - 1);
        args[i] = key;
        lens[i] = need;
        used += need;
    }
    redis_command(store->redis, done, data, argc, args, lens);
}
