#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * Positions on the earth, decimal degrees. The store holds WGS-84; phones and
 * map links of China send GCJ-02, which is off by up to some 700 m and has a
 * meaning only inside mainland China.
 */
struct geo {
    double lat, lon;
};

bool geo_valid(struct geo at);
/* Metres between two positions on a sphere; off by less than 0.5 %. */
double geo_distance_m(struct geo a, struct geo b);
/* Whether GCJ-02 applies there (a bounding box of mainland China). */
bool geo_in_china(struct geo at);
struct geo geo_wgs84_to_gcj02(struct geo at);
/* Exact to less than a metre. */
struct geo geo_gcj02_to_wgs84(struct geo at);

/* A ring of a polygon, its first point not repeated at its end. */
struct geo_ring {
    struct geo *points;
    size_t n;
};
/* Even-odd rule over all rings, so holes are holes. */
bool geo_inside(const struct geo_ring *rings, size_t n, struct geo at);
