#include "base/bucket.h"

#include <math.h>

/* Rounding must not hold back the token whose time has come. */
#define BUCKET_SLACK 1e-6
/* Waits are never given as longer than this; ask again then. */
#define BUCKET_WAIT_MAX_MS (24 * 60 * 60 * 1000.0)

static bool is_unlimited(const struct bucket *bucket) {
    return !(bucket->rate > 0);
}

void bucket_init(struct bucket *bucket, double rate, double burst,
                 int64_t now_ms) {
    bucket->rate = rate;
    /* A bucket that cannot hold one token would never give any. */
    bucket->burst = burst >= 1 ? burst : 1;
    bucket->level = bucket->burst;
    bucket->at_ms = now_ms;
}

static void refill(struct bucket *bucket, int64_t now_ms) {
    /* A clock that went back gives nothing, and is believed from there on. */
    if (now_ms > bucket->at_ms) {
        double seconds = ((double)now_ms - (double)bucket->at_ms) / 1000;

        bucket->level =
            fmin(bucket->burst, bucket->level + seconds * bucket->rate);
    }
    bucket->at_ms = now_ms;
}

bool bucket_take(struct bucket *bucket, int64_t now_ms) {
    if (is_unlimited(bucket))
        return true;
    refill(bucket, now_ms);
    if (bucket->level < 1 - BUCKET_SLACK)
        return false;
    bucket->level = fmax(0, bucket->level - 1);
    return true;
}

int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms) {
    double wait;

    if (is_unlimited(bucket))
        return 0;
    refill(bucket, now_ms);
    if (bucket->level >= 1 - BUCKET_SLACK)
        return 0;
    wait = ceil((1 - bucket->level) / bucket->rate * 1000);
    return (int64_t)fmin(fmax(wait, 1), BUCKET_WAIT_MAX_MS);
}

void bucket_give_back(struct bucket *bucket) {
    if (!is_unlimited(bucket))
        bucket->level = fmin(bucket->burst, bucket->level + 1);
}
