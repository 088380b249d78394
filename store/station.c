#include "store/station.h"

#include "base/arena.h"
#include "base/hours.h"
#include "base/token.h"
#include "base/utf8.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/reply.h"
#include "store/txn.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEGREES_SIZE 32

static const char stations_key[] = "@" KEY_STATIONS;

void station_id(char out[static STATION_ID_SIZE], const char *name) {
    char hash[TOKEN_HASH_SIZE];
    token_hash(hash, name);
    memcpy(out, hash, STATION_ID_SIZE - 1);
    out[STATION_ID_SIZE - 1] = '\0';
}

static bool fits(const char *text, size_t max_chars) {
    return utf8_length(text) <= max_chars && strpbrk(text, "\n\t") == NULL;
}

const char *station_fault(const struct station *station) {
    struct hours hours;
    if (station->name[0] == '\0')
        return "it has no name";
    if (!fits(station->name, STATION_NAME_CHARS))
        return "its name is longer than 40 characters or a line";
    if (!fits(station->address, STATION_ADDRESS_CHARS))
        return "its address is longer than 100 characters or a line";
    if (!fits(station->offers, STATION_OFFERS_CHARS))
        return "its offers are longer than 100 characters or a line";
    if (station->hours[0] != '\0' && !hours_parse(station->hours, &hours))
        return "its hours are not like 08:00-20:00 or 24h";
    if (!isfinite(station->lat) || fabs(station->lat) > STATION_LAT_MAX)
        return "its lat is not a number from -85 to 85";
    if (!isfinite(station->lon) || fabs(station->lon) > 180)
        return "its lon is not a number from -180 to 180";
    return NULL;
}

/* ---- writing ------------------------------------------------------------- */

static void print_degrees(char out[static DEGREES_SIZE], double degrees) {
    snprintf(out, DEGREES_SIZE, "%.6f", degrees);
}

static void add_args(struct txn *txn, const struct station *station) {
    char id[STATION_ID_SIZE], degrees[DEGREES_SIZE];
    station_id(id, station->name);
    txn_arg(txn, id);
    print_degrees(degrees, station->lon);
    txn_arg(txn, degrees);
    print_degrees(degrees, station->lat);
    txn_arg(txn, degrees);
    txn_arg(txn, station->name);
    txn_arg(txn, station->address);
    txn_arg(txn, station->hours);
    txn_arg(txn, station->offers);
}

void station_set(struct txn *txn, const struct station *stations, size_t n) {
    char id[STATION_ID_SIZE];
    txn_op(txn, "station_set");
    txn_key(txn, KEY_STATIONS);
    for (size_t i = 0; i < n; i++) {
        station_id(id, stations[i].name);
        txn_key(txn, KEY_STATION, id);
    }
    txn_arg_int(txn, STATIONS_MAX);
    for (size_t i = 0; i < n; i++)
        add_args(txn, &stations[i]);
}

void station_remove(struct txn *txn, const char *name) {
    char id[STATION_ID_SIZE];
    station_id(id, name);
    txn_op(txn, "station_remove");
    txn_key(txn, KEY_STATIONS);
    txn_key(txn, KEY_STATION, id);
    txn_arg(txn, id);
}

/* ---- reading ------------------------------------------------------------- */

struct list_call {
    struct store *store;
    struct arena *arena;
    struct station *stations;
    size_t max, n, read, total;
    bool near; /* ordered by Redis */
    enum err err;
    station_list *done;
    void *data;
};

static struct list_call *call_new(struct store *store, struct arena *arena,
                                  size_t max, station_list *done, void *data) {
    struct list_call *call = arena_alloc(arena, sizeof(*call));
    *call = (struct list_call){
        .store = store,
        .arena = arena,
        .max = max < STATIONS_MAX ? max : STATIONS_MAX,
        .done = done,
        .data = data,
    };
    return call;
}

