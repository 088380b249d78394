/*
 * The form engine. The input is a conversation: a byte of flags, then messages,
 * a line each. A first line may be a stored form or draft, so that whatever
 * Redis could hold is unpacked. Each message goes where it would go; what the
 * turn would have stored is what the next one finds.
 */
#include "base/arena.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/form.h"
#include "bot/form_value.h"
#include "bot/route.h"
#include "bot/session.h"
#include "bot/turn.h"
#include "bot/turns.h"
#include "bot/turns_internal.h"
#include "handlers/handlers.h"
#include "store/txn.h"
#include "tests/fuzz/fuzz_bot.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define RIDER "qq.1"
#define MESSAGES_MAX 16
#define GIVE_UP_MS 10000

static struct fuzz_bot fuzz;

/* A form with every type of slot, beside the real ones. */
static const char *const choices[] = {"fire", "damage", "other", NULL};

static const struct slot probe_slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "number", .type = SLOT_NUMBER, .need = SLOT_SKIPPABLE, .max = 99},
    {.name = "date", .type = SLOT_DATE, .need = SLOT_SKIPPABLE},
    {.name = "choice",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = choices,
     .options_key = "category",
     .guessed = true},
    {.name = "choices", .type = SLOT_CHOICES, .need = SLOT_REQUIRED},
    {.name = "place", .type = SLOT_PLACE, .need = SLOT_REQUIRED},
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_SKIPPABLE},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_SKIPPABLE, .min = 2},
};

static void prepare_probe(struct turn *turn) {
    static const char *const ids[] = {"qq.g1", "qq.g12", "qq.g2"};
    static const char *const words[] = {"甲", "乙", NULL};
    struct option *options = arena_alloc(&turn->arena, 3 * sizeof(*options));
    for (size_t i = 0; i < 3; i++)
        options[i] = (struct option){ids[i], ids[i], words};
    form_set_options(turn, "choices", options, 3);
    form_ready(turn);
}

/* A form is full when it comes here. */
static void commit_probe(struct turn *turn) {
    for (size_t i = 0; i < ARRAY_LEN(probe_slots); i++) {
        const char *value = form_value(turn, probe_slots[i].name);
        if (probe_slots[i].need == SLOT_REQUIRED &&
            turn->form->values[i] == NULL)
            abort();
        if (!utf8_valid(value, strlen(value)))
            abort();
    }
    turn_say(turn, "test.plain");
}

static const struct command probe = {
    .name = "probe",
    .opens = OPENS_BY_TEXT,
    .slots = probe_slots,
    .n_slots = ARRAY_LEN(probe_slots),
    .prepare = prepare_probe,
    .commit = commit_probe,
};

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    const struct command **table = xcalloc(n_handlers + 1, sizeof(*table));
    (void)argc;
    (void)argv;
    table[0] = &probe;
    memcpy(table + 1, handlers, n_handlers * sizeof(*table));
    fuzz_bot_start(&fuzz, table, n_handlers + 1);
    return 0;
}

/* What is known of the rider, by field. */
struct known {
    struct arena arena;
    const char *form, *draft, *lang, *consent, *exif;
};

/* A form that the engine stores is read again as it was. */
static void check_form(const char *packed) {
    struct arena arena;
    struct form form;
    arena_init(&arena);
    if (packed[0] != '\0') {
        if (!session_unpack(&fuzz.bot, &arena, packed, &form))
            abort();
        if (strcmp(session_pack(&arena, &form), packed) != 0)
            abort();
    }
    arena_finish(&arena);
}

static void learn(struct known *known, const struct turn *turn) {
    for (size_t i = 0; i < turn->n_set; i += 2) {
        const char *name = turn->set[i];
        const char **field = strcmp(name, "form") == 0      ? &known->form
                             : strcmp(name, "draft") == 0   ? &known->draft
                             : strcmp(name, "lang") == 0    ? &known->lang
                             : strcmp(name, "consent") == 0 ? &known->consent
                             : strcmp(name, "exif") == 0    ? &known->exif
                                                            : NULL;
        if (field == &known->form)
            check_form(turn->set[i + 1]);
        if (field != NULL)
            *field = arena_strdup(&known->arena, turn->set[i + 1]);
    }
}

