#include "bot/connector.h"
#include "bot/connectors/web.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/dispatch.h"
#include "bot/loop.h"
#include "bot/outbox.h"
#include "bot/photo.h"
#include "bot/policies.h"
#include "bot/turn.h"
#include "bot/turns.h"
#include "handlers/handlers.h"
#include "store/chat.h"
#include "store/code.h"
#include "store/store.h"
#include "store/txn.h"
#include "tests/integration/redis_server.h"
#include "tests/peer/wire.h"

#include <jansson.h>
#include <jpeglib.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define PATIENCE_MS 10000
#define GROUP "web.gqinhuai"

/* The whole bot in this thread; a wire that waits runs its loop. */
struct fixture {
    struct redis_server *redis;
    struct loop loop;
    struct bot bot;
    struct clock_manual clock;
    struct config *config;
    struct web *web;
    char photo_dir[64];
    bool up;
};

static struct fixture *f;

static void idle(void *data) {
    struct fixture *fixture = data;

    uv_run(&fixture->loop.uv, UV_RUN_NOWAIT);
}

static void on_up(void *data) {
    struct fixture *fixture = data;

    fixture->up = true;
    if (fixture->bot.turns != NULL)
        turns_store_up(fixture->bot.turns);
}

static void on_down(void *data) {
    struct fixture *fixture = data;

    fixture->up = false;
    if (fixture->bot.turns != NULL)
        turns_store_down(fixture->bot.turns);
}

static void until(const bool *what, bool value) {
    int64_t end = wire_now_ms() + PATIENCE_MS;

    while (*what != value) {
        assert_true(wire_now_ms() < end);
        idle(f);
    }
}

static void start_bot(void) {
    struct bot *bot = &f->bot;
    char child[512];

    assert_int_equal(config_load(NULL, &f->config), OK);
    f->config->rider_rate = 0;
    assert_int_equal(loop_init(&f->loop), OK);
    clock_manual_init(&f->clock, 1700000000000);
    *bot = (struct bot){
        .config = f->config,
        .clock = &f->clock.clock,
        .loop = &f->loop,
        .commands = handlers,
        .n_commands = n_handlers,
    };
    bot->store = store_new(&f->loop.uv, &(struct store_options){
                                            .url = redis_server_url(f->redis),
                                            .district = "test",
                                            .seen_ttl_ms = 3600000,
                                            .on_up = on_up,
                                            .on_down = on_down,
                                            .data = f,
                                        });
    assert_non_null(bot->store);
    snprintf(child, sizeof(child), "%s/xiaofeng-photo",
             getenv("XIAOFENG_BUILD"));
    bot->photos = photos_new(&f->loop, &(struct photo_options){
                                           .dir = f->photo_dir,
                                           .child_path = child,
                                           .max_children = 2,
                                           .timeout_ms = 20000,
                                       });
    bot->policies = policies_new(bot);
    bot->outbox = outbox_new(bot);
    bot->lexicon = lexicon_new(bot);
    bot->turns = turns_new(bot);
    f->web = web_new(bot, &web_default_options);
    web_set_groups(f->web,
                   (const struct web_group[]){{GROUP, "秦淮区外卖站点"},
                                              {"web.gsecret", "另一个站点"}},
                   2);
    assert_int_equal(loop_listen(&f->loop, "127.0.0.1", 0, NULL, NULL), OK);
    until(&f->up, true);
}

static int setup(void **state) {
    (void)state;
    log_init(LOG_ERROR, false);
    assert_true(token_init());
    assert_true(catalog_init());
    f = xcalloc(1, sizeof(*f));
    snprintf(f->photo_dir, sizeof(f->photo_dir), "/tmp/xiaofeng-web-XXXXXX");
    assert_non_null(mkdtemp(f->photo_dir));
    f->redis = redis_server_new(NULL);
    start_bot();
    wire_set_idle(idle, f);
    return 0;
}

