#include "bot/policy_parts.h"

#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

#define AREA_MIN_M2 1.0
#define CROSSINGS_MAX 20 /* drawn maps have a few, and they do no harm */

/* An edge of a ring, from the point of that index to the next. */
struct edge {
    double west, east;
    struct geo a, b;
};

static int by_west(const void *a, const void *b) {
    const struct edge *x = a, *y = b;
    return x->west < y->west ? -1 : x->west > y->west;
}

/* On which side of the line from a to b is c? */
static double side(struct geo a, struct geo b, struct geo c) {
    return (b.lon - a.lon) * (c.lat - a.lat) -
           (b.lat - a.lat) * (c.lon - a.lon);
}

/* Edges that only touch, as neighbours do, don't cross. */
static bool cross(const struct edge *x, const struct edge *y) {
    double a = side(x->a, x->b, y->a), b = side(x->a, x->b, y->b);
    double c = side(y->a, y->b, x->a), d = side(y->a, y->b, x->b);
    return ((a < 0 && b > 0) || (a > 0 && b < 0)) &&
           ((c < 0 && d > 0) || (c > 0 && d < 0));
}

static struct edge *sorted_edges(const struct geo_ring *ring) {
    struct edge *edges = xcalloc(ring->n, sizeof(*edges));
    for (size_t i = 0; i < ring->n; i++) {
        struct geo a = ring->points[i];
        struct geo b = ring->points[i + 1 == ring->n ? 0 : i + 1];
        edges[i] = (struct edge){
            .west = fmin(a.lon, b.lon), .east = fmax(a.lon, b.lon), a, b};
    }
    qsort(edges, ring->n, sizeof(*edges), by_west);
    return edges;
}

/* Only edges that share a meridian are compared. */
static const char *crossing_fault(const struct geo_ring *ring, size_t *work) {
    struct edge *edges = sorted_edges(ring);
    const char *fault = NULL;
    size_t crossings = 0;
    for (size_t i = 0; i < ring->n && fault == NULL; i++)
        for (size_t j = i + 1;
             j < ring->n && fault == NULL && edges[j].west <= edges[i].east;
             j++) {
            if (*work == 0)
                fault = "is too tangled to be looked at";
            else
                --*work;
            if (cross(&edges[i], &edges[j]) && ++crossings > CROSSINGS_MAX)
                fault = "crosses itself too often";
        }
    free(edges);
    return fault;
}

/* Square metres, as if the earth were flat there. */
static double area_m2(const struct geo_ring *ring) {
    struct geo at = ring->points[0];
    double north = geo_distance_m(at, (struct geo){at.lat + 0.001, at.lon});
    double east = geo_distance_m(at, (struct geo){at.lat, at.lon + 0.001});
    double sum = 0;
    for (size_t i = 1; i + 1 < ring->n; i++)
        sum += side(at, ring->points[i], ring->points[i + 1]);
    return fabs(sum) / 2 * north * east * 1e6;
}

const char *policy_ring_fault(const struct geo_ring *ring, size_t *work) {
    if (ring->n < 3)
        return "has fewer than 3 points";
    const char *fault = crossing_fault(ring, work);
    if (fault == NULL && area_m2(ring) < AREA_MIN_M2)
        fault = "has no area";
    return fault;
}
