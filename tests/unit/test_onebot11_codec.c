#include "bot/connectors/onebot11_codec.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/geo.h"
#include "base/utf8.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;
static struct onebot11_frame frame;
static struct message message;
static struct onebot11_oddities odd;

static int setup(void **state) {
    (void)state;
    arena_init(&arena);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

static enum onebot11_kind scan(const char *text) {
    onebot11_scan(&frame, text, strlen(text));
    return frame.kind;
}

/* A frame with a group message that has this "message". */
static char *group_frame(const char *content) {
    return arena_printf(
        &arena,
        "{\"self_id\":10001000,\"user_id\":90001,\"time\":1795311530,"
        "\"message_id\":2123680692,\"message_type\":\"group\",\"sender\":"
        "{\"user_id\":90001,\"nickname\":\"骑手小王\",\"card\":\"3组-小王\"},"
        "\"sub_type\":\"normal\",\"message\":%s,"
        "\"post_type\":\"message\",\"group_id\":20010001}",
        content);
}

static enum err decode(const char *text) {
    assert_int_equal(scan(text), ONEBOT11_MESSAGE);
    return onebot11_decode(&frame, "", &arena, &message, &odd);
}

static void decode_group(const char *content) {
    assert_int_equal(decode(group_frame(content)), OK);
}

static void expect_segment(size_t at, enum segment_type type,
                           const char *text) {
    assert_true(at < message.n_segments);
    assert_int_equal(message.segments[at].type, type);
    if (text)
        assert_string_equal(message.segments[at].text, text);
    else
        assert_null(message.segments[at].text);
}

/* ---- scan ------------------------------------------------------------------
 */

static void test_kinds(void **state) {
    (void)state;
    assert_int_equal(scan(group_frame("[]")), ONEBOT11_MESSAGE);
    assert_int_equal(
        scan("{\"post_type\":\"meta_event\",\"meta_event_type\":\"heartbeat\","
             "\"self_id\":1,\"status\":{\"online\":true}}"),
        ONEBOT11_HEARTBEAT);
    assert_int_equal(scan("{\"self_id\":1,\"post_type\":\"meta_event\","
                          "\"meta_event_type\":\"lifecycle\"}"),
                     ONEBOT11_LIFECYCLE);
    assert_int_equal(
        scan("{\"post_type\":\"notice\",\"notice_type\":\"group_upload\"}"),
        ONEBOT11_EVENT);
    assert_int_equal(scan("{\"status\":\"ok\",\"retcode\":0,\"echo\":\"1\"}"),
                     ONEBOT11_ANSWER);
    assert_int_equal(scan("{\"retcode\":1403}"), ONEBOT11_ANSWER);
    assert_int_equal(scan("{}"), ONEBOT11_STRANGE);
    assert_int_equal(scan(" {\"hello\" : [1, {\"a\": \"}\"}] } "),
                     ONEBOT11_STRANGE);
}

static void test_own_messages(void **state) {
    (void)state;
    assert_int_equal(scan("{\"post_type\":\"message_sent\",\"user_id\":1,"
                          "\"self_id\":1,\"message\":\"a\"}"),
                     ONEBOT11_OWN);
    assert_int_equal(scan("{\"user_id\":10001000,\"self_id\":\"10001000\","
                          "\"message\":\"a\",\"post_type\":\"message\"}"),
                     ONEBOT11_OWN);
    assert_int_equal(scan("{\"user_id\":1000100,\"self_id\":10001000,"
                          "\"message\":\"a\",\"post_type\":\"message\"}"),
                     ONEBOT11_MESSAGE);
}

static void test_what_nobody_wrote(void **state) {
    (void)state;
    assert_int_equal(scan("{\"post_type\":\"message\",\"self_id\":1,"
                          "\"user_id\":80000000,\"anonymous\":{\"id\":1}}"),
                     ONEBOT11_SYSTEM);
    assert_int_equal(scan("{\"post_type\":\"message\",\"self_id\":1,"
                          "\"user_id\":2,\"sub_type\":\"notice\"}"),
                     ONEBOT11_SYSTEM);
    assert_int_equal(scan("{\"post_type\":\"message\",\"self_id\":1,"
                          "\"user_id\":2,\"anonymous\":null}"),
                     ONEBOT11_MESSAGE);
}

static void expect_flaw(const char *text, enum onebot11_flaw flaw) {
    assert_int_equal(scan(text), ONEBOT11_BROKEN);
    assert_int_equal(frame.flaw, flaw);
}

static void test_flaws(void **state) {
    (void)state;
    char deep[256];

    expect_flaw("", ONEBOT11_NOT_JSON);
    expect_flaw("not json{", ONEBOT11_NOT_JSON);
    expect_flaw("{", ONEBOT11_NOT_JSON);
    expect_flaw("{\"a\":1,}", ONEBOT11_NOT_JSON);
    expect_flaw("{'a':1}", ONEBOT11_NOT_JSON);
    expect_flaw("{\"a\":1} x", ONEBOT11_NOT_JSON);
    expect_flaw("{\"a\":\"\\", ONEBOT11_NOT_JSON);
    expect_flaw("[]", ONEBOT11_NOT_OBJECT);
    expect_flaw(" \"text\"", ONEBOT11_NOT_OBJECT);
    expect_flaw("12", ONEBOT11_NOT_OBJECT);
    expect_flaw("null", ONEBOT11_NOT_OBJECT);
    strcpy(deep, "{\"a\":");
    memset(deep + 5, '[', 100);
    memset(deep + 105, ']', 100);
    strcpy(deep + 205, "}");
    expect_flaw(deep, ONEBOT11_TOO_DEEP);
}

/* ---- glance ----------------------------------------------------------------
 */

static struct onebot11_glance seen;

static bool look(const char *content, const char *alias) {
    assert_int_equal(scan(group_frame(content)), ONEBOT11_MESSAGE);
    return onebot11_glance(&frame, alias, &arena, &seen);
}

static void expect_glance(const char *content, const char *text,
                          bool mentioned) {
    assert_true(look(content, "777"));
    assert_string_equal(seen.glance.chat, "qq.g20010001");
    assert_string_equal(seen.glance.rider, "qq.90001");
    assert_true(seen.glance.in_group);
    assert_int_equal(seen.glance.mentioned, mentioned);
    assert_int_equal(seen.glance.text_len, strlen(text));
    assert_memory_equal(seen.glance.text, text, strlen(text));
}

static void test_glance_at_segments(void **state) {
    (void)state;
    expect_glance("[]", "", false);
    expect_glance("[{\"type\":\"text\",\"data\":{\"text\":\"/签到\"}}]",
                  "/签到", false);
    expect_glance("[{\"data\":{\"text\":\" \\n\\u8bc9求\"},\"type\":\"text\"}]",
                  "诉求", false);
    expect_glance(
        "[{\"type\":\"text\",\"data\":{\"text\":\"诉\"}},"
        "{\"type\":\"face\",\"data\":{\"id\":\"1\"}},"
        "{\"type\":\"text\",\"data\":{\"text\":\"求\"}}]",
        "诉求", false);
    expect_glance(
        "[{\"type\":\"at\",\"data\":{\"qq\":\"10001000\"}},"
        "{\"type\":\"text\",\"data\":{\"text\":\" a\"}}]",
        "a", true);
    expect_glance("[{\"type\":\"at\",\"data\":{\"qq\":10001000}}]", "", true);
    expect_glance("[{\"type\":\"at\",\"data\":{\"qq\":\"777\"}}]", "", true);
    expect_glance("[{\"type\":\"at\",\"data\":{\"qq\":\"all\"}}]", "", false);
    expect_glance("[{\"type\":\"at\",\"data\":{\"qq\":\"1000100\"}}]", "",
                  false);
    expect_glance("[{\"type\":\"at\",\"data\":{}}, 5, {}]", "", false);
}

static void test_glance_at_cq(void **state) {
    (void)state;
    expect_glance("\"\"", "", false);
    expect_glance("\"/签到\"", "/签到", false);
    expect_glance("\"[CQ:at,qq=10001000] 电池 &#91;3&#93;\\n急\"",
                  "电池 [3]\n急", true);
    expect_glance("\"[CQ:at,qq=90002] a[CQ:face,id=1]b\"", "ab", false);
    expect_glance("\"[CQ:at,qq=all][CQ:at,qq=]x\"", "x", false);
    expect_glance("\"a[CQ:at,qq=777]\"", "a", true);
}

static void test_an_empty_alias_is_nobody(void **state) {
    (void)state;
    assert_true(look("\"[CQ:at,qq=]\"", ""));
    assert_false(seen.glance.mentioned);
}

static void test_glance_at_long_text(void **state) {
    (void)state;
    struct buf text;

    buf_init(&text);
    for (int i = 0; i < 500; i++)
        buf_adds(&text, "长");
    assert_true(look(arena_printf(&arena, "\"%s\"", text.data), ""));
    assert_true(seen.glance.text_len >= 64);
    assert_true(utf8_valid(seen.glance.text, seen.glance.text_len));
    assert_true(look(arena_printf(&arena,
                                  "[{\"type\":\"text\",\"data\":{\"text\":\""
                                  "\\t%s\"}}]",
                                  text.data),
                     ""));
    assert_true(seen.glance.text_len >= 64);
    assert_true(utf8_valid(seen.glance.text, seen.glance.text_len));
    buf_finish(&text);
}

static void test_glance_at_private(void **state) {
    (void)state;
    scan(
        "{\"post_type\":\"message\",\"message_type\":\"private\","
        "\"self_id\":1,\"user_id\":\"90001\",\"message\":\"hi\"}");
    assert_true(onebot11_glance(&frame, "", &arena, &seen));
    assert_false(seen.glance.in_group);
    assert_string_equal(seen.glance.chat, "qq.u90001");
}

static void test_glance_leaves_odd_frames_to_decode(void **state) {
    (void)state;
    scan(
        "{\"post_type\":\"message\",\"message_type\":\"group\","
        "\"self_id\":1,\"user_id\":2,\"message\":\"hi\"}");
    assert_false(onebot11_glance(&frame, "", &arena, &seen));
    assert_false(look("{}", ""));
    assert_false(look("7", ""));
    assert_false(look("\"\\x\"", ""));
    assert_false(look("[1 2]", ""));
}

/* ---- messages --------------------------------------------------------------
 */

static void test_a_group_message(void **state) {
    (void)state;
    decode_group(
        "[{\"type\":\"at\",\"data\":{\"qq\":\"10001000\"}},"
        "{\"type\":\"text\",\"data\":{\"text\":\" 电池坏了 [3号柜] & "
        "急,急\\n换行\"}}]");
    assert_string_equal(message.account, "qq.10001000");
    assert_string_equal(message.chat, "qq.g20010001");
    assert_string_equal(message.rider, "qq.90001");
    assert_string_equal(message.id, "2123680692");
    assert_string_equal(message.nick, "3组-小王");
    assert_true(message.in_group);
    assert_true(message.mentioned);
    assert_int_equal(message.time_ms, INT64_C(1795311530000));
    assert_int_equal(message.n_segments, 2);
    expect_segment(0, SEGMENT_MENTION, NULL);
    expect_segment(1, SEGMENT_TEXT, " 电池坏了 [3号柜] & 急,急\n换行");
    assert_int_equal(odd.wrong + odd.unknown, 0);
}

static void test_a_private_message(void **state) {
    (void)state;
    assert_int_equal(
        decode("{\"time\":1,\"self_id\":45120633617,\"post_type\":\"message\","
               "\"message_type\":\"private\",\"message_id\":74136673276,"
               "\"user_id\":90001,\"message\":\"私聊\",\"sender\":"
               "{\"nickname\":\"a\\u202eb\\nc\",\"card\":\" \"}}"),
        OK);
    assert_string_equal(message.account, "qq.45120633617");
    assert_string_equal(message.chat, "qq.u90001");
    assert_string_equal(message.id, "74136673276");
    assert_string_equal(message.nick, "ab c");
    assert_false(message.in_group);
    assert_false(message.mentioned);
    expect_segment(0, SEGMENT_TEXT, "私聊");
}

static void test_ids_of_any_size(void **state) {
    (void)state;
    assert_int_equal(
        decode("{\"self_id\":\"9007199254740993\",\"post_type\":\"message\","
               "\"message_type\":\"group\",\"message_id\":-2147483648,"
               "\"user_id\":18446744073709551617,\"message\":\"a\","
               "\"group_id\":\"abc_D-1\"}"),
        OK);
    assert_string_equal(message.account, "qq.9007199254740993");
    assert_string_equal(message.rider, "qq.18446744073709551617");
    assert_string_equal(message.chat, "qq.gabc_D-1");
    assert_string_equal(message.id, "-2147483648");
    assert_string_equal(message.nick, "");
}

static void expect_invalid(const char *self, const char *user,
                           const char *group, const char *id,
                           const char *content) {
    assert_int_equal(
        decode(arena_printf(&arena,
                            "{\"post_type\":\"message\",\"message_type\":"
                            "\"group\",\"self_id\":%s,\"user_id\":%s,"
                            "\"group_id\":%s,\"message_id\":%s,\"message\":%s}",
                            self, user, group, id, content)),
        ERR_INVALID);
}

static void test_what_is_no_message(void **state) {
    (void)state;
    char long_id[100];

    memset(long_id, '1', sizeof(long_id));
    long_id[sizeof(long_id) - 1] = '\0';
    expect_invalid("null", "2", "3", "4", "\"a\"");
    expect_invalid("1", "true", "3", "4", "\"a\"");
    expect_invalid("1", "2", "[3]", "4", "\"a\"");
    expect_invalid("1", "2", "3", "{}", "\"a\"");
    expect_invalid("1", "2", "3", "4.5", "\"a\"");
    expect_invalid("1", "1.5", "3", "4", "\"a\"");
    expect_invalid("1", "2", "\"\"", "4", "\"a\"");
    expect_invalid("1", "2", "\"a b\"", "4", "\"a\"");
    expect_invalid("1", "2", "\"a{b}\"", "4", "\"a\"");
    expect_invalid("1", "\"a:b\"", "3", "4", "\"a\"");
    expect_invalid("1", long_id, "3", "4", "\"a\"");
    expect_invalid("1", "2", "3", "\"\"", "\"a\"");
    expect_invalid("1", "2", "3", "\"a\\u0000b\"", "\"a\"");
    expect_invalid("1", "2", "3", "4", "5");
    expect_invalid("1", "2", "3", "4", "null");
    expect_invalid("1", "2", "3", "4", "{\"type\":\"text\"}");
    expect_invalid("1", "2", "3", "4", "\"a\\q\"");
    expect_invalid("1", "2", "3", "4", "[1,]");
}

static void test_images(void **state) {
    (void)state;
    decode_group(
        "[{\"type\":\"text\",\"data\":{\"text\":\"随手拍 消防通道被堵\"}},"
        "{\"type\":\"image\",\"data\":{\"summary\":\"\",\"file\":\"4F.jpg\","
        "\"sub_type\":0,\"url\":\"https:\\/\\/a.cn/d?x=1&rkey=C_F\","
        "\"file_size\":\"183042\"}},"
        "{\"type\":\"image\",\"data\":{\"file\":\"HTTP://a/b\"}},"
        "{\"type\":\"image\",\"data\":{\"file\":\"4F.jpg\",\"url\":\"\"}},"
        "{\"type\":\"image\",\"data\":{\"file\":\"file:///etc/passwd\"}}]");
    assert_int_equal(message.n_segments, 5);
    assert_int_equal(message.segments[1].type, SEGMENT_IMAGE);
    assert_string_equal(message.segments[1].url, "https://a.cn/d?x=1&rkey=C_F");
    assert_string_equal(message.segments[2].url, "HTTP://a/b");
    assert_int_equal(message.segments[3].type, SEGMENT_IMAGE);
    assert_null(message.segments[3].url);
    assert_null(message.segments[4].url);
    assert_int_equal(odd.wrong, 2);
}

static void test_cq_image(void **state) {
    (void)state;
    decode_group(
        "\"随手拍 消防通道被堵[CQ:image,file=4F.jpg,sub_type=0,"
        "url=https://a.cn/d?x=1&amp;y=2&#44;3,file_size=9][CQ:reply,"
        "id=5][CQ:at,qq=10001000]&#91;x&#93;\"");
    assert_int_equal(message.n_segments, 4);
    expect_segment(0, SEGMENT_TEXT, "随手拍 消防通道被堵");
    assert_string_equal(message.segments[1].url, "https://a.cn/d?x=1&y=2,3");
    expect_segment(2, SEGMENT_MENTION, NULL);
    expect_segment(3, SEGMENT_TEXT, "[x]");
    assert_true(message.mentioned);
}

/* What QQ shares is GCJ-02; what we take in is WGS-84. */
static void expect_place(double lat, double lon, const char *name) {
    expect_segment(0, SEGMENT_LOCATION, name);
    struct geo told = {lat, lon};
    struct geo taken = {message.segments[0].lat, message.segments[0].lon};
    struct geo back = geo_wgs84_to_gcj02(taken);
    assert_float_equal(back.lat, lat, 1e-6);
    assert_float_equal(back.lon, lon, 1e-6);
    assert_int_equal(geo_distance_m(told, taken) > 100, geo_in_china(told));
}

static void test_places(void **state) {
    (void)state;
    decode_group(
        "[{\"type\":\"location\",\"data\":{\"lat\":\"32.0415\","
        "\"lon\":\"118.778\",\"title\":\"新街口\"}}]");
    expect_place(32.0415, 118.778, "新街口");
    decode_group(
        "[{\"type\":\"location\",\"data\":{\"lat\":-32.5,"
        "\"lon\":1e2}}]");
    expect_place(-32.5, 100, NULL);
    decode_group(
        "\"[CQ:location,lat=32.0415,lon=118.778,title=a&#44;b,"
        "content=中山路1号]\"");
    expect_place(32.0415, 118.778, "a,b 中山路1号");
    assert_int_equal(odd.wrong, 0);
}

static void expect_no_place(const char *lat, const char *lon) {
    decode_group(arena_printf(&arena,
                              "[{\"type\":\"location\",\"data\":{\"lat\":%s,"
                              "\"lon\":%s}}]",
                              lat, lon));
    expect_segment(0, SEGMENT_OTHER, NULL);
    assert_int_equal(odd.wrong, 1);
}

static void test_what_is_no_place(void **state) {
    (void)state;
    expect_no_place("\"north\"", "\"1\"");
    expect_no_place("\"nan\"", "\"1\"");
    expect_no_place("\"inf\"", "\"1\"");
    expect_no_place("\"0x10\"", "\"1\"");
    expect_no_place("\"\"", "\"1\"");
    expect_no_place("\"1 \"", "\"1\"");
    expect_no_place("\"1e999\"", "\"1\"");
    expect_no_place("90.1", "1");
    expect_no_place("1", "-180.5");
    expect_no_place("null", "1");
    expect_no_place("[1]", "1");
}

static void test_a_shared_pin(void **state) {
    (void)state;
    static const char card[] =
        "{\"app\":\"com.tencent.map\",\"desc\":\"\",\"view\":"
        "\"LocationShare\",\"prompt\":\"[位置]\",\"meta\":{\"Location.Search\":"
        "{\"id\":\"1\",\"name\":\"新街口\",\"address\":\"中山东路1号\","
        "\"lat\":\"32.0415\",\"lng\":\"118.778\",\"from\":\"plusPanel\"}}}";
    struct buf text;

    buf_init(&text);
    buf_adds(&text, "[{\"type\":\"json\",\"data\":{\"data\":");
    buf_add_json_string(&text, card, strlen(card));
    buf_adds(&text, "}}]");
    decode_group(text.data);
    expect_place(32.0415, 118.778, "新街口 中山东路1号");
    buf_finish(&text);
    decode_group(arena_printf(
        &arena, "[{\"type\":\"json\",\"data\":{\"data\":%s}}]", card));
    expect_place(32.0415, 118.778, "新街口 中山东路1号");
}

static void test_a_shared_pin_in_cq(void **state) {
    (void)state;
    decode_group(
        "\"[CQ:json,data={\\\"app\\\":\\\"com.tencent.map\\\"&#44;\\\"meta\\\":"
        "{\\\"Location.Search\\\":{\\\"name\\\":\\\"站&#91;1&#93;\\\"&#44;"
        "\\\"lat\\\":\\\"32.5\\\"&#44;\\\"lng\\\":118.5}}}]\"");
    expect_place(32.5, 118.5, "站[1]");
}

static void test_other_cards(void **state) {
    (void)state;
    static const char *const cards[] = {
        "\"\"",
        "\"not json\"",
        "\"{\\\"app\\\":\\\"com.tencent.map\\\"}\"",
        "\"{\\\"app\\\":\\\"com.tencent.map\\\",\\\"meta\\\":[]}\"",
        "\"{\\\"app\\\":\\\"com.tencent.miniapp\\\"}\"",
        "5",
        "null",
    };

    for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
        decode_group(arena_printf(
            &arena, "[{\"type\":\"json\",\"data\":{\"data\":%s}}]", cards[i]));
        assert_int_equal(message.n_segments, 1);
        expect_segment(0, SEGMENT_OTHER, NULL);
    }
}

