#include "bot/policy_node.h"

#include "bot/worktime.h"

#include <stdlib.h>
#include <string.h>

static const char *const weekdays[] = {"mon", "tue", "wed", "thu",
                                       "fri", "sat", "sun", NULL};

/* Whether there are any. */
static bool read_hours(const struct node *node) {
    struct worktime *worktime = node->reading->policy->worktime;
    bool any = false;
    if (!node_is_object(node, weekdays))
        return true;
    for (int day = 0; weekdays[day] != NULL; day++) {
        struct node hours = node_member(node, weekdays[day]);
        const char *text =
            node_is_there(&hours) ? json_string_value(hours.json) : "";
        if (text == NULL || worktime_set_hours(worktime, day, text) != OK) {
            node_problem(&hours, "is not like \"09:00-12:00,13:30-17:30\"");
            any = true;
        } else {
            any |= text[0] != '\0';
        }
    }
    return any;
}

/* A date of that year, or NULL. */
static const char *date_of(const struct node *node, const char *year) {
    const char *date = json_string_value(node->json);
    size_t len = strlen(year);
    return date != NULL && strncmp(date, year, len) == 0 && date[len] == '-'
               ? date
               : NULL;
}

static void read_dates(const struct node *array, const char *year,
                       bool working) {
    struct worktime *worktime = array->reading->policy->worktime;
    size_t n = node_array(array, YEAR_DATES_MAX);
    for (size_t i = 0; i < n; i++) {
        struct node date = node_element(array, i);
        const char *text = date_of(&date, year);
        if (text == NULL || worktime_set_day(worktime, text, working) != OK)
            node_problem(&date, "is no day of %s such as \"%s-10-01\"", year,
                         year);
    }
}

/* Said twice, in one list or in both. There are few of them. */
static void check_twice(const struct node *holidays,
                        const struct node *workdays) {
    size_t n = json_array_size(holidays->json),
           all = n + json_array_size(workdays->json);
    if (all > 2 * YEAR_DATES_MAX)
        return; /* told */
    for (size_t i = 1; i < all; i++) {
        struct node date =
            i < n ? node_element(holidays, i) : node_element(workdays, i - n);
        for (size_t j = 0; j < i; j++)
            if (json_equal(
                    json_array_get(j < n ? holidays->json : workdays->json,
                                   j < n ? j : j - n),
                    date.json)) {
                node_problem(&date, "is there twice");
                break;
            }
    }
}

static void read_year(const struct node *node) {
    static const char *const known[] = {"holidays", "workdays", NULL};
    struct policy *policy = node->reading->policy;
    const char *year = node->member;
    long number = strlen(year) == 4 && strspn(year, "0123456789") == 4
                      ? strtol(year, NULL, 10)
                      : 0;
    if (number < YEAR_FIRST || number > YEAR_LAST) {
        node_problem(node->up, "has a year that is not from %d to %d",
                     YEAR_FIRST, YEAR_LAST);
        return;
    }
    if (!node_is_object(node, known))
        return;
    struct node holidays = node_member(node, "holidays");
    struct node workdays = node_member(node, "workdays");
    policy->years[number - YEAR_FIRST] = true;
    read_dates(&holidays, year, false);
    if (node_is_there(&workdays))
        read_dates(&workdays, year, true);
    check_twice(&holidays, &workdays);
}

void policy_read_calendar(const struct node *root) {
    static const char *const known[] = {"hours", "years", NULL};
    if (!node_is_object(root, known))
        return;
    struct node hours = node_member(root, "hours");
    struct node years = node_member(root, "years");
    if (!read_hours(&hours))
        node_problem(&hours, "has no hours at all");
    if (!json_is_object(years.json)) {
        node_problem(&years, "is not an object of years");
        return;
    }
    json_t *object = (json_t *)(uintptr_t)years.json; /* only walked */
    for (void *at = json_object_iter(object); at != NULL;
         at = json_object_iter_next(object, at)) {
        struct node year = node_member(&years, json_object_iter_key(at));
        read_year(&year);
    }
}

const struct worktime *policy_worktime(const struct policy *policy) {
    return policy->worktime;
}

bool policy_has_year(const struct policy *policy, int year) {
    return year >= YEAR_FIRST && year <= YEAR_LAST &&
           policy->years[year - YEAR_FIRST];
}
