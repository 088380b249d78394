#include "tests/integration/staff_fixture.h"

#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/api/staff.h"
#include "bot/board.h"
#include "bot/desk.h"
#include "bot/policies.h"
#include "bot/work.h"
#include "store/document.h"
#include "store/store.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CSRF "csrf-of-the-test"

static const char organisation[] =
    "{\"units\":["
    "{\"id\":\"qinhuai\",\"name\":\"秦淮区\",\"kind\":\"district\"},"
    "{\"id\":\"committee\",\"name\":\"行业党委\",\"kind\":\"industry\","
    "\"level\":5,\"parent\":\"qinhuai\"},"
    "{\"id\":\"branch\",\"name\":\"联合支部\",\"kind\":\"branch\",\"level\":3,"
    "\"parent\":\"committee\"},"
    "{\"id\":\"xinjiekou\",\"name\":\"新街口社区\",\"kind\":\"community\","
    "\"parent\":\"branch\"},"
    "{\"id\":\"fuzimiao\",\"name\":\"夫子庙社区\",\"kind\":\"community\","
    "\"parent\":\"branch\"},"
    "{\"id\":\"chengguan\",\"name\":\"城管局\",\"kind\":\"department\","
    "\"parent\":\"qinhuai\"}]}";
static const char routing[] =
    "{\"default\":\"xinjiekou\",\"rules\":["
    "{\"community\":\"*\",\"category\":\"sanitation\","
    "\"unit\":\"chengguan\"}]}";

static const char config[] = "[api]\nrate = 0\nburst = 10000\npeer_rate = 0\n";

static void put_document(struct staff_fixture *f, const char *name,
                         const char *json) {
    struct txn *txn = txn_new(f->engine->bot.store);

    document_put(txn, &(struct document){.name = name,
                                         .json = json,
                                         .json_len = strlen(json),
                                         .by = "system",
                                         .at_ms = 1});
    assert_int_equal(engine_commit(f->engine, txn), OK);
}

static void on_refreshed(void *data) {
    *(bool *)data = true;
}

int staff_setup(void **state) {
    struct staff_fixture *f = xcalloc(1, sizeof(*f));
    bool refreshed = false;

    arena_init(&f->arena);
    f->engine = engine_new(&(struct engine_options){.config = config});
    struct bot *bot = &f->engine->bot;
    put_document(f, "organisation", organisation);
    put_document(f, "routing", routing);
    policies_refresh(bot->policies, on_refreshed, &refreshed);
    ENGINE_UNTIL(f->engine, refreshed);
    bot->api = api_new(bot);
    staff_start(bot);
    api_serve(bot);
    assert_int_equal(loop_listen(bot->loop, "127.0.0.1", 0, NULL, NULL), OK);
    f->port = loop_port(bot->loop);
    *state = f;
    return 0;
}

static void forget_answer(struct staff_fixture *f) {
    json_decref(f->json);
    free(f->head);
    free(f->body);
    f->json = NULL;
    f->head = f->body = NULL;
}

