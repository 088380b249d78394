/* Feeds as three generators write them, and as strangers may. The samples are
 * also where the fuzzer begins. */
#include "bot/feed.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW_MS 1795363200000LL /* 2026-11-22 16:00 UTC */
#define RSS(items)                                                             \
    "<rss version=\"2.0\"><channel><title>t</title>" items "</channel></rss>"

static struct arena arena;
static struct feed_content content;

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

static const char *parse_as(const char *bytes, size_t len, const char *type) {
    char *copy = malloc(len == 0 ? 1 : len); /* its very size */
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    enum feed_fault fault =
        feed_parse(&arena,
                   &(struct feed_source){.bytes = copy,
                                         .len = len,
                                         .type = type,
                                         .url = "https://example.org/a/feed"},
                   NOW_MS, &content);
    free(copy);
    return feed_faults[fault];
}

static const char *parse(const char *text) {
    return parse_as(text, strlen(text), "");
}

static const char *parse_sample(const char *name, const char *type) {
    char *path = xasprintf("%s/tests/fuzz/corpus/feed/%s",
                           getenv("XIAOFENG_SOURCE"), name);
    char bytes[8192];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    assert_true(len > 0 && len < sizeof(bytes));
    fclose(file);
    free(path);
    return parse_as(bytes, len, type);
}

/* ---- three generators ---------------------------------------------------- */

static void test_wordpress(void **state) {
    (void)state;
    assert_string_equal(
        parse_sample("wordpress.rss", "application/rss+xml; charset=UTF-8"),
        "");
    assert_string_equal(content.title, "秦淮新就业群体学习园地");
    assert_int_equal(content.n, 2);
    const struct feed_entry *first = &content.entries[0];
    assert_string_equal(first->title, "骑手权益保障“十个有”");
    assert_string_equal(first->url,
                        "https://study.example.org/2026/11/20/ten/");
    assert_string_equal(first->guid, "https://study.example.org/?p=1201");
    assert_string_equal(first->body,
                        "有地方歇脚,有热水喝。\n一、驿站\n"
                        "充电 & 热饭\n药品");
    assert_non_null(strstr(first->summary, "有热水喝 … 继续阅读"));
    assert_string_equal(first->image, "");
    assert_int_equal(first->published_ms, 1795140521000);
    assert_string_equal(
        content.entries[1].image,
        "https://study.example.org/wp-content/uploads/rain.jpg");
    assert_string_equal(content.entries[1].summary, "减速,开灯,留距离。");
}

static void test_jekyll(void **state) {
    (void)state;
    assert_string_equal(parse_sample("jekyll.atom", "application/xml"), "");
    assert_string_equal(content.title, "街道学习笔记");
    assert_int_equal(content.n, 2);
    const struct feed_entry *first = &content.entries[0];
    assert_string_equal(first->title, "工伤保险怎么办理 & 要带什么");
    assert_string_equal(first->url,
                        "https://notes.example.org/2026/11/21/insurance.html");
    assert_string_equal(first->body, "先报案,再就医。\n24 小时内告诉站长。");
    assert_string_equal(first->image,
                        "https://notes.example.org/assets/insurance.png");
    assert_int_equal(first->published_ms, 1795224600000);
    const struct feed_entry *second = &content.entries[1];
    assert_string_equal(second->url,
                        "https://example.org/2026/10/01/relative.html");
    assert_string_equal(second->body, "第一段\n\n第二段 重点");
    assert_int_equal(second->published_ms, 1790812800000);
}

static void test_json_feed(void **state) {
    (void)state;
    assert_string_equal(parse_sample("microblog.json", "application/feed+json"),
                        "");
    assert_string_equal(content.title, "小哥驿站微博客");
    assert_int_equal(content.n, 2);
    const struct feed_entry *note = &content.entries[0];
    assert_string_equal(note->title, "今天学一句:宁停三分,不抢一秒。");
    assert_string_equal(note->body, note->title);
    assert_string_equal(note->url,
                        "https://micro.example.org/2026/11/22/note.html");
    const struct feed_entry *second = &content.entries[1];
    assert_string_equal(second->guid, "17");
    assert_string_equal(second->url, "https://fire.example.org/charge");
    assert_string_equal(second->body, "不进楼。\n不过夜。");
    assert_string_equal(second->summary, "充电两不");
    assert_string_equal(second->image,
                        "https://micro.example.org/uploads/charge.jpg");
}

/* ---- encodings ----------------------------------------------------------- */

