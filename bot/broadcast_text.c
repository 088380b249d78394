#include "bot/broadcast_text.h"

#include "base/arena.h"
#include "base/buf.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "store/broadcast.h"

#include <jansson.h>
#include <string.h>

char *broadcast_words(struct arena *arena, const struct broadcast *broadcast,
                      enum lang lang) {
    json_t *all = broadcast->translations[0] == '\0'
                      ? NULL
                      : json_loads(broadcast->translations, 0, NULL);
    const char *words = broadcast->text, *tag;
    json_t *value;
    json_object_foreach(all, tag, value) {
        enum lang of;
        if (lang_parse(tag, &of) && of == lang && json_string_length(value) > 0)
            words = json_string_value(value);
    }
    char *copy = arena_strdup(arena, words);
    json_decref(all);
    return copy;
}

static char *file_url(struct arena *arena, const struct bot *bot,
                      const struct broadcast *broadcast) {
    if (broadcast->file[0] == '\0' || bot->config->public_url == NULL)
        return NULL;
    return arena_printf(arena, "%s/files/%s", bot->config->public_url,
                        broadcast->file);
}

char *broadcast_goal(struct arena *arena, const struct bot *bot,
                     const struct broadcast *broadcast) {
    if (broadcast->link_url[0] != '\0')
        return arena_strdup(arena, broadcast->link_url);
    return file_url(arena, bot, broadcast);
}

static void add_line(struct arena *arena, struct buf *out, enum lang lang,
                     const char *key, const char *name, const char *value) {
    const struct text_param param = {name, value};
    buf_adds(out, "\n");
    buf_adds(out, catalog_format(arena, lang, key, &param, 1));
}

static void add_addresses(struct arena *arena, struct buf *out,
                          const struct bot *bot,
                          const struct broadcast *broadcast, enum lang lang,
                          const char *token) {
    const char *link = broadcast->link_url;
    const char *file = file_url(arena, bot, broadcast);
    const char *tracked =
        token == NULL || bot->config->public_url == NULL
            ? NULL
            : arena_printf(arena, "%s/r/%s", bot->config->public_url, token);
    if (broadcast->link_title[0] != '\0')
        buf_addf(out, "\n%s", broadcast->link_title);
    if (link[0] != '\0')
        buf_addf(out, "\n%s", tracked != NULL ? tracked : link);
    else if (file != NULL && tracked != NULL)
        file = tracked;
    if (file != NULL)
        add_line(arena, out, lang, "broadcast.file", "url", file);
}

char *broadcast_text(struct arena *arena, const struct bot *bot,
                     const struct broadcast *broadcast, enum lang lang,
                     const char *token) {
    struct buf out;
    const struct text_param param = {"text",
                                     broadcast_words(arena, broadcast, lang)};
    buf_init(&out);
    buf_adds(&out, catalog_format(arena, lang,
                                  broadcast->lane == LANE_STUDY ? "study.text"
                                                                : "notify.text",
                                  &param, 1));
    add_addresses(arena, &out, bot, broadcast, lang, token);
    if (broadcast->ask_read)
        buf_addf(&out, "\n%s", catalog_text(lang, "broadcast.ask_read"));
    char *text = arena_strndup(arena, out.data, out.len);
    buf_finish(&out);
    return text;
}
