#include "bot/contest.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "store/event.h"
#include "store/user.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ID_BYTES 24
#define WEIGHT_MAX 1000
#define MAX_MAX 1000
#define ADVANCE_MAX 5000

/* ---- checking --------------------------------------------------------------
 */

static bool is_name(const json_t *value) {
    const char *text = json_string_value(value);
    return text != NULL && text[0] != '\0' &&
           strlen(text) == json_string_length(value) &&
           utf8_length(text) <= CONTEST_NAME_CHARS &&
           text[strcspn(text, "\x1c\x1d\x1e\x1f\n")] == '\0';
}

static bool is_id(const json_t *value) {
    const char *id = json_string_value(value);
    return id != NULL && id[0] != '\0' && strlen(id) <= ID_BYTES &&
           id[strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Whether a member of an earlier element is the same. */
static bool is_twice(const json_t *all, size_t n, const char *member,
                     const char *value) {
    for (size_t i = 0; i < n; i++) {
        const json_t *one = json_array_get(all, i);
        const json_t *other =
            member == NULL ? one : json_object_get(one, member);
        if (strcmp(json_string_value(other), value) == 0)
            return true;
    }
    return false;
}

static bool is_number(const json_t *value, double max) {
    return json_is_number(value) && json_number_value(value) > 0 &&
           json_number_value(value) <= max;
}

static const char *wrong_dimension(const json_t *stage) {
    const json_t *all = json_object_get(stage, "dimensions"), *one;
    size_t n = json_array_size(all), i;
    if (n == 0 || n > CONTEST_DIMENSIONS_MAX)
        return "stages.dimensions";
    json_array_foreach(all, i, one) {
        const json_t *name = json_object_get(one, "name");
        if (!is_name(name) || is_twice(all, i, "name", json_string_value(name)))
            return "stages.dimensions.name";
        if (!is_number(json_object_get(one, "weight"), WEIGHT_MAX))
            return "stages.dimensions.weight";
        if (!is_number(json_object_get(one, "max"), MAX_MAX))
            return "stages.dimensions.max";
    }
    return NULL;
}

static bool are_judges(const json_t *stage) {
    const json_t *all = json_object_get(stage, "judges"), *one;
    size_t i;
    if (!json_is_array(all) || json_array_size(all) > CONTEST_JUDGES_MAX)
        return false;
    json_array_foreach(all, i, one) {
        const char *name = json_string_value(one);
        if (name == NULL || !user_name_valid(name) ||
            is_twice(all, i, NULL, name))
            return false;
    }
    return true;
}

static const char *wrong_field(const json_t *json) {
    const json_t *one;
    size_t i;
    if (!json_is_array(json) || json_array_size(json) > CONTEST_STAGES_MAX)
        return "stages";
    json_array_foreach(json, i, one) {
        const json_t *id = json_object_get(one, "id");
        const json_t *advance = json_object_get(one, "advance");
        if (!is_id(id) || is_twice(json, i, "id", json_string_value(id)))
            return "stages.id";
        if (!is_name(json_object_get(one, "name")))
            return "stages.name";
        if (!are_judges(one))
            return "stages.judges";
        if (advance != NULL &&
            (!json_is_integer(advance) || json_integer_value(advance) < 0 ||
             json_integer_value(advance) > ADVANCE_MAX))
            return "stages.advance";
        const char *wrong = wrong_dimension(one);
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

enum err contest_check(const char *json, const char **field) {
    json_t *root = json_loads(json, JSON_REJECT_DUPLICATES, NULL);
    *field = wrong_field(root);
    json_decref(root);
    return *field == NULL ? OK : ERR_INVALID;
}

/* ---- reading ---------------------------------------------------------------
 */

static const char *text_of(struct arena *arena, const json_t *json,
                           const char *name) {
    return arena_strdup(arena, json_string_value(json_object_get(json, name)));
}

static void read_stage(struct arena *arena, const json_t *json,
                       struct contest_stage *stage) {
    const json_t *one;
    size_t i;
    *stage = (struct contest_stage){
        .id = text_of(arena, json, "id"),
        .name = text_of(arena, json, "name"),
        .advance = (int)json_integer_value(json_object_get(json, "advance")),
    };
    json_array_foreach(json_object_get(json, "judges"), i, one) {
        stage->judges[stage->n_judges++] =
            arena_strdup(arena, json_string_value(one));
    }
    json_array_foreach(json_object_get(json, "dimensions"), i, one) {
        stage->dimensions[stage->n_dimensions++] = (struct contest_dimension){
            text_of(arena, one, "name"),
            json_number_value(json_object_get(one, "weight")),
            json_number_value(json_object_get(one, "max")),
        };
    }
}

size_t contest_stages(struct arena *arena, const struct event *event,
                      struct contest_stage out[static CONTEST_STAGES_MAX]) {
    const char *field;
    const json_t *one;
    size_t n = 0, i;
    if (event->stages[0] == '\0' || contest_check(event->stages, &field) != OK)
        return 0;
    json_t *json = json_loads(event->stages, 0, NULL);
    json_array_foreach(json, i, one) {
        read_stage(arena, one, &out[n++]);
    }
    json_decref(json);
    return n;
}

/* ---- ranking ---------------------------------------------------------------
 */

static void reckon(const struct contest_stage *stage, struct contestant *one) {
    double sum = 0, weights = 0;
    one->rank = 0;
    one->advances = false;
    for (size_t i = 0; i < stage->n_dimensions; i++) {
        const struct contest_dimension *dimension = &stage->dimensions[i];
        one->means[i] = one->counts[i] == 0 ? 0 : one->sums[i] / one->counts[i];
        one->rank |= one->counts[i] > 0;
        sum += dimension->weight * one->means[i] / dimension->max;
        weights += dimension->weight;
    }
    one->total = weights > 0 ? round(sum / weights * 10000) / 100 : 0;
}

static int compare(const void *a, const void *b) {
    const struct contestant *one = a, *other = b;
    if ((one->rank > 0) != (other->rank > 0))
        return one->rank > 0 ? -1 : 1;
    if (one->total != other->total)
        return one->total > other->total ? -1 : 1;
    for (size_t i = 0; i < CONTEST_DIMENSIONS_MAX; i++)
        if (one->means[i] != other->means[i])
            return one->means[i] > other->means[i] ? -1 : 1;
    return 0;
}

/* So that equal ones stand in an order of their own. */
static int compare_all(const void *a, const void *b) {
    const struct contestant *one = a, *other = b;
    int order = compare(a, b);
    return order != 0 ? order : strcmp(one->rider, other->rider);
}

void contest_rank(const struct contest_stage *stage, struct contestant *all,
                  size_t n) {
    int rank = 0;
    for (size_t i = 0; i < n; i++)
        reckon(stage, &all[i]);
    if (n > 0)
        qsort(all, n, sizeof(*all), compare_all);
    for (size_t i = 0; i < n && all[i].rank > 0; i++) {
        /* The rank of the one before may be overwritten: any above 0 will do.
         */
        if (i == 0 || compare(&all[i - 1], &all[i]) != 0)
            rank = (int)i + 1;
        all[i].rank = rank;
        all[i].advances = rank <= stage->advance;
    }
}
