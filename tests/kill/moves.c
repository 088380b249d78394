/* What is done with tickets: each move with a text of its own, and what people
 * read of it in their private chats. */
#include "tests/kill/kill.h"

#define WORDS "处理记录"

/* ---- moves ---------------------------------------------------------------
 */

struct move *move_new(enum kind kind, struct record *record,
                      const char *actor) {
    struct move *move = xcalloc(1, sizeof(*move));

    move->number = (unsigned)world.n_moves;
    move->kind = kind;
    move->record = record;
    snprintf(move->actor, sizeof(move->actor), "%s", actor);
    if (kind != KIND_CLAIM)
        snprintf(move->words, sizeof(move->words), WORDS "%u号", move->number);
    world.moves =
        xrealloc(world.moves, (world.n_moves + 1) * sizeof(struct move *));
    world.moves[world.n_moves++] = move;
    return move;
}

void moves_free(void) {
    for (size_t i = 0; i < world.n_moves; i++)
        free(world.moves[i]);
    free(world.moves);
}

struct move *move_named(const char *text) {
    const char *at = strstr(text, WORDS);
    unsigned number;

    if (at == NULL || sscanf(at, WORDS "%u号", &number) != 1 ||
        number >= world.n_moves)
        return NULL;
    return world.moves[number];
}

struct move *move_find(const char *actor, const struct record *record,
                       enum kind kind) {
    for (size_t i = world.n_moves; i > 0; i--) {
        struct move *move = world.moves[i - 1];
        if (move->record == record && move->kind == kind &&
            strcmp(move->actor, actor) == 0)
            return move;
    }
    return NULL;
}

void move_told(struct move *move, bool done) {
    if (move->outcome != NOT_KNOWN)
        problem("move %u of %s was told of twice", move->number, move->actor);
    move->outcome = done ? DONE : REFUSED;
    if (done && move->kind == KIND_UNSOLVED)
        move->record->opens_again = true;
}

const char *actor_of(const struct person *person) {
    static char actor[32];

    if (!person->staff)
        return "rider";
    snprintf(actor, sizeof(actor), "qq.%s", person->user);
    return actor;
}

/* ---- saying --------------------------------------------------------------
 */

static char *text_of(const struct move *move) {
    static const char *const words[KINDS] = {
        [KIND_CLAIM] = "认领", [KIND_NOTE] = "备注", [KIND_ANSWER] = "回复",
        [KIND_CLOSE] = "办结", [KIND_RATE] = "评分", [KIND_UNSOLVED] = "没解决",
    };
    const char *id = move->record->told;

    if (move->kind == KIND_CLAIM)
        return xasprintf("%s %s", words[move->kind], id);
    if (move->kind == KIND_RATE)
        return xasprintf("%s %s %u %s", words[move->kind], id, 1 + roll(5),
                         move->words);
    return xasprintf("%s %s %s", words[move->kind], id, move->words);
}

void move_say(struct person *person, struct move *move) {
    person->move = move;
    people_say(person, STEP_MOVE, text_of(move));
}

bool moves_react(struct person *person) {
    const struct move *close = person->told_of;

    if (close == NULL)
        return false;
    person->told_of = NULL;
    if (roll(5) == 0)
        return false; /* says nothing */
    struct record *record = close->record;
    bool unsolved = !record->was_opened && roll(2);
    record->was_opened |= unsolved;
    move_say(person, move_new(unsolved ? KIND_UNSOLVED : KIND_RATE, record,
                              actor_of(person)));
    return true;
}

/* ---- answers ------------------------------------------------------------- */

/* What is said around the number of the ticket; see i18n/zh_CN.po. */
struct saying {
    const char *before, *after;
    enum kind kind; /* KINDS: of any of them, it was refused */
};

static const struct saying sayings_staff[] = {
    {"", " 由你来办。", KIND_CLAIM},
    {"", " 已加备注", KIND_NOTE},
    {"已回复 ", "，骑手会收到", KIND_ANSWER},
    {"", " 已办结，骑手会收到", KIND_CLOSE},
    {"", " 现在由", KINDS},
    {"", " 已经由你在办", KINDS},
    {"", " 现在是「", KINDS},
    {"", " 刚刚有变化", KINDS},
    {"", " 已经结束了（", KINDS},
    {NULL, NULL, KINDS},
};

