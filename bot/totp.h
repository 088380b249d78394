#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * One-time passwords of an authenticator (RFC 6238: HMAC-SHA1, six digits,
 * steps of 30 s), by liboath. Secrets are base32, as people type them.
 */
#define TOTP_SECRET_BYTES 20
#define TOTP_DIGITS 6

bool totp_init(void); /* once */
/* A new secret, in arena. */
char *totp_secret(struct arena *arena);
/* What an authenticator reads as a QR code, in arena. */
char *totp_uri(struct arena *arena, const char *secret, const char *issuer,
               const char *name);
/*
 * The step that a code is of: the current one, or the one before or after, for
 * a clock that is a little off. False when it is of none, or of one that is not
 * later than last_step.
 */
bool totp_check(const char *secret, const char *code, int64_t now_ms,
                int64_t last_step, int64_t *step);
