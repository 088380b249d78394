#pragma once

#include "base/buf.h"
#include "base/err.h"
#include "bot/config.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Private to config*.c and its tests:
 *
 *   config.c         the table of settings; the file, then the environment
 *   config_ini.c     lines of an INI file, by inih
 *   config_value.c   what a value may be
 *   config_env.c     names of variables
 *   config_read.c    files of settings and of secrets
 *   config_section.c where a setting is kept
 *   config_paths.c   paths that depend on where the program runs
 */
#define CONFIG_FILE_BYTES ((size_t)64 * 1024)
#define CONFIG_LINE_BYTES 190 /* inih's own buffer holds 199 */
#define CONFIG_SECRET_BYTES 4096
#define CONFIG_SECTIONS_MAX 64 /* repeated ones, of each kind */

enum value_type {
    VALUE_TEXT,      /* of at most max bytes */
    VALUE_NAME,      /* a-z 0-9 - _ */
    VALUE_PATH,      /* no blanks at the ends */
    VALUE_ADDRESS,   /* IPv4 or IPv6; "*" becomes NULL */
    VALUE_TOKEN,     /* printable ASCII; a secret */
    VALUE_WEB_URL,   /* http, https; the slashes at its end are cut */
    VALUE_WS_URL,    /* ws, wss; a secret, for it may carry a token */
    VALUE_REDIS_URL, /* redis, unix; a secret, for it may carry a password */
    VALUE_INT,
    VALUE_NUMBER,
    VALUE_DURATION, /* milliseconds in the config */
    VALUE_BOOL,
    VALUE_LANG,
    VALUE_LEVEL,
};

/* One setting. Defaults and ranges are written as in the file. */
struct setting {
    const char *section;
    const char *key;
    enum value_type type;
    size_t offset;        /* in struct config, or in that of its section */
    const char *fallback; /* NULL: none, the field stays 0 or NULL */
    const char *min, *max;
};

/* A secret is never logged and may be given as the file KEY_file names. */
bool value_is_secret(enum value_type type);
bool value_is_string(enum value_type type); /* the field is an owned char * */
/*
 * Stores text at field, freeing what a string field had. Returns NULL, or what
 * is wrong with the text without repeating it (owned); the field is then
 * unchanged.
 */
char *value_set(const struct setting *setting, const char *text, void *field);
/* Overwrites a secret before it is freed; takes NULL. */
void value_wipe(char *secret);
/* A name that a repeated section may have; also that of a district. */
bool value_name_ok(const char *name);

/* Sections that may be there many times, each with a name. */
#define SECTION_FORWARD "onebot11.forward"
#define SECTION_WEB_GROUP "web.group"

bool section_is_repeated(const char *section);
/* The place of the one with this name, which is made when there is none;
 * CONFIG_SECTIONS_MAX when there are too many. */
size_t section_find(struct config *config, const char *section,
                    const char *name);
/* The name of the one at a place; NULL after the last. */
const char *section_name(const struct config *config, const char *section,
                         size_t element);
/* The field of a setting; element is 0 unless its section is repeated. */
void *section_field(struct config *config, const struct setting *setting,
                    size_t element);

/* What an INI file holds, in order. All strings are borrowed for the call. */
struct ini_events {
    /* name NULL: a mistake, and what follows belongs nowhere. */
    void (*section)(void *data, int line, const char *name);
    void (*setting)(void *data, int line, const char *key, const char *value);
    void (*mistake)(void *data, int line, const char *what);
};
void config_ini_read(const char *text, size_t len,
                     const struct ini_events *events, void *data);

/*
 * Appends a regular file of at most max bytes. Returns NULL, or why not
 * (constant). *shared tells whether everybody on the machine may read it.
 */
const char *config_read(const char *path, size_t max, struct buf *out,
                        bool *shared);
/* The same of a secret: one line of text, in *out (owned). */
const char *config_read_secret(const char *path, char **out, bool *shared);

#define ENV_PREFIX "XIAOFENG_"
#define ENV_MAX 1024 /* variables that are looked at */

/* What the name of a variable says. */
struct env_name {
    bool in_file;     /* it ends in _FILE */
    char element[64]; /* NAME of a repeated section, in lower case */
};

/* The value of a variable of an environment, or NULL; "" counts as not set. */
const char *config_env(char *const *env, const char *name);
/* Whether a variable is that of a setting: XIAOFENG_<SECTION>_<KEY>, or
 * XIAOFENG_<SECTION>_<NAME>_<KEY> of a repeated section. */
bool config_env_match(const struct setting *setting, bool repeated,
                      const char *variable, struct env_name *out);
/* Whether name, from a variable, is that of a section: a "-" is written "_". */
bool config_env_same(const char *name, const char *section_name);

/* Fills in the paths that were not given. */
void config_fill_paths(struct config *config, char *const *env);
/* The directory of the running program (owned). */
char *config_exe_dir(void);
