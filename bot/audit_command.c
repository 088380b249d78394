#define LOG_MODULE "audit"
#include "bot/audit_command.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/audit_anchors.h"
#include "bot/audit_check.h"
#include "bot/config.h"
#include "bot/offline.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOT_UNDERSTOOD 2
#define PROGRESS_MS 2000

/* ---- verify ------------------------------------------------------------- */

struct verifying {
    struct offline *offline;
    char *anchors;
    int64_t told_ms;
    bool found;
};

static void on_progress(void *data, int64_t entries) {
    struct verifying *verifying = data;
    int64_t now = clock_mono_ms(&clock_system);
    offline_goes_on(verifying->offline);
    if (now < verifying->told_ms + PROGRESS_MS)
        return;
    verifying->told_ms = now;
    fprintf(stderr, "%" PRId64 " entries read\n", entries);
}

static void print_findings(const struct audit_report *report) {
    size_t shown = report->n_findings < AUDIT_FINDINGS_MAX ? report->n_findings
                                                           : AUDIT_FINDINGS_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct audit_finding *finding = &report->findings[i];
        printf("entry %" PRId64 "%s%s: %s\n", finding->number,
               finding->id[0] == '\0' ? "" : ", ", finding->id, finding->what);
    }
    if (report->n_findings > shown)
        printf("and %zu more\n", report->n_findings - shown);
}

static void on_checked(void *data, const struct audit_report *report) {
    struct verifying *verifying = data;
    if (report->err != OK) {
        LOG_ERR("the log could not be read: %s", err_str(report->err));
        offline_end(verifying->offline, false);
        return;
    }
    print_findings(report);
    printf("%" PRId64 " entries, the last anchor of %zu at entry %" PRId64
           ": %s\n",
           report->entries, report->anchors, report->anchored,
           report->ok ? "in order" : "not in order");
    if (report->forgotten > 0)
        printf("entries up to %" PRId64 " were forgotten as laid down\n",
               report->forgotten);
    if (report->unchained > 0)
        printf("the first %" PRId64 " are older than the chain\n",
               report->unchained);
    verifying->found = !report->ok;
    offline_end(verifying->offline, true);
}

static void verify_store(struct offline *offline, struct store *store,
                         void *data) {
    struct verifying *verifying = data;
    verifying->offline = offline;
    audit_check(&(struct audit_check_options){
        .store = store,
        .seal = offline_seal(offline),
        .anchors = verifying->anchors,
        .progress = on_progress,
        .done = on_checked,
        .data = verifying,
    });
}

static int verify(const struct config *config) {
    struct verifying verifying = {
        .anchors = audit_anchors_path(config),
        .told_ms = clock_mono_ms(&clock_system),
    };
    bool ok = offline_run(config, verify_store, &verifying);
    free(verifying.anchors);
    return ok && !verifying.found ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- list --------------------------------------------------------------- */

#define LIST_PAGE 200
#define LIST_DEFAULT 100

struct listing {
    const struct config *config;
    struct offline *offline;
    struct store *store;
    struct audit_filter filter;
    struct arena arena; /* of a page */
    size_t left;
};

/* No byte that a terminal would obey. */
static void print_word(const char *word, const char *end) {
    if (word[0] == '\0')
        putchar('-');
    for (; *word != '\0'; word++)
        putchar((unsigned char)*word < ' ' || *word == 0x7f ? '?' : *word);
    fputs(end, stdout);
}

static void print_entry(const struct listing *listing,
                        const struct audit_entry *entry) {
    char at[32];
    time_t seconds =
        entry->at_ms / 1000 + 60LL * listing->config->utc_offset_minutes;
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(at, sizeof(at), "%Y-%m-%d %H:%M:%S", &tm);
    printf("%" PRId64 "  %s  ", entry->number, at);
    print_word(entry->actor, "  ");
    print_word(entry->action, "  ");
    print_word(entry->subject, "  ");
    print_word(entry->detail, "\n");
}

static void list_on(struct listing *listing, const char *before);

static void on_found(void *data, enum err err,
                     const struct audit_entry *entries, size_t n,
                     const char *next) {
    struct listing *listing = data;
    offline_goes_on(listing->offline);
    for (size_t i = 0; i < n; i++)
        print_entry(listing, &entries[i]);
    listing->left -= n;
    if (err != OK)
        LOG_ERR("the log could not be read: %s", err_str(err));
    if (err != OK || next[0] == '\0' || listing->left == 0) {
        offline_end(listing->offline, err == OK);
        return;
    }
    char before[AUDIT_ID_SIZE];
    snprintf(before, sizeof(before), "%s", next);
    arena_finish(&listing->arena);
    list_on(listing, before);
}

static void list_on(struct listing *listing, const char *before) {
    audit_search(listing->store, &listing->arena, &listing->filter, before,
                 listing->left < LIST_PAGE ? listing->left : LIST_PAGE,
                 on_found, listing);
}

static void list_store(struct offline *offline, struct store *store,
                       void *data) {
    struct listing *listing = data;
    listing->offline = offline;
    listing->store = store;
    list_on(listing, "");
}

static bool parse_list(int argc, char **argv, struct listing *listing) {
    static const struct option options[] = {
        {"actor", required_argument, NULL, 'a'},
        {"action", required_argument, NULL, 'd'},
        {"subject", required_argument, NULL, 's'},
        {"limit", required_argument, NULL, 'n'},
        {0},
    };
    int option;
    char *end;
    optind = 0; /* begins anew, behind main()'s own options */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'a':
            listing->filter.actor = optarg;
            break;
        case 'd':
            listing->filter.action = optarg;
            break;
        case 's':
            listing->filter.subject = optarg;
            break;
        case 'n':
            listing->left = (size_t)strtoul(optarg, &end, 10);
            if (listing->left == 0 || *end != '\0')
                return false;
            break;
        default:
            return false;
        }
    }
    return argc == optind;
}

static int list(const struct config *config, int argc, char **argv) {
    struct listing listing = {
        .config = config,
        .filter = {"", "", ""},
        .left = LIST_DEFAULT,
    };
    if (!parse_list(argc, argv, &listing))
        return NOT_UNDERSTOOD;
    arena_init(&listing.arena);
    bool ok = offline_run(config, list_store, &listing);
    arena_finish(&listing.arena);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int audit_command(const struct config *config, int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "verify") == 0 && argc == 2)
        return verify(config);
    if (strcmp(word, "list") == 0)
        return list(config, argc - 1, argv + 1);
    return NOT_UNDERSTOOD;
}