static int teardown(void **state) {
    char command[128];

    (void)state;
    wire_set_idle(NULL, NULL);
    f->bot.stopping = true;
    web_free(f->web);
    turns_free(f->bot.turns);
    photos_free(f->bot.photos);
    store_free(f->bot.store);
    outbox_free(f->bot.outbox);
    policies_free(f->bot.policies);
    accounts_free(&f->bot);
    lexicon_free(f->bot.lexicon);
    loop_finish(&f->loop);
    config_free(f->config);
    redis_server_free(f->redis);
    snprintf(command, sizeof(command), "rm -rf '%s'", f->photo_dir);
    assert_int_equal(system(command), 0);
    free(f);
    return 0;
}

/* ---- a page ----------------------------------------------------------- */

struct page {
    struct wire *wire;
    json_t *welcome;
    char *token, *rider, *chat;
};

static struct page *page_open(void) {
    struct page *page = xcalloc(1, sizeof(*page));
    int status;

    page->wire = wire_connect(loop_port(&f->loop), "/chat/ws", "", &status);
    assert_non_null(page->wire);
    return page;
}

static void page_close(struct page *page) {
    wire_free(page->wire);
    json_decref(page->welcome);
    free(page->token);
    free(page->rider);
    free(page->chat);
    free(page);
}

static void page_send(struct page *page, const char *json) {
    wire_text(page->wire, json, strlen(json));
    assert_true(wire_flush(page->wire, PATIENCE_MS));
}

/* The next frame of a type; others are dropped. */
static json_t *page_next(struct page *page, const char *type) {
    for (;;) {
        const char *text;
        size_t len;
        assert_int_equal(wire_next(page->wire, PATIENCE_MS, &text, &len), 1);
        json_t *json = json_loadb(text, len, 0, NULL);
        assert_non_null(json);
        if (strcmp(json_string_value(json_object_get(json, "type")), type) == 0)
            return json;
        json_decref(json);
    }
}

static const char *get(const json_t *json, const char *name) {
    const char *value = json_string_value(json_object_get(json, name));

    return value != NULL ? value : "";
}

static void page_expect(struct page *page, const char *type, const char *name,
                        const char *value) {
    json_t *json = page_next(page, type);

    assert_string_equal(get(json, name), value);
    json_decref(json);
}

static void page_expect_closed(struct page *page, int code) {
    const char *text;
    size_t len;
    int result;

    while ((result = wire_next(page->wire, PATIENCE_MS, &text, &len)) == 1)
        ;
    assert_int_equal(result, -1);
    assert_int_equal(wire_close_code(page->wire), code);
}

static void page_hello(struct page *page, const char *token, const char *nick,
                       const char *more) {
    char hello[512];

    snprintf(hello, sizeof(hello),
             "{\"type\":\"hello\",\"token\":%s%s%s,\"nick\":\"%s\","
             "\"lang\":\"zh-CN\"%s}",
             token ? "\"" : "", token ? token : "null", token ? "\"" : "", nick,
             more);
    page_send(page, hello);
}

static struct page *page_join(const char *token, const char *nick,
                              const char *more) {
    struct page *page = page_open();

    page_hello(page, token, nick, more);
    page->welcome = page_next(page, "welcome");
    page->token = xstrdup(get(page->welcome, "token"));
    page->rider = xstrdup(get(page->welcome, "rider"));
    page->chat = xstrdup(get(page->welcome, "chat"));
    return page;
}

#define NO_GROUP ",\"group\":null"

static void page_say(struct page *page, const char *id, const char *chat,
                     const char *text) {
    char *frame = xasprintf(
        "{\"type\":\"text\",\"id\":\"%s\",\"chat\":\"%s\","
        "\"text\":\"%s\"}",
        id, chat, text);

    page_send(page, frame);
    free(frame);
}

/* The next message that is not this page's own. */
static json_t *page_hears(struct page *page) {
    for (;;) {
        json_t *json = page_next(page, "message");
        if (!json_is_true(json_object_get(json, "mine")))
            return json;
        json_decref(json);
    }
}

static size_t history(const struct page *page) {
    return json_array_size(json_object_get(page->welcome, "history"));
}

/* ---- who somebody is --------------------------------------------------- */

