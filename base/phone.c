#include "base/phone.h"

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define DIGITS 11
#define HIDDEN_FIRST 3 /* of the eleven */
#define HIDDEN 4
#define FULL_WIDTH "\xef\xbc" /* "０" is that and 0x90 */

/* How many bytes the digit at s has, 0 when there is none. */
static size_t digit_at(const char *s, int *value) {
    const unsigned char *at = (const unsigned char *)s;

    if (*at >= '0' && *at <= '9') {
        *value = *at - '0';
        return 1;
    }
    if (strncmp(s, FULL_WIDTH, 2) == 0 && at[2] >= 0x90 && at[2] <= 0x99) {
        *value = at[2] - 0x90;
        return 3;
    }
    return 0;
}

/* What people put between the parts of a number. */
static size_t separator_at(const char *s) {
    static const char *const separators[] = {
        " ", "-", ".", "\xe2\x80\x94", "\xef\xbc\x8d", "\xe3\x80\x80"};

    for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
        size_t len = strlen(separators[i]);
        if (strncmp(s, separators[i], len) == 0)
            return len;
    }
    return 0;
}

/* Where each digit of a number is; its parts may be set apart. */
struct number {
    size_t at[DIGITS];
    size_t end;
};

/*
 * Whether eleven digits begin at s that are a mobile number, and no more follow
 * at once. Parts of one or two digits are no parts of a number.
 */
static bool number_at(const char *s, struct number *out) {
    size_t at = 0, part = 0, n = 0;

    while (n < DIGITS) {
        int value;
        size_t len = digit_at(s + at, &value);
        if (len > 0) {
            if ((n == 0 && value != 1) || (n == 1 && value < 3))
                return false;
            out->at[n++] = at;
            part++;
            at += len;
            continue;
        }
        len = separator_at(s + at);
        if (len == 0 || part < 3)
            return false;
        part = 0;
        at += len;
    }
    int value;
    out->end = at;
    return part >= 3 && digit_at(s + at, &value) == 0;
}

/* Digits before it belong to something else, unless they are a country's. */
static bool may_begin(const char *text, const char *s) {
    size_t n = 0;
    const char *from = s;

    while (from > text && from[-1] >= '0' && from[-1] <= '9' && n < 6) {
        from--;
        n++;
    }
    return n == 0 || (n == 2 && strncmp(from, "86", 2) == 0) ||
           (n == 4 && strncmp(from, "0086", 4) == 0) ||
           (n == 1 && *from == '0');
}

static void hide(char *to, const char *s, const struct number *number) {
    size_t written = 0;

    for (size_t at = 0; at < number->end;) {
        int value;
        size_t len = digit_at(s + at, &value);
        bool hidden = false;
        for (size_t i = HIDDEN_FIRST; i < HIDDEN_FIRST + HIDDEN; i++)
            hidden |= len > 0 && number->at[i] == at;
        if (hidden) {
            to[written++] = '*';
            at += len;
        } else {
            to[written++] = s[at++];
        }
    }
    to[written] = '\0';
}

char *phone_mask(struct arena *arena, const char *text) {
    char *out = arena_alloc(arena, strlen(text) + 1), *to = out;
    const char *s = text;

    while (*s != '\0') {
        struct number number;
        int value;
        bool full = (unsigned char)*s == 0xef;
        if ((*s == '1' || full) && digit_at(s, &value) > 0 &&
            may_begin(text, s) && number_at(s, &number)) {
            hide(to, s, &number);
            to += strlen(to);
            s += number.end;
            continue;
        }
        *to++ = *s++;
    }
    *to = '\0';
    return out;
}
