#define LOG_MODULE "purge"
#include "bot/purge.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/audit_anchors.h"
#include "bot/config.h"
#include "bot/photo_set.h"
#include "bot/policy.h"
#include "bot/purge_files.h"
#include "bot/purge_signups.h"
#include "store/audit.h"
#include "store/photo_refs.h"
#include "store/purge.h"
#include "store/ticket.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 100
#define DAY_MS (24LL * 3600 * 1000)

static struct metric m_tickets =
    METRIC_COUNTER("xiaofeng_purged_tickets_total",
                   "Tickets erased when their time was over.");
static struct metric m_photos = METRIC_COUNTER(
    "xiaofeng_purged_photos_total", "Photos removed when their time was over.");

struct purging {
    struct purge_options options;
    struct policy_rules rules;
    struct purge_counts counts;
    char *photo_dir, *anchors;
    struct arena arena;      /* of a page */
    struct photo_set *going; /* photos */
    struct photo_set *strays;
    size_t skip; /* tickets that stay where they are in their list */
    size_t waiting, page, went;
    char after[AUDIT_ID_SIZE];
    int64_t base; /* number of the last entry that was forgotten */
    uv_work_t work;
    void (*work_do)(struct purging *purging);
    void (*work_next)(struct purging *purging);
    enum err err;
    bool stopped;
};

/* ---- the end ------------------------------------------------------------ */

static void finish(struct purging *purging, enum err err) {
    metric_add(&m_tickets,
               purging->options.dry_run ? 0 : purging->counts.tickets);
    metric_add(&m_photos,
               purging->options.dry_run
                   ? 0
                   : purging->counts.photos + purging->counts.strays);
    purging->options.done(purging->options.data, err, &purging->counts);
    arena_finish(&purging->arena);
    photo_set_free(purging->going);
    photo_set_free(purging->strays);
    free(purging->photo_dir);
    free(purging->anchors);
    free(purging);
}

static void tell(struct purging *purging) {
    if (purging->options.progress != NULL)
        purging->options.progress(purging->options.data, &purging->counts);
}

static void on_noted(void *data, const struct txn_result *result) {
    finish(data, result->err);
}

static void note(struct purging *purging) {
    const struct purge_counts *counts = &purging->counts;
    char detail[160];
    if (purging->options.dry_run) {
        finish(purging, OK);
        return;
    }
    snprintf(detail, sizeof(detail),
             "tickets %" PRId64 ", photos %" PRId64 ", strays %" PRId64
             ", files %" PRId64 ", signups %" PRId64 ", entries %" PRId64,
             counts->tickets, counts->photos, counts->strays, counts->files,
             counts->signups, counts->entries);
    struct txn *txn = txn_new(purging->options.store);
    txn_audit(txn, AUDIT_SYSTEM, "purge", "", detail);
    txn_commit(txn, on_noted, purging);
}

/* ---- work in the pool --------------------------------------------------- */

static void do_work(uv_work_t *work) {
    struct purging *purging = work->data;
    purging->work_do(purging);
}

static void on_worked(uv_work_t *work, int status) {
    struct purging *purging = work->data;
    tell(purging);
    if (status != 0 || purging->stopped)
        finish(purging, ERR_AWAY);
    else if (purging->err != OK)
        finish(purging, purging->err);
    else
        purging->work_next(purging);
}

static void in_pool(struct purging *purging,
                    void (*work)(struct purging *purging),
                    void (*next)(struct purging *purging)) {
    purging->work_do = work;
    purging->work_next = next;
    purging->work.data = purging;
    if (uv_queue_work(purging->options.loop, &purging->work, do_work,
                      on_worked) != 0)
        finish(purging, ERR_IO);
}

/* ---- the audit log ------------------------------------------------------ */

static void read_entries(struct purging *purging);

static void cut_anchors(struct purging *purging) {
    purging->err = audit_anchors_rewrite(
        purging->anchors, purging->options.seal, purging->base + 1);
}

static void on_forgotten(void *data, const struct txn_result *result) {
    struct purging *purging = data;
    tell(purging);
    if (result->err != OK)
        finish(purging, result->err);
    else
        read_entries(purging);
}

static void entries_over(struct purging *purging) {
    if (purging->base > 0)
        in_pool(purging, cut_anchors, note);
    else
        note(purging);
}

static void on_entries(void *data, enum err err,
                       const struct audit_entry *entries, size_t n) {
    struct purging *purging = data;
    int64_t before =
        purging->options.now_ms - purging->rules.retention_audit_days * DAY_MS;
    size_t old = 0;
    if (err != OK) {
        finish(purging, err);
        return;
    }
    while (old < n && entries[old].at_ms < before)
        old++;
    purging->counts.entries += (int64_t)old;
    if (old == 0) {
        entries_over(purging);
        return;
    }
    snprintf(purging->after, sizeof(purging->after), "%s", entries[old - 1].id);
    if (purging->options.dry_run) {
        tell(purging);
        read_entries(purging);
        return;
    }
    purging->base = entries[old - 1].number;
    struct txn *txn = txn_new(purging->options.store);
    audit_forget(txn, purging->options.seal, &entries[old - 1]);
    txn_commit(txn, on_forgotten, purging);
}

