#include "bot/api/users.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/seal.h"
#include "base/utf8.h"
#include "bot/api/api_parts.h"
#include "bot/bot.h"
#include "bot/password.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/totp.h"
#include "i18n/catalog.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

#define DISPLAY_CHARS 40
#define DISPLAY_BYTES 240
#define LANG_BYTES 16

/* ---- what is told --------------------------------------------------------
 */

static json_t *grants_json(const struct user *user) {
    json_t *grants = json_array();
    for (size_t i = 0; i < user->n_grants; i++) {
        const struct grant *grant = &user->grants[i];
        json_array_append_new(grants, json_pack("{ss ss ss}", "role",
                                                user_role_names[grant->role],
                                                "unit", grant->unit, "category",
                                                grant->category));
    }
    return grants;
}

static json_t *permissions_json(const struct user *user) {
    struct caller caller = {.user = user};
    const char *words[32];
    json_t *out = json_array();
    access_of_user(&caller);
    size_t n = access_words(caller.permissions, words);
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out, json_string(words[i]));
    return out;
}

json_t *users_json(const struct user *user) {
    return json_pack(
        "{ss ss ss sb sb sb so so sI sI}", "name", user->name, "display",
        user->display, "lang", user->lang, "totp", user->totp[0] != '\0',
        "chat", user->chat[0] != '\0', "disabled", user->disabled, "grants",
        grants_json(user), "permissions", permissions_json(user), "version",
        (json_int_t)user->version, "created_ms", (json_int_t)user->created_ms);
}

const char *users_totp_context(struct api_call *call, const struct user *user) {
    return arena_printf(&call->arena, USER_TOTP_CONTEXT, user->name);
}

bool users_totp_ok(struct api_call *call, struct user *user, const char *sealed,
                   const char *code) {
    const char *secret = seal_open(call->bot->seal, &call->arena,
                                   users_totp_context(call, user), sealed);
    int64_t step;
    if (secret == NULL ||
        !totp_check(secret, code, call->now_ms, user->totp_step, &step))
        return false;
    user->totp_step = step;
    return true;
}

/* ---- who may what -------------------------------------------------------- */

static const struct policy *policy_of(const struct api_call *call) {
    return policies_get(call->bot->policies);
}

/* Somebody with any role where the caller administers; of those without a role,
 * only who administers everything knows. */
static bool visible(const struct api_call *call, const struct user *user) {
    for (size_t i = 0; i < user->n_grants; i++)
        if (access_covers(&call->caller, policy_of(call), PERM_USERS,
                          user->grants[i].unit, user->grants[i].unit,
                          user->grants[i].category))
            return true;
    return user->n_grants == 0 && access_covers(&call->caller, policy_of(call),
                                                PERM_USERS, "*", "*", "*");
}

/* Whether the caller could have made this user: has all they have, everywhere
 * they have it. Else a new password would give it to the caller. */
static bool may_make(const struct api_call *call, const struct user *user) {
    for (size_t i = 0; i < user->n_grants; i++) {
        const struct grant *grant = &user->grants[i];
        unsigned gives = access_of_role(grant->role);
        if (!access_may_give(&call->caller, policy_of(call), gives | PERM_USERS,
                             grant->unit, grant->category))
            return false;
    }
    return user->n_grants > 0 || access_may_give(&call->caller, policy_of(call),
                                                 PERM_USERS, "*", "*");
}

static bool is_self(const struct api_call *call, const struct user *user) {
    return call->caller.user != NULL &&
           strcmp(call->caller.user->name, user->name) == 0;
}

static bool is_admin(const struct user *user) {
    for (size_t i = 0; i < user->n_grants; i++)
        if (user->grants[i].role == USER_ADMIN)
            return true;
    return false;
}

/* ---- the list ------------------------------------------------------------ */

static void on_list(void *data, enum err err, const struct user *users,
                    size_t n) {
    struct api_call *call = data;
    const char *cursor = api_query(call, "cursor"), *last = NULL;
    size_t limit = api_limit(call), total = 0;
    bool more = false;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++) {
        if (!visible(call, &users[i]))
            continue;
        total++;
        if (strcmp(users[i].name, cursor) <= 0)
            continue;
        more = json_array_size(items) == limit;
        if (more)
            continue;
        json_array_append_new(items, users_json(&users[i]));
        last = users[i].name;
    }
    api_answer(call,
               json_pack("{so so sI}", "items", items, "next",
                         more ? json_string(last) : json_null(), "total",
                         (json_int_t)total),
               0);
}

static void get_list(struct api_call *call) {
    user_list_all(call->bot->store, &call->arena, on_list, call);
}

/* ---- one of them ----------------------------------------------------------
 */

struct change {
    struct api_call *call;
    struct user user;
    const char *action;
    const char *password; /* a new one, or NULL */
    bool created, removed;
    void (*found)(struct change *change);
};