static void test_welcome(void **state) {
    struct page *first = page_join(NULL, "小王", NO_GROUP);
    const json_t *groups = json_object_get(first->welcome, "groups");
    char expected[64];

    (void)state;
    assert_int_equal(strlen(first->rider), 20);
    snprintf(expected, sizeof(expected), "web.u%s", first->rider + 4);
    assert_string_equal(first->chat, expected);
    assert_string_equal(get(first->welcome, "nick"), "小王");
    assert_int_equal(json_array_size(groups), 1);
    assert_string_equal(get(json_array_get(groups, 0), "id"), GROUP);

    struct page *again = page_join(first->token, "", NO_GROUP);
    assert_string_equal(again->rider, first->rider);
    assert_string_equal(get(again->welcome, "nick"), "小王");
    struct page *other = page_join("not-a-token-we-gave", "老李", NO_GROUP);
    assert_string_not_equal(other->rider, first->rider);
    assert_string_not_equal(other->token, "not-a-token-we-gave");
    page_close(first);
    page_close(again);
    page_close(other);
}

static void test_token_is_not_stored(void **state) {
    struct page *page = page_join(NULL, "小王", NO_GROUP);
    char hash[TOKEN_HASH_SIZE];
    redisReply *reply;

    (void)state;
    token_hash(hash, page->token);
    reply =
        redis_server_command(f->redis, "HGETALL {test}:member:%s", page->rider);
    assert_int_equal(reply->type, REDIS_REPLY_ARRAY);
    assert_true(reply->elements >= 6);
    bool found = false;
    for (size_t i = 0; i < reply->elements; i++) {
        assert_null(strstr(reply->element[i]->str, page->token));
        found = found || strcmp(reply->element[i]->str, hash) == 0;
    }
    assert_true(found);
    freeReplyObject(reply);
    page_close(page);
}

static void test_groups(void **state) {
    struct page *page = page_join(NULL, "小王", ",\"group\":\"secret\"");
    const json_t *groups = json_object_get(page->welcome, "groups");

    (void)state;
    assert_int_equal(json_array_size(groups), 1);
    assert_string_equal(get(json_array_get(groups, 0), "id"), "web.gsecret");
    struct page *both = page_join(page->token, "", ",\"group\":\"" GROUP "\"");
    groups = json_object_get(both->welcome, "groups");
    assert_int_equal(json_array_size(groups), 2);
    struct page *none = page_join(NULL, "老李", ",\"group\":\"web.gnowhere\"");
    groups = json_object_get(none->welcome, "groups");
    assert_int_equal(json_array_size(groups), 1);
    page_close(page);
    page_close(both);
    page_close(none);
}

static void test_names(void **state) {
    struct page *bot = page_join(NULL, "小蜂官方", NO_GROUP);
    struct page *empty = page_join(NULL, " \\n ", NO_GROUP);

    (void)state;
    assert_null(strstr(get(bot->welcome, "nick"), "小蜂"));
    assert_true(strlen(get(empty->welcome, "nick")) > 0);
    page_send(bot, "{\"type\":\"nick\",\"nick\":\"老张\"}");
    page_say(bot, "n1", GROUP, "换了名字");
    json_t *heard = page_hears(empty);
    assert_string_equal(get(heard, "from"), "老张");
    json_decref(heard);
    page_close(bot);
    page_close(empty);
}

static void test_origin(void **state) {
    char ours[64];
    int status;
    struct wire *wire;

    (void)state;
    wire = wire_connect(loop_port(&f->loop), "/chat/ws",
                        "Origin: https://evil.example\r\n", &status);
    assert_null(wire);
    assert_int_equal(status, 403);
    snprintf(ours, sizeof(ours), "Origin: http://127.0.0.1:%d\r\n",
             loop_port(&f->loop));
    wire = wire_connect(loop_port(&f->loop), "/chat/ws", ours, &status);
    assert_non_null(wire);
    wire_free(wire);
}

