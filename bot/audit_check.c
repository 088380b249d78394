#define LOG_MODULE "audit"
#include "bot/audit_check.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "bot/audit_anchors.h"
#include "bot/audit_hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 500
#define TRIES 3 /* the begin may be forgotten meanwhile */
/* The daemon anchors at least every ten minutes. */
#define UNANCHORED_MS (60LL * 60 * 1000)
#define UNANCHORED_MAX 1000

struct check {
    struct audit_check_options options;
    struct audit_report report;
    struct audit_anchors anchors;
    size_t anchor; /* the next one */
    struct audit_ends ends;
    struct arena arena; /* of a page */
    struct buf hashed;
    struct audit_link last; /* number 0: before the first */
    bool head_seen;
    char after[AUDIT_ID_SIZE];
    int64_t last_ms, unanchored_ms;
    int tries;
};

static void find(struct check *check, int64_t number, const char *id,
                 const char *what) {
    struct audit_report *report = &check->report;
    report->ok = false;
    if (report->n_findings++ == 0)
        report->first_bad = number;
    if (report->n_findings > AUDIT_FINDINGS_MAX)
        return;
    struct audit_finding *finding = &report->findings[report->n_findings - 1];
    finding->number = number;
    finding->what = what;
    snprintf(finding->id, sizeof(finding->id), "%s", id);
}

/* ---- an entry ----------------------------------------------------------- */

/* As store/functions/commit.lua does it. */
static bool hash_fits(struct check *check, const struct audit_entry *entry) {
    char link[AUDIT_LINK_SIZE], hash[SHA1_HEX_SIZE];
    struct buf *text = &check->hashed;
    audit_link_print(&check->last, link);
    buf_clear(text);
    buf_adds(text, link);
    const char *const fields[] = {entry->actor, entry->action, entry->subject,
                                  entry->detail};
    for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
        buf_adds(text, AUDIT_SEPARATOR);
        buf_adds(text, fields[i]);
    }
    sha1_hex(text->data, text->len, hash);
    return strcmp(hash, entry->hash) == 0;
}

/* What was there before the chain can only be counted. */
static void take_unchained(struct check *check,
                           const struct audit_entry *entry) {
    bool first = check->last.number == 0 && check->ends.base.number == 0;
    if (!first || entry->odd)
        find(check, check->last.number + 1, entry->id,
             "it is not part of the chain: altered or put in");
    else
        check->report.unchained++;
    if (first)
        snprintf(check->last.id, sizeof(check->last.id), "%s", entry->id);
}

static bool is_begin(const struct audit_entry *entry) {
    return strcmp(entry->actor, "system") == 0 &&
           strcmp(entry->action, "audit-begin") == 0;
}

static void check_begin(struct check *check, const struct audit_entry *entry) {
    int64_t unchained = check->report.unchained;
    if (entry->number > 1 && is_begin(entry))
        find(check, entry->number, entry->id,
             "where the chain ended had been lost when it was written");
    if (entry->number != 1 || unchained == 0)
        return;
    if (!is_begin(entry) || strcmp(entry->subject, check->last.id) != 0 ||
        unchained > strtoll(entry->detail, NULL, 10))
        find(check, entry->number, entry->id,
             "there are entries before the first that do not belong there");
}

static void check_anchors(struct check *check,
                          const struct audit_entry *entry) {
    const struct audit_anchors *anchors = &check->anchors;
    while (check->anchor < anchors->n &&
           anchors->items[check->anchor].number < entry->number)
        check->anchor++;
    for (; check->anchor < anchors->n &&
           anchors->items[check->anchor].number == entry->number;
         check->anchor++)
        if (strcmp(anchors->items[check->anchor].hash, entry->hash) != 0)
            find(check, entry->number, entry->id,
                 "it is another one than its anchor says");
    if (check->anchor == anchors->n && check->unanchored_ms == 0)
        check->unanchored_ms = entry->at_ms;
}

static void check_head(struct check *check, const struct audit_entry *entry) {
    const struct audit_link *head = &check->ends.head;
    if (entry->number != head->number)
        return;
    check->head_seen = true;
    if (strcmp(head->id, entry->id) != 0 ||
        strcmp(head->hash, entry->hash) != 0)
        find(check, entry->number, entry->id,
             "it is another one than the end of the chain says");
}

static void take_chained(struct check *check, const struct audit_entry *entry) {
    int64_t expected = check->last.number + 1;
    if (entry->number < expected) {
        find(check, entry->number, entry->id,
             "it is not in its place: put in or moved");
        return;
    }
    check_begin(check, entry);
    if (entry->number > expected)
        find(check, expected, entry->id, "what was before this one is missing");
    else if (entry->odd || !hash_fits(check, entry))
        find(check, expected, entry->id,
             "it was altered, or the one before was moved");
    check_anchors(check, entry);
    check_head(check, entry);
    check->last.number = entry->number;
    snprintf(check->last.id, sizeof(check->last.id), "%s", entry->id);
    snprintf(check->last.hash, sizeof(check->last.hash), "%s", entry->hash);
}

