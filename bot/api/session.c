#include "bot/api/session.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "base/token.h"
#include "bot/api/api_parts.h"
#include "bot/api/auth.h"
#include "bot/api/sign_in.h"
#include "bot/api/users.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/password.h"
#include "bot/server.h"
#include "bot/totp.h"
#include "i18n/catalog.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SECRET_BYTES 32
#define SECRET_SIZE 64
#define CODE_BYTES 16
#define LANG_BYTES 16

static struct metric m_sign_ins = METRIC_COUNTER_L(
    "xiaofeng_sign_ins_total", "Sign-ins to the console.", "result=\"ok\"");
static struct metric m_wrong = METRIC_COUNTER_L(
    "xiaofeng_sign_ins_total", "Sign-ins to the console.", "result=\"wrong\"");

/* What goes on while a call of this file waits. */
struct signing {
    struct api_call *call;
    const char *name, *password, *code;
    struct user user;
    const char *csrf;
    bool known;
    /* What becomes of it once the password was right. */
    void (*right)(struct signing *signing);
};

/* ---- the cookie ----------------------------------------------------------
 */

static bool by_https(const struct config *config) {
    return config->tls_cert != NULL ||
           (config->public_url != NULL &&
            strncasecmp(config->public_url, "https:", 6) == 0);
}

static void set_cookie(struct api_call *call, const char *secret,
                       int64_t seconds) {
    api_header(call, "Set-Cookie",
               arena_printf(&call->arena,
                            AUTH_COOKIE "=%s; Path=/; Max-Age=%lld; HttpOnly; "
                                        "SameSite=Strict%s",
                            secret, (long long)seconds,
                            by_https(call->bot->config) ? "; Secure" : ""));
}

/* A new session in txn; whoever asked gets its cookie. */
static const char *begin_session(struct api_call *call, struct txn *txn,
                                 const char *name) {
    char secret[SECRET_SIZE], csrf[SECRET_SIZE];
    token_random(secret, sizeof(secret), SECRET_BYTES);
    token_random(csrf, sizeof(csrf), SECRET_BYTES);
    session_put(txn, secret,
                &(struct session_record){
                    .user = name, .csrf = csrf, .created_ms = call->now_ms});
    set_cookie(call, secret, SESSION_MAX_MS / 1000);
    return arena_strdup(&call->arena, csrf);
}

static json_t *session_json(const struct user *user, const char *csrf) {
    return json_pack("{so ss}", "user", users_json(user), "csrf", csrf);
}

/* ---- passwords -----------------------------------------------------------
 */

static void refuse(struct signing *signing, const char *code) {
    metric_add(&m_wrong, 1);
    api_problem(signing->call, 401, code, NULL, NULL);
}

static void on_checked(void *data, enum err err) {
    struct signing *signing = data;
    if (err == ERR_DENIED || (err == OK && !signing->known)) {
        refuse(signing, "wrong");
    } else if (err != OK) {
        api_fail(signing->call, err);
    } else {
        signing->right(signing);
    }
}

static void check(struct signing *signing) {
    password_check(signing->call->bot->passwords,
                   signing->known ? signing->user.password : NULL,
                   signing->password, on_checked, signing);
}

/* The user as the store has it now, not as it was when the session was read. */
static void on_user(void *data, enum err err, const struct user *user) {
    struct signing *signing = data;
    if (err != OK && err != ERR_NOT_FOUND) {
        api_fail(signing->call, err);
        return;
    }
    signing->known = err == OK && !user->disabled && user->password[0] != '\0';
    if (signing->known)
        signing->user = *user;
    check(signing);
}

static void try_password(struct signing *signing) {
    struct api_call *call = signing->call;
    if (sign_in_may_try(call, signing->name))
        user_get(call->bot->store, &call->arena, signing->name, on_user,
                 signing);
}

static struct signing *signing_new(struct api_call *call,
                                   void (*right)(struct signing *signing)) {
    struct signing *signing = arena_alloc(&call->arena, sizeof(*signing));
    *signing = (struct signing){.call = call, .right = right};
    if (call->caller.user != NULL)
        signing->name = call->caller.user->name;
    return signing;
}

