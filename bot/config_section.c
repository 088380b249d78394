#include "bot/config_parts.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static bool is_forward(const char *section) {
    return strcmp(section, SECTION_FORWARD) == 0;
}

bool section_is_repeated(const char *section) {
    return is_forward(section) || strcmp(section, SECTION_WEB_GROUP) == 0;
}

const char *section_name(const struct config *config, const char *section,
                         size_t element) {
    if (is_forward(section))
        return element < config->n_forwards ? config->forwards[element].name
                                            : NULL;
    return element < config->n_web_groups ? config->web_groups[element].name
                                          : NULL;
}

static void add_forward(struct config *config, const char *name) {
    size_t n = config->n_forwards++;

    config->forwards =
        xrealloc(config->forwards, (n + 1) * sizeof(*config->forwards));
    config->forwards[n] = (struct config_forward){.name = xstrdup(name)};
}

static void add_web_group(struct config *config, const char *name) {
    size_t n = config->n_web_groups++;

    config->web_groups =
        xrealloc(config->web_groups, (n + 1) * sizeof(*config->web_groups));
    config->web_groups[n] = (struct config_web_group){.name = xstrdup(name)};
}

size_t section_find(struct config *config, const char *section,
                    const char *name) {
    const char *known;
    size_t i = 0;

    for (; (known = section_name(config, section, i)) != NULL; i++)
        if (strcmp(known, name) == 0)
            return i;
    if (i == CONFIG_SECTIONS_MAX)
        return i;
    if (is_forward(section))
        add_forward(config, name);
    else
        add_web_group(config, name);
    return i;
}

void *section_field(struct config *config, const struct setting *setting,
                    size_t element) {
    char *base = (char *)config;

    if (is_forward(setting->section))
        base = (char *)&config->forwards[element];
    else if (section_is_repeated(setting->section))
        base = (char *)&config->web_groups[element];
    return base + setting->offset;
}
