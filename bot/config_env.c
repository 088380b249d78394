#include "bot/config_parts.h"

#include <ctype.h>
#include <string.h>

const char *config_env(char *const *env, const char *name) {
    size_t len = strlen(name);

    for (; *env != NULL; env++) {
        const char *entry = *env;
        if (strncmp(entry, name, len) == 0 && entry[len] == '=')
            return entry[len + 1] != '\0' ? entry + len + 1 : NULL;
    }
    return NULL;
}

/* Passes over word, written as in a variable; NULL when text has another. */
static const char *skip_word(const char *text, const char *word) {
    for (; *word != '\0'; word++, text++) {
        int upper = toupper((unsigned char)*word);
        if (*text != (isalnum(upper) ? upper : '_'))
            return NULL;
    }
    return text;
}

/* "_KEY", or "_KEY_FILE" of a secret, and nothing after it. */
static bool match_key(const struct setting *setting, const char *text,
                      bool *in_file) {
    const char *rest = *text == '_' ? skip_word(text + 1, setting->key) : NULL;

    if (rest == NULL)
        return false;
    *in_file = value_is_secret(setting->type) && strcmp(rest, "_FILE") == 0;
    return *rest == '\0' || *in_file;
}

bool config_env_match(const struct setting *setting, bool repeated,
                      const char *variable, struct env_name *out) {
    const char *rest = skip_word(variable, ENV_PREFIX);

    if (rest != NULL)
        rest = skip_word(rest, setting->section);
    if (rest == NULL || *rest != '_')
        return false;
    out->element[0] = '\0';
    if (!repeated)
        return match_key(setting, rest, &out->in_file);
    rest++;
    for (size_t len = 1; len < sizeof(out->element) && rest[len - 1] != '\0';
         len++) {
        if (!match_key(setting, rest + len, &out->in_file))
            continue;
        for (size_t i = 0; i < len; i++)
            out->element[i] = (char)tolower((unsigned char)rest[i]);
        out->element[len] = '\0';
        return true;
    }
    return false;
}

bool config_env_same(const char *name, const char *section_name) {
    for (; *name != '\0'; name++, section_name++)
        if (*name != (*section_name == '-' ? '_' : *section_name))
            return false;
    return *section_name == '\0';
}
