#include "store/reseal.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/signup_fields.h"
#include "store/txn.h"
#include "store/user.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP "100" /* things a step */
#define KEY_SIZE 128

const char *const reseal_names[RESEAL_KINDS] = {"tickets", "webhooks", "users",
                                                "signups"};

struct reseal;

/* Where the sealed values of a kind are. */
struct place {
    enum reseal_kind kind;
    const char *scan, *index; /* what finds the ids, and where */
    size_t stride;            /* elements of an answer for each id */
    void (*read)(struct reseal *reseal, const char *id, const char *value);
};

/* One value or list of a thing on its way from the store. */
struct value_call {
    struct reseal *reseal;
    const char *context;
    char key[KEY_SIZE];
    const char *field; /* NULL: a list */
};

struct reseal {
    struct reseal_options options;
    const struct seal *seal;
    struct reseal_count counts[RESEAL_KINDS];
    size_t place;
    char cursor[24];
    struct arena arena; /* of a step */
    size_t waiting;     /* for reads and writes of the step */
    enum err err;
};

static const struct place *place_of(const struct reseal *reseal);
static void step(struct reseal *reseal);

static struct reseal_count *count_of(struct reseal *reseal) {
    return &reseal->counts[place_of(reseal)->kind];
}

static void finish(struct reseal *reseal) {
    reseal->options.done(reseal->options.data, reseal->err, reseal->counts);
    arena_finish(&reseal->arena);
    free(reseal);
}

/* One of those that were under way has ended. */
static void one_less(struct reseal *reseal) {
    if (--reseal->waiting > 0)
        return;
    if (reseal->options.progress != NULL)
        reseal->options.progress(reseal->options.data, reseal->counts);
    arena_finish(&reseal->arena);
    if (strcmp(reseal->cursor, "0") == 0)
        reseal->place++;
    if (reseal->err != OK || place_of(reseal) == NULL)
        finish(reseal);
    else
        step(reseal);
}

/* ---- a value ------------------------------------------------------------ */

struct write_call {
    struct reseal *reseal;
    int64_t values;
};

static void on_written(void *data, const struct txn_result *result) {
    struct write_call *call = data;
    struct reseal *reseal = call->reseal;
    if (result->err == OK)
        count_of(reseal)->renewed += call->values;
    else if (result->err != ERR_CONFLICT)
        reseal->err = result->err;
    one_less(reseal);
}

static void write_txn(struct reseal *reseal, struct txn *txn, int64_t values) {
    struct write_call *call = arena_alloc(&reseal->arena, sizeof(*call));
    *call = (struct write_call){reseal, values};
    reseal->waiting++;
    txn_commit(txn, on_written, call);
}

/* What is sealed stands at the end, behind fields that are not, if any. The
 * value as it should be, or NULL when nothing is to be done. */
static char *renew(struct reseal *reseal, const char *context,
                   const char *value) {
    struct reseal_count *count = count_of(reseal);
    const char *last = strrchr(value, '\x1f');
    const char *sealed = last == NULL ? value : last + 1;
    if (sealed[0] == '\0')
        return NULL;
    count->values++;
    if (!seal_is_old(reseal->seal, sealed))
        return NULL;
    const char *text = seal_open(reseal->seal, &reseal->arena, context, sealed);
    if (text == NULL) {
        count->lost++;
        return NULL;
    }
    count->old++;
    if (reseal->options.only_count)
        return NULL;
    return arena_printf(&reseal->arena, "%.*s%s", (int)(sealed - value), value,
                        seal_text(reseal->seal, &reseal->arena, context, text));
}

static void renew_field(struct reseal *reseal, const char *key,
                        const char *field, const char *context,
                        const char *value) {
    const char *renewed = renew(reseal, context, value);
    if (renewed == NULL)
        return;
    struct txn *txn = txn_new(reseal->options.store);
    txn_op(txn, "reseal_field");
    txn_key(txn, "%s", key);
    txn_arg(txn, field);
    txn_arg(txn, value);
    txn_arg(txn, renewed);
    write_txn(reseal, txn, 1);
}

static void on_field(void *data, enum err err, const struct redisReply *reply) {
    struct value_call *call = data;
    struct reseal *reseal = call->reseal;
    if (err != OK)
        reseal->err = err;
    else
        renew_field(reseal, call->key, call->field, call->context,
                    reply_string(&reseal->arena, reply));
    one_less(reseal);
}

/* The whole list in one transaction. */
static void on_list(void *data, enum err err, const struct redisReply *reply) {
    struct value_call *call = data;
    struct reseal *reseal = call->reseal;
    struct txn *txn = NULL;
    int64_t values = 0;
    if (err != OK)
        reseal->err = err;
    for (size_t i = 0; err == OK && i < reply_count(reply); i++) {
        const char *value = reply_string(&reseal->arena, reply_at(reply, i));
        const char *renewed = renew(reseal, call->context, value);
        if (renewed == NULL)
            continue;
        if (txn == NULL)
            txn = txn_new(reseal->options.store);
        txn_op(txn, "reseal_entry");
        txn_key(txn, "%s", call->key);
        txn_arg_int(txn, (int64_t)i);
        txn_arg(txn, value);
        txn_arg(txn, renewed);
        values++;
    }
    if (txn != NULL)
        write_txn(reseal, txn, values);
    one_less(reseal);
}

