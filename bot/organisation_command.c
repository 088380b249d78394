#define LOG_MODULE "organisation"
#include "bot/organisation_command.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "bot/command_file.h"
#include "bot/config.h"
#include "bot/offline.h"
#include "bot/organisation_file.h"
#include "bot/policy_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_UNDERSTOOD 2

struct import {
    const struct config *config;
    struct arena arena;
    struct offline *offline;
    struct store *store;
    const char *path;
    bool dry_run;
    struct organisation_row *rows;
    size_t n;
    size_t counts[UNIT_ADDED + 1];
    char detail[80];
};

/* ---- the report -------------------------------------------------------------
 */

static void on_fault(void *data, size_t line, const char *what) {
    const struct import *import = data;
    if (line == 0)
        printf("%s: error: %s\n", import->path, what);
    else
        printf("%s:%zu: error: %s\n", import->path, line, what);
}

/* The row that a problem of the document is about, or NULL. */
static const struct organisation_row *row_of(const struct import *import,
                                             const struct problem *problem,
                                             const char **member) {
    size_t index = 0;
    int read = 0;
    if (problem->document != POLICY_ORGANISATION ||
        sscanf(problem->path, "units[%zu]%n", &index, &read) != 1 || read == 0)
        return NULL;
    *member = problem->path + read;
    *member += **member == '.';
    for (size_t i = 0; i < import->n; i++)
        if (import->rows[i].index == index)
            return &import->rows[i];
    return NULL;
}

static void report_problems(const struct import *import,
                            const struct problems *problems) {
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        const char *member = "";
        const struct organisation_row *row = row_of(import, problem, &member);
        if (row == NULL)
            printf("%s: error: then in the document %s: %s %s\n", import->path,
                   policy_names[problem->document], problem->path,
                   problem->text);
        else
            printf("%s:%zu: error: %s: %s%s%s\n", import->path, row->line,
                   row->id, member, member[0] == '\0' ? "" : " ",
                   problem->text);
    }
    if (problems->n == POLICY_PROBLEMS_MAX)
        printf("%s: error: and perhaps more\n", import->path);
}

static void report_rows(const struct import *import) {
    static const char *const words[] = {"unchanged", "changed", "added"};
    for (size_t i = 0; i < import->n; i++) {
        const struct organisation_row *row = &import->rows[i];
        printf("%s:%zu: %s %s\n", import->path, row->line, words[row->change],
               row->id);
    }
    printf("%zu added, %zu changed, %zu unchanged%s\n",
           import->counts[UNIT_ADDED], import->counts[UNIT_CHANGED],
           import->counts[UNIT_SAME],
           import->dry_run ? "; nothing was imported" : "");
}

/* ---- the work ---------------------------------------------------------------
 */

static void on_written(void *data, enum err err, int64_t version,
                       const struct problems *problems) {
    struct import *import = data;
    (void)version;
    if (err == OK)
        report_rows(import);
    else if (err == ERR_INVALID)
        report_problems(import, problems);
    else if (err == ERR_CONFLICT)
        fputs("somebody else has changed the documents meanwhile: try again\n",
              stderr);
    else
        LOG_ERR("not stored: %s", err_str(err));
    offline_end(import->offline, err == OK);
}

static void on_organisation(void *data, enum err err,
                            const struct document *documents, size_t n) {
    struct import *import = data;
    const char *json = NULL;
    (void)n;
    if (err != OK)
        LOG_ERR("not read: %s", err_str(err));
    else
        json =
            organisation_merge(&import->arena, documents[0].json,
                               documents[0].json_len, import->rows, import->n);
    if (err == OK && json == NULL)
        fputs(
            "the organisation in the store is not one of units: write the "
            "document anew\n",
            stderr);
    if (json == NULL) {
        offline_end(import->offline, false);
        return;
    }
    for (size_t i = 0; i < import->n; i++)
        import->counts[import->rows[i].change]++;
    bool same = import->counts[UNIT_SAME] == import->n;
    snprintf(import->detail, sizeof(import->detail), "%zu added, %zu changed",
             import->counts[UNIT_ADDED], import->counts[UNIT_CHANGED]);
    policy_write(import->store, &import->arena,
                 &(struct policy_write){
                     .document = POLICY_ORGANISATION,
                     .json = json,
                     .json_len = strlen(json),
                     .version = documents[0].version,
                     .by = "system",
                     .detail = import->detail,
                     .now_ms = clock_wall_ms(&clock_system),
                     .utc_offset_minutes = import->config->utc_offset_minutes,
                     .only_check = import->dry_run || same,
                 },
                 on_written, import);
}

static void work(struct offline *offline, struct store *store, void *data) {
    struct import *import = data;
    import->offline = offline;
    import->store = store;
    document_get(store, &import->arena, &policy_names[POLICY_ORGANISATION], 1,
                 on_organisation, import);
}

static bool run(struct import *import) {
    size_t len;
    const char *bytes = command_file_read(&import->arena, import->path,
                                          ORGANISATION_FILE_BYTES, &len);
    return bytes != NULL &&
           organisation_file_read(&import->arena, bytes, len, on_fault, import,
                                  &import->rows, &import->n) &&
           offline_run(import->config, work, import);
}

int organisation_command(const struct config *config, int argc, char **argv) {
    struct import import = {.config = config};
    char *path;
    if (argc < 2 || strcmp(argv[1], "import") != 0 ||
        !command_file_parse(argc - 1, argv + 1, "--dry-run", &path,
                            &import.dry_run))
        return NOT_UNDERSTOOD;
    import.path = path;
    arena_init(&import.arena);
    bool good = run(&import);
    if (!good)
        fputs("nothing was imported\n", stderr);
    arena_finish(&import.arena);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