static void test_encodings(void **state) {
    (void)state;
    static const char *const samples[] = {"gbk.rss", "utf16.rss"};
    for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
        assert_string_equal(parse_sample(samples[i], "text/xml"), "");
        assert_string_equal(content.title, "学习强区");
        assert_string_equal(content.entries[0].title, "学习小组怎么开会");
        assert_string_equal(content.entries[0].url,
                            "http://gbk.example.org/a.asp?id=1&x=2");
        assert_string_equal(content.entries[0].summary, "准备、发言、记录");
        assert_int_equal(content.entries[0].published_ms, 1795163400000);
    }
    /* The server is wrong, the document is right. */
    assert_string_equal(parse_sample("gbk.rss", "text/xml; charset=utf-8"), "");
    assert_string_equal(content.title, "学习强区");
    /* Only the server says it: "中文" */
    const char gbk[] = RSS("<item><title>\xd6\xd0\xce\xc4</title></item>");
    assert_string_equal(
        parse_as(gbk, sizeof(gbk) - 1, "application/xml; charset=\"GBK\""), "");
    assert_string_equal(content.entries[0].title, "中文");
    assert_string_equal(parse_as(gbk, sizeof(gbk) - 1, "application/xml"),
                        "encoding");
    assert_string_equal(
        parse("\xef\xbb\xbf" RSS("<item><title>中</title></item>")), "");
    assert_string_equal(
        parse("<?xml version='1.0' encoding='no-such'?>" RSS("")), "encoding");
    assert_string_equal(
        parse("<?xml version='1.0' encoding='GBK'?>" RSS("<item>\xff</item>")),
        "encoding");
    assert_string_equal(parse("{\"version\":\"\xff\"}"), "encoding");
    assert_string_equal(parse(RSS("<item><title>a\x01</title></item>")),
                        "encoding");
    const char nul[] = "<rss>\0</rss>";
    assert_string_equal(parse_as(nul, sizeof(nul) - 1, ""), "encoding");
}

/* ---- what is no feed ----------------------------------------------------- */

static void test_what_is_no_feed(void **state) {
    (void)state;
    assert_string_equal(parse(""), "empty");
    assert_string_equal(parse(" \n"), "empty");
    assert_string_equal(parse("<!DOCTYPE html><html><p>hi"), "html");
    assert_string_equal(parse("\n<HTML><body>"), "html");
    assert_string_equal(parse("<!-- x --><html><body></body></html>"), "html");
    const char *page = "<!-- x --><div><p>not closed";
    assert_string_equal(parse_as(page, strlen(page), "text/html"), "html");
    assert_string_equal(parse("<opml version='2.0'><body/></opml>"), "unknown");
    assert_string_equal(parse("hello"), "unknown");
    assert_string_equal(parse("{}"), "unknown");
    assert_string_equal(
        parse("{\"version\":\"https://jsonfeed.org/version/1\"}"), "unknown");
    assert_string_equal(parse("{\"items\":[]}"), "unknown");
    assert_string_equal(parse("{\"a\":}"), "malformed");
    assert_string_equal(parse("{\"a\":[1,2"), "truncated");
    assert_string_equal(parse("<rss><channel></rss>"), "malformed");
    assert_string_equal(parse(RSS("<item><title>&nbsp;</title></item>")),
                        "malformed");
    assert_string_equal(parse("<rss><channel><item><title>a</title></item>"),
                        "truncated");
    assert_string_equal(parse("<rss><channel><item><ti"), "truncated");
    assert_string_equal(parse("<rss><channel><item><title><![CDATA[abc"),
                        "truncated");
}

static void test_a_truncated_sample(void **state) {
    (void)state;
    char *path = xasprintf("%s/tests/fuzz/corpus/feed/jekyll.atom",
                           getenv("XIAOFENG_SOURCE"));
    char bytes[8192];
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    free(path);
    /* In the middle of a character, its encoding is what is wrong. */
    for (size_t n = 60; n + 8 < len; n += 7) {
        const char *fault = parse_as(bytes, n, "");
        assert_true(strcmp(fault, "truncated") == 0 ||
                    strcmp(fault, "encoding") == 0);
    }
}

static void test_entities_are_refused(void **state) {
    (void)state;
    assert_string_equal(parse_sample("bomb.rss", ""), "entities");
    assert_string_equal(parse("<!DOCTYPE rss [<!ENTITY x SYSTEM "
                              "\"file:///etc/passwd\">]>" RSS("&x;")),
                        "entities");
    assert_string_equal(
        parse("<!DOCTYPE rss [<!ENTITY % p \"<!ENTITY q 'r'>\"> %p;]>" RSS("")),
        "entities");
    assert_string_equal(
        parse(
            "<!DOCTYPE rss [<!ATTLIST item a CDATA \"aaaa\">]>" RSS("<item/>")),
        "entities");
    /* One without any is what RSS 0.91 began with. */
    assert_string_equal(
        parse("<!DOCTYPE rss SYSTEM \"http://127.0.0.1:1/rss.dtd\">" RSS(
            "<item><title>a &amp; &#20013;</title></item>")),
        "");
    assert_string_equal(content.entries[0].title, "a & 中");
}

