#include "base/metrics.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

/* The loop's thread alone counts, so nothing here is atomic. */
static struct metric *registry;

/* Upper bounds in seconds; what is above the last counts in +Inf only. */
static const double bounds[METRIC_BUCKETS] = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10,
};

static const char *const type_words[] = {
    [METRIC_IS_COUNTER] = "counter",
    [METRIC_IS_GAUGE] = "gauge",
    [METRIC_IS_HISTOGRAM] = "histogram",
};

/* Keeps metrics of one name together: the format asks for that. */
static void add_to_registry(struct metric *metric) {
    struct metric **at = &registry;
    struct metric **place = NULL;

    for (; *at; at = &(*at)->next)
        if (strcmp((*at)->name, metric->name) == 0)
            place = &(*at)->next;
    if (!place)
        place = at;
    metric->next = *place;
    *place = metric;
    metric->registered = 1;
}

void metric_add(struct metric *metric, int64_t by) {
    if (!metric->registered)
        add_to_registry(metric);
    metric->value += by;
}

void metric_set(struct metric *metric, int64_t value) {
    if (!metric->registered)
        add_to_registry(metric);
    metric->value = value;
}

void metric_observe(struct metric *metric, double seconds) {
    size_t i = 0;

    metric_add(metric, 1);
    metric->sum += seconds;
    while (i < METRIC_BUCKETS && !(seconds <= bounds[i]))
        i++;
    if (i < METRIC_BUCKETS)
        metric->buckets[i]++;
}

static void print_help(struct buf *out, const struct metric *metric) {
    buf_addf(out, "# HELP %s ", metric->name);
    for (const char *c = metric->help; *c; c++) {
        if (*c == '\n')
            buf_adds(out, "\\n");
        else if (*c == '\\')
            buf_adds(out, "\\\\");
        else
            buf_addc(out, *c);
    }
    buf_addf(out, "\n# TYPE %s %s\n", metric->name, type_words[metric->type]);
}

/* Prints what stands before the value: name, suffix and labels. */
static void print_name(struct buf *out, const struct metric *metric,
                       const char *suffix, const char *le) {
    const char *labels = metric->labels ? metric->labels : "";

    buf_addf(out, "%s%s", metric->name, suffix);
    if (*labels || le)
        buf_addf(out, "{%s", labels);
    if (le)
        buf_addf(out, "%sle=\"%s\"", *labels ? "," : "", le);
    if (*labels || le)
        buf_addc(out, '}');
    buf_addc(out, ' ');
}

static void print_histogram(struct buf *out, const struct metric *metric) {
    uint64_t total = 0;
    char le[32];

    for (size_t i = 0; i < METRIC_BUCKETS; i++) {
        total += metric->buckets[i];
        snprintf(le, sizeof(le), "%g", bounds[i]);
        print_name(out, metric, "_bucket", le);
        buf_addf(out, "%" PRIu64 "\n", total);
    }
    print_name(out, metric, "_bucket", "+Inf");
    buf_addf(out, "%" PRId64 "\n", metric->value);
    print_name(out, metric, "_sum", NULL);
    buf_addf(out, "%.9g\n", metric->sum);
    print_name(out, metric, "_count", NULL);
    buf_addf(out, "%" PRId64 "\n", metric->value);
}

void metrics_print(struct buf *out) {
    const char *name = "";

    for (const struct metric *m = registry; m; m = m->next) {
        if (strcmp(name, m->name) != 0)
            print_help(out, m);
        name = m->name;
        if (m->type == METRIC_IS_HISTOGRAM) {
            print_histogram(out, m);
            continue;
        }
        print_name(out, m, "", NULL);
        buf_addf(out, "%" PRId64 "\n", m->value);
    }
}
