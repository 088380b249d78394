#include "bot/audience_result.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct part {
    size_t number, n;
    struct buf chats; /* one after the other, each with its NUL */
    const char *accounts, *lang;
    UT_hash_handle hh;
    char name[]; /* accounts and lang, each with its NUL */
};

struct result {
    struct audience audience; /* first: it is what others have of it */
    struct part **parts;
    struct part *by_name;
    char **tags;
    /* What audience_next() has given. */
    size_t part, at;
    const char **run;
    size_t run_size;
};

static struct result *result_of(struct audience *audience) {
    return (struct result *)(void *)audience;
}

struct audience *audience_new(void) {
    struct result *result = xcalloc(1, sizeof(*result));
    return &result->audience;
}

void audience_free(struct audience *audience) {
    if (audience == NULL)
        return;
    struct result *result = result_of(audience);
    HASH_CLEAR(hh, result->by_name);
    for (size_t i = 0; i < audience->n_parts; i++) {
        buf_finish(&result->parts[i]->chats);
        free(result->parts[i]);
    }
    for (size_t i = 0; i < audience->n_tags; i++)
        free(result->tags[i]);
    free(result->tags);
    free(result->parts);
    free(result->run);
    free(result);
}

/* ---- filling -------------------------------------------------------------
 */

static struct part *add_part(struct result *result, const char *accounts,
                             const char *lang, size_t name_size) {
    struct part *part = xcalloc(1, sizeof(*part) + name_size);
    size_t n = result->audience.n_parts++;
    char *second = stpcpy(part->name, accounts) + 1;
    memcpy(second, lang, strlen(lang) + 1);
    part->accounts = part->name;
    part->lang = second;
    part->number = n;
    buf_init(&part->chats);
    HASH_ADD_KEYPTR(hh, result->by_name, part->name, name_size, part);
    result->parts = xrealloc(result->parts, (n + 1) * sizeof(struct part *));
    result->parts[n] = part;
    return part;
}

size_t audience_part(struct audience *audience, const char *accounts,
                     const char *lang) {
    struct result *result = result_of(audience);
    struct part *part;
    size_t first = strlen(accounts) + 1, second = strlen(lang) + 1;
    char *name = xmalloc(first + second);
    memcpy(name, accounts, first);
    memcpy(name + first, lang, second);
    HASH_FIND(hh, result->by_name, name, first + second, part);
    free(name);
    if (part == NULL)
        part = add_part(result, accounts, lang, first + second);
    return part->number;
}

void audience_add(struct audience *audience, size_t part, const char *chat) {
    struct part *to = result_of(audience)->parts[part];
    buf_add(&to->chats, chat, strlen(chat) + 1);
    to->n++;
    audience->n++;
}

void audience_keep_tags(struct audience *audience, const char *const *tags,
                        size_t n) {
    struct result *result = result_of(audience);
    result->tags = xcalloc(n + 1, sizeof(*result->tags));
    for (size_t i = 0; i < n; i++)
        result->tags[i] = xstrdup(tags[i]);
    audience->tags = (const char *const *)result->tags;
    audience->n_tags = n;
}

/* ---- reading -------------------------------------------------------------
 */

static void reserve_run(struct result *result, size_t max) {
    if (max <= result->run_size)
        return;
    result->run = xrealloc(result->run, max * sizeof(*result->run));
    result->run_size = max;
}

bool audience_next(struct audience *audience, size_t max,
                   struct audience_run *out) {
    struct result *result = result_of(audience);
    size_t n = 0;
    while (result->part < audience->n_parts &&
           result->at == result->parts[result->part]->chats.len) {
        result->part++;
        result->at = 0;
    }
    if (result->part == audience->n_parts || max == 0) {
        result->part = result->at = 0;
        return false;
    }
    struct part *part = result->parts[result->part];
    reserve_run(result, max < part->n ? max : part->n);
    while (n < max && result->at < part->chats.len) {
        result->run[n] = part->chats.data + result->at;
        result->at += strlen(result->run[n++]) + 1;
    }
    *out = (struct audience_run){.part = part->number,
                                 .part_n = part->n,
                                 .accounts = part->accounts,
                                 .lang = part->lang,
                                 .chats = result->run,
                                 .n = n};
    return true;
}
