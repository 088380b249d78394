/* Who looks at which ticket, in this process. */
#include "base/clock.h"
#include "bot/api/live_internal.h"
#include "bot/bot.h"
#include "bot/ws.h"

#include <string.h>
#include <utlist.h>

/* Whether it shows the ticket, and may. */
static bool looks_at(const struct console *console, const char *id) {
    if (!console->known || strcmp(console->at, id) != 0)
        return false;
    const struct card *card = board_find(console->live->bot->board, id);
    struct board_scope scope;

    if (card == NULL)
        return false;
    scope = (struct board_scope){card->unit, card->community, card->category};
    return live_covers(console, &scope);
}

static bool has(const json_t *names, const char *name) {
    size_t i;
    json_t *one;

    json_array_foreach(names, i, one) {
        if (strcmp(json_string_value(one), name) == 0)
            return true;
    }
    return false;
}

json_t *live_looking(const struct live *live, const char *id,
                     const char *except) {
    json_t *names = json_array();
    const struct console *console;

    if (live == NULL)
        return names;
    DL_FOREACH(live->consoles, console) {
        if (looks_at(console, id) &&
            strcmp(console->caller.actor, except) != 0 &&
            !has(names, console->caller.display))
            json_array_append_new(names, json_string(console->caller.display));
    }
    return names;
}

/* All who look at it are told who the others are. */
static void tell(struct live *live, const char *id) {
    struct console *console;

    DL_FOREACH(live->consoles, console) {
        if (looks_at(console, id))
            live_send(console,
                      json_pack("{ss ss so}", "type", "looking", "id", id,
                                "names",
                                live_looking(live, id, console->caller.actor)));
    }
}

void live_shown(struct console *console) {
    if (looks_at(console, console->at))
        tell(console->live, console->at);
}

static void look(struct console *console, const char *id) {
    char was[LIVE_ID_SIZE];

    if (strcmp(console->at, id) == 0)
        return;
    bool looked = looks_at(console, console->at);
    memcpy(was, console->at, sizeof(was));
    memset(console->at, 0, sizeof(console->at));
    memcpy(console->at, id, strlen(id));
    if (looked)
        tell(console->live, was);
    live_shown(console);
}

void live_leave(struct console *console) {
    look(console, "");
}

/* {"type":"look","id":"S12"|null} */
void live_hear(struct console *console, const char *bytes, size_t len) {
    if (!bucket_take(&console->looks,
                     clock_mono_ms(console->live->bot->clock))) {
        ws_close(console->ws, 1008, "too many messages");
        return;
    }
    json_t *json = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(json, "type"));
    const char *id = json_string_value(json_object_get(json, "id"));
    if (id == NULL)
        id = "";
    if (type == NULL || strcmp(type, "look") != 0 || strlen(id) >= LIVE_ID_SIZE)
        ws_close(console->ws, 1008, "not understood");
    else
        look(console, id);
    json_decref(json);
}
