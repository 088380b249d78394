#include "bot/audit_hash.h"

#include <libwebsockets.h>
#include <sodium.h>

#define SHA1_BYTES 20

void sha1_hex(const void *data, size_t len, char out[static SHA1_HEX_SIZE]) {
    unsigned char hash[SHA1_BYTES];
    lws_SHA1(data, len, hash);
    sodium_bin2hex(out, SHA1_HEX_SIZE, hash, sizeof(hash));
}