static void test_segments_of_other_kinds(void **state) {
    (void)state;
    decode_group(
        "[{\"type\":\"record\",\"data\":{\"file\":\"a.amr\"}},"
        "{\"type\":\"face\",\"data\":{\"id\":\"1\"}},"
        "{\"type\":\"at\",\"data\":{\"qq\":\"all\"}},"
        "{\"type\":\"at\",\"data\":{\"qq\":90002}},"
        "{\"type\":\"reply\",\"data\":{\"id\":\"1\"}},"
        "{\"type\":\"video\"}]");
    assert_int_equal(message.n_segments, 5);
    expect_segment(0, SEGMENT_VOICE, NULL);
    for (size_t i = 1; i < 5; i++)
        expect_segment(i, SEGMENT_OTHER, NULL);
    assert_false(message.mentioned);
    assert_int_equal(odd.wrong + odd.unknown, 0);
}

static void test_segments_that_are_none(void **state) {
    (void)state;
    decode_group(
        "[5,\"a\",null,[],{},{\"type\":5},{\"type\":\"hologram\"},"
        "{\"type\":\"text\"},{\"type\":\"text\",\"data\":[]},"
        "{\"type\":\"text\",\"data\":{\"text\":true}},"
        "{\"type\":\"text\",\"data\":{\"text\":7}},"
        "{\"type\":\"at\",\"data\":\"x\"}]");
    assert_int_equal(odd.unknown, 1);
    assert_int_equal(odd.wrong, 10);
    expect_segment(7, SEGMENT_TEXT, "7");
    assert_int_equal(message.n_segments, 9);
}

