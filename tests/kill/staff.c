/* Staff in their private chats: which ticket they take, and what they do with
 * it, one step after another, until somebody else was faster. */
#include "tests/kill/kill.h"

#define AMONG 10 /* the newest, so that two of them often want the same */

void staff_make(void) {
    for (unsigned i = 0; i < N_STAFF; i++) {
        struct person *person = xcalloc(1, sizeof(*person));
        snprintf(person->user, sizeof(person->user), "%u", 70000 + i);
        person->account = i % N_ACCOUNTS;
        person->staff = true;
        person->next_step = STEP_BIND;
        people_add(person);
    }
}

static unsigned bit_of(const struct person *person) {
    return (unsigned)atoi(person->user) - 70000;
}

static bool may_have(const struct record *record, unsigned bit) {
    return record->settled && (record->workers & 1u << bit) == 0;
}

static struct record *opened_again(unsigned bit) {
    struct record *record = world.records;

    while (record != NULL && !(record->opens_again && may_have(record, bit)))
        record = record->next;
    return record;
}

struct record *staff_choose(unsigned bit) {
    struct record *found = roll(2) ? opened_again(bit) : NULL;
    unsigned n = 0;

    for (struct record *record = world.records;
         record != NULL && n < AMONG && (found == NULL || n > 0);
         record = record->next)
        if (may_have(record, bit) &&
            (roll(++n) == 0 || (record->report && roll(3) == 0)))
            found = record; /* a report rather, for the points */
    if (found != NULL) {
        found->workers |= 1u << bit;
        found->opens_again = false;
    }
    return found;
}

bool staff_next(const struct move *last, enum kind *next) {
    if (last == NULL) {
        unsigned what = roll(8);
        *next = what < 5 ? KIND_CLAIM : what < 7 ? KIND_ANSWER : KIND_CLOSE;
        return true;
    }
    if (last->outcome != DONE || last->kind == KIND_CLOSE || roll(8) == 0)
        return false;
    switch (last->kind) {
    case KIND_CLAIM:
        *next = roll(3) == 0 ? KIND_NOTE : KIND_ANSWER;
        break;
    case KIND_NOTE:
        *next = KIND_ANSWER;
        break;
    default:
        *next = KIND_CLOSE;
        break;
    }
    return true;
}

void staff_act(struct person *person) {
    const struct move *last = person->move;
    struct record *record = last == NULL ? NULL : last->record;
    enum kind kind;

    if (record == NULL || !staff_next(last, &kind)) {
        record = staff_choose(bit_of(person));
        staff_next(NULL, &kind);
    }
    if (record == NULL)
        return;
    move_say(person, move_new(kind, record, actor_of(person)));
}
