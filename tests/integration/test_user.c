/* Users, sessions, tokens and claims in a real Redis. */
#include "store/user.h"

#include "base/mem.h"
#include "base/token.h"
#include "store/claim.h"
#include "store/txn.h"
#include "tests/integration/store_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define commit store_fixture_commit
#define redis store_fixture_redis

static struct user wang(void) {
    return (struct user){
        .name = "wang",
        .display = "王社工",
        .lang = "zh-CN",
        .password = "$argon2id$…",
        .totp = "k1:abc",
        .totp_new = "k1:def",
        .rider = "qq.1",
        .chat = "qq.u1",
        .account = "qq.1000",
        .totp_step = 56000000,
        .grants = {{USER_LEAD, "xinjiekou", "*"}, {USER_UNMASK, "*", "wage"}},
        .n_grants = 2,
        .created_ms = 1000,
        .sessions_ms = 2000,
    };
}

static enum err put(struct store_fixture *f, const struct user *user) {
    struct txn *txn = txn_new(f->store);
    user_put(txn, user);
    return commit(f, txn);
}

/* What was read last. */
static struct user read_user;
static struct session_record read_session;
static struct token_record read_token;
static size_t read_n;
static char read_names[8][40];

static void on_user(void *data, enum err err, const struct user *user) {
    struct store_fixture *f = data;
    f->done = true;
    f->err = err;
    assert_true((user != NULL) == (err == OK));
    if (user != NULL)
        read_user = *user;
}

static enum err get(struct store_fixture *f, const char *name) {
    user_get(f->store, &f->arena, name, on_user, f);
    store_fixture_wait(f);
    return f->err;
}

static void test_names(void **state) {
    (void)state;
    assert_true(user_name_valid("wang"));
    assert_true(user_name_valid("a.b-c_9"));
    assert_true(user_name_valid("12345678901234567890123456789012"));
    assert_false(user_name_valid("123456789012345678901234567890123"));
    assert_false(user_name_valid(""));
    assert_false(user_name_valid("."));
    assert_false(user_name_valid("..a"));
    assert_false(user_name_valid("Wang"));
    assert_false(user_name_valid("a b"));
    assert_false(user_name_valid("a:b"));
    assert_false(user_name_valid("王"));
}

static void test_user(void **state) {
    struct store_fixture *f = *state;
    struct user user = wang();
    assert_int_equal(get(f, "wang"), ERR_NOT_FOUND);
    assert_int_equal(get(f, "no such name!"), ERR_NOT_FOUND);
    assert_int_equal(put(f, &user), OK);
    assert_int_equal(get(f, "wang"), OK);
    assert_int_equal(read_user.version, 1);
    assert_string_equal(read_user.name, "wang");
    assert_string_equal(read_user.display, "王社工");
    assert_string_equal(read_user.lang, "zh-CN");
    assert_string_equal(read_user.password, "$argon2id$…");
    assert_string_equal(read_user.totp, "k1:abc");
    assert_string_equal(read_user.totp_new, "k1:def");
    assert_string_equal(read_user.rider, "qq.1");
    assert_string_equal(read_user.chat, "qq.u1");
    assert_string_equal(read_user.account, "qq.1000");
    assert_false(read_user.disabled);
    assert_int_equal(read_user.totp_step, 56000000);
    assert_int_equal(read_user.created_ms, 1000);
    assert_int_equal(read_user.sessions_ms, 2000);
    assert_int_equal(read_user.n_grants, 2);
    assert_int_equal(read_user.grants[0].role, USER_LEAD);
    assert_string_equal(read_user.grants[0].unit, "xinjiekou");
    assert_string_equal(read_user.grants[0].category, "*");
    assert_int_equal(read_user.grants[1].role, USER_UNMASK);
    assert_string_equal(read_user.grants[1].category, "wage");
    /* Only who has read it last may write it. */
    assert_int_equal(put(f, &user), ERR_CONFLICT);
    user = read_user;
    user.disabled = true;
    user.n_grants = 0;
    assert_int_equal(put(f, &user), OK);
    assert_int_equal(put(f, &user), ERR_CONFLICT);
    assert_int_equal(get(f, "wang"), OK);
    assert_int_equal(read_user.version, 2);
    assert_true(read_user.disabled);
    assert_int_equal(read_user.n_grants, 0);
    /* The same when it goes. */
    struct txn *txn = txn_new(f->store);
    user_remove(txn, &user);
    assert_int_equal(commit(f, txn), ERR_CONFLICT);
    txn = txn_new(f->store);
    user_remove(txn, &read_user);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(get(f, "wang"), ERR_NOT_FOUND);
    assert_int_equal(redis(f, "EXISTS {test}:users"), 0);
    txn = txn_new(f->store);
    user_remove(txn, &(struct user){.name = "wang"});
    assert_int_equal(commit(f, txn), ERR_CONFLICT);
}