static int by_name(const void *a, const void *b) {
    const struct station *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static void list_end(struct list_call *call) {
    size_t n = 0;
    for (size_t i = 0; i < call->n; i++) /* removed between two reads */
        if (call->stations[i].name[0] != '\0')
            call->stations[n++] = call->stations[i];
    if (!call->near && n > 1)
        qsort(call->stations, n, sizeof(*call->stations), by_name);
    call->done(call->data, call->err, call->stations, n, call->total);
}

/* Answers come in the order of the questions: the next station's. */
static void on_station(void *data, enum err err,
                       const struct redisReply *reply) {
    struct list_call *call = data;
    struct station *station = &call->stations[call->read++];
    if (err != OK)
        call->err = err;
    station->name = reply_string(call->arena, reply_at(reply, 0));
    station->address = reply_string(call->arena, reply_at(reply, 1));
    station->hours = reply_string(call->arena, reply_at(reply, 2));
    station->offers = reply_string(call->arena, reply_at(reply, 3));
    station->lat = strtod(reply_string(call->arena, reply_at(reply, 4)), NULL);
    station->lon = strtod(reply_string(call->arena, reply_at(reply, 5)), NULL);
    if (call->read == call->n)
        list_end(call);
}

static void read_stations(struct list_call *call) {
    for (size_t i = 0; i < call->n; i++) {
        char key[64];
        snprintf(key, sizeof(key), "@" KEY_STATION, call->stations[i].id);
        store_read(call->store, on_station, call, 8,
                   (const char *const[]){"HMGET", key, "name", "address",
                                         "hours", "offers", "lat", "lon"});
    }
    if (call->n == 0)
        list_end(call);
}

/* Members of the geo set: each an id, or an id with a distance. */
static void on_members(void *data, enum err err,
                       const struct redisReply *reply) {
    struct list_call *call = data;
    size_t n = reply_count(reply);
    if (err != OK)
        call->err = err;
    call->n = n < call->max ? n : call->max;
    if (call->near)
        call->total = call->n;
    call->stations =
        arena_alloc(call->arena, (call->n + 1) * sizeof(*call->stations));
    for (size_t i = 0; i < call->n; i++) {
        const struct redisReply *member = reply_at(reply, i);
        const struct redisReply *id = call->near ? reply_at(member, 0) : member;
        struct station *station = &call->stations[i];
        station->id = arena_strndup(call->arena, reply_string(call->arena, id),
                                    STATION_ID_SIZE - 1);
        station->distance_m =
            strtod(reply_string(call->arena, reply_at(member, 1)), NULL);
    }
    read_stations(call);
}

static void on_total(void *data, enum err err, const struct redisReply *reply) {
    struct list_call *call = data;
    char last[24];
    call->total = (size_t)reply_int(reply);
    if (err != OK || call->total == 0 || call->max == 0) {
        call->err = err;
        list_end(call);
        return;
    }
    snprintf(last, sizeof(last), "%zu", call->max - 1);
    store_read(call->store, on_members, call, 4,
               (const char *const[]){"ZRANGE", stations_key, "0", last});
}

void station_list_all(struct store *store, struct arena *arena, size_t max,
                      station_list *done, void *data) {
    struct list_call *call = call_new(store, arena, max, done, data);
    store_read(store, on_total, call, 2,
               (const char *const[]){"ZCARD", stations_key});
}

void station_list_near(struct store *store, struct arena *arena, double lat,
                       double lon, double radius_m, size_t max,
                       station_list *done, void *data) {
    struct list_call *call = call_new(store, arena, max, done, data);
    char lat_text[DEGREES_SIZE], lon_text[DEGREES_SIZE], radius[32], count[24];
    call->near = true;
    print_degrees(lat_text, fmax(-STATION_LAT_MAX, fmin(STATION_LAT_MAX, lat)));
    print_degrees(lon_text, lon);
    snprintf(radius, sizeof(radius), "%.0f", radius_m);
    snprintf(count, sizeof(count), "%zu", call->max == 0 ? 1 : call->max);
    store_read(store, on_members, call, 12,
               (const char *const[]){"GEOSEARCH", stations_key, "FROMLONLAT",
                                     lon_text, lat_text, "BYRADIUS", radius,
                                     "m", "ASC", "COUNT", count, "WITHDIST"});
}
