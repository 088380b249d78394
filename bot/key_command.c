#define LOG_MODULE "key"
#include "bot/key_command.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/seal.h"
#include "bot/audit_anchors.h"
#include "bot/config.h"
#include "bot/key_watch.h"
#include "bot/offline.h"
#include "store/audit.h"
#include "store/reseal.h"
#include "store/txn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NOT_UNDERSTOOD 2
#define PROGRESS_MS 2000
/* A daemon that runs has read the file by then. */
#define NOTICED_S (2 * KEY_WATCH_MS / 1000)

struct rotating {
    const struct config *config;
    struct offline *offline;
    struct store *store;
    struct seal *seal;
    bool finish;
    bool checked; /* counted once more after all was sealed */
    int64_t told_ms;
};

static void end(struct rotating *rotating, enum err err) {
    if (err != OK)
        LOG_ERR("the keys could not be turned: %s", err_str(err));
    offline_end(rotating->offline, err == OK);
}

/* ---- the last steps ----------------------------------------------------- */

static void print_end(const struct rotating *rotating) {
    if (rotating->finish)
        printf("the only key is %s\n", seal_current(rotating->seal));
    else
        printf(
            "the key is %s; once a running daemon has taken it, in two "
            "minutes, end this by: key rotate --finish\n",
            seal_current(rotating->seal));
}

static void on_signed(void *data, const struct txn_result *result) {
    struct rotating *rotating = data;
    enum err err = result->err;
    char *path = audit_anchors_path(rotating->config);
    if (err == OK)
        err = audit_anchors_rewrite(path, rotating->seal, 0);
    free(path);
    if (err == OK && rotating->finish)
        err = seal_drop_old(rotating->seal);
    if (err == OK)
        print_end(rotating);
    end(rotating, err);
}

/* The log's own signatures are turned before the old key is gone. */
static void on_ends(void *data, enum err err, const struct audit_ends *ends) {
    struct rotating *rotating = data;
    if (err != OK) {
        end(rotating, err);
        return;
    }
    struct txn *txn = txn_new(rotating->store);
    if (ends->base_old && !ends->base_forged)
        audit_sign_base(txn, rotating->seal, &ends->base);
    txn_audit(txn, "system", rotating->finish ? "key-drop" : "key-rotate",
              seal_current(rotating->seal), "");
    txn_commit(txn, on_signed, rotating);
}

/* ---- everything that is sealed ------------------------------------------ */

static void on_progress(void *data, const struct reseal_count *counts) {
    struct rotating *rotating = data;
    int64_t now = clock_mono_ms(&clock_system);
    offline_goes_on(rotating->offline);
    if (now < rotating->told_ms + PROGRESS_MS)
        return;
    rotating->told_ms = now;
    fprintf(stderr, "%" PRId64 " values of tickets looked at\n",
            counts[RESEAL_TICKETS].values);
}

static void print_counts(const struct reseal_count *counts) {
    printf("%-10s %10s %10s %10s\n", "", "sealed", "renewed", "lost");
    for (int i = 0; i < RESEAL_KINDS; i++)
        printf("%-10s %10" PRId64 " %10" PRId64 " %10" PRId64 "\n",
               reseal_names[i], counts[i].values, counts[i].renewed,
               counts[i].lost);
}

static void reseal(struct rotating *rotating);

static void on_resealed(void *data, enum err err,
                        const struct reseal_count *counts) {
    struct rotating *rotating = data;
    int64_t old = 0;
    for (int i = 0; i < RESEAL_KINDS; i++)
        old += counts[i].old;
    if (err == OK && !rotating->checked)
        print_counts(counts);
    if (err != OK) {
        end(rotating, err);
    } else if (rotating->finish && !rotating->checked) {
        rotating->checked = true;
        reseal(rotating);
    } else if (rotating->finish && old > 0) {
        fprintf(stderr,
                "%" PRId64
                " values are sealed by an old key still, which is "
                "kept: try again\n",
                old);
        offline_end(rotating->offline, false);
    } else {
        audit_ends_get(rotating->store, rotating->seal, on_ends, rotating);
    }
}

static void reseal(struct rotating *rotating) {
    reseal_all(&(struct reseal_options){
        .store = rotating->store,
        .only_count = rotating->checked,
        .progress = on_progress,
        .done = on_resealed,
        .data = rotating,
    });
}

/* ---- the file ----------------------------------------------------------- */

/* A daemon that has not read the new key still seals by the old one. */
static bool long_enough(const struct config *config) {
    struct stat st;
    if (stat(config->key_file, &st) != 0) {
        LOG_ERR("%s: %s", config->key_file, strerror(errno));
        return false;
    }
    if (time(NULL) >= st.st_mtim.tv_sec + NOTICED_S)
        return true;
    fprintf(stderr,
            "the keys were changed less than %d seconds ago, a running daemon "
            "may not have taken the new one: try again later\n",
            NOTICED_S);
    return false;
}

static void rotate(struct offline *offline, struct store *store, void *data) {
    struct rotating *rotating = data;
    enum err err = OK;
    rotating->offline = offline;
    rotating->store = store;
    rotating->seal = offline_seal(offline);
    bool begun = seal_count(rotating->seal) > 1;
    if (begun && !rotating->finish)
        fputs("there is an old key still: going on with what was begun\n",
              stderr);
    if (!begun && rotating->finish) {
        fputs("there is no old key\n", stderr);
        offline_end(offline, true);
        return;
    }
    if (!begun)
        err = seal_add_key(rotating->seal);
    if (err == OK)
        reseal(rotating);
    else
        end(rotating, err);
}

int key_command(const struct config *config, int argc, char **argv) {
    struct rotating rotating = {
        .config = config,
        .finish = argc == 3 && strcmp(argv[2], "--finish") == 0,
        .told_ms = clock_mono_ms(&clock_system),
    };
    if (argc < 2 || strcmp(argv[1], "rotate") != 0 ||
        (argc > 2 && !rotating.finish))
        return NOT_UNDERSTOOD;
    if (rotating.finish && !long_enough(config))
        return EXIT_FAILURE;
    return offline_run(config, rotate, &rotating) ? EXIT_SUCCESS : EXIT_FAILURE;
}