static void test_depth(void **state) {
    (void)state;
    struct buf text;
    buf_init(&text);
    buf_adds(&text, "<rss>");
    for (int i = 0; i < 100; i++)
        buf_adds(&text, "<a>");
    assert_string_equal(parse(text.data), "too_deep");
    buf_clear(&text);
    buf_adds(&text, "{\"a\":");
    for (int i = 0; i < 100000; i++)
        buf_adds(&text, "[");
    assert_string_equal(parse(text.data), "too_deep");
    buf_clear(&text);
    buf_adds(&text, "<rss><channel><item><title>t</title><description>");
    for (int i = 0; i < 20000; i++)
        buf_adds(&text, "&lt;b>x");
    buf_adds(&text, "</description></item></channel></rss>");
    assert_string_equal(parse(text.data), "");
    assert_int_equal(content.n, 1);
    buf_finish(&text);
}

/* ---- limits -------------------------------------------------------------- */

static void test_limits(void **state) {
    (void)state;
    struct buf text;
    buf_init(&text);
    buf_adds(&text, "<rss><channel>");
    for (int i = 0; i < 70; i++)
        buf_addf(&text, "<item><guid>%d</guid><title>%d</title></item>", i, i);
    buf_adds(&text, "<item><guid>empty</guid></item></channel></rss>");
    assert_string_equal(parse(text.data), "");
    assert_int_equal(content.n, FEED_ENTRIES_MAX);
    assert_int_equal(content.left_out, 21);
    assert_string_equal(content.entries[49].title, "49");
    buf_clear(&text);
    buf_adds(&text, "<rss><channel><item><title>");
    for (int i = 0; i < 200000; i++)
        buf_adds(&text, "字");
    buf_adds(&text, "</title><description><![CDATA[");
    for (int i = 0; i < 200000; i++)
        buf_adds(&text, "文");
    buf_adds(&text, "]]></description></item></channel></rss>");
    assert_string_equal(parse(text.data), "");
    assert_int_equal(content.n, 1);
    assert_true(strlen(content.entries[0].title) <= 3 * 121);
    assert_true(strlen(content.entries[0].summary) <= 3 * 501);
    buf_finish(&text);
    char *large = calloc(1, FEED_BYTES_MAX + 1);
    assert_non_null(large);
    assert_string_equal(parse_as(large, FEED_BYTES_MAX + 1, ""), "too_large");
    free(large);
}

static int64_t dated(const char *date) {
    char *text = xasprintf(
        RSS("<item><title>x</title><pubDate>%s</pubDate></item>"), date);
    assert_string_equal(parse(text), "");
    free(text);
    return content.entries[0].published_ms;
}

static void test_dates(void **state) {
    (void)state;
    assert_int_equal(dated("Fri, 20 Nov 2026 10:08:41 +0800"), 1795140521000);
    assert_int_equal(dated("20 Nov 2026 02:08:41 GMT"), 1795140521000);
    assert_int_equal(dated("2026-11-20T02:08:41Z"), 1795140521000);
    assert_int_equal(dated("2026-11-20T10:08:41.5+08:00"), 1795140521000);
    assert_int_equal(dated("2026-11-20 02:08:41"), 1795140521000);
    assert_int_equal(dated(" 2026-11-20 "), 1795132800000);
    assert_int_equal(dated("2009-01-02T00:00:00Z"), 1230854400000);
    assert_int_equal(dated("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    assert_int_equal(dated("0000-00-00T00:00:00Z"), 0);
    assert_int_equal(dated("2026-13-45"), 0);
    assert_int_equal(dated("昨天"), 0);
    assert_int_equal(dated(""), 0);
    assert_int_equal(dated("9999-12-31T00:00:00Z"), NOW_MS);
}

static const char *linked(const char *link) {
    char *text =
        xasprintf(RSS("<item><title>x</title><link>%s</link></item>"), link);
    assert_string_equal(parse(text), "");
    free(text);
    return content.entries[0].url;
}

static void test_links(void **state) {
    (void)state;
    assert_string_equal(linked(" https://example.org/x \n"),
                        "https://example.org/x");
    assert_string_equal(linked("/x"), "https://example.org/x");
    assert_string_equal(linked("x?y=1"), "https://example.org/a/x?y=1");
    assert_string_equal(linked("javascript:alert(1)"), "");
    assert_string_equal(linked("file:///etc/passwd"), "");
    assert_string_equal(linked("https://a:b@example.org/"), "");
    assert_string_equal(linked("https://exa mple.org/"), "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(test_wordpress),
        TEST(test_jekyll),
        TEST(test_json_feed),
        TEST(test_encodings),
        TEST(test_what_is_no_feed),
        TEST(test_a_truncated_sample),
        TEST(test_entities_are_refused),
        TEST(test_depth),
        TEST(test_limits),
        TEST(test_dates),
        TEST(test_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