static void test_hello_is_awaited(void **state) {
    struct page *silent = page_open();
    struct page *early = page_open();

    (void)state;
    page_say(early, "e1", GROUP, "没打招呼");
    page_expect(early, "error", "id", "e1");
    clock_manual_advance(&f->clock, 11000);
    page_expect_closed(silent, 1008);
    page_close(silent);
    page_close(early);
}

/* ---- messages ------------------------------------------------------------ */

static void test_group(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);
    struct page *li = page_join(NULL, "老李", NO_GROUP);

    (void)state;
    page_say(wang, "m1", GROUP, "早，<b>新街口</b>修路");
    page_expect(wang, "ack", "id", "m1");
    json_t *heard = page_hears(li);
    assert_string_equal(get(heard, "text"), "早，<b>新街口</b>修路");
    assert_string_equal(get(heard, "from"), "小王");
    assert_string_equal(get(heard, "chat"), GROUP);
    assert_string_equal(get(heard, "id"), "");
    assert_true(json_is_false(json_object_get(heard, "bot")));
    json_decref(heard);
    json_t *own = page_next(wang, "message");
    assert_true(json_is_true(json_object_get(own, "mine")));
    assert_string_equal(get(own, "id"), "m1");
    json_decref(own);

    struct page *late = page_join(NULL, "小赵", NO_GROUP);
    assert_true(history(late) >= 1);
    page_close(wang);
    page_close(li);
    page_close(late);
}

static void test_same_id_is_one_message(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);
    struct page *li = page_join(NULL, "老李", NO_GROUP);

    (void)state;
    for (int i = 0; i < 3; i++) {
        page_say(wang, "same", GROUP, "只有一次");
        page_expect(wang, "ack", "id", "same");
    }
    page_say(wang, "next", GROUP, "第二条");
    page_expect(wang, "ack", "id", "next");
    json_t *heard = page_hears(li);
    assert_string_equal(get(heard, "text"), "只有一次");
    json_decref(heard);
    heard = page_hears(li);
    assert_string_equal(get(heard, "text"), "第二条");
    json_decref(heard);
    page_close(wang);
    page_close(li);
}

/* What the bot takes back goes from the open page and from the history. */
static void test_recall(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);
    struct account *account = account_find(&f->bot, "web");

    (void)state;
    page_say(wang, "r1", wang->chat, "帮助");
    json_t *answer = page_hears(wang);
    assert_int_equal(account->connector->recall(account, UINT64_MAX, wang->chat,
                                                get(answer, "key")),
                     OK);
    json_t *gone = page_next(wang, "gone");
    assert_string_equal(get(gone, "key"), get(answer, "key"));
    assert_string_equal(get(gone, "chat"), wang->chat);
    struct page *again = page_join(wang->token, "", NO_GROUP);
    const json_t *entry;
    size_t i;
    json_array_foreach(json_object_get(again->welcome, "history"), i, entry) {
        assert_string_not_equal(get(entry, "key"), get(answer, "key"));
    }
    assert_true(history(again) >= 1);
    json_decref(gone);
    json_decref(answer);
    page_close(again);
    page_close(wang);
}

static void test_private(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);

    (void)state;
    assert_int_equal(history(wang), json_array_size(json_object_get(
                                        wang->welcome, "history")));
    page_say(wang, "p1", wang->chat, "帮助");
    page_expect(wang, "ack", "id", "p1");
    json_t *answer = page_hears(wang);
    assert_true(json_is_true(json_object_get(answer, "bot")));
    assert_string_equal(get(answer, "chat"), wang->chat);
    assert_true(strlen(get(answer, "text")) > 0);

    /* It is kept before it is shown. */
    struct page *again = page_join(wang->token, "", NO_GROUP);
    const json_t *entry, *entries = json_object_get(again->welcome, "history");
    size_t i, found = 0;
    json_array_foreach(entries, i, entry) {
        if (strcmp(get(entry, "key"), get(answer, "key")) == 0)
            found++;
    }
    assert_int_equal(found, 1);
    json_decref(answer);

    /* Nobody else can write there. */
    struct page *li = page_join(NULL, "老李", NO_GROUP);
    page_say(li, "p2", wang->chat, "偷看");
    page_expect(li, "error", "id", "p2");
    page_close(wang);
    page_close(again);
    page_close(li);
}

