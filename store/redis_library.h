#pragma once

/*
 * The library of Redis functions, made ready to be loaded. Daemons of different
 * versions may share one server, so every "@VERSION" in the source (behind the
 * library's own name and each registered name) becomes "_" and eight hex digits
 * of the source's hash: each daemon loads and calls exactly its own library.
 */
struct redis_library {
    char *source; /* NULL when there is none */
    char suffix[10];
};

/* source may be NULL. */
void redis_library_init(struct redis_library *library, const char *source);
void redis_library_finish(struct redis_library *library);