static void on_found(void *data, enum err err, const struct user *user) {
    struct change *change = data;
    struct api_call *call = change->call;
    if (err == OK && !visible(call, user))
        err = ERR_NOT_FOUND;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    change->user = *user;
    change->found(change);
}

static void find(struct api_call *call, void (*found)(struct change *change)) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    *change = (struct change){.call = call, .found = found};
    user_get(call->bot->store, &call->arena, call->args[0], on_found, change);
}

static void show(struct change *change) {
    api_answer(change->call, users_json(&change->user), change->user.version);
}

static void get_one(struct api_call *call) {
    find(call, show);
}

/* ---- what is given ------------------------------------------------------- */

static bool category_known(const char *category) {
    bool known = strcmp(category, "*") == 0;
    for (size_t i = 0; policy_categories[i] != NULL && !known; i++)
        known = strcmp(category, policy_categories[i]) == 0;
    return known;
}

/* One element of "grants"; the word for what is wrong with it, or NULL. */
static const char *read_grant(struct api_call *call, json_t *value,
                              struct grant *out) {
    const char *role, *unit, *category = "*";
    if (json_unpack_ex(value, NULL, JSON_STRICT, "{ss ss s?s}", "role", &role,
                       "unit", &unit, "category", &category) != 0)
        return "invalid";
    if (!user_role_parse(role, &out->role))
        return "no_such_role";
    if (strcmp(unit, "*") != 0 && policy_unit(policy_of(call), unit) == NULL)
        return "no_such_unit";
    if (!category_known(category))
        return "no_such_category";
    out->unit = unit;
    out->category = category;
    return NULL;
}

static bool read_grants(struct api_call *call, struct user *user) {
    json_t *grants = json_object_get(call->json, "grants");
    const char *wrong = NULL;
    if (grants == NULL)
        return true;
    if (!json_is_array(grants))
        wrong = "array_needed";
    else if (json_array_size(grants) > USER_GRANTS_MAX)
        wrong = "too_many";
    user->n_grants = 0;
    for (size_t i = 0; wrong == NULL && i < json_array_size(grants); i++)
        wrong = read_grant(call, json_array_get(grants, i),
                           &user->grants[user->n_grants++]);
    if (wrong != NULL)
        api_invalid(call, wrong, "grants");
    return wrong == NULL;
}

static bool read_display(struct api_call *call, struct user *user) {
    const char *text;
    if (!api_string(call, "display", DISPLAY_BYTES, false, &text))
        return false;
    if (text == NULL)
        return true;
    user->display = utf8_clean(&call->arena, text, strlen(text));
    bool fits = utf8_length(user->display) <= DISPLAY_CHARS &&
                strpbrk(user->display, "\n\t") == NULL;
    if (!fits)
        api_invalid(call, "too_long", "display");
    return fits;
}

static bool read_lang(struct api_call *call, struct user *user) {
    const char *tag;
    enum lang lang;
    if (!api_string(call, "lang", LANG_BYTES, false, &tag))
        return false;
    if (tag == NULL)
        return true;
    if (!lang_parse(tag, &lang)) {
        api_invalid(call, "invalid", "lang");
        return false;
    }
    user->lang = lang_tag(lang);
    return true;
}

static bool read_disabled(struct api_call *call, struct user *user) {
    const json_t *value = json_object_get(call->json, "disabled");
    if (value == NULL)
        return true;
    if (!json_is_boolean(value)) {
        api_invalid(call, "boolean_needed", "disabled");
        return false;
    }
    user->disabled = json_is_true(value);
    return true;
}

/* Who has lost their authenticator is let in without, to set up another. */
static bool read_totp(struct api_call *call, struct user *user) {
    const json_t *value = json_object_get(call->json, "totp");
    if (value == NULL)
        return true;
    if (!json_is_false(value)) {
        api_invalid(call, "only_off", "totp");
        return false;
    }
    user->totp = user->totp_new = "";
    return true;
}

/* ---- writing -------------------------------------------------------------
 */

/* "lead:xinjiekou:* admin:*:*" */
static const char *grants_text(struct api_call *call, const struct user *user) {
    const char *text = user->disabled ? "disabled" : "";
    for (size_t i = 0; i < user->n_grants; i++)
        text = arena_printf(&call->arena, "%s%s%s:%s:%s", text,
                            text[0] == '\0' ? "" : " ",
                            user_role_names[user->grants[i].role],
                            user->grants[i].unit, user->grants[i].category);
    return text;
}

static void on_stale(void *data, enum err err, const struct user *user) {
    struct api_call *call = data;
    if (err != OK)
        api_fail(call, err);
    else if (!visible(call, user))
        api_fail(call, ERR_NOT_FOUND);
    else
        api_stale(call, users_json(user));
}