static void test_place(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);
    struct page *li = page_join(NULL, "老李", NO_GROUP);
    double lat, lon;

    (void)state;
    page_send(wang, "{\"type\":\"place\",\"id\":\"w1\",\"chat\":\"" GROUP
                    "\",\"lat\":32.041,\"lon\":118,\"name\":\"新街口\"}");
    page_expect(wang, "ack", "id", "w1");
    json_t *heard = page_hears(li);
    assert_int_equal(json_unpack(heard, "{s:F,s:F}", "lat", &lat, "lon", &lon),
                     0);
    assert_true(lat > 32.04 && lat < 32.05 && lon == 118);
    assert_string_equal(get(heard, "text"), "新街口");
    json_decref(heard);
    page_send(wang, "{\"type\":\"place\",\"id\":\"w2\",\"chat\":\"" GROUP
                    "\",\"lat\":91,\"lon\":0,\"name\":\"\"}");
    page_expect(wang, "error", "id", "w2");
    page_close(wang);
    page_close(li);
}

static void test_nonsense(void **state) {
    static const char *const frames[] = {
        "hello",
        "[]",
        "{\"type\":7}",
        "{\"type\":\"dance\"}",
        "{\"type\":\"text\"}",
        "{\"type\":\"text\",\"id\":7,\"chat\":\"" GROUP "\",\"text\":\"a\"}",
        "{\"type\":\"text\",\"id\":\"x y\",\"chat\":\"" GROUP
        "\",\"text\":\"a\"}",
        "{\"type\":\"text\",\"id\":\"a\",\"chat\":\"qq.g1\",\"text\":\"a\"}",
        "{\"type\":\"text\",\"id\":\"a\",\"chat\":\"" GROUP
        "\",\"text\":\"a\\u0000b\"}",
        "{\"type\":\"text\",\"id\":\"a\",\"chat\":\"" GROUP
        "\",\"text\":\"  \"}",
    };
    struct page *page = page_join(NULL, "小王", NO_GROUP);

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(frames); i++) {
        page_send(page, frames[i]);
        json_t *error = page_next(page, "error");
        assert_true(strlen(get(error, "text")) > 0);
        json_decref(error);
        clock_manual_advance(&f->clock, 1000);
    }
    page_say(page, "ok", GROUP, "还在");
    page_expect(page, "ack", "id", "ok");
    page_close(page);
}

static void test_long_text(void **state) {
    struct page *page = page_join(NULL, "小王", NO_GROUP);
    char *text = xmalloc(100001);

    (void)state;
    memset(text, 'a', 100000);
    text[100000] = '\0';
    page_say(page, "l1", GROUP, text);
    page_expect(page, "error", "id", "l1");
    text[LIMIT_TEXT_CHARS] = '\0';
    page_say(page, "l2", GROUP, text);
    page_expect(page, "ack", "id", "l2");
    free(text);
    page_close(page);
}

static void test_flood(void **state) {
    struct page *page = page_join(NULL, "小王", NO_GROUP);
    char id[16];

    (void)state;
    for (int i = 0; i < 30; i++) {
        snprintf(id, sizeof(id), "f%d", i);
        page_say(page, id, GROUP, "刷屏");
    }
    json_t *error = page_next(page, "error");
    assert_true(json_is_true(json_object_get(error, "again")));
    json_decref(error);
    for (int i = 0; i < 100; i++)
        wire_text(page->wire, "{}", 2);
    page_expect_closed(page, 1008);
    page_close(page);
}

/* ---- photos ----------------------------------------------------------------
 */

static unsigned char *make_jpeg(unsigned long *len) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char row[64 * 3], *out = NULL;
    JSAMPROW rows = row;

    memset(row, 90, sizeof(row));
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &out, len);
    jpeg.image_width = jpeg.image_height = 64;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height)
        jpeg_write_scanlines(&jpeg, &rows, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return out;
}

