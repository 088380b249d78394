#include "base/geo.h"

#include <math.h>

#define EARTH_RADIUS_M 6371008.8 /* the mean of a sphere */

static double radians(double degrees) {
    return degrees * M_PI / 180;
}

bool geo_valid(struct geo at) {
    return isfinite(at.lat) && isfinite(at.lon) && fabs(at.lat) <= 90 &&
           fabs(at.lon) <= 180;
}

double geo_distance_m(struct geo a, struct geo b) {
    double lat = sin(radians(b.lat - a.lat) / 2);
    double lon = sin(radians(b.lon - a.lon) / 2);
    double h =
        lat * lat + cos(radians(a.lat)) * cos(radians(b.lat)) * lon * lon;
    return 2 * EARTH_RADIUS_M * asin(sqrt(fmin(1, h)));
}

/* ---- GCJ-02 ----------------------------------------------------------------
 */

/* The ellipsoid of Krasovsky (1940), on which GCJ-02 is defined. */
#define ELLIPSOID_A 6378245.0
#define ELLIPSOID_EE 0.00669342162296594323

/* The box that is in use everywhere for where maps are shifted. */
bool geo_in_china(struct geo at) {
    return at.lon >= 72.004 && at.lon <= 137.8347 && at.lat >= 0.8293 &&
           at.lat <= 55.8271;
}

/* A sum of sines of x with these amplitudes and, in pi, frequencies. */
static double waves(double x, double a, double f, double b, double g) {
    return (a * sin(x * f * M_PI) + b * sin(x * g * M_PI)) * 2 / 3;
}

/* How far north and east a position is shifted, in degrees. x and y count from
 * 105 E, 35 N; the polynomials and waves are those known of GCJ-02. */
static struct geo shift(struct geo at) {
    double x = at.lon - 105, y = at.lat - 35;
    double common = waves(x, 20, 6, 20, 2), root = sqrt(fabs(x));
    double north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y +
                   0.2 * root + common + waves(y, 20, 1, 40, 1.0 / 3) +
                   waves(y, 160, 1.0 / 12, 320, 1.0 / 30);
    double east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root +
                  common + waves(x, 20, 1, 40, 1.0 / 3) +
                  waves(x, 150, 1.0 / 12, 300, 1.0 / 30);
    double sine = sin(radians(at.lat));
    double magic = 1 - ELLIPSOID_EE * sine * sine;
    double meridian = ELLIPSOID_A * (1 - ELLIPSOID_EE) / (magic * sqrt(magic));
    double parallel = ELLIPSOID_A / sqrt(magic) * cos(radians(at.lat));
    return (struct geo){north / radians(meridian), east / radians(parallel)};
}

struct geo geo_wgs84_to_gcj02(struct geo at) {
    if (!geo_in_china(at))
        return at;
    struct geo by = shift(at);
    return (struct geo){at.lat + by.lat, at.lon + by.lon};
}

/* The shift changes slowly, so each round leaves about a thousandth of the
 * error: 700 m, 1 m, 1 mm. */
#define ROUNDS 4

struct geo geo_gcj02_to_wgs84(struct geo at) {
    if (!geo_in_china(at))
        return at;
    struct geo guess = at;
    for (int i = 0; i < ROUNDS; i++) {
        struct geo by = shift(guess);
        guess = (struct geo){at.lat - by.lat, at.lon - by.lon};
    }
    return guess;
}

/* ---- polygons ----------------------------------------------------------- */

/* Whether a ray from at to the east crosses the edge from a to b. An end on
 * the ray counts for the edge above only, so that a corner counts once. */
static bool ray_crosses(struct geo a, struct geo b, struct geo at) {
    if ((a.lat > at.lat) == (b.lat > at.lat))
        return false;
    double lon = a.lon + (at.lat - a.lat) / (b.lat - a.lat) * (b.lon - a.lon);
    return at.lon < lon;
}

bool geo_inside(const struct geo_ring *rings, size_t n, struct geo at) {
    bool inside = false;
    for (size_t i = 0; i < n; i++) {
        const struct geo_ring *ring = &rings[i];
        for (size_t j = 0; j < ring->n; j++) {
            size_t next = j + 1 == ring->n ? 0 : j + 1;
            if (ray_crosses(ring->points[j], ring->points[next], at))
                inside = !inside;
        }
    }
    return inside;
}
