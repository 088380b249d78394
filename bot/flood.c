#include "bot/flood.h"

#include "base/bucket.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#define FLOOD_PLACES 4096 /* a power of two */

struct place {
    unsigned hash; /* of the rider who has it; 0: nobody */
    bool told;
    int8_t lang;
    unsigned outage; /* the last one they were told of */
    struct bucket bucket;
};

struct flood {
    double rate, burst;
    struct place places[FLOOD_PLACES];
};

struct flood *flood_new(double rate, double burst) {
    struct flood *flood = xcalloc(1, sizeof(*flood));
    flood->rate = rate;
    flood->burst = burst;
    return flood;
}

void flood_free(struct flood *flood) {
    free(flood);
}

static unsigned hash_rider(const char *rider) {
    unsigned hash;
    HASH_JEN(rider, strlen(rider), hash);
    return hash == 0 ? 1 : hash;
}

static struct place *place_of(struct flood *flood, const char *rider,
                              int64_t now_ms) {
    unsigned hash = hash_rider(rider);
    struct place *place = &flood->places[hash % FLOOD_PLACES];
    if (place->hash != hash) {
        *place = (struct place){.hash = hash, .lang = -1};
        bucket_init(&place->bucket, flood->rate, flood->burst, now_ms);
    }
    return place;
}

enum flood_verdict flood_message(struct flood *flood, const char *rider,
                                 int64_t now_ms) {
    if (flood->rate <= 0)
        return FLOOD_OK;
    struct place *place = place_of(flood, rider, now_ms);
    if (bucket_take(&place->bucket, now_ms)) {
        /* Told again only after a real pause, not at each message that gets
         * through in between. */
        if (place->bucket.level >= flood->burst / 2)
            place->told = false;
        return FLOOD_OK;
    }
    if (place->told)
        return FLOOD_SILENT;
    place->told = true;
    return FLOOD_TELL;
}

void flood_told(struct flood *flood, const char *rider, int64_t now_ms) {
    place_of(flood, rider, now_ms)->told = true;
}

bool flood_tell_outage(struct flood *flood, const char *rider,
                       unsigned outage) {
    struct place *place = place_of(flood, rider, 0);
    bool tell = place->outage != outage;
    place->outage = outage;
    return tell;
}

enum lang flood_lang(const struct flood *flood, const char *rider,
                     enum lang fallback) {
    unsigned hash = hash_rider(rider);
    const struct place *place = &flood->places[hash % FLOOD_PLACES];
    return place->hash == hash && place->lang >= 0 ? (enum lang)place->lang
                                                   : fallback;
}

void flood_set_lang(struct flood *flood, const char *rider, enum lang lang) {
    place_of(flood, rider, 0)->lang = (int8_t)lang;
}
