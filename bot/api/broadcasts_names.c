#include "base/arena.h"
#include "base/mem.h"
#include "base/phone.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "store/group.h"
#include "store/rider.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_DIGITS 4

struct naming {
    struct arena *arena;
    const struct delivery_target *targets;
    size_t n;
    struct target_name *names;
    size_t *groups; /* which of the targets are groups, in their order */
    size_t n_groups;
    size_t *riders; /* which are riders */
    size_t n_riders, n_read;
    size_t waiting; /* answers */
    enum err err;
    target_names_read *done;
    void *data;
};

const char *target_state(char letter) {
    static const struct {
        char letter;
        const char *word;
    } words[] = {
        {'w', "waiting"},  {'s', "sending"},  {'o', "sent"},
        {'r', "refused"},  {'u', "unknown"},  {'d', "recalling"},
        {'c', "recalled"}, {'l', "too_late"},
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (words[i].letter == letter)
            return words[i].word;
    return "unknown";
}

/* "****0001": of a short id there is less to see. */
static const char *mask(struct arena *arena, const char *rider) {
    const char *dot = strchr(rider, '.');
    const char *own = dot == NULL ? rider : dot + 1;
    size_t len = strlen(own);
    size_t shown = len > 2 * SHOWN_DIGITS ? SHOWN_DIGITS : len / 3;
    return arena_printf(arena, "****%s", own + len - shown);
}

static void name_rider(struct naming *naming, size_t i, const char *nick) {
    struct arena *arena = naming->arena;
    const char *chat = naming->targets[i].chat;
    const char *rider = rider_of_chat(arena, chat);
    const char *masked = mask(arena, rider == NULL ? chat : rider);
    size_t platform = strcspn(chat, ".");
    naming->names[i] = (struct target_name){
        .chat = arena_printf(arena, "%.*s.u%s", (int)platform, chat, masked),
        .title = nick[0] == '\0' ? masked : phone_mask(arena, nick),
    };
}

static void answered(struct naming *naming, enum err err) {
    if (err != OK)
        naming->err = err;
    if (--naming->waiting == 0)
        naming->done(naming->data, naming->err, naming->names, naming->n);
}

static void on_groups(void *data, enum err err, const struct group *groups,
                      size_t n) {
    struct naming *naming = data;
    for (size_t i = 0; err == OK && i < n && i < naming->n_groups; i++)
        naming->names[naming->groups[i]].title =
            arena_strdup(naming->arena, groups[i].title);
    answered(naming, err);
}

/* Answers come in the order of the questions. */
static void on_rider(void *data, enum err err, const struct rider *rider) {
    struct naming *naming = data;
    size_t i = naming->riders[naming->n_read++];
    if (err == OK)
        name_rider(naming, i, rider->nick);
    answered(naming, err);
}

static void split(struct naming *naming) {
    for (size_t i = 0; i < naming->n; i++) {
        const char *chat = naming->targets[i].chat;
        naming->names[i] = (struct target_name){chat, ""};
        if (chat[0] == '\0')
            continue; /* forgotten */
        if (chat_is_group(chat))
            naming->groups[naming->n_groups++] = i;
        else
            naming->riders[naming->n_riders++] = i;
    }
}

/* One more is waited for than is asked, so that done comes when all was asked:
 * for nothing at all it is called at once. */
static void ask(struct naming *naming, struct store *store) {
    const char **chats =
        arena_alloc(naming->arena, (naming->n_groups + 1) * sizeof(*chats));
    for (size_t i = 0; i < naming->n_groups; i++)
        chats[i] = naming->targets[naming->groups[i]].chat;
    naming->waiting = 1 + naming->n_riders + (naming->n_groups > 0);
    if (naming->n_groups > 0)
        group_get(store, naming->arena, chats, naming->n_groups, on_groups,
                  naming);
    for (size_t i = 0; i < naming->n_riders; i++) {
        const char *chat = naming->targets[naming->riders[i]].chat;
        const char *rider = rider_of_chat(naming->arena, chat);
        rider_get(store, naming->arena, rider == NULL ? chat : rider, on_rider,
                  naming);
    }
    answered(naming, OK);
}

void target_names(struct bot *bot, struct arena *arena,
                  const struct delivery_target *targets, size_t n,
                  target_names_read *done, void *data) {
    struct naming *naming = arena_alloc(arena, sizeof(*naming));
    *naming = (struct naming){
        .arena = arena,
        .targets = targets,
        .n = n,
        .names = arena_alloc(arena, (n + 1) * sizeof(struct target_name)),
        .groups = arena_alloc(arena, (n + 1) * sizeof(size_t)),
        .riders = arena_alloc(arena, (n + 1) * sizeof(size_t)),
        .done = done,
        .data = data,
    };
    split(naming);
    ask(naming, bot->store);
}