static void read_entries(struct purging *purging) {
    arena_finish(&purging->arena);
    audit_follow(purging->options.store, &purging->arena, purging->after,
                 AUDIT_PAGE_MAX, on_entries, purging);
}

/* ---- what sign-ups for events say -----------------------------------------
 */

static void on_signups_step(void *data) {
    tell(data);
}

static void on_signups(void *data, enum err err, int64_t n) {
    struct purging *purging = data;
    purging->counts.signups = n;
    if (err != OK)
        finish(purging, err);
    else if (purging->stopped)
        finish(purging, ERR_AWAY);
    else
        read_entries(purging);
}

static void look_at_signups(struct purging *purging) {
    purge_signups(&(struct purge_signups_options){
        .store = purging->options.store,
        .now_ms = purging->options.now_ms,
        .dry_run = purging->options.dry_run,
        .progress = on_signups_step,
        .done = on_signups,
        .data = purging,
    });
}

/* ---- uploaded files of nothing ------------------------------------------- */

static void on_files_step(void *data) {
    tell(data);
}

static void on_files(void *data, enum err err, int64_t n) {
    struct purging *purging = data;
    purging->counts.files = n;
    if (err != OK)
        finish(purging, err);
    else if (purging->stopped)
        finish(purging, ERR_AWAY);
    else
        look_at_signups(purging);
}

static void look_at_files(struct purging *purging) {
    purge_files(&(struct purge_files_options){
        .store = purging->options.store,
        .data_dir = purging->options.config->data_dir,
        .now_ms = purging->options.now_ms,
        .dry_run = purging->options.dry_run,
        .progress = on_files_step,
        .done = on_files,
        .data = purging,
    });
}

/* ---- photo files of nothing --------------------------------------------- */

static void remove_strays(struct purging *purging) {
    photo_set_remove(purging->strays, purging->photo_dir);
}

static void on_ref(void *data, const char *id) {
    struct purging *purging = data;
    photo_set_drop(purging->strays, id);
}

static void on_refs_step(void *data) {
    tell(data);
}

static void on_refs(void *data, enum err err) {
    struct purging *purging = data;
    if (err != OK) {
        finish(purging, err);
        return;
    }
    purging->counts.strays = (int64_t)photo_set_count(purging->strays);
    if (purging->options.dry_run || purging->counts.strays == 0)
        look_at_files(purging);
    else
        in_pool(purging, remove_strays, look_at_files);
}

static void find_files(struct purging *purging) {
    purging->err = photo_set_find(purging->strays, purging->photo_dir,
                                  purging->options.now_ms - PURGE_STRAY_MS);
}

/* Most often every photo is somebody's: it takes the store's word for that. */
static void look_for_refs(struct purging *purging) {
    if (photo_set_count(purging->strays) == 0) {
        look_at_files(purging);
        return;
    }
    photo_refs(&(struct photo_refs_options){
        .store = purging->options.store,
        .found = on_ref,
        .progress = on_refs_step,
        .done = on_refs,
        .data = purging,
    });
}

static void find_strays(struct purging *purging) {
    in_pool(purging, find_files, look_for_refs);
}

/* ---- tickets ------------------------------------------------------------ */

struct purged {
    struct purging *purging;
    const struct ticket *ticket;
    bool erased;
};

static void read_tickets(struct purging *purging);
static void read_with_photos(struct purging *purging);

static void remove_going(struct purging *purging) {
    photo_set_remove(purging->going, purging->photo_dir);
}

/* All of a page are answered. */
static void page_over(struct purging *purging,
                      void (*again)(struct purging *purging),
                      void (*next)(struct purging *purging)) {
    bool more = purging->page == PAGE;
    tell(purging);
    arena_finish(&purging->arena);
    if (!more) /* a dry run leaves those that it has counted */
        purging->skip =
            purging->options.dry_run ? (size_t)purging->counts.tickets : 0;
    if (purging->err != OK)
        finish(purging, purging->err);
    else if (photo_set_count(purging->going) > 0)
        in_pool(purging, remove_going, more ? again : next);
    else
        (more ? again : next)(purging);
}

static int64_t count_photos(const struct ticket *ticket) {
    int64_t n = 0;
    const char *const lists[] = {ticket->photos, ticket->after};
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        n += lists[i][0] != '\0';
        for (const char *p = lists[i]; (p = strchr(p, ',')) != NULL; p++)
            n++;
    }
    return n;
}

