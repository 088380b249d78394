/* The reader of settings: the input is a file and, after a NUL, a variable of
 * the environment without its prefix: "SERVER_PORT=80". */
#include "base/mem.h"
#include "bot/config.h"

#include <fcntl.h>
#include <sanitizer/common_interface_defs.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int terminal, nowhere;

/* The log goes nowhere; what the sanitizers and libFuzzer say comes out. */
int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    terminal = dup(STDERR_FILENO);
    __sanitizer_set_report_fd((void *)(intptr_t)terminal);
    return 0;
}

static enum err parse(const char *text, size_t len, char *const *env,
                      struct config **out) {
    dup2(nowhere, STDERR_FILENO);
    enum err err = config_parse("fuzz", text, len, env, out);
    dup2(terminal, STDERR_FILENO);
    return err;
}

/* What every config that is accepted holds to. */
static void check(const struct config *config) {
    if (config->port < 0 || config->port > 65535 || config->district == NULL ||
        config->district[0] == '\0' || config->data_dir == NULL ||
        config->photo_child == NULL || config->web_dir == NULL ||
        config->photo_children < 1 || config->seen_ttl_ms < 60000)
        abort();
    for (size_t i = 0; i < config->n_forwards; i++)
        if (config->forwards[i].url == NULL)
            abort();
    for (size_t i = 0; i < config->n_web_groups; i++)
        if (config->web_groups[i].title == NULL)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const char *text = (const char *)data;
    const char *split = size > 0 ? memchr(text, '\0', size) : NULL;
    size_t len = split != NULL ? (size_t)(split - text) : size;
    char *variable =
        split != NULL ? xstrndup(split + 1, size - len - 1) : xstrdup("");
    char *entry = xasprintf("XIAOFENG_%s", variable);
    char *env[] = {entry, NULL};
    struct config *config;

    /* Both with the NUL and without all that is after it. */
    if (parse(text, len, env, &config) == OK) {
        check(config);
        config_free(config);
    }
    if (split != NULL && parse(text, size, env + 1, &config) == OK)
        config_free(config);
    free(entry);
    free(variable);
    return 0;
}
