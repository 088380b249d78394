#include "bot/connectors/onebot11_codec.h"

#include "base/utf8.h"
#include "bot/groups.h"
#include "store/group.h"

#include <string.h>

/* Spec: botuniverse/onebot-11 api/public.md, get_group_list: data is an array
 * of {group_id, group_name, …}. */
static bool decode_group(struct jspan span, const char *account,
                         struct arena *arena, struct group *out) {
    struct jspan id = onebot11_member(span, "group_id");
    struct jspan name = onebot11_member(span, "group_name");
    size_t len = 0;
    const char *raw = jspan_string(arena, name, &len);
    if (!onebot11_bare_id(id, &id))
        return false;
    const char *chat = arena_printf(arena, "qq.g%.*s", (int)id.len, id.at);
    const char *title = raw ? utf8_clean(arena, raw, len) : "";
    *out = (struct group){
        .chat = chat,
        .title = *title ? utf8_excerpt(arena, title, LIMIT_NAME_CHARS) : chat,
        .account = account,
    };
    return true;
}

size_t onebot11_decode_groups(const struct onebot11_frame *frame,
                              const char *account, struct arena *arena,
                              struct group **out) {
    struct jscan scan;
    struct jspan span;
    size_t n = 0;
    *out = arena_alloc(arena, GROUPS_FOUND_MAX * sizeof(**out));
    if (frame->data.len == 0 || *frame->data.at != '[')
        return 0;
    jscan_array_init(&scan, frame->data);
    while (n < GROUPS_FOUND_MAX && jscan_array_next(&scan, &span))
        if (decode_group(span, account, arena, &(*out)[n]))
            n++;
    return n;
}
