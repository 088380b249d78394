#include "tests/integration/quiz_fixture.h"

#include "base/mem.h"
#include "bot/quizzes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void on_refreshed(void *data) {
    *(bool *)data = true;
}

static void refresh(struct engine *engine) {
    bool done = false;
    quizzes_refresh(engine->bot.quizzes, on_refreshed, &done);
    ENGINE_UNTIL(engine, done);
}

void quiz_tick(struct engine *engine) {
    quizzes_look(engine->bot.quizzes);
    engine_settle(engine);
    refresh(engine);
    engine_settle(engine);
}

void quiz_add_question(struct engine *engine, const struct question *question) {
    struct question whole = *question;
    const char **texts[] = {&whole.photo, &whole.explanation, &whole.category,
                            &whole.material, &whole.by};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (*texts[i] == NULL)
            *texts[i] = "";
    struct txn *txn = txn_new(engine->bot.store);
    question_put(txn, &whole);
    assert_int_equal(engine_commit(engine, txn), OK);
    refresh(engine);
}

void quiz_add_questions(struct engine *engine, int first, int n,
                        const char *category) {
    for (int i = first; i < first + n; i++) {
        char id[16], text[32];
        snprintf(id, sizeof(id), "Q%d", i);
        snprintf(text, sizeof(text), "第%d问", i);
        quiz_add_question(engine, &(struct question){
                                      .id = id,
                                      .text = text,
                                      .options = {"甲", "乙", "丙", "丁"},
                                      .n_options = 4,
                                      .correct = 1u << (i % 4),
                                      .explanation = "因为如此",
                                      .category = category,
                                      .created_ms = 1000 + i,
                                  });
    }
}

void quiz_add(struct engine *engine, const struct quiz *quiz) {
    struct quiz whole = *quiz;
    const char **texts[] = {&whole.questions, &whole.category, &whole.asked,
                            &whole.day, &whole.past};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (*texts[i] == NULL)
            *texts[i] = "";
    if (whole.title == NULL)
        whole.title = "安全知识";
    whole.by = "user:li";
    whole.created_ms = ENGINE_START_MS;
    struct txn *txn = txn_new(engine->bot.store);
    quiz_put(txn, &whole);
    assert_int_equal(engine_commit(engine, txn), OK);
    refresh(engine);
}
