#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/*
 * A block hides overflows from AddressSanitizer, so under it what is not
 * handed out is poisoned and a gap is left behind each piece.
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(ARENA_ASAN)
#define ARENA_ASAN
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define ARENA_GAP 16
#define poison(at, size) ASAN_POISON_MEMORY_REGION((at), (size))
#define unpoison(at, size) ASAN_UNPOISON_MEMORY_REGION((at), (size))
#else
#define ARENA_GAP 0
#define poison(at, size) ((void)(at), (void)(size))
#define unpoison(at, size) ((void)(at), (void)(size))
#endif

#define ARENA_ALIGN alignof(max_align_t)
#define ARENA_BLOCK_BYTES 4000 /* a turn seldom needs a second one */

struct arena_block {
    struct arena_block *next;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char data[];
};

/*
 * A few blocks are kept for the next arenas: theirs is a size that malloc()
 * merges and splits at each turn. Under AddressSanitizer none is, so that a
 * block used too long is found.
 */
#ifdef ARENA_ASAN
#define SPARE_MAX 0
#else
#define SPARE_MAX 64
#endif

static _Thread_local struct arena_block *spare;
static _Thread_local size_t n_spare;

void arena_init(struct arena *arena) {
    arena->blocks = NULL;
}

static void block_free(struct arena_block *block) {
    if (block->size != ARENA_BLOCK_BYTES || n_spare == SPARE_MAX) {
        free(block);
        return;
    }
    block->next = spare;
    spare = block;
    n_spare++;
}

void arena_finish(struct arena *arena) {
    struct arena_block *block = arena->blocks;

    while (block) {
        struct arena_block *next = block->next;
        block_free(block);
        block = next;
    }
    arena->blocks = NULL;
}

static struct arena_block *take_spare(void) {
    struct arena_block *block = spare;

    spare = block->next;
    n_spare--;
    return block;
}

static struct arena_block *block_new(size_t size) {
    struct arena_block *block = size == ARENA_BLOCK_BYTES && spare
                                    ? take_spare()
                                    : xmalloc(sizeof(*block) + size);

    block->next = NULL;
    block->used = 0;
    block->size = size;
    poison(block->data, size);
    return block;
}

/* A piece too large to share a block gets its own, behind the newest, so that
 * the room left in the newest is not lost. */
static struct arena_block *block_for(struct arena *arena, size_t need) {
    struct arena_block *head = arena->blocks;
    struct arena_block *block;

    if (head && need <= head->size - head->used)
        return head;
    if (need > ARENA_BLOCK_BYTES / 4 && head) {
        block = block_new(need);
        block->next = head->next;
        head->next = block;
        return block;
    }
    block = block_new(need > ARENA_BLOCK_BYTES ? need : ARENA_BLOCK_BYTES);
    block->next = head;
    arena->blocks = block;
    return block;
}

static void *alloc_raw(struct arena *arena, size_t size) {
    struct arena_block *block;
    void *out;
    size_t need;

    if (size > SIZE_MAX / 2)
        abort();
    need = (size + ARENA_GAP + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
    block = block_for(arena, need);
    out = block->data + block->used;
    block->used += need;
    unpoison(out, size);
    return out;
}

void *arena_alloc(struct arena *arena, size_t size) {
    return memset(alloc_raw(arena, size), 0, size);
}

char *arena_strdup(struct arena *arena, const char *s) {
    return s ? arena_strndup(arena, s, strlen(s)) : NULL;
}

char *arena_strndup(struct arena *arena, const char *s, size_t len) {
    char *out;

    len = len ? strnlen(s, len) : 0;
    out = alloc_raw(arena, len + 1);
    if (len)
        memcpy(out, s, len);
    out[len] = '\0';
    return out;
}

char *arena_vprintf(struct arena *arena, const char *fmt, va_list args) {
    char small[256];
    va_list again;
    char *out;
    int len;

    va_copy(again, args);
    len = vsnprintf(small, sizeof(small), fmt, args);
    if (len < 0)
        abort();
    out = alloc_raw(arena, (size_t)len + 1);
    if ((size_t)len < sizeof(small))
        memcpy(out, small, (size_t)len + 1);
    else
        vsnprintf(out, (size_t)len + 1, fmt, again);
    va_end(again);
    return out;
}

char *arena_printf(struct arena *arena, const char *fmt, ...) {
    va_list args;
    char *out;

    va_start(args, fmt);
    out = arena_vprintf(arena, fmt, args);
    va_end(args);
    return out;
}