static void test_odd_characters(void **state) {
    (void)state;
    decode_group(
        "[{\"type\":\"text\",\"data\":{\"text\":\"a\\u0000b\\ud83dc"
        "\\u0007\\r\\nd\\u202e\"}}]");
    expect_segment(0, SEGMENT_TEXT,
                   "a\xef\xbf\xbd"
                   "b\xef\xbf\xbd"
                   "c\nd");
    decode_group("\"\\ud83d\\udc1d\"");
    expect_segment(0, SEGMENT_TEXT, "🐝");
}

/* A JSON string of count times what. */
static char *many(const char *what, size_t count) {
    struct buf text;
    char *copy;

    buf_init(&text);
    buf_adds(&text, "\"");
    for (size_t i = 0; i < count; i++)
        buf_adds(&text, what);
    buf_adds(&text, "\"");
    copy = arena_strdup(&arena, text.data);
    buf_finish(&text);
    return copy;
}

static void test_long_text_is_cut(void **state) {
    (void)state;
    decode_group(many("字", LIMIT_TEXT_CHARS));
    assert_false(message.text_too_long);
    assert_int_equal(utf8_length(message.segments[0].text), LIMIT_TEXT_CHARS);
    decode_group(many("字", LIMIT_TEXT_CHARS + 1));
    assert_true(message.text_too_long);
    assert_int_equal(utf8_length(message.segments[0].text), LIMIT_TEXT_CHARS);
    decode_group(many("字", 100000));
    assert_true(message.text_too_long);
    assert_int_equal(utf8_length(message.segments[0].text), LIMIT_TEXT_CHARS);
    assert_true(
        utf8_valid(message.segments[0].text, strlen(message.segments[0].text)));
}

