#pragma once

#include "base/err.h"

#include <stddef.h>

struct arena;
struct store;
struct txn;

/* A place where riders may rest (驿站). Public knowledge, all of it. */
struct station {
    const char *id; /* of its name: see station_id() */
    const char *name;
    const char *address;
    const char *hours;  /* see base/hours.h; "": not known */
    const char *offers; /* words with a blank between: "喝水 充电 热饭" */
    double lat, lon;    /* degrees, WGS-84 */
    double distance_m;  /* from where it was looked for; else 0 */
};

#define STATIONS_MAX 1000 /* of a district */
#define STATION_NAME_CHARS 40
#define STATION_ADDRESS_CHARS 100
#define STATION_OFFERS_CHARS 100
#define STATION_LAT_MAX 85.0 /* a geo set of Redis ends near the poles */

/* The same name is the same station: adding it again changes it. */
#define STATION_ID_SIZE 17
void station_id(char out[static STATION_ID_SIZE], const char *name);

/* What is wrong with a station, in a few words for an administrator; NULL when
 * nothing is. Its strings are clean UTF-8; its id is not looked at. */
const char *station_fault(const struct station *station);

/*
 * Adds or changes stations; their ids are not looked at, their names make
 * them. ERR_LIMIT when there would be more than STATIONS_MAX, then none is
 * added.
 */
void station_set(struct txn *txn, const struct station *stations, size_t n);
/* ERR_NOT_FOUND when there is none of that name. */
void station_remove(struct txn *txn, const char *name);

/* total: how many there are, of which n are told. */
typedef void station_list(void *data, enum err err,
                          const struct station *stations, size_t n,
                          size_t total);
/* At most max of them, by name. */
void station_list_all(struct store *store, struct arena *arena, size_t max,
                      station_list *done, void *data);
/* At most max within radius_m metres, the nearest first. */
void station_list_near(struct store *store, struct arena *arena, double lat,
                       double lon, double radius_m, size_t max,
                       station_list *done, void *data);
