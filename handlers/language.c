/* 语言: the language of the answers. */
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"

static const char *const langs[] = {"zh_cn", "zh_tw", "en", NULL};

static const struct slot slots[] = {
    {.name = "lang",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = langs,
     .options_key = "lang"},
};

static void commit(struct turn *turn) {
    const char *tag = form_value(turn, "lang");
    if (lang_parse(tag, &turn->lang))
        turn_set(turn, "lang", lang_tag(turn->lang));
    turn_say(turn, "language.set");
}

const struct command command_language = {
    .name = "language",
    .where = COMMAND_ANYWHERE,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};