static void test_text_is_counted_over_segments(void **state) {
    (void)state;
    char *half = many("字", LIMIT_TEXT_CHARS / 2 + 10);

    decode_group(arena_printf(&arena,
                              "[{\"type\":\"text\",\"data\":{\"text\":%s}},"
                              "{\"type\":\"text\",\"data\":{\"text\":%s}},"
                              "{\"type\":\"text\",\"data\":{\"text\":\"x\"}}]",
                              half, half));
    assert_true(message.text_too_long);
    assert_int_equal(message.n_segments, 2);
    assert_int_equal(utf8_length(message.segments[0].text) +
                         utf8_length(message.segments[1].text),
                     LIMIT_TEXT_CHARS);
}

static void test_many_segments_are_dropped(void **state) {
    (void)state;
    struct buf text;

    buf_init(&text);
    for (int i = 0; i < LIMIT_SEGMENTS + 36; i++)
        buf_addf(&text,
                 "%s{\"type\":\"image\",\"data\":{\"url\":\"http://a\"}}",
                 i ? "," : "");
    decode_group(arena_printf(&arena, "[%s]", text.data));
    assert_int_equal(message.n_segments, LIMIT_SEGMENTS);
    assert_int_equal(message.n_dropped, 36);
    buf_finish(&text);
    char *cq = many("[CQ:face,id=1]", LIMIT_SEGMENTS + 5);
    decode_group(cq);
    assert_int_equal(message.n_segments, LIMIT_SEGMENTS);
    assert_int_equal(message.n_dropped, 5);
}

