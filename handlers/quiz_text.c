/* How questions, answers and results of quizzes read. */
#include "handlers/quiz_text.h"

#include "base/buf.h"
#include "base/mem.h"
#include "bot/quiz_answer.h"
#include "bot/turn.h"
#include "handlers/tickets.h"

#include <inttypes.h>

const char *quiz_number(struct turn *turn, int64_t n) {
    return arena_printf(&turn->arena, "%" PRId64, n);
}

const char *quiz_seconds(struct turn *turn, int64_t ms) {
    int64_t tenths = (ms + 50) / 100;
    return arena_printf(&turn->arena, "%" PRId64 ".%" PRId64, tenths / 10,
                        tenths % 10);
}

static const char *rows(struct turn *turn, const struct question *question) {
    struct buf text;
    if (question->kind == QUESTION_TRUTH)
        return turn_text(turn, "quiz.truth_rows", NULL, 0);
    buf_init(&text);
    for (size_t i = 0; i < question->n_options; i++)
        buf_addf(&text, "%s%zu %s", i == 0 ? "" : "\n", i + 1,
                 question->options[i]);
    const char *result = arena_strndup(
        &turn->arena, text.data == NULL ? "" : text.data, text.len);
    buf_finish(&text);
    return result;
}

void quiz_put_question(struct turn *turn, struct notice *notice,
                       const struct quiz_sheet *sheet, size_t i) {
    static const char *const hints[QUESTION_KINDS] = {
        [QUESTION_SINGLE] = "quiz.hint.single",
        [QUESTION_MULTIPLE] = "quiz.hint.multiple",
        [QUESTION_TRUTH] = "quiz.hint.truth",
    };
    const struct question *question = &sheet->questions[i];
    notice_param(notice, "title",
                 arena_strdup(&turn->arena, sheet->quiz.title));
    notice_param(notice, "i", quiz_number(turn, (int64_t)i + 1));
    notice_param(notice, "n", quiz_number(turn, (int64_t)sheet->n));
    notice_param(notice, "text", question->text);
    notice_param(notice, "rows", rows(turn, question));
    notice_param(notice, "photo",
                 question->photo[0] == '\0'
                     ? ""
                     : ticket_photo_links(turn, question->photo));
    notice_param(notice, "*hint", hints[question->kind]);
}

static const char *told(struct turn *turn, const struct question *question) {
    const char *const truth[] = {turn_text(turn, "quiz.true", NULL, 0),
                                 turn_text(turn, "quiz.false", NULL, 0)};
    return quiz_answer_text(&turn->arena, question, question->correct, truth);
}

const char *quiz_verdict(struct turn *turn, const struct quiz_sheet *sheet,
                         size_t i, unsigned mask) {
    const struct question *question = &sheet->questions[i];
    /* In the arena the next clock is running while this is read. */
    bool brief = sheet->quiz.kind == QUIZ_ARENA;
    const struct text_param params[] = {
        {"answer", told(turn, question)},
        {"why",
         brief || question->explanation[0] == '\0'
             ? ""
             : arena_printf(&turn->arena, "\n%s", question->explanation)},
    };
    const char *key = mask == 0                   ? "quiz.late"
                      : mask == question->correct ? "quiz.right"
                                                  : "quiz.wrong";
    return turn_text(turn, key, params, ARRAY_LEN(params));
}

const char *quiz_no_answer(struct turn *turn, const struct question *question) {
    const struct text_param n = {
        "n", quiz_number(turn, (int64_t)question_choices(question))};
    const char *key = question->kind == QUESTION_MULTIPLE ? "quiz.not_several"
                      : question->kind == QUESTION_TRUTH  ? "quiz.not_truth"
                                                          : "quiz.not_one";
    return turn_text(turn, key, &n, 1);
}

const char *quiz_counted(struct turn *turn, const struct quiz_look *look,
                         size_t i, bool one_more, unsigned mask) {
    unsigned correct = look->sheet->questions[i].correct;
    int64_t n = one_more, right = one_more && mask == correct;
    for (size_t a = 0; a < look->counts->n_answers; a++) {
        const struct run_answer *answer = &look->counts->answers[a];
        if (answer->question != i)
            continue;
        n += answer->n;
        right += answer->mask == correct ? answer->n : 0;
    }
    const struct text_param params[] = {
        {"n", quiz_number(turn, n)},
        {"percent", quiz_number(turn, n == 0 ? 0 : right * 100 / n)},
    };
    return turn_text(turn, "quiz.counted", params, ARRAY_LEN(params));
}