static void on_users(void *data, enum err err, const struct user *users,
                     size_t n) {
    struct store_fixture *f = data;
    f->done = true;
    f->err = err;
    read_n = n;
    for (size_t i = 0; i < n && i < ARRAY_LEN(read_names); i++)
        snprintf(read_names[i], sizeof(read_names[i]), "%s", users[i].name);
}

static void test_list(void **state) {
    static const char *const names[] = {"zhao", "li", "wang"};
    struct store_fixture *f = *state;
    user_list_all(f->store, &f->arena, on_users, f);
    store_fixture_wait(f);
    assert_int_equal(read_n, 0);
    for (size_t i = 0; i < 3; i++) {
        struct user user = wang();
        user.name = names[i];
        assert_int_equal(put(f, &user), OK);
    }
    user_list_all(f->store, &f->arena, on_users, f);
    store_fixture_wait(f);
    assert_int_equal(f->err, OK);
    assert_int_equal(read_n, 3);
    assert_string_equal(read_names[0], "li");
    assert_string_equal(read_names[1], "wang");
    assert_string_equal(read_names[2], "zhao");
}

static void test_there_are_not_more_than_many(void **state) {
    struct store_fixture *f = *state;
    for (int i = 0; i < USERS_MAX; i += 500) {
        struct txn *txn = txn_new(f->store);
        for (int j = i; j < i + 500; j++) {
            char name[16];
            snprintf(name, sizeof(name), "u%d", j);
            struct user user = wang();
            user.name = name;
            user_put(txn, &user);
        }
        assert_int_equal(commit(f, txn), OK);
    }
    struct user user = wang();
    assert_int_equal(put(f, &user), ERR_LIMIT);
    assert_int_equal(get(f, "u5"), OK);
    assert_int_equal(put(f, &read_user), OK); /* one that is there */
    user_list_all(f->store, &f->arena, on_users, f);
    store_fixture_wait(f);
    assert_int_equal(read_n, USERS_MAX);
}

/* ---- sessions ---- */

static void on_session(void *data, enum err err,
                       const struct session_record *session,
                       const struct user *user) {
    struct store_fixture *f = data;
    f->done = true;
    f->err = err;
    assert_true((user != NULL) == (err == OK));
    assert_true((session != NULL) == (err == OK));
    if (user != NULL) {
        read_user = *user;
        read_session = *session;
    }
}

static enum err ask(struct store_fixture *f, const char *secret) {
    session_get(f->store, &f->arena, secret, on_session, f);
    store_fixture_wait(f);
    return f->err;
}

static void begin(struct store_fixture *f, const char *secret, int64_t at_ms) {
    struct txn *txn = txn_new(f->store);
    session_put(txn, secret, &(struct session_record){"wang", "csrf1", at_ms});
    assert_int_equal(commit(f, txn), OK);
}

