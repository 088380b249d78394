#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * A token bucket: holds at most burst tokens and gains rate tokens a second.
 * Time is handed in, so that tests and replays decide it. A rate of 0 means
 * unlimited.
 */
struct bucket {
    double rate; /* tokens a second */
    double burst;
    double level;
    int64_t at_ms; /* when level was last right */
};

void bucket_init(struct bucket *bucket, double rate, double burst,
                 int64_t now_ms);
/* Takes one token if there is one. */
bool bucket_take(struct bucket *bucket, int64_t now_ms);
/* How long until a token will be there; 0 when there is one now. */
int64_t bucket_wait_ms(struct bucket *bucket, int64_t now_ms);
/* Puts a token back that was taken for something that did not happen. */
void bucket_give_back(struct bucket *bucket);
