#include "bot/config.h"

#define LOG_MODULE "config"
#include "base/log.h"
#include "base/mem.h"
#include "bot/config_parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IN(field) offsetof(struct config, field)
#define IN_FORWARD(field) offsetof(struct config_forward, field)
#define IN_GROUP(field) offsetof(struct config_web_group, field)

/*
 * Every setting: its default, the smallest and the largest value. A lint test
 * holds xiaofeng.conf(5) to this table.
 */
/* clang-format off */
static const struct setting settings[] = {
    {"xiaofeng", "district", VALUE_NAME, IN(district), "default", NULL, NULL},
    {"xiaofeng", "operator_name", VALUE_TEXT, IN(operator_name), "", NULL, NULL},
    {"xiaofeng", "contact", VALUE_TEXT, IN(contact), "", NULL, NULL},
    {"xiaofeng", "public_url", VALUE_WEB_URL, IN(public_url), NULL, NULL, NULL},
    {"xiaofeng", "data_dir", VALUE_PATH, IN(data_dir), NULL, NULL, NULL},
    {"xiaofeng", "language", VALUE_LANG, IN(lang), "zh-CN", NULL, NULL},
    {"xiaofeng", "utc_offset_minutes", VALUE_INT, IN(utc_offset_minutes), "480", "-720", "840"},
    {"xiaofeng", "log_level", VALUE_LEVEL, IN(log_level), "info", NULL, NULL},
    {"xiaofeng", "log_json", VALUE_BOOL, IN(log_json), "no", NULL, NULL},

    {"privacy", "key_file", VALUE_PATH, IN(key_file), NULL, NULL, NULL},

    {"server", "address", VALUE_ADDRESS, IN(address), "127.0.0.1", NULL, NULL},
    {"server", "port", VALUE_INT, IN(port), "8080", "0", "65535"},
    {"server", "tls_cert", VALUE_PATH, IN(tls_cert), NULL, NULL, NULL},
    {"server", "tls_key", VALUE_PATH, IN(tls_key), NULL, NULL, NULL},

    {"redis", "url", VALUE_REDIS_URL, IN(redis_url), NULL, NULL, NULL},
    {"redis", "server", VALUE_PATH, IN(redis_server), "redis-server", NULL, NULL},
    {"redis", "seen", VALUE_DURATION, IN(seen_ttl_ms), "24h", "1m", "30d"},

    {"onebot11", "token", VALUE_TOKEN, IN(onebot11_token), NULL, NULL, NULL},
    {"onebot11", "deadline", VALUE_DURATION, IN(onebot11_deadline_ms), "20s", "1s", "5m"},

    {SECTION_FORWARD, "url", VALUE_WS_URL, IN_FORWARD(url), NULL, NULL, NULL},
    {SECTION_FORWARD, "token", VALUE_TOKEN, IN_FORWARD(token), NULL, NULL, NULL},

    {"pace", "account_rate", VALUE_NUMBER, IN(account_rate), "2", "0", "1000"},
    {"pace", "account_burst", VALUE_NUMBER, IN(account_burst), "6", "1", "1000"},
    {"pace", "group_rate", VALUE_NUMBER, IN(group_rate), "0.5", "0", "1000"},
    {"pace", "group_burst", VALUE_NUMBER, IN(group_burst), "4", "1", "1000"},
    {"pace", "broadcast_jitter", VALUE_DURATION, IN(broadcast_jitter_ms), "800ms", "0s", "1m"},

    {"rider", "rate", VALUE_NUMBER, IN(rider_rate), "0.5", "0", "1000"},
    {"rider", "burst", VALUE_NUMBER, IN(rider_burst), "10", "1", "1000"},

    {"api", "rate", VALUE_NUMBER, IN(api_rate), "20", "0", "100000"},
    {"api", "burst", VALUE_NUMBER, IN(api_burst), "100", "1", "100000"},
    {"api", "peer_rate", VALUE_NUMBER, IN(api_peer_rate), "200", "0", "100000"},
    {"api", "peer_burst", VALUE_NUMBER, IN(api_peer_burst), "1000", "1", "100000"},

    {"form", "private", VALUE_DURATION, IN(form_private_ms), "30m", "1s", "24h"},
    {"form", "group", VALUE_DURATION, IN(form_group_ms), "5m", "1s", "24h"},

    {"photo", "children", VALUE_INT, IN(photo_children), "1", "1", "16"},
    {"photo", "private_urls", VALUE_BOOL, IN(photo_private_urls), "no", NULL, NULL},
    {"photo", "timeout", VALUE_DURATION, IN(photo_timeout_ms), "15s", "1s", "2m"},
    {"photo", "child", VALUE_PATH, IN(photo_child), NULL, NULL, NULL},

    {"webhook", "private_urls", VALUE_BOOL, IN(webhook_private_urls), "no", NULL, NULL},

    {"study", "private_urls", VALUE_BOOL, IN(study_private_urls), "no", NULL, NULL},
    {"study", "timeout", VALUE_DURATION, IN(study_timeout_ms), "30s", "1s", "2m"},

    {"open311", "public", VALUE_BOOL, IN(open311_public), "no", NULL, NULL},

    {"web", "enabled", VALUE_BOOL, IN(web), "yes", NULL, NULL},
    {"web", "dir", VALUE_PATH, IN(web_dir), NULL, NULL, NULL},

    {"console", "enabled", VALUE_BOOL, IN(console), "yes", NULL, NULL},
    {"console", "dir", VALUE_PATH, IN(console_dir), NULL, NULL, NULL},
    {"console", "tiles_url", VALUE_WEB_URL, IN(tiles_url), NULL, NULL, NULL},
    {"console", "tiles_attribution", VALUE_TEXT, IN(tiles_attribution), "", NULL, NULL},
    {"console", "tiles_gcj02", VALUE_BOOL, IN(tiles_gcj02), "no", NULL, NULL},

    {SECTION_WEB_GROUP, "title", VALUE_TEXT, IN_GROUP(title), NULL, NULL, NULL},
};
/* clang-format on */

