#pragma once

#include "base/err.h"
#include "base/log.h"
#include "i18n/catalog.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The settings, read once at start from an INI file and the environment
 * (XIAOFENG_<SECTION>_<KEY> wins over the file; a key that ends in _file names
 * a file that holds the value, for secrets). Every string is owned by the
 * config. xiaofeng.conf(5) says what each is for; config.c holds the table of
 * names, defaults and ranges.
 */
struct config_forward { /* [onebot11.forward NAME] */
    char *name;
    char *url;   /* ws:// or wss:// */
    char *token; /* or NULL */
};

struct config_web_group { /* [web.group NAME] */
    char *name;           /* the chat is "web.g<name>" */
    char *title;
};

struct config {
    /* [xiaofeng] */
    char *district;      /* hash tag of every key */
    char *operator_name; /* who runs this, for the privacy notice; or "" */
    char *contact;       /* whom to ask about one's data; or "" */
    /* Of the web chat, for links: "https://bee.example", no slash at its end;
     * or NULL. */
    char *public_url;
    char *data_dir;         /* photos, embedded Redis */
    enum lang lang;         /* of groups, and of riders who have not chosen */
    int utc_offset_minutes; /* of dates shown; China has no summer time */
    enum log_level log_level;
    bool log_json;

    /* [privacy] */
    char *key_file; /* of base/seal.h */

    /* [server] */
    char *address;            /* NULL: every interface ("*") */
    int port;                 /* 0: a free one */
    char *tls_cert, *tls_key; /* PEM paths, or NULL */

    /* [redis] */
    char *redis_url;    /* NULL: the embedded one */
    char *redis_server; /* program of the embedded one */
    int64_t seen_ttl_ms;

    /* [onebot11] */
    char *onebot11_token; /* of reverse connections; NULL: none are taken */
    int64_t onebot11_deadline_ms;
    struct config_forward *forwards;
    size_t n_forwards;

    /* [pace]: messages a second and burst; rate 0 turns a bucket off */
    double account_rate, account_burst;
    double group_rate, group_burst;
    int64_t broadcast_jitter_ms; /* at most this between two groups */

    /* [rider]: what one rider may send */
    double rider_rate, rider_burst;

    /* [api]: what one caller, and one address, may ask for */
    double api_rate, api_burst;
    double api_peer_rate, api_peer_burst;

    /* [form]: how long a question stays open */
    int64_t form_private_ms, form_group_ms;

    /* [photo] */
    int photo_children;
    bool photo_private_urls; /* fetch from private addresses, too */
    int64_t photo_timeout_ms;
    char *photo_child; /* program of the confined child */

    /* [webhook] */
    bool webhook_private_urls; /* send to private addresses, too */

    /* [study] */
    bool study_private_urls; /* fetch feeds from private addresses, too */
    int64_t study_timeout_ms;

    /* [open311] */
    bool open311_public; /* reports may be read without an api_key */

    /* [web] */
    bool web;
    char *web_dir; /* files of the page */
    struct config_web_group *web_groups;
    size_t n_web_groups;

    /* [console] */
    bool console;
    char *console_dir;       /* files of the page */
    char *tiles_url;         /* of the map, with {z} {x} {y}; or NULL */
    char *tiles_attribution; /* said on the map; or "" */
    bool tiles_gcj02;        /* they are drawn in GCJ-02 */
};

/*
 * Reads path (NULL: defaults and environment only). Every mistake is logged
 * with file and line; ERR_INVALID when there was one, ERR_IO when the file
 * cannot be read. *out is owned.
 */
enum err config_load(const char *path, struct config **out) must_check;
/* The same of a text, called name in the log, and of another environment. */
enum err config_parse(const char *name, const char *text, size_t len,
                      char *const *env, struct config **out) must_check;
void config_free(struct config *config); /* takes NULL */
