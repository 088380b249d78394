/* Entries of a feed become materials, and get their pictures. */
#define LOG_MODULE "feeds"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/feeds_parts.h"
#include "bot/fetch.h"
#include "bot/photo.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#define HASH_BYTES 16
#define SOON_MS 60000

static struct metric m_new = METRIC_COUNTER(
    "xiaofeng_feed_entries_total", "Entries of feeds that became materials.");
static struct metric m_covers =
    METRIC_COUNTER("xiaofeng_feed_covers_refused_total",
                   "Pictures of feeds that were none, or not to be had.");

/* ---- what is new --------------------------------------------------------- */

static const char *hash_of(struct arena *arena, const char *text) {
    unsigned char hash[HASH_BYTES];
    char *hex = arena_alloc(arena, 2 * HASH_BYTES + 1);
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)text,
                       strlen(text), NULL, 0);
    return sodium_bin2hex(hex, 2 * HASH_BYTES + 1, hash, sizeof(hash));
}

/* A guid that is no url says something only among those of its feed; an entry
 * without any is known by what it says. */
static struct material_keys keys_of(struct feeds_job *job,
                                    const struct feed_entry *entry) {
    struct arena *arena = &job->arena;
    const char *guid = entry->guid, *link = "";
    if (guid[0] == '\0' && entry->url[0] == '\0')
        guid = arena_printf(arena, "%s\n%s", entry->title, entry->summary);
    if (strncmp(guid, "http", 4) != 0 && guid[0] != '\0')
        guid = arena_printf(arena, "%s\n%s", job->feed.id, guid);
    if (guid[0] != '\0')
        guid = hash_of(arena, arena_printf(arena, "guid %s", guid));
    if (entry->url[0] != '\0')
        link = hash_of(arena, arena_printf(arena, "link %s", entry->url));
    return (struct material_keys){guid, link};
}

static void fill(struct feeds_job *job, const struct feed_entry *entry,
                 int64_t number) {
    const struct feed *feed = &job->feed;
    job->images[job->n] = entry->image;
    job->materials[job->n++] = (struct material){
        .id = arena_printf(&job->arena, "M%" PRId64, number),
        .state = MATERIAL_NEW,
        .title = entry->title,
        .source = feed->name[0] != '\0' ? feed->name : job->content.title,
        .url = entry->url,
        .summary = entry->summary,
        .body = entry->body,
        .category = feed->category,
        .minutes = material_minutes(entry->body, entry->summary),
        .published_ms =
            entry->published_ms != 0 ? entry->published_ms : job->now_ms,
        .created_ms = job->now_ms,
        .feed = feed->id,
        .by = AUDIT_SYSTEM,
    };
}

static void on_imported(void *data, const struct txn_result *result) {
    struct feeds_job *job = data;
    size_t n = result->err == OK ? result->n_values : 0;
    for (size_t i = 0; i < n && i < job->n; i++) {
        bool new = strcmp(result->values[i], "1") == 0;
        job->outcome.added += new;
        if (!new)
            job->images[i] = ""; /* another feed was faster */
    }
    metric_add(&m_new, (int64_t)job->outcome.added);
    if (result->err != OK)
        LOG_WARN("%s: entries are not written: %s", job->feed.id,
                 err_str(result->err));
    else
        LOG_INFO("%s: %zu new of %zu", job->feed.id, job->outcome.added,
                 job->outcome.found);
    feeds_tell(job, result->err);
    if (result->err == OK)
        feeds_fetch_covers(job);
    else
        feeds_end(job);
}

/* What was found, the materials and that the feed was read, in one. */
static void write_all(struct feeds_job *job, const struct material_keys *keys) {
    struct feed *feed = &job->feed;
    struct txn *txn = txn_new(job->bot->store);
    feed->fails = 0;
    feed->last_ms = job->now_ms;
    feed->last_error = "";
    feed->last_status = job->outcome.status;
    feed->last_found = (int)job->outcome.found;
    feed->last_new = (int)job->n;
    feed->next_ms = job->now_ms + feed->every_h * 3600000LL;
    if (job->more) {
        feed->etag = feed->modified = "";
        feed->next_ms = job->now_ms + SOON_MS;
    }
    feed_put(txn, feed);
    material_keep(txn, job->known, job->n_known, job->now_ms);
    for (size_t i = 0; i < job->n; i++)
        material_import(txn, &job->materials[i], &keys[i], job->now_ms);
    if (job->n > 0)
        txn_audit(txn, AUDIT_SYSTEM, "feed-import", feed->id,
                  arena_printf(&job->arena, "%zu", job->n));
    txn_commit(txn, on_imported, job);
}