/* A setting that was given, so that a second one is noticed. */
struct given {
    const struct setting *setting;
    size_t element;
    int line; /* 0: of the environment */
};

/* Room for each setting once in each section that may be. */
#define GIVEN_MAX (ARRAY_LEN(settings) * CONFIG_SECTIONS_MAX)
#define MISTAKES_SHOWN 50

struct loader {
    struct config *config;
    const char *source;  /* the file's or the variable's name */
    int line;            /* 0: of a variable */
    const char *section; /* of the table, NULL: not one we know */
    size_t element;      /* in a repeated section, else 0 */
    bool headed;         /* a [section] came, or its lack was told */
    struct given given[GIVEN_MAX];
    size_t n_given;
    unsigned mistakes;
    bool holds_secret; /* the file itself, not one it names */
};

static void add_mistake(struct loader *loader, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void add_mistake(struct loader *loader, const char *fmt, ...) {
    va_list args;
    char *what;

    if (loader->mistakes++ >= MISTAKES_SHOWN)
        return;
    va_start(args, fmt);
    what = xvasprintf(fmt, args);
    va_end(args);
    if (loader->line > 0)
        LOG_ERR("%s:%d: %s", loader->source, loader->line, what);
    else
        LOG_ERR("%s: %s", loader->source, what);
    free(what);
}

/* Sections. */

/* Goes into a repeated section, which is new at its first mention. */
static bool enter_element(struct loader *loader, const char *section,
                          const char *name) {
    if (!value_name_ok(name)) {
        add_mistake(loader,
                    "[%s NAME] wants a name of a-z, 0-9, - and _, of at most "
                    "40 characters",
                    section);
        return false;
    }
    loader->element = section_find(loader->config, section, name);
    if (loader->element == CONFIG_SECTIONS_MAX) {
        add_mistake(loader, "there are more than %d of [%s NAME]",
                    CONFIG_SECTIONS_MAX, section);
        return false;
    }
    loader->section = section;
    return true;
}

/* Settings. */

static bool note_given(struct loader *loader, const struct setting *setting) {
    for (size_t i = 0; i < loader->n_given; i++) {
        const struct given *given = &loader->given[i];
        if (given->setting != setting || given->element != loader->element)
            continue;
        if (given->line > 0)
            add_mistake(loader, "%s is already in line %d", setting->key,
                        given->line);
        else
            add_mistake(loader, "%s is already in another variable",
                        setting->key);
        return false;
    }
    loader->given[loader->n_given++] =
        (struct given){setting, loader->element, loader->line};
    return true;
}

/* An empty value is the default. */
static void set_value(struct loader *loader, const struct setting *setting,
                      const char *value) {
    void *field = section_field(loader->config, setting, loader->element);
    char *fault;

    if (*value == '\0')
        return;
    fault = value_set(setting, value, field);
    if (fault != NULL)
        add_mistake(loader, "%s %s", setting->key, fault);
    free(fault);
}

static void set_from_file(struct loader *loader, const struct setting *setting,
                          const char *path) {
    bool shared = false;
    char *secret = NULL;
    const char *fault = config_read_secret(path, &secret, &shared);

    if (fault != NULL) {
        add_mistake(loader, "the file of %s_file %s", setting->key, fault);
        return;
    }
    if (shared)
        LOG_WARN("%s: the file of %s_file may be read by everybody",
                 loader->source, setting->key);
    set_value(loader, setting, secret);
    value_wipe(secret);
    free(secret);
}

static void take(struct loader *loader, const struct setting *setting,
                 bool in_file, const char *value) {
    if (!note_given(loader, setting))
        return;
    if (in_file)
        set_from_file(loader, setting, value);
    else
        set_value(loader, setting, value);
}

/* Whether word is "key", or "key_file" of a secret. */
static bool key_matches(const struct setting *setting, const char *word,
                        bool *in_file) {
    size_t len = strlen(setting->key);

    if (strncmp(word, setting->key, len) != 0)
        return false;
    *in_file = strcmp(word + len, "_file") == 0;
    return word[len] == '\0' || (*in_file && value_is_secret(setting->type));
}

/* Events of the file. */

static void on_section(void *data, int line, const char *name) {
    struct loader *loader = data;
    loader->line = line;
    loader->section = NULL;
    loader->element = 0;
    loader->headed = true;
    if (name == NULL)
        return;
    size_t len = strcspn(name, " \t");
    const char *element = name + len + strspn(name + len, " \t");
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const char *section = settings[i].section;
        if (strlen(section) != len || strncmp(section, name, len) != 0)
            continue;
        if (section_is_repeated(section))
            enter_element(loader, section, element);
        else if (*element == '\0')
            loader->section = section;
        else
            break;
        return;
    }
    add_mistake(loader, "there is no section [%s]", name);
}

