#include "store/user.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"
#include "store/user_record.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const user_role_names[USER_ROLES] = {
    "staff", "lead",   "department", "auditor",
    "admin", "unmask", "organiser",  "approver"};

bool user_role_parse(const char *word, enum user_role *out) {
    for (int role = 0; role < USER_ROLES; role++) {
        if (strcmp(word, user_role_names[role]) != 0)
            continue;
        *out = (enum user_role)role;
        return true;
    }
    return false;
}

bool user_name_valid(const char *name) {
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-");
    return name[0] != '\0' && name[len] == '\0' && len <= USER_NAME_MAX &&
           strchr("._-", name[0]) == NULL;
}

/* ---- writing -------------------------------------------------------------
 */

/* "role unit category" in lines. */
static char *pack_grants(const struct user *user) {
    char *packed = xstrdup("");
    for (size_t i = 0; i < user->n_grants; i++) {
        const struct grant *grant = &user->grants[i];
        char *more = xasprintf("%s%s%s %s %s", packed, i == 0 ? "" : "\n",
                               user_role_names[grant->role], grant->unit,
                               grant->category);
        free(packed);
        packed = more;
    }
    return packed;
}

static void add_field(struct txn *txn, const char *name, const char *value) {
    txn_arg(txn, name);
    txn_arg(txn, value == NULL ? "" : value);
}

static void add_number(struct txn *txn, const char *name, int64_t value) {
    txn_arg(txn, name);
    txn_arg_int(txn, value);
}

void user_put(struct txn *txn, const struct user *user) {
    char *grants = pack_grants(user);
    txn_op(txn, "user_put");
    txn_key(txn, KEY_USER, user->name);
    txn_key(txn, KEY_USERS);
    txn_arg_int(txn, user->version);
    txn_arg(txn, user->name);
    txn_arg_int(txn, USERS_MAX);
    add_field(txn, "display", user->display);
    add_field(txn, "lang", user->lang);
    add_field(txn, "password", user->password);
    add_field(txn, "totp", user->totp);
    add_field(txn, "totp_new", user->totp_new);
    add_field(txn, "rider", user->rider);
    add_field(txn, "chat", user->chat);
    add_field(txn, "account", user->account);
    add_field(txn, "disabled", user->disabled ? "1" : "");
    add_number(txn, "step", user->totp_step);
    add_field(txn, "grants", grants);
    add_number(txn, "created", user->created_ms);
    add_number(txn, "sessions", user->sessions_ms);
    free(grants);
}

void user_remove(struct txn *txn, const struct user *user) {
    txn_op(txn, "user_remove");
    txn_key(txn, KEY_USER, user->name);
    txn_key(txn, KEY_USERS);
    txn_arg_int(txn, user->version);
    txn_arg(txn, user->name);
}

/* ---- reading ---- */

static bool unpack_grant(char *line, struct grant *out) {
    char *unit = strchr(line, ' ');
    char *category = unit == NULL ? NULL : strchr(unit + 1, ' ');
    if (category == NULL)
        return false;
    *unit++ = *category++ = '\0';
    out->unit = unit;
    out->category = category;
    return user_role_parse(line, &out->role) && unit[0] != '\0';
}

static void unpack_grants(char *packed, struct user *user) {
    char *save = NULL;
    for (char *line = strtok_r(packed, "\n", &save);
         line != NULL && user->n_grants < USER_GRANTS_MAX;
         line = strtok_r(NULL, "\n", &save))
        if (unpack_grant(line, &user->grants[user->n_grants]))
            user->n_grants++;
}

