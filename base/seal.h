#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Fields that are stored encrypted (XChaCha20-Poly1305 of libsodium), under a
 * key from a file. The file has a key a line, "<id> <64 hex digits>", id 1 to
 * 8 of [a-z0-9]; the last one seals, all of them open. Made with mode 0600 when
 * it is not there.
 */
struct seal;

enum err seal_load(const char *path, struct seal **out) must_check;
void seal_free(struct seal *seal); /* takes NULL */
const char *
seal_current(const struct seal *seal); /* id of the key that seals */

/*
 * "<id>:" and bytes in base64; "" stays "". context ("ticket:S12:place") is
 * authenticated with it, so that a value moved elsewhere does not open.
 */
char *seal_text(const struct seal *seal, struct arena *arena,
                const char *context, const char *text);
/* NULL when it was altered, or its key is gone. */
char *seal_open(const struct seal *seal, struct arena *arena,
                const char *context, const char *sealed);
/* Whether it is sealed by another key than the current one. */
bool seal_is_old(const struct seal *seal, const char *sealed);