/* ---- the end ------------------------------------------------------------ */

static void finish(struct check *check, enum err err) {
    check->report.err = err;
    check->options.done(check->options.data, &check->report);
    audit_anchors_finish(&check->anchors);
    arena_finish(&check->arena);
    buf_finish(&check->hashed);
    free(check);
}

static void start(struct check *check);

static bool same_link(const struct audit_link *a, const struct audit_link *b) {
    return a->number == b->number && strcmp(a->id, b->id) == 0 &&
           strcmp(a->hash, b->hash) == 0;
}

/* head: as it is now, when all has been read. */
static void check_end(struct check *check, const struct audit_link *head) {
    const struct audit_link *last = &check->last, *then = &check->ends.head;
    if (last->number < then->number)
        find(check, last->number + 1, "", "the end of the log was cut off");
    else if ((then->number > check->ends.base.number && !check->head_seen) ||
             last->number > head->number ||
             (last->number == head->number && last->number > 0 &&
              !same_link(last, head)))
        find(check, head->number, head->id,
             "this end of the chain is not that of the log");
    if (check->anchor < check->anchors.n &&
        check->anchors.items[check->anchors.n - 1].number > last->number)
        find(check, last->number + 1, "",
             "the end of the log was cut off: there are anchors behind it");
    if (check->unanchored_ms != 0 &&
        last->number - check->report.anchored > UNANCHORED_MAX &&
        check->last_ms - check->unanchored_ms > UNANCHORED_MS)
        find(check, check->report.anchored + 1, "",
             "there are no anchors from here on");
}

static void on_end(void *data, enum err err, const struct audit_ends *ends) {
    struct check *check = data;
    bool moved = err == OK && !same_link(&ends->base, &check->ends.base);
    if (moved && ++check->tries < TRIES) {
        start(check);
        return;
    }
    if (err == OK)
        check_end(check, &ends->head);
    finish(check, err);
}

/* ---- reading ------------------------------------------------------------ */

static void read_page(struct check *check);

static void on_page(void *data, enum err err, const struct audit_entry *entries,
                    size_t n) {
    struct check *check = data;
    for (size_t i = 0; i < n; i++) {
        const struct audit_entry *entry = &entries[i];
        check->last_ms = entry->at_ms;
        check->report.entries++;
        if (entry->number == 0)
            take_unchained(check, entry);
        else
            take_chained(check, entry);
    }
    if (n > 0)
        snprintf(check->after, sizeof(check->after), "%s", entries[n - 1].id);
    if (check->options.progress != NULL)
        check->options.progress(check->options.data, check->report.entries);
    if (err != OK)
        finish(check, err);
    else if (n == PAGE)
        read_page(check);
    else
        audit_ends_get(check->options.store, check->options.seal, on_end,
                       check);
}

static void read_page(struct check *check) {
    arena_finish(&check->arena);
    audit_follow(check->options.store, &check->arena, check->after, PAGE,
                 on_page, check);
}

static void on_begin(void *data, enum err err, const struct audit_ends *ends) {
    struct check *check = data;
    if (err != OK) {
        finish(check, err);
        return;
    }
    check->ends = *ends;
    check->last = ends->base;
    check->report.forgotten = ends->base.number;
    if (ends->base_forged)
        find(check, ends->base.number, ends->base.id,
             "the record of what was forgotten is not signed by us");
    if (ends->head_odd)
        find(check, 0, "", "the end of the chain cannot be read");
    if (check->anchors.bad > 0)
        find(check, 0, "", "there are anchors that are not signed by us");
    read_page(check);
}

static void start(struct check *check) {
    check->report = (struct audit_report){.ok = true};
    check->report.anchors = check->anchors.n;
    if (check->anchors.n > 0)
        check->report.anchored =
            check->anchors.items[check->anchors.n - 1].number;
    check->anchor = 0;
    check->after[0] = '\0';
    check->head_seen = false;
    check->unanchored_ms = check->last_ms = 0;
    audit_ends_get(check->options.store, check->options.seal, on_begin, check);
}

void audit_check(const struct audit_check_options *options) {
    struct check *check = xcalloc(1, sizeof(*check));
    check->options = *options;
    arena_init(&check->arena);
    buf_init(&check->hashed);
    /* Before the log: what is anchored is in it then. */
    enum err err =
        audit_anchors_read(options->anchors, options->seal, &check->anchors);
    start(check);
    if (err != OK)
        check->anchors.bad++;
}
