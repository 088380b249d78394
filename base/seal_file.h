#pragma once

#include "base/err.h"

#include <sodium.h>
#include <stddef.h>

/*
 * The file of the keys of base/seal.h, and nothing else of it. Private to
 * base/seal*.c.
 */
#define SEAL_KEYS_MAX 16 /* in one file */
#define SEAL_ID_MAX 8
#define SEAL_KEY_BYTES crypto_aead_xchacha20poly1305_ietf_KEYBYTES

struct seal_key {
    char id[SEAL_ID_MAX + 1];
    unsigned char bytes[SEAL_KEY_BYTES];
};

struct seal_keys {
    struct seal_key keys[SEAL_KEYS_MAX]; /* the last one seals */
    size_t n;
};

/*
 * Each mistake is logged, without what the file holds. ERR_NOT_FOUND (not
 * logged): there is no such file; ERR_DENIED: others may read it; ERR_INVALID:
 * a line is wrong; ERR_IO.
 */
enum err seal_file_read(const char *path, struct seal_keys *out) must_check;
/* Writes a new file; ERR_CONFLICT (not logged) when one is there by now. */
enum err seal_file_create(const char *path,
                          const struct seal_keys *keys) must_check;
/* Replaces the file as a whole. */
enum err seal_file_replace(const char *path,
                           const struct seal_keys *keys) must_check;
/* A random key with a random id behind those that are there; ERR_LIMIT. */
enum err seal_keys_add(struct seal_keys *keys) must_check;
