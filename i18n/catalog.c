#include "i18n/catalog.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/mem.h"
#include "i18n/mo.h"
#define LOG_MODULE "catalog"
#include "base/log.h"

/* A text's placeholder: "{" NAME "}". */
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyz0123456789_"

/* Written by the build from the .po files. */
extern const unsigned char catalog_zh_CN[];
extern const size_t catalog_zh_CN_size;
extern const unsigned char catalog_zh_TW[];
extern const size_t catalog_zh_TW_size;
extern const unsigned char catalog_en[];
extern const size_t catalog_en_size;

static struct mo catalogs[LANG_COUNT];

static const char *const tags[LANG_COUNT] = {
    [LANG_ZH_CN] = "zh-CN",
    [LANG_ZH_TW] = "zh-TW",
    [LANG_EN] = "en",
};

static bool open_one(enum lang lang, const unsigned char *data, size_t size) {
    if (mo_open(&catalogs[lang], data, size))
        return true;
    LOG_ERR("the built-in catalogue of %s is broken", tags[lang]);
    return false;
}

bool catalog_init(void) {
    bool ok = open_one(LANG_ZH_CN, catalog_zh_CN, catalog_zh_CN_size);

    ok = open_one(LANG_ZH_TW, catalog_zh_TW, catalog_zh_TW_size) && ok;
    return open_one(LANG_EN, catalog_en, catalog_en_size) && ok;
}

const char *lang_tag(enum lang lang) {
    return tags[lang];
}

static bool subtag_is(const char *at, size_t len, const char *word) {
    return strlen(word) == len && strncasecmp(at, word, len) == 0;
}

/* Whether what follows "zh" asks for traditional characters. */
static bool is_traditional(const char *at) {
    static const char *const words[] = {"TW", "HK", "MO", "Hant"};
    static const char between[] = "-_.@";

    while (*at) {
        size_t len;

        at += strspn(at, between);
        len = strcspn(at, between);
        if (subtag_is(at, len, "Hans"))
            return false;
        for (size_t i = 0; i < ARRAY_LEN(words); i++)
            if (subtag_is(at, len, words[i]))
                return true;
        at += len;
    }
    return false;
}

bool lang_parse(const char *tag, enum lang *out) {
    size_t len = strcspn(tag, "-_.@");

    if (subtag_is(tag, len, "zh"))
        *out = is_traditional(tag + len) ? LANG_ZH_TW : LANG_ZH_CN;
    else if (subtag_is(tag, len, "en"))
        *out = LANG_EN;
    else
        return false;
    return true;
}

static const char *find_text(enum lang lang, const char *key, size_t *len) {
    const char *text = mo_find(&catalogs[lang], key, len);

    if (text)
        return text;
    LOG_WARN("no text for %s in %s", key, tags[lang]);
    *len = strlen(key);
    return key;
}

const char *catalog_text(enum lang lang, const char *key) {
    size_t len;

    return find_text(lang, key, &len);
}

bool catalog_has(enum lang lang, const char *key) {
    return mo_find(&catalogs[lang], key, NULL) != NULL;
}

/* The value of the parameter called by the len bytes at name, or NULL. */
static const char *find_param(const struct text_param *params, size_t n_params,
                              const char *name, size_t len) {
    for (size_t i = 0; i < n_params; i++)
        if (strncmp(params[i].name, name, len) == 0 && !params[i].name[len])
            return params[i].value ? params[i].value : "";
    return NULL;
}

/* The rule of a language, as its catalogue's Plural-Forms states it. */
static size_t plural_index(enum lang lang, const char *n) {
    return lang == LANG_EN && strcmp(n, "1") != 0 ? 1 : 0;
}

/* The form at index; the last there is when there are fewer. */
static const char *choose_form(const char *text, size_t len, size_t index) {
    const char *end = text + len;

    while (index-- > 0 && text + strlen(text) < end)
        text += strlen(text) + 1;
    return text;
}

/* Adds len bytes to what was put so far; only counts while to is NULL. */
static void put(char *to, size_t *at, const char *s, size_t len) {
    if (to)
        memcpy(to + *at, s, len);
    *at += len;
}

/* Fills text in and gives its length. */
static size_t fill(char *to, const char *text, const struct text_param *params,
                   size_t n_params) {
    size_t at = 0;

    while (*text) {
        size_t run = strcspn(text, "{");
        size_t len;
        const char *value = NULL;

        put(to, &at, text, run);
        text += run;
        if (!*text)
            break;
        len = strspn(text + 1, NAME_CHARS);
        if (text[1 + len] == '}')
            value = find_param(params, n_params, text + 1, len);
        if (value)
            put(to, &at, value, strlen(value));
        else
            put(to, &at, text, 1);
        text += value ? len + 2 : 1;
    }
    return at;
}

char *catalog_format(struct arena *arena, enum lang lang, const char *key,
                     const struct text_param *params, size_t n_params) {
    const char *n = find_param(params, n_params, "n", 1);
    size_t len;
    const char *text = find_text(lang, key, &len);
    char *out;

    if (n)
        text = choose_form(text, len, plural_index(lang, n));
    out = arena_alloc(arena, fill(NULL, text, params, n_params) + 1);
    fill(out, text, params, n_params);
    return out;
}