static void test_long_names_are_cut(void **state) {
    (void)state;
    assert_int_equal(
        decode(arena_printf(&arena,
                            "{\"self_id\":1,\"post_type\":\"message\","
                            "\"message_type\":\"private\",\"message_id\":1,"
                            "\"user_id\":2,\"message\":[],\"sender\":"
                            "{\"nickname\":%s,\"card\":5}}",
                            many("名", 10000))),
        OK);
    assert_true(utf8_length(message.nick) <= LIMIT_NAME_CHARS);
    assert_true(utf8_length(message.nick) > LIMIT_NAME_CHARS / 2);
}

/* ---- answers ---------------------------------------------------------------
 */

static struct onebot11_answer answer;

static enum outcome outcome_of(const char *text) {
    assert_int_equal(scan(text), ONEBOT11_ANSWER);
    onebot11_decode_answer(&frame, &arena, &answer);
    return answer.outcome;
}

static void test_sent(void **state) {
    (void)state;
    assert_int_equal(outcome_of("{\"status\":\"ok\",\"retcode\":0,\"data\":"
                                "{\"message_id\":38588350906}}"),
                     OUTCOME_SENT);
    assert_string_equal(answer.message_id, "38588350906");
    assert_null(answer.reason);
    assert_int_equal(outcome_of("{\"status\":\"ok\",\"data\":null}"),
                     OUTCOME_SENT);
    assert_null(answer.message_id);
    assert_int_equal(outcome_of("{\"retcode\":0}"), OUTCOME_SENT);
    assert_int_equal(outcome_of("{\"status\":\"async\",\"retcode\":1,\"data\":"
                                "{\"message_id\":\"x\"}}"),
                     OUTCOME_SENT);
}

