#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *check_alloc(void *ptr) {
    if (!ptr) {
        fputs("out of memory\n", stderr);
        abort();
    }
    return ptr;
}

void *xmalloc(size_t size) {
    return check_alloc(malloc(size ? size : 1));
}

void *xcalloc(size_t count, size_t size) {
    if (count == 0 || size == 0)
        count = size = 1;
    return check_alloc(calloc(count, size));
}

void *xrealloc(void *ptr, size_t size) {
    return check_alloc(realloc(ptr, size ? size : 1));
}

char *xstrdup(const char *s) {
    return check_alloc(strdup(s));
}

char *xstrndup(const char *s, size_t len) {
    return check_alloc(strndup(s, len));
}

char *xvasprintf(const char *fmt, va_list args) {
    char *out = NULL;

    if (vasprintf(&out, fmt, args) < 0)
        out = NULL;
    return check_alloc(out);
}

char *xasprintf(const char *fmt, ...) {
    va_list args;
    char *out;

    va_start(args, fmt);
    out = xvasprintf(fmt, args);
    va_end(args);
    return out;
}