bool user_unpack(struct arena *arena, const struct redisReply *reply,
                 const char *name, struct user *out) {
    const char *(*text)(struct arena *, const struct redisReply *) =
        reply_string;
    if (reply_count(reply) == 0)
        return false;
    *out = (struct user){
        .name = arena_strdup(arena, name),
        .version = reply_int(reply_field(reply, "v")),
        .display = text(arena, reply_field(reply, "display")),
        .lang = text(arena, reply_field(reply, "lang")),
        .password = text(arena, reply_field(reply, "password")),
        .totp = text(arena, reply_field(reply, "totp")),
        .totp_new = text(arena, reply_field(reply, "totp_new")),
        .rider = text(arena, reply_field(reply, "rider")),
        .chat = text(arena, reply_field(reply, "chat")),
        .account = text(arena, reply_field(reply, "account")),
        .disabled = text(arena, reply_field(reply, "disabled"))[0] != '\0',
        .totp_step = reply_int(reply_field(reply, "step")),
        .created_ms = reply_int(reply_field(reply, "created")),
        .sessions_ms = reply_int(reply_field(reply, "sessions")),
    };
    unpack_grants(
        arena_strdup(arena, text(arena, reply_field(reply, "grants"))), out);
    return out->version > 0;
}

struct get_call {
    struct arena *arena;
    char name[USER_NAME_MAX + 1];
    user_read *done;
    void *data;
};

static void on_user(void *data, enum err err, const struct redisReply *reply) {
    struct get_call *call = data;
    struct user user;
    bool there = user_unpack(call->arena, reply, call->name, &user);
    if (err == OK && !there)
        err = ERR_NOT_FOUND;
    call->done(call->data, err, err == OK ? &user : NULL);
}

void user_get(struct store *store, struct arena *arena, const char *name,
              user_read *done, void *data) {
    struct get_call *call = arena_alloc(arena, sizeof(*call));
    /* No user has such a name, but somebody waits to hear so. */
    bool valid = user_name_valid(name);
    char key[USER_NAME_MAX + 16];
    *call = (struct get_call){.arena = arena, .done = done, .data = data};
    snprintf(call->name, sizeof(call->name), "%s", valid ? name : "");
    snprintf(key, sizeof(key), "@" KEY_USER, valid ? name : "");
    store_read(store, on_user, call, 2, (const char *const[]){"HGETALL", key});
}

struct list_call {
    struct store *store;
    struct arena *arena;
    struct user *users;
    char **names;
    size_t asked, read, n;
    enum err err;
    user_list *done;
    void *data;
};

static int by_name(const void *a, const void *b) {
    const struct user *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void list_end(struct list_call *call) {
    if (call->n > 1)
        qsort(call->users, call->n, sizeof(*call->users), by_name);
    call->done(call->data, call->err, call->users, call->n);
}

/* Answers come in the order of the questions. */
static void on_listed(void *data, enum err err,
                      const struct redisReply *reply) {
    struct list_call *call = data;
    const char *name = call->names[call->read++];
    if (err != OK)
        call->err = err;
    else if (user_unpack(call->arena, reply, name, &call->users[call->n]))
        call->n++;
    if (call->read == call->asked)
        list_end(call);
}

static void on_names(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = reply_count(reply);
    call->err = err;
    call->asked = n < USERS_MAX ? n : USERS_MAX;
    if (call->asked == 0) {
        list_end(call);
        return;
    }
    call->users = arena_alloc(call->arena, call->asked * sizeof(struct user));
    call->names = arena_alloc(call->arena, call->asked * sizeof(char *));
    for (size_t i = 0; i < call->asked; i++) {
        const char *name = reply_string(call->arena, reply_at(reply, i));
        char key[USER_NAME_MAX + 16];
        call->names[i] = arena_strndup(call->arena, name, USER_NAME_MAX);
        snprintf(key, sizeof(key), "@" KEY_USER, call->names[i]);
        store_read(call->store, on_listed, call, 2,
                   (const char *const[]){"HGETALL", key});
    }
}

void user_list_all(struct store *store, struct arena *arena, user_list *done,
                   void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .store = store, .arena = arena, .done = done, .data = data};
    store_read(store, on_names, call, 2,
               (const char *const[]){"SMEMBERS", "@" KEY_USERS});
}
