/* The table of commands against the catalogues: whoever adds a command is told
 * here which of its texts is missing, or taken. */
#include "base/arena.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "bot/dispatch.h"
#include "bot/form.h"
#include "handlers/handlers.h"
#include "i18n/catalog.h"

#include <opencc/opencc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const controls[] = {"cancel", "back", "skip", "resume"};

struct fixture {
    struct bot bot;
    struct arena arena;
    opencc_t s2t;
    unsigned misunderstood;
};

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));
    assert_true(catalog_init());
    f->bot.commands = handlers;
    f->bot.n_commands = n_handlers;
    f->bot.lexicon = lexicon_new(&f->bot);
    f->s2t = opencc_open("s2tw.json");
    assert_true(f->s2t != (opencc_t)-1);
    arena_init(&f->arena);
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    lexicon_free(f->bot.lexicon);
    opencc_close(f->s2t);
    arena_finish(&f->arena);
    free(f);
    return 0;
}

__attribute__((format(printf, 1, 2))) static void wants(const char *fmt, ...) {
    char key[128];
    va_list args;
    va_start(args, fmt);
    vsnprintf(key, sizeof(key), fmt, args);
    va_end(args);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        if (!catalog_has((enum lang)lang, key))
            fail_msg("%s has no %s", lang_tag((enum lang)lang), key);
}

/* A hidden command without words is one that other commands begin. */
static void test_words_and_titles(void **state) {
    (void)state;
    for (size_t i = 0; i < n_handlers; i++) {
        char words[96];
        const struct command *command = handlers[i];
        snprintf(words, sizeof(words), "command.%s.words", command->name);
        wants("command.%s.title", command->name);
        if (!command->hidden || catalog_has(LANG_ZH_CN, words))
            wants("%s", words);
    }
    for (size_t i = 0; i < ARRAY_LEN(controls); i++)
        wants("control.%s.words", controls[i]);
}

static void test_slots(void **state) {
    (void)state;
    for (size_t i = 0; i < n_handlers; i++) {
        const struct command *command = handlers[i];
        assert_true(command->n_slots <= FORM_SLOTS_MAX);
        assert_non_null(command->commit);
        for (size_t s = 0; s < command->n_slots; s++) {
            const struct slot *slot = &command->slots[s];
            for (size_t other = 0; other < s; other++)
                assert_string_not_equal(slot->name, command->slots[other].name);
            if (slot->need != SLOT_OPTIONAL)
                wants("%s.%s.ask", command->name, slot->name);
            if (slot->options == NULL)
                continue;
            assert_true(slot->type == SLOT_CHOICE ||
                        slot->type == SLOT_CHOICES);
            size_t n = 0;
            for (; slot->options[n] != NULL; n++) {
                wants("%s.%s", slot->options_key, slot->options[n]);
                assert_null(strpbrk(slot->options[n], ",\x1f"));
            }
            assert_true(n > 0 && n <= FORM_OPTIONS_MAX);
        }
    }
}

/* A question shows its options, else they cannot be chosen by number. */
static void test_questions_show_options(void **state) {
    (void)state;
    for (size_t i = 0; i < n_handlers; i++)
        for (size_t s = 0; s < handlers[i]->n_slots; s++) {
            const struct slot *slot = &handlers[i]->slots[s];
            char key[96];
            if (slot->need == SLOT_OPTIONAL ||
                (slot->type != SLOT_CHOICE && slot->type != SLOT_CHOICES))
                continue;
            snprintf(key, sizeof(key), "%s.%s.ask", handlers[i]->name,
                     slot->name);
            for (int lang = 0; lang < LANG_COUNT; lang++)
                assert_non_null(
                    strstr(catalog_text((enum lang)lang, key), "{options}"));
        }
}

/* Calls each word of a key in every language. */
static void each_word(struct fixture *f, const char *key,
                      void (*found)(struct fixture *f, const char *word,
                                    const void *data),
                      const void *data) {
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (!catalog_has((enum lang)lang, key))
            continue;
        const char *at = catalog_text((enum lang)lang, key);
        while (*at != '\0') {
            size_t len = strcspn(at, "|");
            assert_true(len > 0 && len <= COMMAND_WORD_BYTES);
            found(f, arena_strndup(&f->arena, at, len), data);
            at += len + (at[len] == '|');
        }
    }
}

/* What is typed is understood as its command; so no two have the same word,
 * but for those that need a number behind it. */
