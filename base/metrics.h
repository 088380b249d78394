#pragma once

#include <stdint.h>

struct buf;

/*
 * Counters, gauges and histograms for /metrics, in Prometheus' text format.
 * Each is a static variable where it is counted, registered on first use:
 *
 *     static struct metric turns = METRIC_COUNTER("xiaofeng_turns_total",
 *                                                 "Turns begun.");
 *     metric_add(&turns, 1);
 *
 * A label set is one more variable: .labels = "result=\"refused\"".
 */
enum metric_type { METRIC_IS_COUNTER, METRIC_IS_GAUGE, METRIC_IS_HISTOGRAM };

#define METRIC_BUCKETS 12

struct metric {
    enum metric_type type;
    const char *name;
    const char *help;
    const char *labels; /* without braces, or NULL */
    int64_t value;      /* counter, gauge; count of a histogram */
    double sum;         /* seconds, histogram only */
    uint64_t buckets[METRIC_BUCKETS];
    struct metric *next;
    _Bool registered;
};

#define METRIC_COUNTER(n, h)                                                   \
    {.type = METRIC_IS_COUNTER, .name = (n), .help = (h)}
#define METRIC_COUNTER_L(n, h, l)                                              \
    {.type = METRIC_IS_COUNTER, .name = (n), .help = (h), .labels = (l)}
#define METRIC_GAUGE(n, h) {.type = METRIC_IS_GAUGE, .name = (n), .help = (h)}
#define METRIC_HISTOGRAM(n, h)                                                 \
    {.type = METRIC_IS_HISTOGRAM, .name = (n), .help = (h)}

void metric_add(struct metric *metric, int64_t by);
void metric_set(struct metric *metric, int64_t value);
/* Adds one observation to a histogram; buckets from 1 ms to 10 s. */
void metric_observe(struct metric *metric, double seconds);
/* Appends all registered metrics, those of one name together. */
void metrics_print(struct buf *out);