/* Keys of an unknown section are passed over: one mistake is told once. */
static void on_setting(void *data, int line, const char *key,
                       const char *value) {
    struct loader *loader = data;
    bool in_file;

    loader->line = line;
    if (!loader->headed)
        add_mistake(loader, "a setting before the first [section]");
    loader->headed = true;
    if (loader->section == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        if (strcmp(setting->section, loader->section) != 0 ||
            !key_matches(setting, key, &in_file))
            continue;
        loader->holds_secret |= value_is_secret(setting->type) && !in_file;
        take(loader, setting, in_file, value);
        return;
    }
    /* What is not like a key may be a secret in the wrong place. */
    add_mistake(loader, "[%s] has no setting %s", loader->section,
                value_name_ok(key) ? key : "of this name");
}

static void on_mistake(void *data, int line, const char *what) {
    struct loader *loader = data;

    loader->line = line;
    add_mistake(loader, "%s", what);
}

/* The environment. */

/* The section a variable means: its name is written as in the variable. */
static void enter_variable(struct loader *loader, const char *section,
                           const char *name) {
    const char *known;

    for (size_t i = 0; (known = section_name(loader->config, section, i)); i++)
        if (config_env_same(name, known))
            name = known;
    enter_element(loader, section, name);
}

static void take_variable(struct loader *loader, const char *variable,
                          const char *value) {
    struct env_name name;

    loader->source = variable;
    loader->element = 0;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        bool repeated = section_is_repeated(setting->section);
        if (!config_env_match(setting, repeated, variable, &name))
            continue;
        loader->section = setting->section;
        if (repeated) {
            loader->section = NULL;
            enter_variable(loader, setting->section, name.element);
        }
        if (loader->section != NULL)
            take(loader, setting, name.in_file, value);
        return;
    }
    /* Not a mistake: others may have put it there for their own use. */
    LOG_WARN("%s: there is no such setting", variable);
}

static int compare_entries(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* In the order of their names, so that groups have the same order each time.
 * What the file said may be said again here, and is replaced. */
static void take_environment(struct loader *loader, char *const *env) {
    const char *found[ENV_MAX];
    size_t n = 0;

    loader->n_given = 0;
    loader->line = 0;
    for (; *env != NULL && n < ENV_MAX; env++)
        if (strncmp(*env, ENV_PREFIX, strlen(ENV_PREFIX)) == 0)
            found[n++] = *env;
    qsort(found, n, sizeof(*found), compare_entries);
    for (size_t i = 0; i < n; i++) {
        size_t len = strcspn(found[i], "=");
        char *variable = xstrndup(found[i], len);
        if (found[i][len] == '=' && found[i][len + 1] != '\0')
            take_variable(loader, variable, found[i] + len + 1);
        free(variable);
    }
}

/* The whole. */

static void set_fallbacks(struct config *config) {
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        if (section_is_repeated(setting->section) || setting->fallback == NULL)
            continue;
        if (value_set(setting, setting->fallback,
                      section_field(config, setting, 0)) != NULL)
            abort();
    }
}

