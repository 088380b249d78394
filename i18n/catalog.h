#pragma once

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * The texts of the program in each language, compiled from i18n/<lang>.po and
 * built into the binary. A msgid is a stable key ("request.created"); a text
 * has named placeholders ("{id}") and, where a count matters, plural forms.
 */
enum lang { LANG_ZH_CN, LANG_ZH_TW, LANG_EN, LANG_COUNT };

bool catalog_init(void); /* false when a built-in catalogue is broken */

const char *lang_tag(enum lang lang); /* "zh-CN"; also what the store keeps */
/* "zh-CN", "zh_TW", "en", … ; false when it is none of ours. */
bool lang_parse(const char *tag, enum lang *out);

/* A placeholder's value; both borrowed for the call. */
struct text_param {
    const char *name;
    const char *value;
};

/* The raw text of a key; the key itself when it is missing (and a warning). */
const char *catalog_text(enum lang lang, const char *key);
bool catalog_has(enum lang lang, const char *key);
/*
 * The text with its placeholders filled in. A parameter named "n" also chooses
 * the plural form. A placeholder without a parameter stays as it is.
 */
char *catalog_format(struct arena *arena, enum lang lang, const char *key,
                     const struct text_param *params, size_t n_params);
