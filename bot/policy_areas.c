#include "bot/policy_node.h"

#include "base/fold.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* RFC 7946; members of tools that are not known do no harm here. */

struct map {
    struct policy *policy;
    bool gcj02;
    size_t n_points;
    size_t work; /* see policy_ring_fault() */
};

/* ---- polygons -------------------------------------------------------------
 */

static bool read_point(const struct node *node, const struct map *map,
                       struct geo *out) {
    const json_t *lon = json_array_get(node->json, 0);
    const json_t *lat = json_array_get(node->json, 1);
    *out = (struct geo){json_number_value(lat), json_number_value(lon)};
    if (!json_is_number(lon) || !json_is_number(lat) || !geo_valid(*out)) {
        node_problem(node, "is not [longitude, latitude] in degrees");
        return false;
    }
    if (map->gcj02)
        *out = geo_gcj02_to_wgs84(*out);
    return true;
}

static bool same(struct geo a, struct geo b) {
    return geo_distance_m(a, b) < 0.001;
}

/* Without its last point, which is the first, and those that stand still. */
static bool read_points(const struct node *node, const struct map *map,
                        size_t n, struct geo_ring *ring) {
    struct geo first = {0, 0}, at = {0, 0};
    for (size_t i = 0; i < n; i++) {
        struct node point = node_element(node, i);
        if (!read_point(&point, map, &at))
            return false;
        if (i == 0)
            first = at;
        if (i + 1 < n && (i == 0 || !same(at, ring->points[ring->n - 1])))
            ring->points[ring->n++] = at;
    }
    if (!same(first, at)) {
        node_problem(node, "does not end where it begins");
        return false;
    }
    while (ring->n > 1 && same(first, ring->points[ring->n - 1]))
        ring->n--;
    return true;
}

static void read_ring(const struct node *node, struct map *map,
                      struct geo_ring *ring) {
    size_t n = node_array(node, POINTS_MAX - map->n_points);
    ring->n = 0;
    map->n_points += n;
    if (n == 0)
        return; /* told, or told below as having too few */
    ring->points = arena_alloc(&map->policy->memory, n * sizeof(struct geo));
    if (!read_points(node, map, n, ring))
        return;
    const char *fault = policy_ring_fault(ring, &map->work);
    if (fault != NULL)
        node_problem(node, "%s", fault);
}

static void set_box(struct area *area) {
    area->low = (struct geo){90, 180};
    area->high = (struct geo){-90, -180};
    const struct geo_ring *outer = &area->rings[0];
    for (size_t i = 0; i < outer->n; i++) {
        struct geo at = outer->points[i];
        area->low.lat = fmin(area->low.lat, at.lat);
        area->low.lon = fmin(area->low.lon, at.lon);
        area->high.lat = fmax(area->high.lat, at.lat);
        area->high.lon = fmax(area->high.lon, at.lon);
    }
}

static void read_polygon(const struct node *node, struct map *map,
                         const struct unit *unit) {
    struct policy *policy = map->policy;
    size_t n = node_array(node, RINGS_MAX);
    if (n == 0) {
        if (json_is_array(node->json) && json_array_size(node->json) == 0)
            node_problem(node, "has no ring");
        return;
    }
    if (policy->n_areas == POLYGONS_MAX) {
        node_problem(node, "is one more than the %d polygons that may be",
                     POLYGONS_MAX);
        return;
    }
    struct area *area = &policy->areas[policy->n_areas++];
    area->unit = unit;
    area->n_rings = n;
    area->rings = arena_alloc(&policy->memory, n * sizeof(*area->rings));
    for (size_t i = 0; i < n; i++) {
        struct node ring = node_element(node, i);
        read_ring(&ring, map, &area->rings[i]);
        if (json_is_array(ring.json) && json_array_size(ring.json) == 0)
            node_problem(&ring, "has fewer than 3 points");
    }
    set_box(area);
}

/* ---- features -------------------------------------------------------------
 */

static const char *text_of(const struct node *node) {
    const char *text = json_string_value(node->json);
    return text == NULL ? "" : text;
}

static const struct unit *read_community(const struct node *feature) {
    struct node properties = node_member(feature, "properties");
    struct node id = node_member(&properties, "unit");
    const struct unit *unit = node_unit(&id);
    if (unit == NULL || strcmp(unit->kind, "community") == 0)
        return unit;
    node_problem(&id, "is the unit of a %s, not of a community", unit->kind);
    return NULL;
}

static void read_feature(const struct node *feature, struct map *map) {
    struct node type = node_member(feature, "type");
    struct node geometry = node_member(feature, "geometry");
    struct node shape = node_member(&geometry, "type");
    struct node coordinates = node_member(&geometry, "coordinates");
    if (strcmp(text_of(&type), "Feature") != 0) {
        node_problem(&type, "is not \"Feature\"");
        return;
    }
    const struct unit *unit = read_community(feature);
    if (strcmp(text_of(&shape), "Polygon") == 0) {
        read_polygon(&coordinates, map, unit);
    } else if (strcmp(text_of(&shape), "MultiPolygon") == 0) {
        size_t n = node_array(&coordinates, POLYGONS_MAX);
        for (size_t i = 0; i < n; i++) {
            struct node polygon = node_element(&coordinates, i);
            read_polygon(&polygon, map, unit);
        }
    } else {
        node_problem(&shape, "is neither \"Polygon\" nor \"MultiPolygon\"");
    }
}

