#include "base/geo.h"

#include "base/mem.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void assert_near(struct geo a, struct geo b, double metres) {
    double d = geo_distance_m(a, b);
    if (!(d <= metres))
        fail_msg("%.7f,%.7f is %.2f m from %.7f,%.7f", a.lat, a.lon, d, b.lat,
                 b.lon);
}

static void test_valid(void **state) {
    (void)state;
    assert_true(geo_valid((struct geo){32, 118}));
    assert_true(geo_valid((struct geo){-90, 180}));
    assert_false(geo_valid((struct geo){90.1, 0}));
    assert_false(geo_valid((struct geo){0, -180.1}));
    assert_false(geo_valid((struct geo){(double)NAN, 0}));
    assert_false(geo_valid((struct geo){0, (double)INFINITY}));
}

static void test_distance(void **state) {
    (void)state;
    struct geo nanjing = {32.0603, 118.7969}, beijing = {39.9042, 116.4074};
    double d = geo_distance_m(nanjing, beijing);
    assert_true(d > 897000 * 0.995 && d < 897000 * 1.005);
    assert_true(geo_distance_m(nanjing, nanjing) < 1e-6);
    /* A degree of a meridian, and half way round. */
    d = geo_distance_m((struct geo){0, 0}, (struct geo){1, 0});
    assert_true(fabs(d - 111195) < 1);
    d = geo_distance_m((struct geo){0, 0}, (struct geo){0, 180});
    assert_true(fabs(d - 20015115) < 100);
    d = geo_distance_m((struct geo){0, 179.999}, (struct geo){0, -179.999});
    assert_true(d < 250);
}

/* Positions as other implementations convert them. */
static void test_known_pairs(void **state) {
    static const struct geo pairs[][2] = {
        {{31.1774276, 121.5272106}, {31.17530398364597, 121.531541859215}},
        {{22.543847, 113.912316}, {22.540796131694766, 113.9171764808363}},
        {{39.911954, 116.377817}, {39.91334545536069, 116.38404722455657}},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        assert_near(geo_wgs84_to_gcj02(pairs[i][0]), pairs[i][1], 0.01);
        assert_near(geo_gcj02_to_wgs84(pairs[i][1]), pairs[i][0], 0.1);
        assert_true(geo_distance_m(pairs[i][0], pairs[i][1]) > 100);
    }
}

static void test_round_trip(void **state) {
    (void)state;
    for (double lat = 18; lat <= 53; lat += 0.7)
        for (double lon = 73.5; lon <= 135; lon += 0.9) {
            struct geo at = {lat, lon}, shifted = geo_wgs84_to_gcj02(at);
            assert_true(geo_distance_m(at, shifted) < 1500);
            assert_near(geo_gcj02_to_wgs84(shifted), at, 0.01);
        }
}

static void test_elsewhere(void **state) {
    static const struct geo places[] = {
        {48.8566, 2.3522}, {-33.87, 151.2}, {0, 0}, {89.9, 100}};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        assert_false(geo_in_china(places[i]));
        assert_near(geo_wgs84_to_gcj02(places[i]), places[i], 0);
        assert_near(geo_gcj02_to_wgs84(places[i]), places[i], 0);
    }
    assert_true(geo_in_china((struct geo){32.04, 118.78}));
}

static void test_polygon_with_a_hole(void **state) {
    struct geo outer[] = {{0, 0}, {0, 10}, {10, 10}, {10, 0}};
    struct geo hole[] = {{4, 4}, {6, 4}, {6, 6}, {4, 6}};
    struct geo island[] = {{4.8, 4.8}, {4.8, 5.2}, {5.2, 5.2}, {5.2, 4.8}};
    struct geo_ring rings[] = {{outer, 4}, {hole, 4}, {island, 4}};
    (void)state;
    assert_true(geo_inside(rings, 1, (struct geo){5, 4.5}));
    assert_false(geo_inside(rings, 2, (struct geo){5, 4.5}));
    assert_true(geo_inside(rings, 2, (struct geo){3, 5}));
    assert_false(geo_inside(rings, 2, (struct geo){5, 5}));
    assert_true(geo_inside(rings, 3, (struct geo){5, 5}));
    assert_false(geo_inside(rings, 3, (struct geo){5, 11}));
    assert_false(geo_inside(rings, 3, (struct geo){-1, 5}));
    assert_false(geo_inside(rings, 0, (struct geo){5, 5}));
}

/* Rays through corners count them once. */
static void test_corners(void **state) {
    struct geo diamond[] = {{0, 1}, {1, 2}, {2, 1}, {1, 0}};
    struct geo comb[] = {{0, 0}, {0, 4}, {2, 4}, {1, 3},
                         {2, 2}, {1, 1}, {2, 0}};
    struct geo_ring ring = {diamond, 4};
    (void)state;
    assert_true(geo_inside(&ring, 1, (struct geo){1, 1}));
    assert_false(geo_inside(&ring, 1, (struct geo){1, -1}));
    assert_false(geo_inside(&ring, 1, (struct geo){2, 0}));
    assert_false(geo_inside(&ring, 1, (struct geo){0, 0}));
    ring = (struct geo_ring){comb, 7};
    assert_true(geo_inside(&ring, 1, (struct geo){1, 2}));
    assert_false(geo_inside(&ring, 1, (struct geo){1, -0.5}));
    assert_false(geo_inside(&ring, 1, (struct geo){1.5, 3}));
    /* Every position is in one of two areas that share a border. */
    struct geo west[] = {{0, 0}, {0, 1}, {2, 1.5}, {2, 0}};
    struct geo east[] = {{0, 1}, {0, 3}, {2, 3}, {2, 1.5}};
    struct geo_ring both[] = {{west, 4}, {east, 4}};
    for (int i = 1; i < 20; i++)
        for (int j = 1; j < 30; j++) {
            struct geo at = {i / 10.0, j / 10.0};
            assert_int_equal(
                geo_inside(&both[0], 1, at) + geo_inside(&both[1], 1, at), 1);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_known_pairs),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_elsewhere),
        cmocka_unit_test(test_polygon_with_a_hole),
        cmocka_unit_test(test_corners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
