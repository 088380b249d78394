#include "store/presence.h"

#include "base/arena.h"
#include "store/record.h"

#include <stdbool.h>
#include <string.h>

#define DIGITS_MAX 18

static const struct {
    const char *kind;
    char letter;
} kinds[THINGS] = {
    [THING_QUIZ] = {"quiz", 'Z'},
    [THING_MATERIAL] = {"material", 'M'},
    [THING_EVENT] = {"event", 'E'},
};

bool presence_id_valid(enum thing thing, const char *id) {
    if (id[0] != kinds[thing].letter)
        return false;
    size_t digits = strspn(id + 1, "0123456789");
    return digits > 0 && digits <= DIGITS_MAX && id[1 + digits] == '\0';
}

struct check_call {
    presence_checked *done;
    void *data;
    enum err err;
    size_t n, read, missing;
};

/* Answers come in the order of the questions. */
static void on_record(void *data, enum err err, const struct record *record) {
    struct check_call *call = data;
    (void)record;
    if (err == ERR_NOT_FOUND && call->missing == call->n)
        call->missing = call->read;
    else if (err != OK && err != ERR_NOT_FOUND)
        call->err = err;
    if (++call->read == call->n)
        call->done(call->data, call->err, call->missing);
}

void presence_check(struct store *store, struct arena *arena,
                    const struct presence *things, size_t n,
                    presence_checked *done, void *data) {
    struct check_call *call = arena_alloc(arena, sizeof(*call));
    *call =
        (struct check_call){.done = done, .data = data, .n = n, .missing = n};
    for (size_t i = 0; i < n; i++)
        record_get(store, arena, kinds[things[i].thing].kind, things[i].id,
                   on_record, call);
}
