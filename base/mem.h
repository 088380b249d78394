#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * Allocation that cannot fail: out of memory aborts. What a stranger can make
 * large is capped where it comes in, never here. Free with free().
 */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *xvasprintf(const char *fmt, va_list args)
    __attribute__((format(printf, 1, 0)));

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
