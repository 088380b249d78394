#pragma once

#include <stdarg.h>
#include <stddef.h>

/*
 * An arena: everything made for one turn, freed at once with it. All returned
 * memory is borrowed from the arena and lives until arena_finish().
 * Allocations are aligned for any type and never fail (see mem.h).
 */
struct arena {
    struct arena_block *blocks; /* newest first */
};

void arena_init(struct arena *arena);
/* Frees everything; the arena may be used again as if just initialised. */
void arena_finish(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size);    /* zeroed */
char *arena_strdup(struct arena *arena, const char *s); /* NULL gives NULL */
char *arena_strndup(struct arena *arena, const char *s, size_t len);
char *arena_printf(struct arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *arena, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));
