/* 绑定: a one-time code ties this chat account to a role, and to the console's
 * user of that name: then tickets ring here. */
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "store/code.h"
#include "store/txn.h"
#include "store/user.h"

#include <ctype.h>

static const struct slot slots[] = {
    {.name = "code",
     .type = SLOT_TEXT,
     .need = SLOT_REQUIRED,
     .min = 6,
     .max = 40},
};

/* Codes are printed in capitals; people type them as they like. */
static char *upper(struct turn *turn, const char *code) {
    char *copy = arena_strdup(&turn->arena, code);
    for (char *c = copy; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    return copy;
}

struct binding {
    struct turn *turn;
    struct code code;
};

static void bind(struct binding *binding) {
    struct turn *turn = binding->turn;
    const struct code *code = &binding->code;
    unsigned roles = turn->rider.roles | code->roles;
    code_take(turn->txn, upper(turn, form_value(turn, "code")));
    turn_set(turn, "roles", arena_printf(&turn->arena, "%u", roles));
    txn_audit(turn->txn, turn->message.rider, "rider-bind", "", code->name);
    turn_say(turn, code->roles & ROLE_STAFF       ? "bind.staff"
                   : code->roles & ROLE_ORGANISER ? "bind.organiser"
                                                  : "bind.admin");
}

static void on_user(void *data, enum err err, const struct user *user) {
    struct binding *binding = data;
    struct turn *turn = binding->turn;
    if (err != OK && err != ERR_NOT_FOUND) {
        turn_fail(turn, err);
        return;
    }
    if (err == OK) {
        struct user bound = *user;
        bound.rider = turn->message.rider;
        bound.account = turn->message.account;
        bound.chat = turn->answer_chat;
        user_put(turn->txn, &bound);
    }
    bind(binding);
}

static void on_code(void *data, enum err err, const struct code *code) {
    struct turn *turn = data;
    if (err == ERR_NOT_FOUND || (err == OK && code->roles == 0)) {
        turn_say(turn, "bind.wrong");
        return;
    }
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    struct binding *binding = arena_alloc(&turn->arena, sizeof(*binding));
    *binding = (struct binding){turn, *code};
    if (code->roles & ROLE_STAFF && user_name_valid(code->name))
        user_get(turn->bot->store, &turn->arena, code->name, on_user, binding);
    else
        bind(binding);
}

static void commit(struct turn *turn) {
    code_get(turn->bot->store, &turn->arena,
             upper(turn, form_value(turn, "code")), on_code, turn);
}

const struct command command_bind = {
    .name = "bind",
    .where = COMMAND_PRIVATE,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .commit = commit,
};
