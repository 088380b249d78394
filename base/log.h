#pragma once

#include <stdbool.h>

/*
 * One line an event, to standard error: for people
 * ("2026-05-01T12:00:01.250Z INFO  turn: …") or as JSON lines. Lines carry ids
 * and counts, never what a person wrote, a name, a phone number or a secret. A
 * file names itself before including this:
 *
 *     #define LOG_MODULE "turn"
 *     #include "base/log.h"
 */
enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_init(enum log_level level, bool json);
bool log_enabled(enum log_level level);
/* "error", "warn", "info", "debug"; returns false for any other word. */
bool log_level_parse(const char *word, enum log_level *out);

void log_write(enum log_level level, const char *module, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#define LOG_AT(level, ...)                                                     \
    do {                                                                       \
        if (log_enabled(level))                                                \
            log_write((level), LOG_MODULE, __VA_ARGS__);                       \
    } while (0)
#define LOG_ERR(...) LOG_AT(LOG_ERROR, __VA_ARGS__)
#define LOG_WARN(...) LOG_AT(LOG_WARN, __VA_ARGS__)
#define LOG_INFO(...) LOG_AT(LOG_INFO, __VA_ARGS__)
#define LOG_DBG(...) LOG_AT(LOG_DEBUG, __VA_ARGS__)
