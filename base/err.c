#include "base/err.h"

static const char *const words[ERR_COUNT] = {
    [OK] = "ok",
    [ERR_INVALID] = "invalid",
    [ERR_TOO_LARGE] = "too_large",
    [ERR_LIMIT] = "limit",
    [ERR_NOT_FOUND] = "not_found",
    [ERR_DENIED] = "denied",
    [ERR_DUPLICATE] = "duplicate",
    [ERR_CONFLICT] = "conflict",
    [ERR_STATE] = "state",
    [ERR_TIMEOUT] = "timeout",
    [ERR_AWAY] = "away",
    [ERR_IO] = "io",
};

const char *err_str(enum err err) {
    if ((unsigned)err >= ERR_COUNT || !words[err])
        return "unknown";
    return words[err];
}
