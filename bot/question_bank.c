#include "bot/question_bank.h"

#include "base/arena.h"
#include "base/mem.h"

#include <stdlib.h>

#define PAGE 500 /* questions, a millisecond or two of reading */

struct scan {
    struct store *store;
    struct arena arena; /* of one page */
    size_t at;
    bank_each *each;
    bank_done *done;
    void *data;
};

static void read_page(struct scan *scan);

static void end(struct scan *scan, enum err err) {
    struct scan over = *scan;
    arena_finish(&scan->arena);
    free(scan);
    over.done(over.data, err);
}

static void on_page(void *data, enum err err, const struct question *questions,
                    size_t n, int64_t total) {
    struct scan *scan = data;
    for (size_t i = 0; err == OK && i < n; i++)
        scan->each(scan->data, &questions[i]);
    scan->at += PAGE;
    if (err != OK || (int64_t)scan->at >= total || scan->at >= QUESTIONS_MAX) {
        end(scan, err);
        return;
    }
    struct arena read = scan->arena; /* holds the call that we are in */
    arena_init(&scan->arena);
    read_page(scan);
    arena_finish(&read);
}

static void read_page(struct scan *scan) {
    question_list_from(scan->store, &scan->arena, scan->at, PAGE, on_page,
                       scan);
}

void bank_scan(struct store *store, bank_each *each, bank_done *done,
               void *data) {
    struct scan *scan = xcalloc(1, sizeof(*scan));
    *scan =
        (struct scan){.store = store, .each = each, .done = done, .data = data};
    arena_init(&scan->arena);
    read_page(scan);
}