/* field NULL: the list. */
static void read_value(struct reseal *reseal, const char *key,
                       const char *field, const char *context) {
    struct value_call *call = arena_alloc(&reseal->arena, sizeof(*call));
    char tagged[KEY_SIZE + 1];
    *call = (struct value_call){
        .reseal = reseal, .context = context, .field = field};
    snprintf(call->key, sizeof(call->key), "%s", key);
    snprintf(tagged, sizeof(tagged), "@%s", key);
    reseal->waiting++;
    if (field != NULL)
        store_read(reseal->options.store, on_field, call, 3,
                   (const char *const[]){"HGET", tagged, field});
    else
        store_read(reseal->options.store, on_list, call, 4,
                   (const char *const[]){"LRANGE", tagged, "0", "-1"});
}

/* ---- things that have sealed values ------------------------------------- */

static void read_ticket(struct reseal *reseal, const char *id,
                        const char *value) {
    char key[KEY_SIZE];
    const char *log = arena_printf(&reseal->arena, "log:%s", id);
    (void)value;
    snprintf(key, sizeof(key), KEY_TICKET, id);
    read_value(reseal, key, "private",
               arena_printf(&reseal->arena, "ticket:%s", id));
    snprintf(key, sizeof(key), KEY_TICKET_LOG, id);
    read_value(reseal, key, NULL, log);
    snprintf(key, sizeof(key), KEY_TICKET_NOTES, id);
    read_value(reseal, key, NULL, log);
}

static void read_webhook(struct reseal *reseal, const char *id,
                         const char *value) {
    renew_field(reseal, KEY_WEBHOOKS, id,
                arena_printf(&reseal->arena, "webhook:%s", id), value);
}

static void read_user(struct reseal *reseal, const char *id,
                      const char *value) {
    char key[KEY_SIZE];
    (void)value;
    snprintf(key, sizeof(key), KEY_USER, id);
    const char *context = arena_printf(&reseal->arena, USER_TOTP_CONTEXT, id);
    read_value(reseal, key, "totp", context);
    read_value(reseal, key, "totp_new", context);
}

/* "E12 qq.1" */
static void read_signup(struct reseal *reseal, const char *id,
                        const char *value) {
    char key[KEY_SIZE];
    const char *event = arena_strndup(&reseal->arena, id, strcspn(id, " "));
    const char *rider = strchr(id, ' ');
    (void)value;
    if (rider == NULL)
        return;
    snprintf(key, sizeof(key), KEY_SIGNUP, event, rider + 1);
    read_value(reseal, key, "private",
               signup_context(&reseal->arena, event, rider + 1));
}

static const struct place places[] = {
    {RESEAL_TICKETS, "ZSCAN", "@" KEY_OPEN, 2, read_ticket},
    {RESEAL_TICKETS, "ZSCAN", "@" KEY_ENDED, 2, read_ticket},
    {RESEAL_WEBHOOKS, "HSCAN", "@" KEY_WEBHOOKS, 2, read_webhook},
    {RESEAL_USERS, "SSCAN", "@" KEY_USERS, 1, read_user},
    {RESEAL_SIGNUPS, "ZSCAN", "@" KEY_EVENT_PRIVATE, 2, read_signup},
};

/* NULL behind the last one. */
static const struct place *place_of(const struct reseal *reseal) {
    return reseal->place < ARRAY_LEN(places) ? &places[reseal->place] : NULL;
}

/* ---- steps -------------------------------------------------------------- */

static void on_scanned(void *data, enum err err,
                       const struct redisReply *reply) {
    struct reseal *reseal = data;
    const struct place *place = place_of(reseal);
    const struct redisReply *ids = reply_at(reply, 1);
    if (err != OK)
        reseal->err = err;
    snprintf(reseal->cursor, sizeof(reseal->cursor), "%s",
             reply_string(&reseal->arena, reply_at(reply, 0)));
    for (size_t i = 0; err == OK && i < reply_count(ids); i += place->stride)
        place->read(reseal, reply_string(&reseal->arena, reply_at(ids, i)),
                    reply_string(&reseal->arena, reply_at(ids, i + 1)));
    one_less(reseal);
}

static void step(struct reseal *reseal) {
    const struct place *place = place_of(reseal);
    reseal->waiting = 1;
    store_read(reseal->options.store, on_scanned, reseal, 5,
               (const char *const[]){place->scan, place->index, reseal->cursor,
                                     "COUNT", STEP});
}

void reseal_all(const struct reseal_options *options) {
    struct reseal *reseal = xcalloc(1, sizeof(*reseal));
    reseal->options = *options;
    reseal->seal = options->store->options.seal;
    snprintf(reseal->cursor, sizeof(reseal->cursor), "0");
    arena_init(&reseal->arena);
    step(reseal);
}