int staff_teardown(void **state) {
    struct staff_fixture *f = *state;
    struct bot *bot = &f->engine->bot;
    struct api *api = bot->api;

    engine_settle(f->engine);
    staff_stop(bot);
    engine_settle(f->engine);
    engine_free(f->engine);
    api_free(api);
    forget_answer(f);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

/* ---- people --------------------------------------------------------------
 */

static char *secret_of(const char *name) {
    return xasprintf("session-of-%s", name);
}

struct found {
    bool done;
    struct user user;
    struct arena arena;
};

static void on_user(void *data, enum err err, const struct user *user) {
    struct found *found = data;

    found->done = true;
    if (err == OK)
        found->user = *user;
}

/* Writes a user with one more grant than they had. */
void staff_grant(struct staff_fixture *f, const char *name, enum user_role role,
                 const char *unit, const char *category) {
    struct store *store = f->engine->bot.store;
    struct found found = {0};

    arena_init(&found.arena);
    user_get(store, &found.arena, name, on_user, &found);
    ENGINE_UNTIL(f->engine, found.done);
    struct user user = {
        .name = name,
        .display = name,
        .lang = "zh-CN",
        .password = "",
        .totp = "",
        .totp_new = "",
        .rider = "",
        .chat = "",
        .account = "",
        .created_ms = 1,
    };
    if (found.user.version > 0)
        user = found.user;
    user.grants[user.n_grants++] = (struct grant){role, unit, category};
    struct txn *txn = txn_new(store);
    user_put(txn, &user);
    assert_int_equal(engine_commit(f->engine, txn), OK);
    arena_finish(&found.arena);
}

void staff_user(struct staff_fixture *f, const char *name, enum user_role role,
                const char *unit, const char *category) {
    char *secret = secret_of(name);

    staff_grant(f, name, role, unit, category);
    struct txn *txn = txn_new(f->engine->bot.store);
    session_put(txn, secret,
                &(struct session_record){
                    .user = name,
                    .csrf = CSRF,
                    .created_ms = clock_wall_ms(f->engine->bot.clock)});
    assert_int_equal(engine_commit(f->engine, txn), OK);
    free(secret);
}

void staff_sign_out(struct staff_fixture *f, const char *name) {
    char *secret = secret_of(name);
    struct txn *txn = txn_new(f->engine->bot.store);

    session_remove(txn, secret);
    assert_int_equal(engine_commit(f->engine, txn), OK);
    free(secret);
}

/* ---- calls ---------------------------------------------------------------
 */

static void read_answer(struct staff_fixture *f, const struct net_peer *peer) {
    size_t end = net_head_end(&peer->got);

    assert_true(end > 0);
    f->head = xstrndup(peer->got.data, end);
    f->body_len = peer->got.len - end;
    f->body = xcalloc(1, f->body_len + 1);
    memcpy(f->body, peer->got.data + end, f->body_len);
    assert_int_equal(sscanf(f->head, "HTTP/1.1 %u", &f->status), 1);
    if (strstr(f->head, "json") != NULL)
        f->json = json_loadb(f->body, f->body_len, 0, NULL);
}

void staff_send(struct staff_fixture *f, const char *who, const char *method,
                const char *path, const char *type, const char *bytes,
                size_t len) {
    struct net_peer *peer = net_peer_new(&f->engine->loop, f->port);
    char *head = xasprintf(
        "%s /api/v1%s HTTP/1.1\r\nHost: bee.test\r\n"
        "Connection: close\r\nCookie: xf_session="
        "session-of-%s\r\nX-CSRF-Token: " CSRF
        "\r\n"
        "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
        method, path, who, type, len);

    forget_answer(f);
    net_peer_says(peer, head);
    net_peer_send(peer, bytes, len);
    NET_UNTIL(&f->engine->loop, peer->ended);
    read_answer(f, peer);
    net_peer_free(peer);
    free(head);
}

json_t *staff_call(struct staff_fixture *f, const char *who, const char *method,
                   const char *path, const char *body) {
    staff_send(f, who, method, path, "application/json",
               body == NULL ? "" : body, body == NULL ? 0 : strlen(body));
    return f->json;
}

json_t *staff_at(const struct staff_fixture *f, const char *path) {
    json_t *at = f->json;
    char *copy = xstrdup(path), *save;

    for (char *name = strtok_r(copy, ".", &save); name != NULL && at != NULL;
         name = strtok_r(NULL, ".", &save))
        at = json_is_array(at) ? json_array_get(at, strtoul(name, NULL, 10))
                               : json_object_get(at, name);
    free(copy);
    return at;
}

const char *staff_text(const struct staff_fixture *f, const char *path) {
    const char *text = json_string_value(staff_at(f, path));

    if (text == NULL)
        fail_msg("%s is no text in %.2000s", path, f->body);
    return text;
}

json_int_t staff_int(const struct staff_fixture *f, const char *path) {
    json_t *value = staff_at(f, path);

    if (!json_is_integer(value))
        fail_msg("%s is no integer in %.2000s", path, f->body);
    return json_integer_value(value);
}

const char *staff_ids(struct staff_fixture *f) {
    static char out[4096];
    size_t i, len = 0;
    json_t *item;

    out[0] = '\0';
    if (!json_is_array(staff_at(f, "items")))
        fail_msg("no list: %u %.2000s", f->status, f->body);
    json_array_foreach(staff_at(f, "items"), i, item) {
        const char *id = json_string_value(json_object_get(item, "id"));
        len += (size_t)snprintf(out + len, sizeof(out) - len, "%s%s",
                                i == 0 ? "" : " ", id);
        assert_true(len < sizeof(out));
    }
    return out;
}

/* ---- tickets -------------------------------------------------------------
 */

struct filing {
    bool done;
    enum err err;
};

static void on_filed(struct work *work, enum err err) {
    struct filing *filing = work->data;

    filing->done = true;
    filing->err = err;
    work_free(work);
}

const char *staff_file(struct staff_fixture *f, char prefix,
                       struct ticket given) {
    struct bot *bot = &f->engine->bot;
    struct filing filing = {0};
    struct work *work = work_new(bot);
    struct desk desk = desk_of_work(work);

    given.id = arena_printf(&f->arena, "%c%" PRId64, prefix,
                            store_next_number(bot->store));
    if (given.rider == NULL)
        given.rider = STAFF_RIDER;
    given.account = ENGINE_ACCOUNT;
    given.chat = "qq.u98765";
    given.group = "qq.g20010001";
    given.nick = given.anonymous ? "" : STAFF_NICK;
    if (given.category == NULL)
        given.category = prefix == 'P' ? "damage" : "charge";
    if (given.text == NULL)
        given.text = "换电柜坏了";
    desk_file(&desk, &given);
    work_commit(work, on_filed, &filing);
    ENGINE_UNTIL(f->engine, filing.done);
    assert_int_equal(filing.err, OK);
    engine_settle(f->engine);
    return given.id;
}

void staff_wait_board(struct staff_fixture *f, const char *id,
                      int64_t version) {
    struct board *board = f->engine->bot.board;

    assert_int_equal(board_want(board, NULL, NULL), OK);
    ENGINE_UNTIL(f->engine,
                 board_ready(board) && board_find(board, id) != NULL);
    ENGINE_UNTIL(f->engine, board_find(board, id)->version >= version);
}

unsigned staff_move(struct staff_fixture *f, const char *who, const char *id,
                    const char *move, const char *more) {
    long long version =
        engine_redis(f->engine, "HINCRBY {test}:ticket:%s v 0", id);
    char *path = xasprintf("/tickets/%s/moves", id);
    char *body =
        xasprintf("{\"move\":\"%s\",\"version\":%lld%s%s}", move, version,
                  more == NULL ? "" : ",", more == NULL ? "" : more);

    staff_call(f, who, "POST", path, body);
    free(path);
    free(body);
    return f->status;
}
