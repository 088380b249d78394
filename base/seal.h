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

/* What is wrong is logged. ERR_DENIED: others than its owner may use the file;
 * ERR_INVALID: a line of it is wrong; ERR_IO. *out is owned. */
enum err seal_load(const char *path, struct seal **out) must_check;
void seal_free(struct seal *seal); /* takes NULL */
const char *
seal_current(const struct seal *seal);      /* id of the key that seals */
size_t seal_count(const struct seal *seal); /* of its keys */

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

/*
 * "<id>:" and the HMAC of a text that may be read but not altered, under a key
 * made from the current one; context as above.
 */
#define SEAL_MAC_SIZE 74
void seal_mac(const struct seal *seal, const char *context, const char *text,
              char out[static SEAL_MAC_SIZE]);
bool seal_mac_ok(const struct seal *seal, const char *context, const char *text,
                 const char *mac);

/*
 * A short tag of a text, for links: 12 characters of [A-Za-z0-9_-], 72 bits.
 * It does not say under which key it was made; all of them are tried.
 */
#define SEAL_TAG_SIZE 13
void seal_tag(const struct seal *seal, const char *context, const char *text,
              char out[static SEAL_TAG_SIZE]);
bool seal_tag_ok(const struct seal *seal, const char *context, const char *text,
                 const char *tag);

/*
 * Turning keys. Each changes the file as a whole and then what is held here; a
 * file that was changed meanwhile is read first. A new key seals from then on;
 * ERR_LIMIT with too many of them. Dropping leaves the current key alone.
 */
enum err seal_add_key(struct seal *seal) must_check;
enum err seal_drop_old(struct seal *seal) must_check;
/* Reads the file again if it is another than it was; what is held stays as it
 * is on an error. *changed may be NULL. */
enum err seal_refresh(struct seal *seal, bool *changed) must_check;
