#include "bot/quiz_answer.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/fold.h"
#include "i18n/catalog.h"

#include <string.h>

/* Whether folded is one of the words of a key in any language. */
static bool is_word(struct arena *arena, const char *key, const char *folded) {
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const char *at = catalog_text((enum lang)lang, key);
        while (*at != '\0') {
            size_t len = strcspn(at, "|");
            const char *word = arena_strndup(arena, at, len);
            if (strcmp(fold_string(arena, word), folded) == 0)
                return true;
            at += len + (at[len] == '|');
        }
    }
    return false;
}

/* The options that digits or letters name, each once; 0: not only those. */
static unsigned read_mask(const char *folded, size_t choices) {
    unsigned mask = 0;
    for (const char *at = folded; *at != '\0'; at++) {
        if (strchr(" ,./、", *at) != NULL)
            continue;
        size_t option = *at >= 'a' ? (size_t)(*at - 'a')
                                   : (size_t)((unsigned char)*at - '1');
        if (*at < '1' || option >= choices || (mask & (1u << option)))
            return 0;
        mask |= 1u << option;
    }
    return mask;
}

bool quiz_answer_read(struct arena *arena, const struct question *question,
                      const char *text, unsigned *mask) {
    const char *folded = fold_string(arena, text);
    unsigned chosen = 0;
    if (strlen(folded) > 4 * QUESTION_OPTIONS_MAX)
        return false;
    if (question->kind == QUESTION_TRUTH)
        chosen = is_word(arena, "quiz.true.words", folded)    ? 1
                 : is_word(arena, "quiz.false.words", folded) ? 2
                                                              : 0;
    if (chosen == 0)
        chosen = read_mask(folded, question_choices(question));
    bool one = (chosen & (chosen - 1)) == 0;
    if (chosen == 0 || (!one && question->kind != QUESTION_MULTIPLE))
        return false;
    *mask = chosen;
    return true;
}

const char *quiz_answer_text(struct arena *arena,
                             const struct question *question, unsigned mask,
                             const char *const truth[static 2]) {
    if (question->kind == QUESTION_TRUTH)
        return truth[mask == 1 ? 0 : 1];
    struct buf text;
    buf_init(&text);
    for (size_t i = 0; i < question->n_options; i++)
        if (mask & (1u << i))
            buf_addf(&text, "%s%zu %s", text.len == 0 ? "" : "；", i + 1,
                     question->options[i]);
    const char *told =
        arena_strndup(arena, text.data == NULL ? "" : text.data, text.len);
    buf_finish(&text);
    return told;
}
