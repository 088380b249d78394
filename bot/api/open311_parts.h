#pragma once

#include "base/arena.h"
#include "bot/api/access.h"
#include "bot/api/open311.h"
#include "bot/rates.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct card;
struct http_request;
struct ticket;

/*
 * Private to open311*.c:
 *
 *   open311.c           the way of a call: its path, who asks, its answer
 *   open311_form.c      what a POST brings along
 *   open311_write.c     one tree of values as JSON or as XML
 *   open311_date.c      dates of ISO 8601
 *   open311_services.c  discovery, services, their attributes
 *   open311_requests.c  reading reports
 *   open311_post.c      filing one
 */
#define OPEN311_PREFIX "/open311/v2/"
#define OPEN311_CALLS_MAX 500
#define OPEN311_BODY_BYTES (64 * 1024)
#define OPEN311_FIELDS_MAX 100
#define OPEN311_REQUESTS_MAX 1000 /* of one list, as the specification says */
#define OPEN311_SPAN_MS (90LL * 24 * 3600 * 1000) /* likewise */

enum open311_format { OPEN311_XML, OPEN311_JSON };

struct open311 {
    struct bot *bot;
    struct rates *peers, *callers;
    struct open311_call *calls;
    size_t n_calls;
};

struct form_field {
    const char *name, *value;
};

struct open311_call {
    struct open311 *open311;
    struct bot *bot;
    struct arena arena;
    struct http_request *request;
    enum open311_format format;
    bool posts;
    const char *what, *id; /* "requests", "P12"; id NULL: all of them */
    struct form_field fields[OPEN311_FIELDS_MAX]; /* of a POST */
    size_t n_fields;
    struct caller caller; /* actor NULL: anybody */
    int64_t now_ms;
    void *data; /* the handler's own, in arena */
    struct open311_call *prev, *next;
};

/* ---- open311.c ---- */

/* The last step of a call: it is freed. Takes over json. root names the whole
 * in XML. */
void open311_answer(struct open311_call *call, const char *root, json_t *json);
/* What was wrong, in English, for whoever writes the other side. */
void open311_fail(struct open311_call *call, unsigned status, const char *fmt,
                  ...) __attribute__((format(printf, 3, 4)));
void open311_fail_err(struct open311_call *call, enum err err);
/* An argument of the query or the form, or "". */
const char *open311_arg(const struct open311_call *call, const char *name);
/* then is called with call->caller filled in: needed, or only if there is a
 * key. */
void open311_authenticate(struct open311_call *call, bool needed,
                          void (*then)(struct open311_call *call));
/* Whether whoever asks may know of a report of these. */
bool open311_covers(const struct open311_call *call, const char *unit,
                    const char *community, const char *category);
/* A text in the language of the district. */
const char *open311_text(const struct open311_call *call, const char *key);

/* ---- open311_form.c ---- */

/* application/x-www-form-urlencoded; false when it is not, or too much. */
bool open311_form(struct open311_call *call, const char *body, size_t len);

/* ---- open311_write.c ---- */

/* XML: members are elements; an array is an element of its name with one
 * element an item, named as the specification names them. */
void open311_write(struct buf *out, enum open311_format format,
                   const char *root, const json_t *json);
/* A text without what neither format may hold; NULL and "" become null. */
json_t *open311_string(struct arena *arena, const char *text);

/* ---- open311_date.c ---- */

/* "2026-11-22T15:04:05+08:00"; ms 0: null */
json_t *open311_date(int64_t ms, int utc_offset_minutes);
/* The same, with Z, fractions, or a date alone; false when it is none. */
bool open311_parse_date(const char *text, int utc_offset_minutes, int64_t *ms);

/* ---- open311_services.c ---- */

/* A category of reports, which is a service here. */
bool open311_is_service(const char *code);
const char *open311_service_name(const struct open311_call *call,
                                 const char *code);

/* A question about a report of a service. */
struct open311_attribute {
    const char *code;
    const char *service;  /* NULL: of all */
    const char *datatype; /* "string", "singlevaluelist" */
    const char *key;      /* of its text */
    struct {
        const char *value, *key;
    } values[4]; /* of a list; the last one is NULL */
};
extern const struct open311_attribute open311_attributes[];
extern const size_t n_open311_attributes;

void open311_get_discovery(struct open311_call *call);
void open311_get_services(struct open311_call *call);

/* ---- open311_requests.c, open311_post.c ---- */
void open311_get_requests(struct open311_call *call);
void open311_post_request(struct open311_call *call);
