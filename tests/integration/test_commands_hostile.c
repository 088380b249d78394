/* What bad input gets: a short answer in the sender's language or none at all,
 * and never an end to the service. */
#include "tests/integration/talk.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/mem.h"

#include <time.h>

#define SETTINGS TALK_FREELY "[photo]\nprivate_urls = yes\ntimeout = 2s\n"

static pid_t pid_at_start;

/* The daemon is the same one, and answers. */
static void still_serves(void) {
    const char *user = somebody();

    asks(user, "我的", "还没有提过");
    assert_int_equal(test_daemon_pid(talk.daemon), pid_at_start);
}

static void send_frame(const char *frame, size_t len) {
    peer_send_frame(talk.peer, frame, len);
    assert_true(peer_flush(talk.peer, 30000));
}

/* ---- frames -------------------------------------------------------------- */

#define HEAD                                                                   \
    "\"time\":1,\"self_id\":10001000,\"post_type\":\"message\","               \
    "\"message_type\":\"private\",\"sub_type\":\"friend\","
#define TEXT(s) "\"message\":[{\"type\":\"text\",\"data\":{\"text\":" s "}}]"

static void test_frames(void **state) {
    static const char *const frames[] = {
        "",
        "{",
        "null",
        "[]",
        "[[[]]]",
        "\"text\"",
        "12",
        "not JSON at all",
        "{}{}",
        "{\"post_type\":7}",
        "{\"post_type\":\"message\"}",
        "{" HEAD "\"user_id\":true,\"message_id\":1," TEXT("\"诉求 甲乙\"") "}",
        "{" HEAD "\"user_id\":-1,\"message_id\":1," TEXT("\"诉求 甲乙\"") "}",
        "{" HEAD "\"user_id\":1.5,\"message_id\":1," TEXT("\"诉求 甲乙\"") "}",
        "{" HEAD "\"user_id\":\"\",\"message_id\":1," TEXT("\"诉求 甲乙\"") "}",
        "{" HEAD
        "\"user_id\":{\"a\":1},\"message_id\":[]," TEXT("\"诉求 甲乙\"") "}",
        "{" HEAD "\"user_id\":95001,\"message_id\":1,\"message\":7}",
        "{" HEAD "\"user_id\":95001,\"message_id\":2,\"message\":[7,null,[]]}",
        "{" HEAD
        "\"user_id\":95001,\"message_id\":3,\"message\":[{\"type\":"
        "\"text\"}]}",
        "{" HEAD "\"user_id\":95001,\"message_id\":4," TEXT("{\"a\":[]}") "}",
        "{" HEAD
        "\"user_id\":95001,\"message_id\":5,\"message\":[{\"type\":7,"
        "\"data\":8}]}",
        "{\"status\":\"ok\",\"retcode\":\"zero\",\"echo\":{\"a\":1}}",
        "{\"status\":\"ok\",\"retcode\":0,\"echo\":\"nobody asked\"}",
        "{\"status\":\"failed\",\"data\":[],\"echo\":null}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(frames); i++)
        send_frame(frames[i], strlen(frames[i]));
    /* Those of 95001 hold no text: at most the menu is the answer to them. */
    talk_drain("95001");
    still_serves();
}

static void test_deep_frame(void **state) {
    struct buf frame;

    (void)state;
    for (int closed = 0; closed < 2; closed++) {
        buf_init(&frame);
        buf_adds(&frame, "{" HEAD
                         "\"user_id\":95002,\"message_id\":1,"
                         "\"message\":");
        for (int i = 0; i < 100000; i++)
            buf_addc(&frame, '[');
        for (int i = 0; closed && i < 100000; i++)
            buf_addc(&frame, ']');
        buf_adds(&frame, "}");
        send_frame(frame.data, frame.len);
        buf_finish(&frame);
    }
    still_serves();
}

/* A frame beyond all measure costs its sender the connection, nobody else. */
static void test_long_frame(void **state) {
    size_t len = 3 * 1024 * 1024;
    char *frame = xmalloc(len);

    (void)state;
    memset(frame, 'x', len);
    peer_send_frame(talk.peer, frame, len);
    peer_flush(talk.peer, 30000);
    assert_int_not_equal(peer_wait_close(talk.peer, 30000), 0);
    free(frame);
    talk_reconnect();
    still_serves();
}

/* A second connection of the account takes its place. */
static void test_second_connection(void **state) {
    struct peer *old = talk.peer;

    (void)state;
    talk_reconnect_keeping();
    assert_int_not_equal(peer_wait_close(old, 30000), 0);
    peer_cut(old);
    still_serves();
}

static void test_wrong_token(void **state) {
    int status = 0;

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct peer *peer = peer_connect(
            &(struct peer_options){.port = test_daemon_port(talk.daemon),
                                   .token = "wrong"},
            &status);
        assert_null(peer);
        assert_true(status == 401 || status == 403);
    }
    assert_false(test_daemon_logged(talk.daemon, TEST_DAEMON_TOKEN));
    still_serves();
}