static void test_refused(void **state) {
    (void)state;
    assert_int_equal(
        outcome_of("{\"status\":\"failed\",\"retcode\":1200,\"data\":null,"
                   "\"message\":\"a\",\"wording\":\"请指定正确的 group_id\"}"),
        OUTCOME_REFUSED);
    assert_string_equal(answer.reason, "请指定正确的 group_id");
    assert_int_equal(answer.retcode, 1200);
    assert_int_equal(
        outcome_of("{\"status\":\"failed\",\"retcode\":-1,\"msg\":\"no\"}"),
        OUTCOME_REFUSED);
    assert_string_equal(answer.reason, "no");
    assert_int_equal(outcome_of("{\"status\":\"failed\",\"message\":5}"),
                     OUTCOME_REFUSED);
    assert_null(answer.reason);
    assert_int_equal(outcome_of("{\"retcode\":1404}"), OUTCOME_REFUSED);
}

static void test_unknown(void **state) {
    (void)state;
    assert_int_equal(
        outcome_of("{\"status\":\"failed\",\"retcode\":1200,\"message\":"
                   "\"Timeout: NTEvent serviceAndMethod:\\n{}\\n\"}"),
        OUTCOME_UNKNOWN);
    assert_int_equal(outcome_of("{\"status\":\"failed\",\"retcode\":1200,"
                                "\"wording\":\"消息发送超时\"}"),
                     OUTCOME_UNKNOWN);
    assert_int_equal(outcome_of("{\"status\":\"async\",\"retcode\":1}"),
                     OUTCOME_UNKNOWN);
    assert_int_equal(outcome_of("{\"status\":\"ok\",\"retcode\":1200}"),
                     OUTCOME_UNKNOWN);
    assert_int_equal(outcome_of("{\"status\":7,\"retcode\":\"x\"}"),
                     OUTCOME_UNKNOWN);
}