/* ---- signing in ---------------------------------------------------------- */

static void on_signed_in(void *data, const struct txn_result *result) {
    struct signing *signing = data;
    struct api_call *call = signing->call;
    if (result->err == ERR_CONFLICT) { /* the same code twice at once */
        refuse(signing, "wrong");
    } else if (result->err != OK) {
        api_fail(call, result->err);
    } else {
        metric_add(&m_sign_ins, 1);
        signing->user.version += signing->code != NULL;
        api_answer(call, session_json(&signing->user, signing->csrf), 0);
    }
}

/* A second factor, when there is one. Its steps are remembered. */
static bool check_code(struct signing *signing) {
    struct api_call *call = signing->call;
    struct user *user = &signing->user;
    if (user->totp[0] == '\0') {
        signing->code = NULL;
        return true;
    }
    if (signing->code == NULL || signing->code[0] == '\0') {
        api_problem(call, 401, "totp_needed", NULL, NULL);
        return false;
    }
    if (users_totp_ok(call, user, user->totp, signing->code))
        return true;
    refuse(signing, "wrong");
    return false;
}

static void sign_in(struct signing *signing) {
    struct api_call *call = signing->call;
    if (!check_code(signing))
        return;
    struct txn *txn = txn_new(call->bot->store);
    char *actor = arena_printf(&call->arena, "user:%s", signing->user.name);
    sign_in_was_right(call, signing->name);
    signing->csrf = begin_session(call, txn, signing->user.name);
    if (signing->code != NULL)
        user_put(txn, &signing->user);
    txn_audit(txn, actor, "sign-in", actor, "");
    txn_commit(txn, on_signed_in, signing);
}

static void post_session(struct api_call *call) {
    struct signing *signing = signing_new(call, sign_in);
    if (api_string(call, "name", USER_NAME_MAX, true, &signing->name) &&
        api_string(call, "password", PASSWORD_BYTES_MAX, true,
                   &signing->password) &&
        api_string(call, "code", CODE_BYTES, false, &signing->code))
        try_password(signing);
}

static void get_session(struct api_call *call) {
    api_answer(call, session_json(call->caller.user, call->caller.csrf), 0);
}

static void on_signed_out(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    set_cookie(call, "", 0);
    api_empty(call);
}

static void delete_session(struct api_call *call) {
    struct txn *txn = txn_new(call->bot->store);
    session_remove(txn, auth_session(&call->arena,
                                     http_field(call->request, HTTP_COOKIE)));
    txn_audit(txn, call->caller.actor, "sign-out", call->caller.actor, "");
    txn_commit(txn, on_signed_out, call);
}

/* ---- changes ------------------------------------------------------------- */

static void on_changed(void *data, const struct txn_result *result) {
    struct signing *signing = data;
    struct api_call *call = signing->call;
    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    signing->user.version++;
    api_answer(call,
               session_json(&signing->user, signing->csrf != NULL
                                                ? signing->csrf
                                                : call->caller.csrf),
               0);
}

static void change(struct signing *signing, struct txn *txn,
                   const char *action) {
    struct api_call *call = signing->call;
    user_put(txn, &signing->user);
    txn_audit(txn, call->caller.actor, action, call->caller.actor, "");
    api_happens(call, txn);
    txn_commit(txn, on_changed, signing);
}

/* Every session but the one that changed it is over. */
static void on_hashed(void *data, enum err err, const char *hash) {
    struct signing *signing = data;
    struct api_call *call = signing->call;
    if (err == ERR_INVALID) {
        api_invalid(call, "too_short", "new");
        return;
    }
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    signing->user.password = arena_strdup(&call->arena, hash);
    signing->user.sessions_ms = call->now_ms;
    signing->csrf = begin_session(call, txn, signing->user.name);
    change(signing, txn, "password");
}

static void new_password(struct signing *signing) {
    sign_in_was_right(signing->call, signing->name);
    password_hash(signing->call->bot->passwords, signing->code, on_hashed,
                  signing);
}