static void test_session(void **state) {
    struct store_fixture *f = *state;
    struct user user = wang();
    char hash[TOKEN_HASH_SIZE];
    assert_int_equal(ask(f, "s1"), ERR_NOT_FOUND);
    begin(f, "s1", 2000);
    assert_int_equal(ask(f, "s1"), ERR_NOT_FOUND); /* no such user */
    assert_int_equal(put(f, &user), OK);
    assert_int_equal(ask(f, "s1"), OK);
    assert_string_equal(read_session.user, "wang");
    assert_string_equal(read_session.csrf, "csrf1");
    assert_int_equal(read_session.created_ms, 2000);
    assert_string_equal(read_user.display, "王社工");
    /* The secret itself is nowhere. */
    token_hash(hash, "s1");
    assert_int_equal(redis(f, "EXISTS {test}:session:%s", hash), 1);
    assert_in_range(redis(f, "PTTL {test}:session:%s", hash), 1,
                    SESSION_IDLE_MS);
    /* It lives on when it is used. */
    redis(f, "PEXPIRE {test}:session:%s 60000", hash);
    assert_int_equal(ask(f, "s1"), OK);
    store_fixture_wait_up(f);
    assert_in_range(redis(f, "PTTL {test}:session:%s", hash), 60001,
                    SESSION_IDLE_MS);
    /* One that was begun before the password changed is over. */
    begin(f, "s0", 1999);
    assert_int_equal(ask(f, "s0"), ERR_NOT_FOUND);
    user = read_user;
    user.disabled = true;
    assert_int_equal(put(f, &user), OK);
    assert_int_equal(ask(f, "s1"), ERR_NOT_FOUND);
    user.version++;
    user.disabled = false;
    assert_int_equal(put(f, &user), OK);
    assert_int_equal(ask(f, "s1"), OK);
    struct txn *txn = txn_new(f->store);
    session_remove(txn, "s1");
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(ask(f, "s1"), ERR_NOT_FOUND);
}

/* ---- tokens ---- */

static void on_token(void *data, enum err err,
                     const struct token_record *token) {
    struct store_fixture *f = data;
    f->done = true;
    f->err = err;
    assert_true((token != NULL) == (err == OK));
    if (token != NULL)
        read_token = *token;
}

static enum err show(struct store_fixture *f, const char *secret) {
    api_token_get(f->store, &f->arena, secret, on_token, f);
    store_fixture_wait(f);
    return f->err;
}

static enum err find(struct store_fixture *f, const char *id) {
    api_token_find(f->store, &f->arena, id, on_token, f);
    store_fixture_wait(f);
    return f->err;
}

static void on_tokens(void *data, enum err err,
                      const struct token_record *tokens, size_t n) {
    struct store_fixture *f = data;
    f->done = true;
    f->err = err;
    read_n = n;
    for (size_t i = 0; i < n && i < ARRAY_LEN(read_names); i++)
        snprintf(read_names[i], sizeof(read_names[i]), "%s", tokens[i].name);
}

static enum err put_token(struct store_fixture *f, const char *secret,
                          const char *name, int64_t created_ms) {
    struct txn *txn = txn_new(f->store);
    api_token_put(txn, secret,
                  &(struct token_record){.name = name,
                                         .scopes = "tickets:read open311",
                                         .unit = "qinhuai",
                                         .by = "user:wang",
                                         .created_ms = created_ms,
                                         .expires_ms = 9000});
    return commit(f, txn);
}

