#include "bot/api/tokens.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/token.h"
#include "base/utf8.h"
#include "bot/api/api_parts.h"
#include "bot/api/auth.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "store/txn.h"

#include <string.h>

#define NAME_CHARS 40
#define NAME_BYTES 240
#define UNIT_BYTES 64
#define WORD_BYTES 32
#define DAYS_MAX 3650
#define DAYS_DEFAULT 365
#define DAY_MS (24LL * 3600 * 1000)
#define SECRET_BYTES 32

/* A token of all is for those who may see all. */
static bool visible(const struct api_call *call,
                    const struct token_record *token) {
    return access_covers(&call->caller, policies_get(call->bot->policies),
                         PERM_TOKENS, token->unit, token->unit, "*");
}

static json_t *token_json(const struct token_record *token) {
    const char *words[32];
    unsigned permissions = 0;
    json_t *scopes = json_array();
    size_t n = access_parse(token->scopes, &permissions)
                   ? access_words(permissions, words)
                   : 0;
    for (size_t i = 0; i < n; i++)
        json_array_append_new(scopes, json_string(words[i]));
    return json_pack(
        "{ss ss so ss ss sI so}", "id", token->id, "name", token->name,
        "scopes", scopes, "unit", token->unit, "by", token->by, "created_ms",
        (json_int_t)token->created_ms, "expires_ms",
        token->expires_ms == 0 ? json_null() : json_integer(token->expires_ms));
}

static void on_list(void *data, enum err err, const struct token_record *tokens,
                    size_t n) {
    struct api_call *call = data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        if (visible(call, &tokens[i]))
            json_array_append_new(items, token_json(&tokens[i]));
    json_int_t total = (json_int_t)json_array_size(items);
    api_answer(call,
               json_pack("{so sn sI}", "items", items, "next", "total", total),
               0);
}

static void get_list(struct api_call *call) {
    api_token_list_all(call->bot->store, &call->arena, on_list, call);
}

/* ---- a new one ------------------------------------------------------------
 */

struct making {
    struct api_call *call;
    struct token_record token;
    char secret[64];
};

static bool read_scopes(struct api_call *call, struct token_record *token,
                        unsigned *permissions) {
    json_t *scopes = json_object_get(call->json, "scopes");
    const char *text = "";
    const char *wrong = json_is_array(scopes) && json_array_size(scopes) > 0
                            ? NULL
                            : "required";
    if (wrong == NULL && json_array_size(scopes) > 32)
        wrong = "too_many";
    for (size_t i = 0; wrong == NULL && i < json_array_size(scopes); i++) {
        const char *word = json_string_value(json_array_get(scopes, i));
        if (word == NULL || strlen(word) > WORD_BYTES ||
            strchr(word, ' ') != NULL)
            wrong = "no_such_scope";
        else
            text = arena_printf(&call->arena, "%s%s%s", text, i == 0 ? "" : " ",
                                word);
    }
    if (wrong == NULL &&
        (!access_parse(text, permissions) || *permissions == 0))
        wrong = "no_such_scope";
    if (wrong != NULL) {
        api_invalid(call, wrong, "scopes");
        return false;
    }
    token->scopes = access_print(&call->arena, *permissions);
    return true;
}

static bool read_name(struct api_call *call, struct token_record *token) {
    if (!api_string(call, "name", NAME_BYTES, true, &token->name))
        return false;
    token->name = utf8_clean(&call->arena, token->name, strlen(token->name));
    bool fits = token->name[0] != '\0' &&
                utf8_length(token->name) <= NAME_CHARS &&
                strpbrk(token->name, "\n\t") == NULL;
    if (!fits)
        api_invalid(call, "invalid", "name");
    return fits;
}

static bool read_unit(struct api_call *call, struct token_record *token) {
    const struct policy *policy = policies_get(call->bot->policies);
    if (!api_string(call, "unit", UNIT_BYTES, true, &token->unit))
        return false;
    bool known = strcmp(token->unit, "*") == 0 ||
                 policy_unit(policy, token->unit) != NULL;
    if (!known)
        api_invalid(call, "no_such_unit", "unit");
    return known;
}

static void on_made(void *data, const struct txn_result *result) {
    struct making *making = data;
    struct api_call *call = making->call;
    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    json_t *json = token_json(&making->token);
    json_object_set_new(json, "token", json_string(making->secret));
    api_created(call, json);
}

static void make(struct making *making) {
    struct api_call *call = making->call;
    struct token_record *token = &making->token;
    char id[API_TOKEN_ID_SIZE];
    strcpy(making->secret, AUTH_TOKEN_PREFIX);
    token_random(making->secret + strlen(AUTH_TOKEN_PREFIX),
                 sizeof(making->secret) - strlen(AUTH_TOKEN_PREFIX),
                 SECRET_BYTES);
    api_token_id(id, making->secret);
    token->id = arena_strdup(&call->arena, id);
    token->by = call->caller.actor;
    token->created_ms = call->now_ms;
    struct txn *txn = txn_new(call->bot->store);
    api_token_put(txn, making->secret, token);
    txn_audit(txn, call->caller.actor, "token-add",
              arena_printf(&call->arena, "token:%s", token->id),
              arena_printf(&call->arena, "%s: %s", token->unit, token->scopes));
    api_happens(call, txn);
    txn_commit(txn, on_made, making);
}

static void post_token(struct api_call *call) {
    struct making *making = arena_alloc(&call->arena, sizeof(*making));
    unsigned permissions;
    int64_t days;
    making->call = call;
    if (!read_name(call, &making->token) ||
        !read_scopes(call, &making->token, &permissions) ||
        !read_unit(call, &making->token) ||
        !api_integer(call, "days", 0, DAYS_MAX, DAYS_DEFAULT, &days))
        return;
    making->token.expires_ms = days == 0 ? 0 : call->now_ms + days * DAY_MS;
    /* A token gives no more than whoever makes it has. */
    if (access_may_give(&call->caller, policies_get(call->bot->policies),
                        permissions | PERM_TOKENS, making->token.unit, "*"))
        make(making);
    else
        api_fail(call, ERR_DENIED);
}

/* ---- its end -------------------------------------------------------------
 */

static void on_removed(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err == OK)
        api_empty(call);
    else
        api_fail(call, result->err);
}

static void on_found(void *data, enum err err,
                     const struct token_record *token) {
    struct api_call *call = data;
    if (err == OK && !visible(call, token))
        err = ERR_NOT_FOUND;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    api_token_remove(txn, token->id);
    txn_audit(txn, call->caller.actor, "token-remove",
              arena_printf(&call->arena, "token:%s", token->id), "");
    api_happens(call, txn);
    txn_commit(txn, on_removed, call);
}

static void delete_token(struct api_call *call) {
    api_token_find(call->bot->store, &call->arena, call->args[0], on_found,
                   call);
}

static const struct api_route routes[] = {
    {"GET", "/tokens", PERM_TOKENS, get_list, 0, false},
    {"POST", "/tokens", PERM_TOKENS, post_token, 0, false},
    {"DELETE", "/tokens/{id}", PERM_TOKENS, delete_token, 0, false},
};

void tokens_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
