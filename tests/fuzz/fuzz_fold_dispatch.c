/* What a text asks for: folding, the command matcher, the glance at a group's
 * chatter, and the suggestion. */
#include "base/arena.h"
#include "base/fold.h"
#include "base/utf8.h"
#include "bot/command.h"
#include "bot/dispatch.h"
#include "bot/glance.h"
#include "handlers/handlers.h"
#include "tests/fuzz/fuzz_bot.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fuzz_bot fuzz;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    fuzz_bot_start(&fuzz, handlers, n_handlers);
    /* Forms that were open before the start are not waited for any more. */
    clock_manual_advance(&fuzz.clock, 24LL * 3600 * 1000);
    return 0;
}

static bool glances(const char *text, size_t len) {
    return glance(&fuzz.bot, &(struct glance){.chat = "qq.g1",
                                              .rider = "qq.1",
                                              .in_group = true,
                                              .text = text,
                                              .text_len = len});
}

/* The rest is the end of the text, and a word was found only before it. */
static void check_match(const char *text, bool glued) {
    struct arena arena;
    arena_init(&arena);
    struct match match = dispatch_match(&fuzz.bot, &arena, text, glued);
    size_t len = strlen(text), rest = strlen(match.rest);
    if (rest > len || strcmp(text + len - rest, match.rest) != 0)
        abort();
    if (match.control != CONTROL_NONE && (match.command || rest > 0))
        abort();
    if (!match.command && match.control == CONTROL_NONE && rest != len)
        abort();
    /* What the engine would answer is never taken for chatter; the glance sees
     * 255 bytes. */
    if (dispatch_is_asked(&match) && len < 255 && !glances(text, len))
        abort();
    arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    arena_init(&arena);
    glances((const char *)data, size);
    char *text = utf8_clean(&arena, (const char *)data, size);
    char *folded = fold_string(&arena, text);
    if (!utf8_valid(folded, strlen(folded)))
        abort();
    check_match(text, false);
    check_match(text, true);
    const struct command *like = dispatch_suggest(&fuzz.bot, &arena, text);
    if (like && like->hidden)
        abort();
    arena_finish(&arena);
    return 0;
}
