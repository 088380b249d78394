#include "base/gbk.h"

#include "base/arena.h"

#include <utf8proc.h>

#define TRAILS (GBK_TRAIL_LAST - GBK_TRAIL_FIRST + 1)

/* The code point that begins a text, and its bytes in *used; 0 when none. */
static uint16_t decode(const unsigned char *at, size_t len, size_t *used) {
    *used = 2;
    if (len < 2 || at[0] < GBK_LEAD_FIRST || at[0] > GBK_LEAD_LAST ||
        at[1] < GBK_TRAIL_FIRST || at[1] > GBK_TRAIL_LAST)
        return 0;
    return gbk_table[(at[0] - GBK_LEAD_FIRST) * TRAILS + at[1] -
                     GBK_TRAIL_FIRST];
}

char *gbk_to_utf8(struct arena *arena, const char *s, size_t len,
                  size_t *out_len) {
    /* Two bytes become at most three. */
    char *out = arena_alloc(arena, len / 2 * 3 + len % 2 + 1), *to = out;
    for (size_t i = 0, used; i < len; i += used) {
        const unsigned char *at = (const unsigned char *)s + i;
        if (at[0] < 0x80) {
            used = 1;
            *to++ = s[i];
            continue;
        }
        uint16_t point = decode(at, len - i, &used);
        if (point == 0)
            return NULL;
        to += utf8proc_encode_char(point, (utf8proc_uint8_t *)to);
    }
    *to = '\0';
    *out_len = (size_t)(to - out);
    return out;
}
