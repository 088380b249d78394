#include "bot/policy_node.h"

#include "base/hours.h"

#include <string.h>

#define SPANS_MAX 8

/* Also one that goes over midnight. */
static void close_span(struct policy_broadcasts *broadcasts,
                       const struct hours *hours) {
    for (int minute = 0; minute < POLICY_DAY_MINUTES; minute++)
        broadcasts->closed[minute] |= hours_open_at(hours, minute);
}

static void read_spans(const struct node *array) {
    size_t n = node_is_there(array) ? node_array(array, SPANS_MAX) : 0;
    for (size_t i = 0; i < n; i++) {
        struct node span = node_element(array, i);
        const char *text = json_string_value(span.json);
        struct hours hours;
        if (text == NULL || !hours_parse(text, &hours) || hours_always(&hours))
            node_problem(&span, "is not like \"21:30-07:30\"");
        else
            close_span(&array->reading->policy->broadcasts, &hours);
    }
}

static bool never_open(const struct policy_broadcasts *broadcasts) {
    return memchr(broadcasts->closed, false, sizeof(broadcasts->closed)) ==
           NULL;
}

void policy_read_broadcasts(const struct node *root) {
    static const char *const known[] = {"approval", "quiet", "peaks",
                                        "holidays", NULL};
    struct policy_broadcasts *broadcasts = &root->reading->policy->broadcasts;
    if (!node_is_object(root, known))
        return;
    struct node approval = node_member(root, "approval");
    struct node quiet = node_member(root, "quiet");
    struct node peaks = node_member(root, "peaks");
    struct node holidays = node_member(root, "holidays");
    if (node_is_there(&approval))
        broadcasts->approval = node_bool(&approval);
    read_spans(&quiet);
    read_spans(&peaks);
    if (never_open(broadcasts))
        node_problem(root, "leaves no time of the day to send anything");
    if (!node_is_there(&holidays))
        return;
    const char *word = json_string_value(holidays.json);
    broadcasts->holds_holidays = word != NULL && strcmp(word, "hold") == 0;
    if (word == NULL ||
        (!broadcasts->holds_holidays && strcmp(word, "send") != 0))
        node_problem(&holidays, "is neither \"send\" nor \"hold\"");
}

const struct policy_broadcasts *policy_broadcasts(const struct policy *policy) {
    return &policy->broadcasts;
}