/* What no single setting shows. */
static void check_whole(struct loader *loader, const char *name) {
    struct config *config = loader->config;

    loader->source = name;
    loader->line = 0;
    if ((config->tls_cert == NULL) != (config->tls_key == NULL))
        add_mistake(loader,
                    "[server] wants both tls_cert and tls_key, or "
                    "neither");
    for (size_t i = 0; i < config->n_forwards; i++)
        if (config->forwards[i].url == NULL)
            add_mistake(loader, "[" SECTION_FORWARD " %s] wants a url",
                        config->forwards[i].name);
    for (size_t i = 0; i < config->n_web_groups; i++)
        if (config->web_groups[i].title == NULL)
            config->web_groups[i].title = xstrdup(config->web_groups[i].name);
}

static void read_text(struct loader *loader, const char *name, const char *text,
                      size_t len) {
    static const struct ini_events events = {
        .section = on_section, .setting = on_setting, .mistake = on_mistake};

    loader->source = name;
    if (len > CONFIG_FILE_BYTES)
        add_mistake(loader, "is too large");
    else
        config_ini_read(text, len, &events, loader);
}

/* holds_secret, when not NULL, tells whether the text itself has one. */
static enum err parse(const char *name, const char *text, size_t len,
                      char *const *env, struct config **out,
                      bool *holds_secret) {
    struct loader *loader = xcalloc(1, sizeof(*loader));
    struct config *config = xcalloc(1, sizeof(*config));
    unsigned mistakes;

    loader->config = config;
    set_fallbacks(config);
    read_text(loader, name, text, len);
    take_environment(loader, env);
    check_whole(loader, name);
    config_fill_paths(config, env);
    *holds_secret = loader->holds_secret;
    mistakes = loader->mistakes;
    free(loader);
    if (mistakes > MISTAKES_SHOWN)
        LOG_ERR("%s: and %u more", name, mistakes - MISTAKES_SHOWN);
    if (mistakes > 0) {
        config_free(config);
        return ERR_INVALID;
    }
    *out = config;
    return OK;
}

enum err config_parse(const char *name, const char *text, size_t len,
                      char *const *env, struct config **out) {
    bool holds_secret;

    return parse(name, text, len, env, out, &holds_secret);
}

enum err config_load(const char *path, struct config **out) {
    bool shared = false, holds_secret = false;
    const char *fault = NULL;
    enum err err = ERR_IO;
    struct buf text;

    buf_init(&text);
    buf_reserve(&text, CONFIG_FILE_BYTES + 1);
    if (path != NULL)
        fault = config_read(path, CONFIG_FILE_BYTES, &text, &shared);
    if (fault != NULL)
        LOG_ERR("%s: %s", path, fault);
    else
        err = parse(path != NULL ? path : "settings", text.data, text.len,
                    environ, out, &holds_secret);
    if (holds_secret && shared)
        LOG_WARN("%s: holds a secret and may be read by everybody", path);
    explicit_bzero(text.data, text.cap);
    buf_finish(&text);
    return err;
}

static void free_strings(struct config *config, const char *section,
                         size_t element) {
    for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
        const struct setting *setting = &settings[i];
        if (strcmp(setting->section, section) != 0 ||
            !value_is_string(setting->type))
            continue;
        char **field = section_field(config, setting, element);
        if (value_is_secret(setting->type))
            value_wipe(*field);
        free(*field);
        *field = NULL;
    }
}

void config_free(struct config *config) {
    if (config == NULL)
        return;
    for (size_t i = 0; i < ARRAY_LEN(settings); i++)
        if (!section_is_repeated(settings[i].section))
            free_strings(config, settings[i].section, 0);
    for (size_t i = 0; i < config->n_forwards; i++) {
        free_strings(config, SECTION_FORWARD, i);
        free(config->forwards[i].name);
    }
    for (size_t i = 0; i < config->n_web_groups; i++) {
        free_strings(config, SECTION_WEB_GROUP, i);
        free(config->web_groups[i].name);
    }
    free(config->forwards);
    free(config->web_groups);
    free(config);
}
