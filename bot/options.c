#include "bot/options.h"

#include "base/arena.h"
#include "base/fold.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "bot/dispatch.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct slot_options {
    const struct slot *slot;
    struct option *in[LANG_COUNT];
    size_t n;
    UT_hash_handle hh;
};

struct options {
    struct arena arena;
    struct slot_options *slots;
};

const char *const *options_words(struct arena *arena, const char *text) {
    size_t n = 0;
    for (const char *at = text; *at != '\0'; at++)
        n += *at == '|';
    const char **words = arena_alloc(arena, (n + 2) * sizeof(*words));
    for (size_t i = 0; i <= n; i++) {
        size_t len = strcspn(text, "|");
        words[i] = fold_string(arena, arena_strndup(arena, text, len));
        text += len + 1;
    }
    return words;
}

static struct option make(struct arena *arena, const struct slot *slot,
                          const char *id, enum lang lang) {
    const char *title = arena_printf(arena, "%s.%s", slot->options_key, id);
    const char *words = arena_printf(arena, "%s.words", title);
    return (struct option){
        .id = id,
        .title = catalog_text(lang, title),
        .words = catalog_has(lang, words)
                     ? options_words(arena, catalog_text(lang, words))
                     : NULL,
    };
}

static void add_slot(struct options *options, const struct slot *slot) {
    struct arena *arena = &options->arena;
    struct slot_options *found = arena_alloc(arena, sizeof(*found));
    found->slot = slot;
    while (slot->options[found->n] != NULL)
        found->n++;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        struct option *in =
            arena_alloc(arena, (found->n + 1) * sizeof(struct option));
        for (size_t i = 0; i < found->n; i++)
            in[i] = make(arena, slot, slot->options[i], (enum lang)lang);
        found->in[lang] = in;
    }
    HASH_ADD_PTR(options->slots, slot, found);
}

struct options *options_new(const struct bot *bot) {
    struct options *options = xcalloc(1, sizeof(*options));
    arena_init(&options->arena);
    for (size_t i = 0; i < bot->n_commands; i++) {
        const struct command *command = bot->commands[i];
        for (size_t j = 0; j < command->n_slots; j++)
            if (command->slots[j].options != NULL)
                add_slot(options, &command->slots[j]);
    }
    return options;
}

void options_free(struct options *options) {
    if (options == NULL)
        return;
    HASH_CLEAR(hh, options->slots);
    arena_finish(&options->arena);
    free(options);
}

const struct option *options_find(const struct options *options,
                                  const struct slot *slot, enum lang lang,
                                  size_t *n) {
    struct slot_options *found;
    HASH_FIND_PTR(options->slots, &slot, found);
    if (found == NULL)
        abort(); /* its command is not in the table */
    *n = found->n;
    return found->in[lang];
}