/* At least as many as will be read, at most as many as may be. */
static size_t count_polygons(const struct node *features) {
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(features->json); i++) {
        const json_t *geometry =
            json_object_get(json_array_get(features->json, i), "geometry");
        const json_t *parts = json_object_get(geometry, "coordinates");
        n += 1 + json_array_size(parts);
    }
    return n < POLYGONS_MAX ? n : POLYGONS_MAX;
}

void policy_read_areas(const struct node *root) {
    struct map map = {.policy = root->reading->policy, .work = RING_WORK};
    struct node type = node_member(root, "type");
    struct node datum = node_member(root, "datum");
    struct node features = node_member(root, "features");
    if (strcmp(text_of(&type), "FeatureCollection") != 0) {
        node_problem(&type, "is not \"FeatureCollection\"");
        return;
    }
    map.gcj02 = strcmp(text_of(&datum), "gcj02") == 0;
    if (node_is_there(&datum) && !map.gcj02 &&
        strcmp(text_of(&datum), "wgs84") != 0)
        node_problem(&datum, "is neither \"wgs84\" nor \"gcj02\"");
    size_t n = node_array(&features, POLYGONS_MAX);
    map.policy->areas =
        arena_alloc(&map.policy->memory,
                    (count_polygons(&features) + 1) * sizeof(struct area));
    for (size_t i = 0; i < n; i++) {
        struct node feature = node_element(&features, i);
        read_feature(&feature, &map);
    }
}

/* ---- names of places -------------------------------------------------------
 */

/* What people leave out of a community's name. */
static const char *const endings[] = {"社区居民委员会", "社区居委会", "社区",
                                      "街道", "居委会"};
#define STEM_BYTES_MIN 6 /* two characters */

static void add_name(struct policy *policy, const char *folded, size_t len,
                     const struct unit *unit) {
    policy->names[policy->n_names++] = (struct place_name){
        .folded = arena_strndup(&policy->memory, folded, len),
        .len = len,
        .unit = unit,
    };
}

static void add_names(struct policy *policy, const struct unit *unit) {
    const char *name = fold_string(&policy->memory, unit->name);
    size_t len = strlen(name);
    add_name(policy, name, len, unit);
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        size_t end = strlen(endings[i]);
        if (len >= end + STEM_BYTES_MIN &&
            strcmp(name + len - end, endings[i]) == 0) {
            add_name(policy, name, len - end, unit);
            return;
        }
    }
}

static int longest_first(const void *a, const void *b) {
    const struct place_name *x = a, *y = b;
    return x->len != y->len ? (x->len > y->len ? -1 : 1)
                            : strcmp(x->folded, y->folded);
}

void policy_name_places(struct policy *policy) {
    policy->names = arena_alloc(&policy->memory, (2 * policy->n_units + 1) *
                                                     sizeof(*policy->names));
    for (size_t i = 0; i < policy->n_units; i++)
        if (strcmp(policy->units[i].kind, "community") == 0)
            add_names(policy, &policy->units[i]);
    struct place_name *names = policy->names;
    if (policy->n_names > 0)
        qsort(names, policy->n_names, sizeof(*names), longest_first);
    for (size_t i = 1; i < policy->n_names; i++)
        if (names[i].unit != names[i - 1].unit &&
            longest_first(&names[i], &names[i - 1]) == 0)
            names[i].unit = names[i - 1].unit = NULL;
}

/* ---- asking ---------------------------------------------------------------
 */

static const struct unit *find_area(const struct policy *policy,
                                    struct geo at) {
    for (size_t i = 0; i < policy->n_areas; i++) {
        const struct area *area = &policy->areas[i];
        if (at.lat >= area->low.lat && at.lat <= area->high.lat &&
            at.lon >= area->low.lon && at.lon <= area->high.lon &&
            geo_inside(area->rings, area->n_rings, at))
            return area->unit;
    }
    return NULL;
}

static const struct unit *find_name(const struct policy *policy,
                                    const char *place) {
    const struct unit *unit = NULL;
    struct arena arena;
    arena_init(&arena);
    const char *folded = fold_string(&arena, place);
    for (size_t i = 0; i < policy->n_names; i++)
        if (strstr(folded, policy->names[i].folded) != NULL) {
            unit = policy->names[i].unit;
            break;
        }
    arena_finish(&arena);
    return unit;
}

const struct unit *policy_community(const struct policy *policy,
                                    const struct geo *at, const char *place) {
    const struct unit *unit = NULL;
    if (at != NULL && geo_valid(*at))
        unit = find_area(policy, *at);
    if (unit == NULL && place != NULL && place[0] != '\0')
        unit = find_name(policy, place);
    return unit;
}