static const struct saying sayings_rider[] = {
    {"", " 评 ", KIND_RATE},
    {"", " 已重新打开，会继续处理。要补充", KIND_UNSOLVED},
    {NULL, NULL, KINDS},
};

/* Notices, each of a move of staff. */
static const struct saying notices[] = {
    {"", " 已有人受理，正在处理。", KIND_CLAIM},
    {"", " 有答复了：\n", KIND_ANSWER},
    {"", " 已办结：\n", KIND_CLOSE},
    {NULL, NULL, KINDS},
};

/* The one that text is, and the number in it; NULL: none. */
static const struct saying *find_saying(const struct saying *table,
                                        const char *text, char id[static 24]) {
    for (; table->before != NULL; table++) {
        size_t before = strlen(table->before);
        int len = 0;
        if (strncmp(text, table->before, before) == 0 &&
            sscanf(text + before, "%23[SP0-9]%n", id, &len) == 1 &&
            strncmp(text + before + len, table->after, strlen(table->after)) ==
                0)
            return table;
    }
    return NULL;
}

static struct record *record_of(const char *id) {
    struct record *record = world.records;

    while (record != NULL && strcmp(record->told, id) != 0)
        record = record->next;
    return record;
}

/* Whether somebody was refused a move of a ticket. */
static bool was_refused(const char *actor, const struct record *record) {
    for (size_t i = world.n_moves; i > 0; i--) {
        const struct move *move = world.moves[i - 1];
        if (move->record == record && move->outcome == REFUSED &&
            strcmp(move->actor, actor) == 0)
            return true;
    }
    return false;
}

/* A move has each answer once, but that one may come again. */
static void read_answer(struct person *person, const struct saying *saying,
                        const struct record *record, const char *text) {
    const char *actor = actor_of(person);
    bool done = saying->kind != KINDS;
    struct move *waits = person->waiting != NULL ? person->waiting->move : NULL;

    if (waits != NULL && waits->record == record &&
        (!done || waits->kind == saying->kind)) {
        move_told(waits, done);
        people_answered(person);
        return;
    }
    const struct move *old =
        done ? move_find(actor, record, saying->kind) : NULL;
    if (done ? old != NULL && old->outcome == DONE : was_refused(actor, record))
        world.n.repeated++;
    else
        problem("%s was told of a move that was not theirs: %s", person->user,
                text);
}

static void read_close(struct person *person, struct move *close,
                       const char *text) {
    if (strstr(text, "获得 5 积分") != NULL)
        close->record->points_told = true;
    if (!close->heard)
        person->told_of = close;
}

static void read_notice(struct person *person, const struct saying *saying,
                        struct record *record, const char *text) {
    struct move *move = move_named(text);

    if (saying->kind == KIND_CLAIM) {
        record->claims_told++;
        return;
    }
    if (move == NULL || move->record != record || move->kind != saying->kind) {
        problem("%s was told what nobody did: %s", person->user, text);
        return;
    }
    if (move->kind == KIND_CLOSE)
        read_close(person, move, text);
    move->heard = true;
}

bool moves_read(struct person *person, const struct peer_call *call) {
    char id[24] = "";
    const struct saying *saying = NULL, *notice = NULL;
    struct record *record;

    if (call->group)
        return false;
    saying = find_saying(person->staff ? sayings_staff : sayings_rider,
                         call->text, id);
    if (saying == NULL && !person->staff)
        notice = find_saying(notices, call->text, id);
    if (saying == NULL && notice == NULL)
        return false;
    record = record_of(id);
    if (record == NULL || (!person->staff && record->person != person))
        problem("%s was told of %s, which is not theirs", person->user, id);
    else if (saying != NULL)
        read_answer(person, saying, record, call->text);
    else
        read_notice(person, notice, record, call->text);
    return true;
}