static void on_written(void *data, const struct txn_result *result) {
    struct change *change = data;
    struct api_call *call = change->call;
    change->user.version++;
    if (result->err == ERR_CONFLICT && change->created)
        api_problem(call, 409, "exists", "name", NULL);
    else if (result->err == ERR_CONFLICT)
        user_get(call->bot->store, &call->arena, change->user.name, on_stale,
                 call);
    else if (result->err != OK)
        api_fail(call, result->err);
    else if (change->created)
        api_created(call, users_json(&change->user));
    else if (change->removed || change->password != NULL)
        api_empty(call);
    else
        api_answer(call, users_json(&change->user), change->user.version);
}

static void store(struct change *change) {
    struct api_call *call = change->call;
    struct txn *txn = txn_new(call->bot->store);
    char *subject = arena_printf(&call->arena, "user:%s", change->user.name);
    if (change->removed)
        user_remove(txn, &change->user);
    else
        user_put(txn, &change->user);
    txn_audit(txn, call->caller.actor, change->action, subject,
              grants_text(call, &change->user));
    api_happens(call, txn);
    txn_commit(txn, on_written, change);
}

static void on_hashed(void *data, enum err err, const char *hash) {
    struct change *change = data;
    if (err == ERR_INVALID) {
        api_invalid(change->call, "too_short", "password");
    } else if (err != OK) {
        api_fail(change->call, err);
    } else {
        change->user.password = arena_strdup(&change->call->arena, hash);
        change->user.sessions_ms = change->call->now_ms;
        store(change);
    }
}

static void store_with_password(struct change *change) {
    if (change->password == NULL)
        store(change);
    else
        password_hash(change->call->bot->passwords, change->password, on_hashed,
                      change);
}

static void post_user(struct api_call *call) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    struct user *user = &change->user;
    *change = (struct change){
        .call = call,
        .action = "user-add",
        .created = true,
        .user = {.display = "",
                 .lang = "",
                 .password = "",
                 .totp = "",
                 .totp_new = "",
                 .rider = "",
                 .chat = "",
                 .account = "",
                 .created_ms = call->now_ms,
                 .sessions_ms = call->now_ms},
    };
    if (!api_string(call, "name", USER_NAME_MAX, true, &user->name) ||
        !api_string(call, "password", PASSWORD_BYTES_MAX, false,
                    &change->password) ||
        !read_display(call, user) || !read_lang(call, user) ||
        !read_grants(call, user))
        return;
    if (!user_name_valid(user->name))
        api_invalid(call, "invalid", "name");
    else if (!may_make(call, user))
        api_fail(call, ERR_DENIED);
    else
        store_with_password(change);
}

static bool keeps_admin(struct change *change, const struct user *before) {
    struct api_call *call = change->call;
    if (!is_self(call, before))
        return true;
    if (is_admin(before) && !is_admin(&change->user)) {
        api_invalid(call, "last_admin", "grants");
        return false;
    }
    if (change->user.disabled) {
        api_invalid(call, "self", "disabled");
        return false;
    }
    return true;
}

static void patch(struct change *change) {
    struct api_call *call = change->call;
    struct user before = change->user;
    int64_t version;
    change->action = "user-change";
    if (!may_make(call, &before)) {
        api_fail(call, ERR_DENIED);
        return;
    }
    if (!api_integer(call, "version", 1, INT64_MAX, before.version, &version) ||
        !read_display(call, &change->user) || !read_lang(call, &change->user) ||
        !read_disabled(call, &change->user) ||
        !read_totp(call, &change->user) || !read_grants(call, &change->user))
        return;
    if (version != before.version)
        api_stale(call, users_json(&before));
    else if (!may_make(call, &change->user))
        api_fail(call, ERR_DENIED);
    else if (keeps_admin(change, &before))
        store(change);
}

static void patch_user(struct api_call *call) {
    find(call, patch);
}

static void remove_it(struct change *change) {
    struct api_call *call = change->call;
    change->removed = true;
    change->action = "user-remove";
    if (!may_make(call, &change->user))
        api_fail(call, ERR_DENIED);
    else if (is_self(call, &change->user))
        api_invalid(call, "self", NULL);
    else
        store(change);
}

static void delete_user(struct api_call *call) {
    find(call, remove_it);
}

/* Ends their sessions, too; their second factor stays. */
static void set_password(struct change *change) {
    struct api_call *call = change->call;
    change->action = "user-password";
    if (!may_make(call, &change->user))
        api_fail(call, ERR_DENIED);
    else if (api_string(call, "password", PASSWORD_BYTES_MAX, true,
                        &change->password))
        store_with_password(change);
}

static void post_password(struct api_call *call) {
    find(call, set_password);
}

static const struct api_route routes[] = {
    {"GET", "/users", PERM_USERS, get_list, 0, false},
    {"POST", "/users", PERM_USERS, post_user, 0, false},
    {"GET", "/users/{name}", PERM_USERS, get_one, 0, false},
    {"PATCH", "/users/{name}", PERM_USERS, patch_user, 0, false},
    {"DELETE", "/users/{name}", PERM_USERS, delete_user, 0, false},
    {"POST", "/users/{name}/password", PERM_USERS, post_password, 4096, false},
};

void users_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
