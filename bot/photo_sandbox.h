#pragma once

#include <stdbool.h>

/*
 * Gives up, for good, all that decoding a picture does not need: files and
 * sockets beyond standard input, output and error, other processes, new
 * executable code, much memory and much time. A call that is not on the list
 * kills the process at once. Returns false when the kernel refuses any of it:
 * then nothing of a stranger may be touched.
 */
bool photo_sandbox_enter(void);

/* The sanitizers of a test build need more memory and some more calls. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PHOTO_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define PHOTO_SANITIZED
#endif