static void test_token(void **state) {
    struct store_fixture *f = *state;
    char id[API_TOKEN_ID_SIZE];
    api_token_id(id, "xf_1");
    assert_true(api_token_id_valid(id));
    assert_false(api_token_id_valid("t"));
    assert_false(api_token_id_valid("../../../../etc/"));
    assert_int_equal(show(f, "xf_1"), ERR_NOT_FOUND);
    assert_int_equal(put_token(f, "xf_1", "城运中心", 200), OK);
    assert_int_equal(put_token(f, "xf_1", "again", 200), ERR_CONFLICT);
    assert_int_equal(put_token(f, "xf_2", "earlier", 100), OK);
    assert_int_equal(show(f, "xf_1"), OK);
    assert_string_equal(read_token.id, id);
    assert_string_equal(read_token.name, "城运中心");
    assert_string_equal(read_token.scopes, "tickets:read open311");
    assert_string_equal(read_token.unit, "qinhuai");
    assert_string_equal(read_token.by, "user:wang");
    assert_int_equal(read_token.created_ms, 200);
    assert_int_equal(read_token.expires_ms, 9000);
    assert_int_equal(show(f, "xf_3"), ERR_NOT_FOUND);
    assert_int_equal(find(f, id), OK);
    assert_int_equal(find(f, "t0"), ERR_NOT_FOUND);
    /* Another secret of the same id, if anybody found one. */
    redis(f, "HSET {test}:token:%s hash 00", id);
    assert_int_equal(show(f, "xf_1"), ERR_NOT_FOUND);
    api_token_list_all(f->store, &f->arena, on_tokens, f);
    store_fixture_wait(f);
    assert_int_equal(read_n, 2);
    assert_string_equal(read_names[0], "earlier");
    struct txn *txn = txn_new(f->store);
    api_token_remove(txn, id);
    assert_int_equal(commit(f, txn), OK);
    txn = txn_new(f->store);
    api_token_remove(txn, id);
    assert_int_equal(commit(f, txn), ERR_NOT_FOUND);
    assert_int_equal(find(f, id), ERR_NOT_FOUND);
    assert_int_equal(redis(f, "SCARD {test}:tokens"), 1);
}

/* ---- claims ---- */

static enum claim_state claim_state;
static bool claim_same;
static char claim_answer[64];

static void on_claim(void *data, enum err err,
                     const struct claim_found *found) {
    struct store_fixture *f = data;
    f->done = true;
    f->err = err;
    claim_state = found->state;
    claim_same = found->same;
    snprintf(claim_answer, sizeof(claim_answer), "%.*s", (int)found->answer_len,
             found->answer ? found->answer : "");
}

static enum err take(struct store_fixture *f, const struct claim *claim) {
    claim_take(f->store, &f->arena, claim, on_claim, f);
    store_fixture_wait(f);
    return f->err;
}

static void test_claim(void **state) {
    struct store_fixture *f = *state;
    char one[TOKEN_HASH_SIZE], other[TOKEN_HASH_SIZE];
    token_hash(one, "one");
    token_hash(other, "other");
    const struct claim claim = {"k1", one}, changed = {"k1", other};
    assert_int_equal(take(f, &claim), OK);
    assert_in_range(redis(f, "PTTL {test}:claim:k1"), 1, CLAIM_RUNNING_MS);
    assert_int_equal(take(f, &claim), ERR_DUPLICATE);
    assert_int_equal(claim_state, CLAIM_RUNNING);
    assert_true(claim_same);
    assert_int_equal(take(f, &changed), ERR_DUPLICATE);
    assert_false(claim_same);
    struct txn *txn = txn_new(f->store);
    claim_happened(txn, &claim);
    assert_int_equal(commit(f, txn), OK);
    assert_in_range(redis(f, "PTTL {test}:claim:k1"), CLAIM_RUNNING_MS + 1,
                    CLAIM_KEPT_MS);
    assert_int_equal(take(f, &claim), ERR_DUPLICATE);
    assert_int_equal(claim_state, CLAIM_HAPPENED);
    txn = txn_new(f->store);
    claim_answered(txn, &claim, "201 {\"a\": 1}", 12);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(take(f, &claim), ERR_DUPLICATE);
    assert_int_equal(claim_state, CLAIM_ANSWERED);
    assert_string_equal(claim_answer, "201 {\"a\": 1}");
    txn = txn_new(f->store);
    claim_drop(txn, &claim);
    assert_int_equal(commit(f, txn), OK);
    assert_int_equal(take(f, &changed), OK);
}

int main(void) {
#define TEST(f)                                                                \
    cmocka_unit_test_setup_teardown(f, store_fixture_setup,                    \
                                    store_fixture_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        TEST(test_user),
        TEST(test_list),
        TEST(test_there_are_not_more_than_many),
        TEST(test_session),
        TEST(test_token),
        TEST(test_claim),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
