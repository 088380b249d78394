#define LOG_MODULE "intake"
#include "bot/intake.h"

#include "base/log.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/fetch.h"
#include "bot/photo.h"
#include "bot/turn.h"

#include <stdio.h>
#include <string.h>

static struct metric m_stored =
    METRIC_COUNTER_L("xiaofeng_photos_total", "Photos taken in, by result.",
                     "result=\"stored\"");
static struct metric m_failed =
    METRIC_COUNTER_L("xiaofeng_photos_total", "Photos taken in, by result.",
                     "result=\"failed\"");

/* One photo of a turn; its place among the others is kept. */
struct intake {
    struct turn *turn;
    size_t index;
    void (*done)(struct turn *turn);
};

/* Ids stand where their photos stood; those that failed leave no gap. */
static void close_gaps(struct turn *turn) {
    size_t n = 0;
    for (size_t i = 0; i < turn->n_photos; i++)
        if (turn->photos[i] != NULL)
            turn->photos[n++] = turn->photos[i];
    turn->n_photos = n;
}

static void end_one(struct intake *intake, enum err err) {
    struct turn *turn = intake->turn;
    if (err != OK) {
        LOG_INFO("a photo was refused: %s", err_str(err));
        turn->photo_err = err;
    }
    metric_add(err == OK ? &m_stored : &m_failed, 1);
    if (--turn->photos_waiting > 0)
        return;
    close_gaps(turn);
    intake->done(turn);
}

static void on_stored(void *data, enum err err, const struct photo *photo) {
    struct intake *intake = data;
    struct turn *turn = intake->turn;
    if (err == OK) {
        turn->photos[intake->index] = arena_strdup(&turn->arena, photo->id);
        if (photo->has_position) {
            turn->photo_has_position = true;
            turn->photo_lat = photo->lat;
            turn->photo_lon = photo->lon;
        }
    }
    end_one(intake, err);
}

/* The connector has stored it already. */
static void take_stored(struct intake *intake, const struct segment *image) {
    struct photo photo = {
        .has_position = image->has_position,
        .lat = image->lat,
        .lon = image->lon,
    };
    snprintf(photo.id, sizeof(photo.id), "%s", image->photo);
    on_stored(intake, OK, &photo);
}

static void on_fetched(void *data, enum err err, const char *bytes,
                       size_t len) {
    struct intake *intake = data;
    if (err != OK)
        end_one(intake, err);
    else
        photo_store(intake->turn->bot->photos, bytes, len, on_stored, intake);
}

void intake_photos(struct turn *turn, void (*done)(struct turn *turn)) {
    size_t n = message_count(&turn->message, SEGMENT_IMAGE);
    if (turn->n_photos > 0 || turn->photo_err != OK || n == 0) {
        done(turn); /* none, or taken in before the turn was opened again */
        return;
    }
    if (n > LIMIT_PHOTOS) {
        turn->photo_err = ERR_LIMIT;
        n = LIMIT_PHOTOS;
    }
    turn->n_photos = n;
    turn->photos_waiting = (unsigned)n;
    for (size_t i = 0; i < n; i++) {
        const struct segment *image =
            message_segment(&turn->message, SEGMENT_IMAGE, i);
        struct intake *intake = arena_alloc(&turn->arena, sizeof(*intake));
        *intake = (struct intake){turn, i, done};
        if (image->photo != NULL)
            take_stored(intake, image);
        else if (image->blob != NULL)
            photo_store(turn->bot->photos, image->blob, image->blob_bytes,
                        on_stored, intake);
        else
            fetch_get(turn->bot->fetcher, image->url == NULL ? "" : image->url,
                      on_fetched, intake);
    }
}