/* ---- ids ----------------------------------------------------------------- */

static void test_large_ids(void **state) {
    static const char *const users[] = {"9007199254740993",
                                        "9223372036854775807"};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(users); i++) {
        char *frame =
            xasprintf("{" HEAD
                      "\"user_id\":%s,\"message_id\":%s,"
                      "\"sender\":{}," TEXT("\"诉求 换电柜坏了\"") "}",
                      users[i], users[i]);
        send_frame(frame, strlen(frame));
        hears(users[i], "已登记，编号 S");
        free(frame);
    }
}

static void test_ids_as_strings(void **state) {
    static const char frame[] =
        "{" HEAD
        "\"user_id\":\"95003\",\"message_id\":\"m-1:2\","
        "\"sender\":null," TEXT("\"诉求 换电柜坏了\"") "}";

    (void)state;
    for (int i = 0; i < 2; i++) {
        send_frame(frame, strlen(frame));
        hears("95003", "已登记，编号 S");
    }
    assert_int_equal(
        test_daemon_redis_int(talk.daemon, "ZCARD {qinhuai}:tickets:qq.95003"),
        1);
}

/* ---- texts --------------------------------------------------------------- */

static void test_long_text(void **state) {
    const char *user = somebody_known();
    struct buf text;

    (void)state;
    buf_init(&text);
    buf_adds(&text, "诉求 ");
    while (text.len < 100 * 1024)
        buf_adds(&text, "长");
    buf_addc(&text, '\0');
    says(user, text.data);
    hears(user, "文字太长了");
    asks(user, "取消", "不弄了");
    says_in(GROUP, user, text.data);
    hears(user, "文字太长了");
    hears_in(GROUP, user, "请看私聊");
    asks(user, "取消", "不弄了");
    says(user, text.data + strlen("诉求 "));
    hears(user, "");
    asks(user, "我的", "还没有提过");
    buf_finish(&text);
}

/* What looks like our own marks is text like any other. */
static void test_marks_in_text(void **state) {
    static const char *const texts[] = {
        "换电柜坏了 {id} {text} {rows}",
        "换电柜坏了\x1fnick\x1f骗子\x1ftext\x1f空",
        "换电柜坏了 [CQ:at,qq=all] [CQ:image,file=a.jpg]",
        "换电柜坏了 \xe2\x80\xae倒过来\xe2\x80\x8b",
        "换电柜坏了 *FLUSHALL\r\n$1\r\n",
        "换电柜坏了 %s%n%d",
        "换电柜坏了 👨‍👩‍👧‍👦🛵",
    };
    static const char *const kept[] = {
        "换电柜坏了 {id} {text} {rows}",
        "换电柜坏了",
        "[CQ:at,qq=all]",
        "倒过来",
        "*FLUSHALL",
        "%s%n%d",
        "🛵",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        const char *user = somebody_known();
        char *text = xasprintf("诉求 %s", texts[i]);
        asks(user, text, "已登记，编号 S");
        asks(user, number_in_last(), kept[i]);
        free(text);
    }
    assert_true(test_daemon_redis_int(talk.daemon, "DBSIZE") > 10);
}

/* As RFC 6455 wants it, such a frame costs the connection. */
static void test_broken_utf8(void **state) {
    static const char *const texts[] = {
        "\xff\xfe\xc0\x80",
        "\xed\xa0\x80\xf8\x88\x80\x80\x80",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *frame = xasprintf("{" HEAD
                                "\"user_id\":95100,\"message_id\":1,"
                                "\"sender\":{}," TEXT("\"诉求 %s\"") "}",
                                texts[i]);
        send_frame(frame, strlen(frame));
        assert_int_equal(peer_wait_close(talk.peer, 30000), 1007);
        talk_reconnect();
        free(frame);
    }
    still_serves();
}