/* Photos, places and text by the first character of a line. */
static void add_segments(struct turn *turn, const char *line) {
    struct message *message = &turn->message;
    struct segment *segments = arena_alloc(&turn->arena, 3 * sizeof(*segments));
    size_t n = 0;
    if (line[0] == '@')
        segments[n++] = (struct segment){
            .type = SEGMENT_LOCATION,
            .text = line[1] == '\0' ? NULL : line + 1,
            .lat = strtod(line + 1, NULL),
            .lon = (double)line[1],
        };
    if (line[0] == '!')
        segments[n++] = (struct segment){
            .type = SEGMENT_IMAGE,
            .photo = "AAAAAAAAAAAAAAAAAAAAAA",
            .has_position = line[1] == '!',
            .lat = 32,
            .lon = 118,
        };
    segments[n++] = (struct segment){
        .type = SEGMENT_TEXT,
        .text = line + (line[0] == '!' || line[0] == '@'),
    };
    message->segments = segments;
    message->n_segments = n;
}

/* As turn_open() leaves it when the store has answered. */
static struct turn *turn_of(const struct known *known, uint8_t flags,
                            const char *line) {
    struct turns *turns = fuzz.bot.turns;
    struct turn *turn = turn_new(&fuzz.bot);
    turn->message = (struct message){
        .account = "qq.1000",
        .chat = flags & 1 ? "qq.g77" : "qq.u1",
        .rider = RIDER,
        .id = "m1",
        .nick = "小王",
        .in_group = flags & 1,
        .mentioned = (flags & 2) != 0,
        .text_too_long = (flags & 4) != 0,
    };
    add_segments(turn, utf8_clean(&turn->arena, line, strlen(line)));
    turn->rider = (struct rider){
        .id = RIDER,
        .version = 1,
        .lang = known->lang,
        .nick = "",
        .roles = flags & 8 ? ROLE_STAFF | ROLE_ORGANISER : 0,
        .consent = known->consent,
        .exif = known->exif,
        .form = known->form,
        .draft = known->draft,
        .account = "",
        .units = "",
    };
    turn->limited = (flags & 16) != 0;
    turn->now_ms = clock_wall_ms(fuzz.bot.clock);
    turn->answer_chat = "qq.u1";
    lang_parse(known->lang, &turn->lang);
    turn->txn = txn_new(fuzz.bot.store);
    turns->n_turns++;
    HASH_ADD_KEYPTR(hh, turns->running, turn->message.rider, strlen(RIDER),
                    turn);
    return turn;
}

/* The turn that is still there waits for a store that never comes. */
static void run(struct known *known, uint8_t flags, const char *line) {
    struct turns *turns = fuzz.bot.turns;
    struct turn *turn;
    route(turn_of(known, flags, line));
    HASH_FIND_STR(turns->running, RIDER, turn);
    for (int i = 0; turn != NULL && turns->parked == NULL; i++) {
        uv_run(&fuzz.loop.uv, UV_RUN_NOWAIT);
        if (i == 1000)
            abort();
    }
    if (turn == NULL)
        return;
    learn(known, turn);
    clock_manual_advance(&fuzz.clock, GIVE_UP_MS);
    turns_store_up(turns);
    if (!turns_idle(turns))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct known known = {
        .form = "", .draft = "", .lang = "", .consent = "yes:1:1", .exif = ""};
    if (size < 1)
        return 0;
    arena_init(&known.arena);
    const char *at = (const char *)data + 1, *end = (const char *)data + size;
    if (data[0] & 32)
        known.lang = "en";
    for (int n = 0; n < MESSAGES_MAX && at < end; n++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop == NULL ? end : stop) - at);
        char *line = utf8_repair(&known.arena, at, len);
        if (n == 0 && (data[0] & 64))
            known.form = line;
        else if (n == 0 && (data[0] & 128))
            known.draft = line;
        else
            run(&known, data[0], line);
        at += len + 1;
    }
    arena_finish(&known.arena);
    return 0;
}