static void test_login_answer(void **state) {
    (void)state;
    outcome_of(
        "{\"status\":\"ok\",\"retcode\":0,\"data\":{\"user_id\":"
        "45120633617,\"nickname\":\"10001000\"},\"echo\":2}");
    assert_string_equal(answer.user_id, "45120633617");
    outcome_of("{\"status\":\"ok\",\"retcode\":0,\"data\":{\"user_id\":[]}}");
    assert_null(answer.user_id);
    outcome_of("{\"status\":\"ok\",\"retcode\":0,\"data\":[1]}");
    assert_null(answer.user_id);
}

static bool echo_is_ours(const char *text, uint64_t *number) {
    return onebot11_decode_echo((struct jspan){text, strlen(text)}, "ab",
                                number);
}

static void test_echo(void **state) {
    (void)state;
    static const char *const others[] = {
        "",
        "null",
        "\"\"",
        "5",
        "\"5\"",
        "\"ab\"",
        "\"ab-1\"",
        "\"ab1x\"",
        "{\"a\":1}",
        "\"ac1\"",
        "\"ab01\"",
        "\"ab",
        "\"ab99999999999999999999\"",
    };
    uint64_t number;

    assert_true(echo_is_ours("\"ab0\"", &number));
    assert_int_equal(number, 0);
    assert_true(echo_is_ours("\"ab4294967296\"", &number));
    assert_int_equal(number, UINT64_C(4294967296));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(echo_is_ours(others[i], &number));
}

/* ---- calls -----------------------------------------------------------------
 */

static void expect_call(const struct outgoing *out, const char *image,
                        const char *expected) {
    struct buf buf;
    json_t *parsed;

    buf_init(&buf);
    assert_int_equal(onebot11_encode_send(&buf, out, image, "x", 12), OK);
    assert_string_equal(buf.data, expected);
    parsed = json_loadb(buf.data, buf.len, 0, NULL);
    assert_non_null(parsed);
    json_decref(parsed);
    buf_finish(&buf);
}

static void test_calls(void **state) {
    (void)state;
    expect_call(&(struct outgoing){.chat = "qq.g20010001",
                                   .mention = "qq.90001",
                                   .reply_to = "9300724372",
                                   .text = "已登记 [1] & \"ok\"\n"},
                NULL,
                "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":"
                "20010001,\"message\":[{\"type\":\"reply\",\"data\":{\"id\":"
                "\"9300724372\"}},{\"type\":\"at\",\"data\":{\"qq\":\"90001\"}}"
                ",{\"type\":\"text\",\"data\":{\"text\":\" 已登记 [1] & "
                "\\\"ok\\\"\\n\"}}]},\"echo\":\"x12\"}");
    expect_call(&(struct outgoing){.chat = "qq.u90001",
                                   .mention = "qq.90001",
                                   .text = "[CQ:at,qq=all]"},
                NULL,
                "{\"action\":\"send_private_msg\",\"params\":{\"user_id\":"
                "90001,\"message\":[{\"type\":\"text\",\"data\":{\"text\":"
                "\"[CQ:at,qq=all]\"}}]},\"echo\":\"x12\"}");
    expect_call(&(struct outgoing){.chat = "qq.gab", .text = ""}, "aGk=",
                "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":"
                "\"ab\",\"message\":[{\"type\":\"image\",\"data\":{\"file\":"
                "\"base64://aGk=\"}}]},\"echo\":\"x12\"}");
    expect_call(&(struct outgoing){.chat = "qq.g18446744073709551617",
                                   .mention = "qq.1",
                                   .text = "\na"},
                NULL,
                "{\"action\":\"send_group_msg\",\"params\":{\"group_id\":"
                "\"18446744073709551617\",\"message\":[{\"type\":\"at\","
                "\"data\":{\"qq\":\"1\"}},{\"type\":\"text\",\"data\":"
                "{\"text\":\"\\na\"}}]},\"echo\":\"x12\"}");
}

