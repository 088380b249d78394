#include "base/token.h"

#include <stdlib.h>
#include <string.h>

#include <sodium.h>

bool token_init(void) {
    return sodium_init() >= 0;
}

void token_random(char *out, size_t out_size, size_t bytes) {
    unsigned char raw[TOKEN_MAX];

    if (bytes > sizeof(raw))
        abort();
    randombytes_buf(raw, bytes);
    /* Aborts when out is too small: a mistake of the caller. */
    sodium_bin2base64(out, out_size, raw, bytes,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(raw, sizeof(raw));
}

void token_code(char *out, size_t out_size, size_t len) {
    static const char letters[] = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";

    if (len >= out_size)
        abort();
    for (size_t i = 0; i < len; i++)
        out[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
    out[len] = '\0';
}

void token_hash_bytes(char out[static TOKEN_HASH_SIZE], const void *bytes,
                      size_t len) {
    unsigned char hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, bytes, len);
    sodium_bin2hex(out, TOKEN_HASH_SIZE, hash, sizeof(hash));
}

void token_hash(char out[static TOKEN_HASH_SIZE], const char *s) {
    token_hash_bytes(out, s, strlen(s));
}

bool token_equal(const char *a, const char *b) {
    size_t len = strlen(a);

    return strlen(b) == len && sodium_memcmp(a, b, len) == 0;
}
