#pragma once

#include "base/err.h"

#include <stddef.h>
#include <uv.h>

/*
 * Passwords, as argon2id of libsodium. It takes a tenth of a second and 64 MB
 * on purpose, so it runs in libuv's pool, a few at a time.
 */
#define PASSWORD_BYTES_MIN 10
#define PASSWORD_BYTES_MAX 256
#define PASSWORDS_AT_ONCE 2
#define PASSWORDS_WAITING 32 /* beyond: ERR_LIMIT */

struct passwords;
struct passwords *passwords_new(uv_loop_t *loop);
/* Whoever waits hears ERR_AWAY; the loop has to run on until the pool is done.
 * Takes NULL. */
void passwords_free(struct passwords *passwords);

/* done is called exactly once, later in the loop; hash is borrowed, NULL unless
 * OK. ERR_INVALID: too short or too long. */
typedef void password_hashed(void *data, enum err err, const char *hash);
void password_hash(struct passwords *passwords, const char *password,
                   password_hashed *done, void *data);
/* ERR_DENIED: another password. hash NULL or "": nobody's, which takes as long
 * as somebody's. */
typedef void password_checked(void *data, enum err err);
void password_check(struct passwords *passwords, const char *hash,
                    const char *password, password_checked *done, void *data);

/* The same at once, for the command line: "" when it failed. */
#define PASSWORD_HASH_SIZE 128 /* crypto_pwhash_STRBYTES */
void password_hash_now(char out[static PASSWORD_HASH_SIZE],
                       const char *password);