/* JSON that stands for what is not text. */
static void test_broken_escapes(void **state) {
    static const char *const texts[] = {
        "\"诉求 换电柜\\u0000坏了\"",
        "\"诉求 换电柜坏了\\ud800\"",
        "\"诉求 换电柜坏了\\udc00\\ud800\"",
        "\"诉求 换电柜坏了\\u12\"",
        "\"诉求 换电柜坏了\\x\"",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *frame = xasprintf("{" HEAD
                                "\"user_id\":95101,\"message_id\":%zu,"
                                "\"sender\":{\"nickname\":%s},"
                                "\"message\":[{\"type\":\"text\",\"data\":"
                                "{\"text\":%s}}]}",
                                i, texts[i], texts[i]);
        send_frame(frame, strlen(frame));
        free(frame);
    }
    talk_drain("95101");
    still_serves();
}

static void test_unknown_segments(void **state) {
    static const char frame[] =
        "{" HEAD
        "\"user_id\":95200,\"message_id\":1,\"sender\":{},"
        "\"message\":[{\"type\":\"face\",\"data\":{\"id\":\"178\"}},"
        "{\"type\":\"hologram\",\"data\":{\"x\":[1,2,{\"y\":null}]}},"
        "{\"type\":\"text\",\"data\":{\"text\":\"诉求 换电柜坏了\"}},"
        "{\"type\":\"json\",\"data\":{\"data\":\"{\\\"a\\\":1}\"}},"
        "{\"type\":\"text\"},{\"data\":{}},{}]}";

    (void)state;
    send_frame(frame, strlen(frame));
    hears("95200", "已登记，编号 S");
}

/* Its own messages, and those of the system, are nobody's. */
static void test_own_messages(void **state) {
    static const char sent[] =
        "{\"time\":1,\"self_id\":10001000,\"post_type\":\"message_sent\","
        "\"message_type\":\"private\",\"user_id\":10001000,\"message_id\":7,"
        "\"sender\":{}," TEXT("\"诉求 换电柜坏了\"") "}";
    static const char own[] =
        "{" HEAD "\"user_id\":10001000,\"message_id\":8,\"sender\":{}," TEXT(
            "\"诉求 换电柜坏了\"") "}";
    static const char notice[] =
        "{\"time\":1,\"self_id\":10001000,\"post_type\":\"notice\","
        "\"notice_type\":\"group_increase\",\"user_id\":95300,"
        "\"group_id\":20010001}";
    static const char request[] =
        "{\"time\":1,\"self_id\":10001000,\"post_type\":\"request\","
        "\"request_type\":\"friend\",\"user_id\":95300,\"flag\":\"1\"}";
    static const char *const frames[] = {sent, own, notice, request};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(frames); i++)
        send_frame(frames[i], strlen(frames[i]));
    still_serves();
}

/* ---- photos -------------------------------------------------------------- */

static void test_photos_that_are_none(void **state) {
    static const char *const photos[][2] = {
        {"/html", "有照片打不开"},  {"/bomb", "有照片太大"},
        {"/404", "有照片没能取到"}, {"/slow", "有照片没能取到"},
        {"/loop", "有照片"},        {"/empty", "有照片"},
    };
    const char *user = somebody_known();

    (void)state;
    asks(user, "随手拍", "请拍张照片发来");
    for (size_t i = 0; i < ARRAY_LEN(photos); i++) {
        shows(NULL, user, NULL, photos[i][0]);
        hears(user, photos[i][1]);
        assert_non_null(strstr(talk.heard, "请拍张照片发来"));
    }
    shows(NULL, user, NULL, "/photo/a");
    hears(user, "在哪里|!有照片");
    asks(user, "取消", "不弄了");
    /* The words are taken all the same. */
    shows(NULL, user, "诉求 换电柜坏了", "/404");
    hears(user, "有照片没能取到|已登记，编号 S");
}

static void test_photo_urls(void **state) {
    static const char *const urls[] = {
        "file:///etc/passwd",
        "ftp://127.0.0.1/a.jpg",
        "gopher://127.0.0.1/",
        "http://",
        "http://127.0.0.1:1/",
        "not a url",
        "",
        "http://user:pw@127.0.0.1/",
    };
    const char *user = somebody_known();

    (void)state;
    asks(user, "随手拍", "请拍张照片发来");
    for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
        char id[16];
        const char *const images[] = {urls[i], NULL};
        snprintf(id, sizeof(id), "%zu", 66000 + i);
        peer_send(talk.peer, &(struct peer_message){
                                 .user = user, .id = id, .images = images});
        hears(user, "请拍张照片发来");
    }
    asks(user, "取消", "不弄了");
}