static void put_password(struct api_call *call) {
    struct signing *signing = signing_new(call, new_password);
    /* code: the new one */
    if (api_string(call, "old", PASSWORD_BYTES_MAX, true, &signing->password) &&
        api_string(call, "new", PASSWORD_BYTES_MAX, true, &signing->code))
        try_password(signing);
}

static void put_language(struct api_call *call) {
    struct signing *signing = signing_new(call, NULL);
    const char *tag;
    enum lang lang;
    if (!api_string(call, "lang", LANG_BYTES, true, &tag))
        return;
    if (!lang_parse(tag, &lang)) {
        api_invalid(call, "invalid", "lang");
        return;
    }
    signing->user = *call->caller.user;
    signing->user.lang = lang_tag(lang);
    change(signing, txn_new(call->bot->store), "language");
}

/* ---- one-time passwords -------------------------------------------------- */

static void on_totp_begun(void *data, const struct txn_result *result) {
    struct signing *signing = data;
    struct api_call *call = signing->call;
    const struct config *config = call->bot->config;
    if (result->err != OK) {
        api_fail(call, result->err);
        return;
    }
    char *issuer = arena_printf(&call->arena, "Xiaofeng %s", config->district);
    api_answer(call,
               json_pack("{ss ss}", "secret", signing->code, "uri",
                         totp_uri(&call->arena, signing->code, issuer,
                                  signing->user.name)),
               0);
}

/* It counts only when a code of it was shown. */
static void post_totp(struct api_call *call) {
    struct signing *signing = signing_new(call, NULL);
    struct user *user = &signing->user;
    *user = *call->caller.user;
    if (user->totp[0] != '\0') {
        api_fail(call, ERR_STATE);
        return;
    }
    signing->code = totp_secret(&call->arena);
    user->totp_new = seal_text(call->bot->seal, &call->arena,
                               users_totp_context(call, user), signing->code);
    struct txn *txn = txn_new(call->bot->store);
    user_put(txn, user);
    txn_audit(txn, call->caller.actor, "totp-begin", call->caller.actor, "");
    txn_commit(txn, on_totp_begun, signing);
}

static void put_totp(struct api_call *call) {
    struct signing *signing = signing_new(call, NULL);
    struct user *user = &signing->user;
    *user = *call->caller.user;
    if (!api_string(call, "code", CODE_BYTES, true, &signing->code))
        return;
    if (user->totp_new[0] == '\0') {
        api_fail(call, ERR_STATE);
        return;
    }
    if (!sign_in_may_try(call, user->name))
        return;
    if (!users_totp_ok(call, user, user->totp_new, signing->code)) {
        api_invalid(call, "wrong", "code");
        return;
    }
    sign_in_was_right(call, user->name);
    user->totp = user->totp_new;
    user->totp_new = "";
    change(signing, txn_new(call->bot->store), "totp");
}

static void drop_totp(struct signing *signing) {
    sign_in_was_right(signing->call, signing->name);
    signing->user.totp = signing->user.totp_new = "";
    change(signing, txn_new(signing->call->bot->store), "totp-off");
}

static void delete_totp(struct api_call *call) {
    struct signing *signing = signing_new(call, drop_totp);
    if (api_string(call, "password", PASSWORD_BYTES_MAX, true,
                   &signing->password))
        try_password(signing);
}

static const struct api_route routes[] = {
    {"POST", "/session", PERM_PUBLIC, post_session, 4096, false},
    {"GET", "/session", PERM_SIGNED_IN, get_session, 0, false},
    {"DELETE", "/session", PERM_SIGNED_IN, delete_session, 0, false},
    {"PUT", "/session/password", PERM_SIGNED_IN, put_password, 4096, false},
    {"PUT", "/session/language", PERM_SIGNED_IN, put_language, 4096, false},
    {"POST", "/session/totp", PERM_SIGNED_IN, post_totp, 4096, false},
    {"PUT", "/session/totp", PERM_SIGNED_IN, put_totp, 4096, false},
    {"DELETE", "/session/totp", PERM_SIGNED_IN, delete_totp, 4096, false},
};

void session_add_routes(struct bot *bot) {
    if (!totp_init())
        abort(); /* it has nothing to fail at */
    api_add(bot, routes, ARRAY_LEN(routes));
}
