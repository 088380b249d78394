#define LOG_MODULE "document"
#include "bot/document_command.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "bot/command_file.h"
#include "bot/config.h"
#include "bot/offline.h"
#include "bot/policy_write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_UNDERSTOOD 2

struct task {
    const struct config *config;
    struct arena arena;
    struct offline *offline;
    enum policy_document document;
    const char *path;
    const char *json;
    size_t len;
    bool only_check;
};

static bool find_document(const char *name, enum policy_document *out) {
    for (int i = 0; i < POLICY_DOCUMENTS; i++)
        if (strcmp(policy_names[i], name) == 0) {
            *out = (enum policy_document)i;
            return true;
        }
    fputs("there is no such document; there are:", stderr);
    for (int i = 0; i < POLICY_DOCUMENTS; i++)
        fprintf(stderr, " %s", policy_names[i]);
    fputs("\n", stderr);
    return false;
}

/* ---- get ------------------------------------------------------------------
 */

static void print_document(const struct task *task,
                           const struct document *document) {
    const char *json = document->json;
    size_t len = document->json_len;
    if (document->version == 0) {
        json = policy_default(task->document);
        len = strlen(json);
    }
    fwrite(json, 1, len, stdout);
    if (len > 0 && json[len - 1] != '\n')
        putchar('\n');
}

static void on_document(void *data, enum err err,
                        const struct document *documents, size_t n) {
    struct task *task = data;
    (void)n;
    if (err == OK)
        print_document(task, &documents[0]);
    else
        LOG_ERR("not read: %s", err_str(err));
    offline_end(task->offline, err == OK && fflush(stdout) == 0);
}

static void get(struct offline *offline, struct store *store, void *data) {
    struct task *task = data;
    task->offline = offline;
    document_get(store, &task->arena, &policy_names[task->document], 1,
                 on_document, task);
}

/* ---- put ------------------------------------------------------------------
 */

static void tell_problems(const struct task *task,
                          const struct problems *problems) {
    for (size_t i = 0; i < problems->n; i++) {
        const struct problem *problem = &problems->items[i];
        const char *path = problem->path[0] == '\0' ? "it" : problem->path;
        if (problem->document == task->document)
            fprintf(stderr, "%s: %s %s\n", task->path, path, problem->text);
        else
            fprintf(stderr, "%s: then in the document %s: %s %s\n", task->path,
                    policy_names[problem->document], path, problem->text);
    }
    if (problems->n == POLICY_PROBLEMS_MAX)
        fprintf(stderr, "%s: and perhaps more\n", task->path);
}

static void on_written(void *data, enum err err, int64_t version,
                       const struct problems *problems) {
    struct task *task = data;
    if (err == OK && task->only_check)
        puts("the document is in order; it was not written");
    else if (err == OK)
        printf("%s, version %" PRId64 "\n", policy_names[task->document],
               version);
    else if (err == ERR_INVALID)
        tell_problems(task, problems);
    else if (err == ERR_CONFLICT)
        fputs("somebody else has changed the documents meanwhile: try again\n",
              stderr);
    else
        LOG_ERR("not stored: %s", err_str(err));
    offline_end(task->offline, err == OK);
}

static void put(struct offline *offline, struct store *store, void *data) {
    struct task *task = data;
    task->offline = offline;
    policy_write(store, &task->arena,
                 &(struct policy_write){
                     .document = task->document,
                     .json = task->json,
                     .json_len = task->len,
                     .version = POLICY_ANY_VERSION,
                     .by = "system",
                     .detail = "",
                     .now_ms = clock_wall_ms(&clock_system),
                     .utc_offset_minutes = task->config->utc_offset_minutes,
                     .only_check = task->only_check,
                 },
                 on_written, task);
}

static bool read_and_put(struct task *task) {
    task->json = command_file_read(&task->arena, task->path, DOCUMENT_BYTES_MAX,
                                   &task->len);
    return task->json != NULL && offline_run(task->config, put, task);
}

/* ---- the words --------------------------------------------------------------
 */

int document_command(const struct config *config, int argc, char **argv) {
    struct task task = {.config = config};
    char *path = NULL;
    bool is_get = argc == 3 && strcmp(argv[1], "get") == 0;
    bool is_put = argc >= 4 && strcmp(argv[1], "put") == 0 &&
                  command_file_parse(argc - 2, argv + 2, "--check", &path,
                                     &task.only_check);
    if (!is_get && !is_put)
        return NOT_UNDERSTOOD;
    if (!find_document(argv[2], &task.document))
        return EXIT_FAILURE;
    task.path = path;
    arena_init(&task.arena);
    bool good = is_get ? offline_run(config, get, &task) : read_and_put(&task);
    if (!good && is_put)
        fputs("nothing was written\n", stderr);
    arena_finish(&task.arena);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
