/* An event as a calendar reads it, and what a QR code looks like. */
#include "bot/event_calendar.h"

#include "bot/qr.h"
#include "store/event.h"

#include <libical/ical.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct event sample(void) {
    return (struct event){
        .id = "E12",
        .version = 3,
        .state = EVENT_OPEN,
        .title = "亲子研学, 玄武湖; \"秋天\"",
        .text =
            "第一行\nBEGIN:VEVENT\nEND:VCALENDAR\\n长长长长长长长长长长长长"
            "长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长",
        .place = "玄武湖,东门",
        .lat = "32.070000",
        .lon = "118.790000",
        .starts_ms = 1700290800000LL, /* 2023-11-18 07:00 UTC */
        .ends_ms = 1700298000000LL,
        .updated_ms = 1700000000000LL,
    };
}

static icalcomponent *parse(const struct event *event, char **text) {
    *text = event_calendar(event, "bee.example", "https://bee.example");
    icalcomponent *calendar = icalparser_parse_string(*text);
    assert_non_null(calendar);
    assert_int_equal(icalcomponent_isa(calendar), ICAL_VCALENDAR_COMPONENT);
    assert_int_equal(icalcomponent_count_errors(calendar), 0);
    assert_int_equal(
        icalcomponent_count_components(calendar, ICAL_ANY_COMPONENT), 1);
    return calendar;
}

static void test_it_reads_as_it_was(void **state) {
    struct event event = sample();
    char *text;
    (void)state;
    icalcomponent *calendar = parse(&event, &text);
    icalcomponent *entry = icalcomponent_get_inner(calendar);
    assert_string_equal(icalcomponent_get_summary(entry), event.title);
    assert_string_equal(icalcomponent_get_description(entry), event.text);
    assert_string_equal(icalcomponent_get_location(entry), event.place);
    assert_string_equal(icalcomponent_get_uid(entry), "E12@bee.example");
    assert_int_equal(icalcomponent_get_sequence(entry), 3);
    assert_int_equal(icaltime_as_timet(icalcomponent_get_dtstart(entry)),
                     event.starts_ms / 1000);
    assert_int_equal(icaltime_as_timet(icalcomponent_get_dtend(entry)),
                     event.ends_ms / 1000);
    assert_int_equal(icalcomponent_get_status(entry), ICAL_STATUS_CONFIRMED);
    assert_int_equal(icalcomponent_get_method(calendar), ICAL_METHOD_PUBLISH);
    assert_non_null(strstr(text, "DTSTART:20231118T070000Z"));
    icalcomponent_free(calendar);
    free(text);
}

static void test_cancelled(void **state) {
    struct event event = sample();
    char *text;
    (void)state;
    event.state = EVENT_CANCELLED;
    event.place = event.lat = event.lon = event.text = "";
    icalcomponent *calendar = parse(&event, &text);
    icalcomponent *entry = icalcomponent_get_inner(calendar);
    assert_int_equal(icalcomponent_get_status(entry), ICAL_STATUS_CANCELLED);
    assert_int_equal(icalcomponent_get_method(calendar), ICAL_METHOD_CANCEL);
    icalcomponent_free(calendar);
    free(text);
}

static void test_qr(void **state) {
    char *svg = qr_svg("https://bee.example/chat/#say=4821");
    char large[QR_BYTES_MAX + 2];
    (void)state;
    assert_non_null(svg);
    assert_int_equal(strncmp(svg, "<svg xmlns=", 11), 0);
    /* The finder in the upper left corner, inside four modules of nothing. */
    assert_non_null(strstr(svg, "d=\"M4 4h7v1h-7z"));
    /* What is coded does not stand in it as a text. */
    assert_null(strstr(svg, "bee.example"));
    free(svg);
    assert_null(qr_svg(""));
    memset(large, 'x', sizeof(large));
    large[QR_BYTES_MAX + 1] = '\0';
    assert_null(qr_svg(large));
    large[QR_BYTES_MAX] = '\0';
    svg = qr_svg(large);
    assert_non_null(svg);
    free(svg);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_reads_as_it_was),
        cmocka_unit_test(test_cancelled),
        cmocka_unit_test(test_qr),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
