#include "bot/session.h"

#include "base/arena.h"
#include "base/buf.h"
#include "bot/bot.h"
#include "bot/form.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define SEPARATOR '\x1f'
#define HEAD_FIELDS 4 /* command chat expires_ms asked */
#define FIELDS_MAX (HEAD_FIELDS + 2 * FORM_SLOTS_MAX)

char *session_pack(struct arena *arena, const struct form *form) {
    struct buf out;
    buf_init(&out);
    buf_addf(&out, "%s%c%s%c%" PRId64 "%c%s", form->command->name, SEPARATOR,
             form->chat, SEPARATOR, form->expires_ms, SEPARATOR,
             form->asked < 0 ? "" : form->command->slots[form->asked].name);
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (form->values[i] != NULL)
            buf_addf(&out, "%c%s%c%s", SEPARATOR, form->command->slots[i].name,
                     SEPARATOR, form->values[i]);
    char *packed = arena_strndup(arena, out.data, out.len);
    buf_finish(&out);
    return packed;
}

static const struct command *find_command(const struct bot *bot,
                                          const char *name) {
    for (size_t i = 0; i < bot->n_commands; i++)
        if (strcmp(bot->commands[i]->name, name) == 0)
            return bot->commands[i];
    return NULL;
}

static int find_slot(const struct command *command, const char *name) {
    for (size_t i = 0; i < command->n_slots; i++)
        if (strcmp(command->slots[i].name, name) == 0)
            return (int)i;
    return -1;
}

bool session_unpack(const struct bot *bot, struct arena *arena,
                    const char *packed, struct form *out) {
    char *fields[FIELDS_MAX];
    size_t n = 0;
    char *at = packed[0] == '\0' ? NULL : arena_strdup(arena, packed);
    while (at != NULL && n < FIELDS_MAX) {
        fields[n++] = at;
        at = strchr(at, SEPARATOR);
        if (at != NULL)
            *at++ = '\0';
    }
    if (at != NULL || n < HEAD_FIELDS || n % 2 != 0)
        return false;
    *out = (struct form){
        .command = find_command(bot, fields[0]),
        .chat = fields[1],
        .expires_ms = strtoll(fields[2], NULL, 10),
    };
    if (out->command == NULL)
        return false;
    out->asked = find_slot(out->command, fields[3]);
    for (size_t i = HEAD_FIELDS; i < n; i += 2) {
        int slot = find_slot(out->command, fields[i]);
        if (slot < 0)
            return false;
        out->values[slot] = fields[i + 1];
    }
    return true;
}