static void announce(struct page *page, const char *id, unsigned long bytes) {
    char frame[256];

    snprintf(frame, sizeof(frame),
             "{\"type\":\"photo\",\"id\":\"%s\",\"chat\":\"" GROUP
             "\",\"text\":\"看图\",\"bytes\":%lu}",
             id, bytes);
    page_send(page, frame);
}

static void test_photo(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);
    struct page *li = page_join(NULL, "老李", NO_GROUP);
    unsigned long len = 0;
    unsigned char *jpeg = make_jpeg(&len);

    (void)state;
    announce(wang, "i1", len);
    page_expect(wang, "go", "id", "i1");
    announce(wang, "i2", len); /* one at a time */
    page_expect(wang, "error", "id", "i2");
    wire_frame(wang->wire, WIRE_BINARY, true, (const char *)jpeg, len);
    page_expect(wang, "ack", "id", "i1");
    json_t *heard = page_hears(li);
    assert_string_equal(get(heard, "text"), "看图");
    const char *url = get(heard, "photo");
    assert_int_equal(strlen(url), strlen("/photos/") + PHOTO_ID_SIZE - 1);
    char *path = photo_path(f->bot.photos, url + strlen("/photos/"), true);
    assert_int_equal(access(path, R_OK), 0);
    free(path);
    json_decref(heard);
    free(jpeg);
    page_close(wang);
    page_close(li);
}

static void test_bad_photo(void **state) {
    static const char html[] = "<html>no photo</html>";
    struct page *page = page_join(NULL, "小王", NO_GROUP);

    (void)state;
    announce(page, "b1", sizeof(html));
    page_expect(page, "go", "id", "b1");
    wire_frame(page->wire, WIRE_BINARY, true, html, sizeof(html));
    page_expect(page, "error", "id", "b1");
    announce(page, "b2", LIMIT_UPLOAD_BYTES + 1ul);
    page_expect(page, "error", "id", "b2");
    /* It may go on, but not without asking. */
    page_say(page, "b3", GROUP, "好吧");
    page_expect(page, "ack", "id", "b3");
    wire_frame(page->wire, WIRE_BINARY, true, html, sizeof(html));
    page_expect_closed(page, 1008);
    page_close(page);
}

/* ---- links, forgetting, an absent store ---- */

struct done {
    bool yes;
    enum err err;
};

static void on_done(void *data, const struct txn_result *result) {
    struct done *done = data;

    done->err = result->err;
    done->yes = true;
}

static void commit(struct txn *txn) {
    struct done done = {0};

    txn_commit(txn, on_done, &done);
    until(&done.yes, true);
    assert_int_equal(done.err, OK);
}

static void test_link(void **state) {
    struct txn *txn = txn_new(f->bot.store);

    (void)state;
    code_create(txn, "link-token-1",
                &(struct code){.rider = "qq.90001", .name = ""}, 60000);
    commit(txn);
    struct page *page =
        page_join(NULL, "", NO_GROUP ",\"link\":\"link-token-1\"");
    assert_int_equal(history(page), 0);
    assert_int_equal(json_array_size(json_object_get(page->welcome, "groups")),
                     0);
    /* The bot speaks first: here that there is no question any more. */
    json_t *question = page_hears(page);
    assert_true(json_is_true(json_object_get(question, "bot")));
    assert_string_equal(get(question, "chat"), page->chat);
    json_decref(question);

    struct page *second = page_open();
    page_hello(second, NULL, "", NO_GROUP ",\"link\":\"link-token-1\"");
    page_expect(second, "error", "code", "link");
    struct page *again =
        page_join(page->token, "", NO_GROUP ",\"link\":\"link-token-1\"");
    assert_string_equal(again->rider, page->rider);
    page_close(page);
    page_close(second);
    page_close(again);
}

