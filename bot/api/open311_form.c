#include "bot/api/open311_parts.h"

#include "base/hex.h"

#include <string.h>

#define NAME_BYTES 128

/* Decoded, in arena; NULL for a broken escape or a NUL. */
static char *decode(struct arena *arena, const char *text, size_t len) {
    char *out = arena_alloc(arena, len + 1), *to = out;
    for (size_t i = 0; i < len; i++) {
        int high, low;
        if (text[i] == '+') {
            *to++ = ' ';
            continue;
        }
        if (text[i] != '%') {
            if (text[i] == '\0')
                return NULL;
            *to++ = text[i];
            continue;
        }
        if (len - i < 3)
            return NULL;
        high = hex_digit(text[i + 1]);
        low = hex_digit(text[i + 2]);
        if (high < 0 || low < 0 || high + low == 0)
            return NULL;
        *to++ = (char)(high * 16 + low);
        i += 2;
    }
    *to = '\0';
    return out;
}

static bool add_pair(struct open311_call *call, const char *pair, size_t len) {
    const char *equals = memchr(pair, '=', len);
    size_t name_len = equals == NULL ? len : (size_t)(equals - pair);
    struct form_field *field = &call->fields[call->n_fields];
    if (call->n_fields == OPEN311_FIELDS_MAX || name_len > NAME_BYTES)
        return false;
    field->name = decode(&call->arena, pair, name_len);
    field->value = equals == NULL
                       ? ""
                       : decode(&call->arena, equals + 1, len - name_len - 1);
    call->n_fields++;
    return field->name != NULL && field->value != NULL;
}

bool open311_form(struct open311_call *call, const char *body, size_t len) {
    const char *end = body + len;
    for (const char *at = body; at < end;) {
        const char *and = memchr(at, '&', (size_t)(end - at));
        size_t pair = (size_t)((and== NULL ? end : and)-at);
        if (pair > 0 && !add_pair(call, at, pair))
            return false;
        at += pair + 1;
    }
    return true;
}