static void test_calls_that_cannot_be(void **state) {
    (void)state;
    static const struct outgoing wrong[] = {
        {.chat = "qq.g1", .text = ""},  {.chat = "qq.g1"},
        {.chat = "qq.", .text = "a"},   {.chat = "qq.g", .text = "a"},
        {.chat = "qq.x1", .text = "a"},
    };
    struct buf buf;

    buf_init(&buf);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(onebot11_encode_send(&buf, &wrong[i], NULL, "x", 1),
                         ERR_INVALID);
    assert_int_equal(buf.len, 0);
    onebot11_encode_question(&buf, "get_login_info", "x", 0);
    assert_string_equal(buf.data,
                        "{\"action\":\"get_login_info\",\"params\":"
                        "{},\"echo\":\"x0\"}");
    buf_finish(&buf);
}

static void test_recall(void **state) {
    struct buf buf;
    (void)state;

    buf_init(&buf);
    onebot11_encode_recall(&buf, "-2147483648", "x", 7);
    assert_string_equal(buf.data,
                        "{\"action\":\"delete_msg\",\"params\":"
                        "{\"message_id\":-2147483648},\"echo\":\"x7\"}");
    buf_clear(&buf);
    onebot11_encode_recall(&buf, "a\"b", "x", 8);
    assert_string_equal(buf.data,
                        "{\"action\":\"delete_msg\",\"params\":"
                        "{\"message_id\":\"a\\\"b\"},\"echo\":\"x8\"}");
    buf_finish(&buf);
}

/* Words of NapCat, go-cqhttp and their kin. */
static void test_refusals(void **state) {
    static const struct {
        const char *words;
        enum refusal refusal;
    } words[] = {
        {"消息发送过快，请稍后再试", REFUSAL_TOO_FAST},
        {"操作频繁", REFUSAL_TOO_FAST},
        {"Rate Limit exceeded", REFUSAL_TOO_FAST},
        {"该账号已被冻结", REFUSAL_BANNED},
        {"群消息发送失败: 账号可能被风控.", REFUSAL_BANNED},
        {"你不是群成员", REFUSAL_GONE},
        {"群不存在或已解散", REFUSAL_GONE},
        {"发送失败，机器人已被禁言", REFUSAL_GONE},
        {"EventChecker Failed: EventRet:\n{ \"result\": 120, \"errMsg\": \"\" }",
         REFUSAL_GONE},
        {"send msg error: 110", REFUSAL_GONE},
        {"EventRet: { \"result\": 1200 }", REFUSAL_OTHER},
        {"请指定正确的 user_id", REFUSAL_OTHER},
        {"result", REFUSAL_OTHER},
        {"", REFUSAL_OTHER},
    };
    (void)state;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        assert_int_equal(onebot11_refusal(words[i].words), words[i].refusal);
}

/* A suspect's message may have arrived: nobody else sends it again. */
static void test_suspected(void **state) {
    (void)state;

    assert_int_equal(
        outcome_of("{\"status\":\"failed\",\"retcode\":100,"
                   "\"msg\":\"SEND_MSG_API_ERROR\","
                   "\"wording\":\"账号可能被风控\",\"echo\":\"x1\"}"),
        OUTCOME_UNKNOWN);
    assert_int_equal(answer.refusal, REFUSAL_BANNED);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_kinds),
        TEST(test_recall),
        TEST(test_refusals),
        TEST(test_suspected),
        TEST(test_own_messages),
        TEST(test_what_nobody_wrote),
        TEST(test_flaws),
        TEST(test_glance_at_segments),
        TEST(test_glance_at_cq),
        TEST(test_an_empty_alias_is_nobody),
        TEST(test_glance_at_long_text),
        TEST(test_glance_at_private),
        TEST(test_glance_leaves_odd_frames_to_decode),
        TEST(test_a_group_message),
        TEST(test_a_private_message),
        TEST(test_ids_of_any_size),
        TEST(test_what_is_no_message),
        TEST(test_images),
        TEST(test_cq_image),
        TEST(test_places),
        TEST(test_what_is_no_place),
        TEST(test_a_shared_pin),
        TEST(test_a_shared_pin_in_cq),
        TEST(test_other_cards),
        TEST(test_segments_of_other_kinds),
        TEST(test_segments_that_are_none),
        TEST(test_odd_characters),
        TEST(test_long_text_is_cut),
        TEST(test_text_is_counted_over_segments),
        TEST(test_many_segments_are_dropped),
        TEST(test_long_names_are_cut),
        TEST(test_sent),
        TEST(test_refused),
        TEST(test_unknown),
        TEST(test_login_answer),
        TEST(test_echo),
        TEST(test_calls),
        TEST(test_calls_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