static void on_purged(void *data, const struct txn_result *result) {
    struct purged *purged = data;
    struct purging *purging = purged->purging;
    const struct ticket *ticket = purged->ticket;
    bool erased = purged->erased;
    if (result->err == OK) {
        purging->counts.tickets += erased;
        purging->counts.photos += count_photos(ticket);
        photo_set_add(purging->going, ticket->photos);
        photo_set_add(purging->going, ticket->after);
    } else if (result->err != ERR_CONFLICT && result->err != ERR_NOT_FOUND) {
        purging->err = result->err;
    }
    if (result->err != OK || !erased)
        purging->skip++;
    if (--purging->waiting > 0)
        return;
    if (erased)
        page_over(purging, read_tickets,
                  purging->rules.retention_photo_days <
                          purging->rules.retention_ticket_days
                      ? read_with_photos
                      : find_strays);
    else
        page_over(purging, read_with_photos, find_strays);
}

static void commit(struct purging *purging, struct txn *txn,
                   const struct ticket *ticket, bool erased) {
    struct purged *purged = arena_alloc(&purging->arena, sizeof(*purged));
    *purged = (struct purged){purging, ticket, erased};
    purging->waiting++;
    txn_commit(txn, on_purged, purged);
}

static int64_t before_ms(const struct purging *purging, int days) {
    return purging->options.now_ms - days * DAY_MS;
}

static void unlist(struct txn *txn, const char *rider, const char *id) {
    if (rider[0] != '\0')
        ticket_unlist(txn, rider, id);
}

/* The board hears of it by the entry that names it. */
static void erase(struct purging *purging, const struct ticket *ticket) {
    struct follower followers[TICKET_FOLLOWERS_MAX];
    struct txn *txn = txn_new(purging->options.store);
    size_t n = ticket_followers(&purging->arena, ticket, followers);
    ticket_expect_ended(
        txn, ticket->id,
        before_ms(purging, purging->rules.retention_ticket_days));
    ticket_erase(txn, ticket->id, purging->options.now_ms);
    unlist(txn, ticket->rider, ticket->id);
    for (size_t i = 0; i < n; i++)
        unlist(txn, followers[i].rider, ticket->id);
    txn_audit(txn, AUDIT_SYSTEM, "ticket-purge", ticket->id, "");
    commit(purging, txn, ticket, true);
}

static void take_photos(struct purging *purging, const struct ticket *ticket) {
    struct ticket after = *ticket;
    struct txn *txn = txn_new(purging->options.store);
    after.photos = after.after = "";
    ticket_expect_ended(
        txn, ticket->id,
        before_ms(purging, purging->rules.retention_photo_days));
    ticket_change(txn, ticket, &after, NULL);
    txn_audit(txn, AUDIT_SYSTEM, "ticket-purge-photos", ticket->id, "");
    commit(purging, txn, ticket, false);
}

static void on_tickets(void *data, enum err err, const struct ticket *tickets,
                       size_t n, int64_t total) {
    struct purging *purging = data;
    bool photos_too = purging->rules.retention_photo_days <
                      purging->rules.retention_ticket_days;
    (void)total;
    purging->err = err;
    purging->page = n;
    for (size_t i = 0; err == OK && i < n; i++) {
        if (!purging->options.dry_run) {
            erase(purging, &tickets[i]);
            continue;
        }
        purging->counts.tickets++;
        purging->counts.photos += count_photos(&tickets[i]);
        purging->skip++;
    }
    if (purging->waiting == 0)
        page_over(purging, read_tickets,
                  photos_too ? read_with_photos : find_strays);
}

static void read_tickets(struct purging *purging) {
    ticket_list_ended(purging->options.store, &purging->arena,
                      before_ms(purging, purging->rules.retention_ticket_days),
                      purging->skip, PAGE, on_tickets, purging);
}

static void on_with_photos(void *data, enum err err,
                           const struct ticket *tickets, size_t n,
                           int64_t total) {
    struct purging *purging = data;
    (void)total;
    purging->err = err;
    purging->page = n;
    for (size_t i = 0; err == OK && i < n; i++) {
        int64_t photos = count_photos(&tickets[i]);
        if (photos > 0 && !purging->options.dry_run) {
            take_photos(purging, &tickets[i]);
            continue;
        }
        purging->counts.photos += photos;
        purging->skip++;
    }
    if (purging->waiting == 0)
        page_over(purging, read_with_photos, find_strays);
}

static void read_with_photos(struct purging *purging) {
    ticket_list_ended(purging->options.store, &purging->arena,
                      before_ms(purging, purging->rules.retention_photo_days),
                      purging->skip, PAGE, on_with_photos, purging);
}

struct purging *purge(const struct purge_options *options) {
    struct purging *purging = xcalloc(1, sizeof(*purging));
    purging->options = *options;
    purging->rules = *options->rules;
    purging->photo_dir = xasprintf("%s/photos", options->config->data_dir);
    purging->anchors = audit_anchors_path(options->config);
    purging->going = photo_set_new();
    purging->strays = photo_set_new();
    arena_init(&purging->arena);
    read_tickets(purging);
    return purging;
}

void purge_stop(struct purging *purging) {
    purging->stopped = true;
}
