#include "bot/purge_signups.h"

#include "base/arena.h"
#include "base/mem.h"
#include "store/signup.h"
#include "store/txn.h"

#include <stdlib.h>

#define PAGE 100

struct purging {
    struct purge_signups_options options;
    struct arena arena; /* of a page */
    size_t skip;        /* that stay where they are in their list */
    size_t waiting, page;
    int64_t n;
    enum err err;
};

static void read_page(struct purging *purging);

static void page_over(struct purging *purging) {
    bool more = purging->page == PAGE && purging->err == OK;
    arena_finish(&purging->arena);
    purging->options.progress(purging->options.data);
    if (more) {
        read_page(purging);
        return;
    }
    purging->options.done(purging->options.data, purging->err, purging->n);
    free(purging);
}

/* One that changed meanwhile is for the next night. */
static void on_stripped(void *data, const struct txn_result *result) {
    struct purging *purging = data;
    if (result->err == OK)
        purging->n++;
    else if (result->err == ERR_CONFLICT)
        purging->skip++;
    else
        purging->err = result->err;
    if (--purging->waiting == 0)
        page_over(purging);
}

static void strip(struct purging *purging, const struct signup *signup) {
    struct txn *txn = txn_new(purging->options.store);
    signup_strip(txn, signup);
    if (signup->version > 0)
        txn_audit(txn, AUDIT_SYSTEM, "signup-purge", signup->event,
                  signup->code);
    purging->waiting++;
    txn_commit(txn, on_stripped, purging);
}

static void on_page(void *data, enum err err, const struct signup *signups,
                    size_t n, int64_t total) {
    struct purging *purging = data;
    (void)total;
    purging->err = err;
    purging->page = n;
    for (size_t i = 0; err == OK && i < n; i++) {
        if (!purging->options.dry_run) {
            strip(purging, &signups[i]);
            continue;
        }
        purging->n++;
        purging->skip++;
    }
    if (purging->waiting == 0)
        page_over(purging);
}

static void read_page(struct purging *purging) {
    signup_list_private(purging->options.store, &purging->arena,
                        purging->options.now_ms - SIGNUP_KEPT_MS, purging->skip,
                        PAGE, on_page, purging);
}

void purge_signups(const struct purge_signups_options *options) {
    struct purging *purging = xcalloc(1, sizeof(*purging));
    purging->options = *options;
    arena_init(&purging->arena);
    read_page(purging);
}
