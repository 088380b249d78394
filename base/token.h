#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Random and hashed tokens (libsodium). token_init() once before the rest. */
bool token_init(void);

/* bytes random bytes as URL-safe base64 without padding; out of out_size. */
#define TOKEN_MAX 64
void token_random(char *out, size_t out_size, size_t bytes);

/* A one-time code a person types: len digits and letters without 0 O 1 I L. */
void token_code(char *out, size_t out_size, size_t len);

/* Lower-case hex SHA-256 of s: what the store keeps instead of a token. */
#define TOKEN_HASH_SIZE 65
void token_hash(char out[static TOKEN_HASH_SIZE], const char *s);
void token_hash_bytes(char out[static TOKEN_HASH_SIZE], const void *bytes,
                      size_t len);

/* Compares in constant time for strings of equal length. */
bool token_equal(const char *a, const char *b);
