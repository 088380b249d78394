#include "bot/totp.h"

#include "base/arena.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 1 /* steps that a clock may be off */

bool totp_init(void) {
    return oath_init() == OATH_OK;
}

char *totp_secret(struct arena *arena) {
    char raw[TOTP_SECRET_BYTES], *text = NULL;
    size_t len;
    randombytes_buf(raw, sizeof(raw));
    if (oath_base32_encode(raw, sizeof(raw), &text, &len) != OATH_OK)
        abort();
    char *secret = arena_strndup(arena, text, strcspn(text, "="));
    sodium_memzero(raw, sizeof(raw));
    sodium_memzero(text, len);
    free(text);
    return secret;
}

/* Of an UTF-8 text, everything but the letters that need no escape. */
static char *escape(struct arena *arena, const char *text) {
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, strlen(text) * 3 + 1), *at = out;
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
            (c >= 'A' && c <= 'Z') || strchr("-._~", c) != NULL) {
            *at++ = (char)c;
        } else {
            *at++ = '%';
            *at++ = hex[c >> 4];
            *at++ = hex[c & 15];
        }
    }
    return out;
}

char *totp_uri(struct arena *arena, const char *secret, const char *issuer,
               const char *name) {
    issuer = escape(arena, issuer);
    return arena_printf(arena,
                        "otpauth://totp/%s:%s?secret=%s&issuer=%s&"
                        "algorithm=SHA1&digits=%d&period=%d",
                        issuer, escape(arena, name), secret, issuer,
                        TOTP_DIGITS, OATH_TOTP_DEFAULT_TIME_STEP_SIZE);
}

static bool is_code(const char *code) {
    return strlen(code) == TOTP_DIGITS &&
           strspn(code, "0123456789") == TOTP_DIGITS;
}

bool totp_check(const char *secret, const char *code, int64_t now_ms,
                int64_t last_step, int64_t *step) {
    char *raw = NULL;
    size_t len;
    int off = 0;
    if (!is_code(code) ||
        oath_base32_decode(secret, strlen(secret), &raw, &len) != OATH_OK)
        return false;
    int rc = oath_totp_validate2(
        raw, len, (time_t)(now_ms / 1000), OATH_TOTP_DEFAULT_TIME_STEP_SIZE,
        OATH_TOTP_DEFAULT_START_TIME, WINDOW, &off, code);
    sodium_memzero(raw, len);
    free(raw);
    *step = now_ms / 1000 / OATH_TOTP_DEFAULT_TIME_STEP_SIZE + off;
    return rc >= 0 && *step > last_step;
}
