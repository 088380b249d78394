#pragma once

#include <stddef.h>

/* SHA-1 in lower-case hex, as redis.sha1hex() gives it. In a file of its own,
 * for the library that has it brings names along that clash with ours. */
#define SHA1_HEX_SIZE 41
void sha1_hex(const void *data, size_t len, char out[static SHA1_HEX_SIZE]);
