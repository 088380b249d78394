#include "base/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"

static struct metric silent =
    METRIC_COUNTER("t_silent_total", "Never counted.");
static struct metric sent =
    METRIC_COUNTER_L("t_sends_total", "Sends.", "result=\"sent\"");
static struct metric refused =
    METRIC_COUNTER_L("t_sends_total", "Sends.", "result=\"refused\"");
static struct metric depth = METRIC_GAUGE("t_depth", "A \\ and\na line.");
static struct metric took = METRIC_HISTOGRAM("t_seconds", "Time.");
static struct metric took_io = {
    .type = METRIC_IS_HISTOGRAM,
    .name = "t_io_seconds",
    .help = "Time of I/O.",
    .labels = "disk=\"a\"",
};

static size_t count(const char *text, const char *word) {
    size_t n = 0;

    while ((text = strstr(text, word))) {
        text += strlen(word);
        n++;
    }
    return n;
}

static void assert_printed(const char *text, const char *lines) {
    if (!strstr(text, lines))
        fail_msg("missing:\n%s\nin:\n%s", lines, text);
}

static void observe_all(void) {
    static const double times[] = {0, 0.001, 0.0011, 0.4, 9.9, 11, 1e9};

    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        metric_observe(&took, times[i]);
    metric_observe(&took_io, 0.02);
}

static void test_what_was_counted_is_printed(void **state) {
    struct buf out;

    (void)state;
    buf_init(&out);
    metric_add(&sent, 2);
    metric_set(&depth, -5);
    observe_all();
    metric_add(&refused, 1); /* after others: still printed with sent */
    metric_add(&sent, 40);
    metrics_print(&out);

    assert_printed(out.data,
                   "# HELP t_sends_total Sends.\n"
                   "# TYPE t_sends_total counter\n"
                   "t_sends_total{result=\"sent\"} 42\n"
                   "t_sends_total{result=\"refused\"} 1\n");
    assert_printed(out.data,
                   "# HELP t_depth A \\\\ and\\na line.\n"
                   "# TYPE t_depth gauge\n"
                   "t_depth -5\n");
    assert_int_equal(count(out.data, "# TYPE t_sends_total"), 1);
    assert_null(strstr(out.data, silent.name));
    assert_int_equal(out.data[out.len - 1], '\n');
    buf_finish(&out);
}

static void test_histograms_add_up(void **state) {
    struct buf out;

    (void)state;
    buf_init(&out);
    metrics_print(&out);
    assert_printed(out.data,
                   "# TYPE t_seconds histogram\n"
                   "t_seconds_bucket{le=\"0.001\"} 2\n"
                   "t_seconds_bucket{le=\"0.0025\"} 3\n");
    assert_printed(out.data,
                   "t_seconds_bucket{le=\"0.25\"} 3\n"
                   "t_seconds_bucket{le=\"0.5\"} 4\n");
    assert_printed(out.data,
                   "t_seconds_bucket{le=\"10\"} 5\n"
                   "t_seconds_bucket{le=\"+Inf\"} 7\n");
    assert_printed(out.data, "t_seconds_count 7\n");
    assert_int_equal(count(out.data, "t_seconds_bucket"), METRIC_BUCKETS + 1);
    assert_printed(out.data,
                   "t_io_seconds_bucket{disk=\"a\",le=\"0.01\"} 0\n"
                   "t_io_seconds_bucket{disk=\"a\",le=\"0.025\"} 1\n");
    assert_printed(out.data,
                   "t_io_seconds_sum{disk=\"a\"} 0.02\n"
                   "t_io_seconds_count{disk=\"a\"} 1\n");
    buf_finish(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_counted_is_printed),
        cmocka_unit_test(test_histograms_add_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