static void finds_command(struct fixture *f, const char *word,
                          const void *data) {
    const struct command *command = data;
    struct match match = dispatch_match(&f->bot, &f->arena, word, false);
    if (match.command == data && match.rest[0] == '\0')
        return;
    if (command->numbered) {
        const char *number = command->of_broadcasts ? "b 12" : "s 12";
        match = dispatch_match(&f->bot, &f->arena,
                               arena_printf(&f->arena, "%s %s", word, number),
                               false);
        if (match.numbered == data && strcmp(match.rest, number) == 0)
            return;
    }
    print_error("\"%s\" is understood as %s\n", word,
                match.command == NULL ? "no command" : match.command->name);
    f->misunderstood++;
}

/* Riders of either script type what the catalogue has in the other. */
static void finds_traditional(struct fixture *f, const char *word,
                              const void *data) {
    char *traditional = opencc_convert_utf8(f->s2t, word, strlen(word));
    assert_non_null(traditional);
    finds_command(f, traditional, data);
    opencc_convert_utf8_free(traditional);
}

static void test_every_word_is_found(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < n_handlers; i++) {
        char key[96];
        snprintf(key, sizeof(key), "command.%s.words", handlers[i]->name);
        each_word(f, key, finds_command, handlers[i]);
        each_word(f, key, finds_traditional, handlers[i]);
    }
    assert_int_equal(f->misunderstood, 0);
}

static void finds_control(struct fixture *f, const char *word,
                          const void *data) {
    const char *name = data;
    struct match match = dispatch_match(&f->bot, &f->arena, word, false);
    assert_in_range(match.control, 1, CONTROL_COUNT - 1);
    if (strcmp(controls[match.control - 1], name) != 0)
        fail_msg("\"%s\" is %s", word, controls[match.control - 1]);
}

static void test_every_control_is_found(void **state) {
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(controls); i++) {
        char key[96];
        snprintf(key, sizeof(key), "control.%s.words", controls[i]);
        each_word(f, key, finds_control, controls[i]);
    }
}

static bool is_given(const struct command *command, const char *name,
                     size_t len) {
    if (len == strlen("options") && strncmp(name, "options", len) == 0)
        return true;
    for (size_t i = 0; i < command->n_slots; i++)
        if (strlen(command->slots[i].name) == len &&
            strncmp(command->slots[i].name, name, len) == 0)
            return true;
    return false;
}

/* A question may speak of its options and of what was given so far; one that a
 * command asks by itself, of what it likes. */
static void test_placeholders_of_questions(void **state) {
    (void)state;
    for (size_t i = 0; i < n_handlers; i++)
        for (size_t s = 0; s < handlers[i]->n_slots; s++)
            for (int lang = 0; lang < LANG_COUNT; lang++) {
                char key[96];
                snprintf(key, sizeof(key), "%s.%s.ask", handlers[i]->name,
                         handlers[i]->slots[s].name);
                if (!catalog_has((enum lang)lang, key) ||
                    handlers[i]->slots[s].need == SLOT_OPTIONAL)
                    continue;
                const char *at = catalog_text((enum lang)lang, key);
                while ((at = strchr(at, '{')) != NULL) {
                    size_t len = strcspn(++at, "}");
                    if (!is_given(handlers[i], at, len))
                        fail_msg("%s has {%.*s}", key, (int)len, at);
                }
            }
}

/* Every state, error and refusal that the engine makes a key of. */
static void test_keys_the_engine_makes(void **state) {
    static const char *const types[] = {"text",   "too_long", "photos",
                                        "place",  "choice",   "choices",
                                        "number", "date",     "ticket"};
    static const enum err told[] = {
        ERR_INVALID,  ERR_TOO_LARGE, ERR_LIMIT, ERR_NOT_FOUND, ERR_DENIED,
        ERR_CONFLICT, ERR_STATE,     ERR_AWAY,  ERR_IO,
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        wants("form.invalid.%s", types[i]);
    for (size_t i = 0; i < ARRAY_LEN(told); i++)
        wants("error.%s", err_str(told[i]));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_and_titles),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_questions_show_options),
        cmocka_unit_test(test_every_word_is_found),
        cmocka_unit_test(test_every_control_is_found),
        cmocka_unit_test(test_placeholders_of_questions),
        cmocka_unit_test(test_keys_the_engine_makes),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
