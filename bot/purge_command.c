#define LOG_MODULE "purge"
#include "bot/purge_command.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "bot/config.h"
#include "bot/offline.h"
#include "bot/policy.h"
#include "bot/purge.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_UNDERSTOOD 2
#define PROGRESS_MS 2000

struct running {
    const struct config *config;
    struct offline *offline;
    struct store *store;
    struct arena arena;
    struct policy *policy;
    bool dry_run;
    int64_t told_ms;
};

static void on_progress(void *data, const struct purge_counts *counts) {
    struct running *running = data;
    int64_t now = clock_mono_ms(&clock_system);
    offline_goes_on(running->offline);
    if (now < running->told_ms + PROGRESS_MS)
        return;
    running->told_ms = now;
    fprintf(stderr, "%" PRId64 " tickets, %" PRId64 " entries\n",
            counts->tickets, counts->entries);
}

static void print_row(const char *what, int64_t n, int days) {
    printf("%-34s %10" PRId64, what, n);
    if (days > 0)
        printf("   after %d days", days);
    putchar('\n');
}

static void on_purged(void *data, enum err err,
                      const struct purge_counts *counts) {
    struct running *running = data;
    const struct policy_rules *rules = policy_rules(running->policy);
    if (err != OK)
        LOG_ERR("the purge has not come to its end: %s", err_str(err));
    puts(running->dry_run ? "would go:" : "went:");
    print_row("tickets", counts->tickets, rules->retention_ticket_days);
    print_row("photos of tickets", counts->photos,
              rules->retention_photo_days < rules->retention_ticket_days
                  ? rules->retention_photo_days
                  : rules->retention_ticket_days);
    print_row("photo files of nothing", counts->strays, 2);
    print_row("uploaded files of nothing", counts->files, 2);
    print_row("sign-ups of what is private", counts->signups, 30);
    print_row("entries of the audit log", counts->entries,
              rules->retention_audit_days);
    offline_end(running->offline, err == OK);
}

static void on_documents(void *data, enum err err,
                         const struct document *documents, size_t n) {
    struct running *running = data;
    (void)n;
    if (err == OK)
        err = policy_parse(documents, running->config->utc_offset_minutes,
                           &running->arena, NULL, &running->policy);
    if (err != OK) {
        LOG_ERR("what the district has laid down cannot be read: %s",
                err_str(err));
        offline_end(running->offline, false);
        return;
    }
    running->told_ms = clock_mono_ms(&clock_system);
    purge(&(struct purge_options){
        .loop = offline_loop(running->offline),
        .store = running->store,
        .seal = offline_seal(running->offline),
        .config = running->config,
        .rules = policy_rules(running->policy),
        .now_ms = clock_wall_ms(&clock_system),
        .dry_run = running->dry_run,
        .progress = on_progress,
        .done = on_purged,
        .data = running,
    });
}

static void run(struct offline *offline, struct store *store, void *data) {
    struct running *running = data;
    running->offline = offline;
    running->store = store;
    document_get(store, &running->arena, policy_names, POLICY_DOCUMENTS,
                 on_documents, running);
}

int purge_command(const struct config *config, int argc, char **argv) {
    struct running running = {
        .config = config,
        .dry_run = argc == 2 && strcmp(argv[1], "--dry-run") == 0,
    };
    if (argc > 2 || (argc == 2 && !running.dry_run))
        return NOT_UNDERSTOOD;
    arena_init(&running.arena);
    bool ok = offline_run(config, run, &running);
    policy_free(running.policy);
    arena_finish(&running.arena);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
