#pragma once

#include <stddef.h>

/* SHA-1, for the handshake of a WebSocket (RFC 6455, 4.2.2). */
#define SHA1_BYTES 20
void sha1(unsigned char out[static SHA1_BYTES], const void *data, size_t len);