/* Another rider's open question is answered by a link, and nothing else. */
static void test_link_answers(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);
    struct txn *txn = txn_new(f->bot.store);

    (void)state;
    page_say(wang, "q1", wang->chat, "诉求");
    json_t *asked = page_hears(wang);
    code_create(txn, "link-token-2",
                &(struct code){.rider = wang->rider, .name = ""}, 60000);
    commit(txn);
    struct page *guest =
        page_join(NULL, "", NO_GROUP ",\"link\":\"link-token-2\"");
    assert_int_equal(history(guest), 0);
    json_t *again = page_hears(guest);
    assert_string_equal(get(again, "chat"), guest->chat);
    assert_non_null(strstr(get(asked, "text"), get(again, "text")));
    json_decref(asked);
    json_decref(again);
    page_say(guest, "q2", guest->chat, "充电柜坏了三天，晚上没地方换电");
    json_t *answer = page_hears(guest);
    assert_string_equal(get(answer, "chat"), guest->chat);
    assert_non_null(strchr(get(answer, "text"), 'S'));
    json_decref(answer);
    /* The question is answered: the link is good for nothing more. */
    page_say(guest, "q3", guest->chat, "我的");
    answer = page_hears(guest);
    assert_null(strstr(get(answer, "text"), "充电柜"));
    json_decref(answer);
    page_close(wang);
    page_close(guest);
}

static void test_forgotten(void **state) {
    struct page *wang = page_join(NULL, "小王", NO_GROUP);
    struct page *li = page_join(NULL, "老李", NO_GROUP);
    const char *const groups[] = {GROUP};

    (void)state;
    page_say(wang, "g1", GROUP, "请忘记我说过的话");
    page_expect(wang, "ack", "id", "g1");
    page_say(li, "g2", GROUP, "我的留着");
    page_expect(li, "ack", "id", "g2");
    struct txn *txn = txn_new(f->bot.store);
    chat_forget(txn, wang->rider, wang->chat, groups, 1);
    commit(txn);
    struct page *late = page_join(NULL, "小赵", NO_GROUP);
    char *all = json_dumps(late->welcome, 0);
    assert_null(strstr(all, "请忘记我说过的话"));
    assert_non_null(strstr(all, "我的留着"));
    free(all);
    page_say(wang, "g3", GROUP, "还在吗");
    page_expect_closed(wang, 1008);
    page_close(wang);
    page_close(li);
    page_close(late);
}

static void test_store_away(void **state) {
    struct page *page = page_join(NULL, "小王", NO_GROUP);

    (void)state;
    redis_server_stop(f->redis);
    until(&f->up, false);
    page_say(page, "s1", GROUP, "在吗");
    json_t *error = page_next(page, "error");
    assert_string_equal(get(error, "id"), "s1");
    assert_true(json_is_true(json_object_get(error, "again")));
    json_decref(error);
    redis_server_start(f->redis);
    redis_server_wait(f->redis);
    until(&f->up, true);
    page_say(page, "s1", GROUP, "在吗");
    page_expect(page, "ack", "id", "s1");
    page_close(page);
}

/* Ends in the middle of everything; the sanitizers look for what is left. */
static void test_stop_under_way(void **state) {
    struct page *page = page_join(NULL, "小王", NO_GROUP);
    struct page *joining = page_open();

    (void)state;
    announce(page, "u1", 1000);
    page_expect(page, "go", "id", "u1");
    page_say(page, "u2", page->chat, "帮助");
    page_hello(joining, NULL, "老李", NO_GROUP);
    idle(f);
    page_close(page);
    page_close(joining);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_welcome),
        cmocka_unit_test(test_token_is_not_stored),
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_origin),
        cmocka_unit_test(test_hello_is_awaited),
        cmocka_unit_test(test_group),
        cmocka_unit_test(test_same_id_is_one_message),
        cmocka_unit_test(test_recall),
        cmocka_unit_test(test_private),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_nonsense),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_flood),
        cmocka_unit_test(test_photo),
        cmocka_unit_test(test_bad_photo),
        cmocka_unit_test(test_link),
        cmocka_unit_test(test_link_answers),
        cmocka_unit_test(test_forgotten),
        cmocka_unit_test(test_store_away),
        cmocka_unit_test(test_stop_under_way),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