static void on_known(void *data, enum err err, const char *known) {
    struct feeds_job *job = data;
    const struct feed_content *content = &job->content;
    struct material_keys *keys =
        arena_alloc(&job->arena, (content->n + 1) * sizeof(*keys));
    size_t n = 0;
    if (job->feeds == NULL || err != OK) {
        feeds_tell(job, err != OK ? err : ERR_AWAY);
        feeds_end(job);
        return;
    }
    job->materials =
        arena_alloc(&job->arena, (content->n + 1) * sizeof(*job->materials));
    job->known =
        arena_alloc(&job->arena, (content->n + 1) * sizeof(*job->known));
    job->images =
        arena_alloc(&job->arena, (content->n + 1) * sizeof(*job->images));
    for (size_t i = 0; i < content->n; i++) {
        struct material_keys of = keys_of(job, &content->entries[i]);
        if (known[i] == '1') {
            job->known[job->n_known++] = of;
            continue;
        }
        int64_t number = store_next_number(job->bot->store);
        if (number == 0) {
            job->more = true;
            continue;
        }
        keys[n++] = of;
        fill(job, &content->entries[i], number);
    }
    write_all(job, keys);
}

void feeds_import(struct feeds_job *job) {
    const struct feed_content *content = &job->content;
    struct material_keys keys[FEED_ENTRIES_MAX];
    for (size_t i = 0; i < content->n; i++)
        keys[i] = keys_of(job, &content->entries[i]);
    if (content->n == 0)
        feeds_write(job, "");
    else
        material_get_known(job->bot->store, &job->arena, keys, content->n,
                           on_known, job);
}

/* ---- pictures ------------------------------------------------------------ */

static void next_cover(struct feeds_job *job);

static void on_covered(void *data, const struct txn_result *result) {
    struct feeds_job *job = data;
    if (result->err != OK) /* nobody has it; the purge would find it, too */
        metric_add(&m_covers, 1);
    next_cover(job);
}

struct cover {
    struct feeds_job *job;
    char id[PHOTO_ID_SIZE];
};

static void on_material(void *data, enum err err,
                        const struct material *material) {
    struct cover *cover = data;
    struct feeds_job *job = cover->job;
    if (job->feeds == NULL || err != OK || material->cover[0] != '\0') {
        if (job->feeds != NULL)
            photo_remove(job->bot->photos, cover->id);
        next_cover(job);
        return;
    }
    struct material after = *material;
    struct txn *txn = txn_new(job->bot->store);
    after.cover = cover->id;
    material_put(txn, &after);
    txn_commit(txn, on_covered, job);
}

static void on_photo(void *data, enum err err, const struct photo *photo) {
    struct feeds_job *job = data;
    if (job->feeds == NULL || err != OK) {
        metric_add(&m_covers, 1);
        next_cover(job);
        return;
    }
    struct cover *cover = arena_alloc(&job->arena, sizeof(*cover));
    cover->job = job;
    memcpy(cover->id, photo->id, sizeof(cover->id));
    material_get(job->bot->store, &job->arena, job->materials[job->at - 1].id,
                 on_material, cover);
}

static void on_picture(void *data, enum err err, const char *bytes,
                       size_t len) {
    struct feeds_job *job = data;
    if (job->feeds == NULL || err != OK) {
        metric_add(&m_covers, 1);
        next_cover(job);
        return;
    }
    photo_store(job->bot->photos, bytes, len, on_photo, job);
}

static void next_cover(struct feeds_job *job) {
    size_t most = job->n < FEEDS_COVERS_MAX ? job->n : FEEDS_COVERS_MAX;
    while (job->feeds != NULL && job->at < most) {
        const char *image = job->images[job->at++];
        if (image[0] == '\0')
            continue;
        fetch_get(job->feeds->fetcher, image, on_picture, job);
        return;
    }
    feeds_end(job);
}

void feeds_fetch_covers(struct feeds_job *job) {
    job->at = 0;
    next_cover(job);
}