static void test_fifty_photos(void **state) {
    const char *user = somebody_known();
    const char *images[51] = {NULL};
    char *url = xstrdup(photo_server_url(talk.photos, "/photo/a"));
    unsigned before = photo_server_requests(talk.photos);

    (void)state;
    for (int i = 0; i < 50; i++)
        images[i] = url;
    asks(user, "随手拍 路灯坏了", "请拍张照片发来");
    peer_send(talk.peer, &(struct peer_message){
                             .user = user, .id = "66100", .images = images});
    hears(user, "照片最多 9 张|在哪里");
    assert_true(photo_server_requests(talk.photos) - before <= 9);
    asks(user, "科巷", "已登记，编号 P");
    char *photos = test_daemon_redis_string(
        talk.daemon, "HGET {qinhuai}:ticket:%s photos", number_in_last());
    unsigned n = 1;
    for (const char *at = photos; (at = strchr(at, ',')) != NULL; at++)
        n++;
    assert_int_equal(n, 9);
    free(photos);
    free(url);
}

/* As it is unless it is configured otherwise: nothing of this machine and its
 * network is fetched. */
static void test_private_addresses(void **state) {
    const char *user = somebody_known();
    unsigned before;

    (void)state;
    talk_restart_with(TALK_FREELY);
    pid_at_start = test_daemon_pid(talk.daemon);
    before = photo_server_requests(talk.photos);
    asks(user, "随手拍", "请拍张照片发来");
    shows(NULL, user, NULL, "/photo/a");
    hears(user, "有照片没能取到|请拍张照片发来");
    char *url = xasprintf("http://localhost:%d/photo/a",
                          photo_server_port(talk.photos));
    const char *const images[] = {url, "http://[::1]/", "http://0.0.0.0/",
                                  "http://169.254.169.254/latest", NULL};
    peer_send(talk.peer, &(struct peer_message){
                             .user = user, .id = "66200", .images = images});
    hears(user, "有照片没能取到|请拍张照片发来");
    assert_int_equal(photo_server_requests(talk.photos), before);
    asks(user, "取消", "不弄了");
    free(url);
    talk_restart_with(SETTINGS);
    pid_at_start = test_daemon_pid(talk.daemon);
}

/* ---- a flood ------------------------------------------------------------- */

static unsigned hear_all(const char *user, const char *words, unsigned *told) {
    struct peer_call *call;
    unsigned n = 0;

    *told = 0;
    while ((call = peer_wait_call(talk.peer, 1500)) != NULL) {
        assert_string_equal(call->to, user);
        n += strstr(call->text, words) != NULL;
        *told += strstr(call->text, "发得有点快") != NULL;
        peer_call_free(call);
    }
    return n;
}

static void test_flood(void **state) {
    const char *user = somebody(), *other = somebody();
    unsigned told;

    (void)state;
    talk_restart_with(
        "[pace]\naccount_rate = 0\ngroup_rate = 0\n"
        "[rider]\nrate = 0.5\nburst = 5\n");
    for (int i = 0; i < 60; i++)
        says(user, "我的");
    unsigned n = hear_all(user, "还没有提过", &told);
    assert_true(n >= 4 && n <= 7);
    assert_int_equal(told, 1);
    /* Others are not held up, and the rider is heard again after a pause. */
    asks(other, "我的", "还没有提过");
    for (int i = 0; i < 30; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    asks(user, "我的", "还没有提过");
    /* Chatter in a group is no flood. */
    for (int i = 0; i < LIMIT_RIDER_QUEUE; i++)
        says_in(GROUP, other, "今天单子好多");
    asks(other, "我的", "还没有提过");
    talk_restart_with(SETTINGS);
    pid_at_start = test_daemon_pid(talk.daemon);
}

static int begin(void **state) {
    (void)state;
    talk_begin(SETTINGS);
    pid_at_start = test_daemon_pid(talk.daemon);
    return 0;
}

static int end(void **state) {
    (void)state;
    talk_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TALK(test_frames),
        TALK(test_deep_frame),
        TALK(test_long_frame),
        TALK(test_second_connection),
        TALK(test_wrong_token),
        TALK(test_large_ids),
        TALK(test_ids_as_strings),
        TALK(test_long_text),
        TALK(test_marks_in_text),
        TALK(test_broken_utf8),
        TALK(test_broken_escapes),
        TALK(test_unknown_segments),
        TALK(test_own_messages),
        TALK(test_photos_that_are_none),
        TALK(test_photo_urls),
        TALK(test_fifty_photos),
        TALK(test_private_addresses),
        TALK(test_flood),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
