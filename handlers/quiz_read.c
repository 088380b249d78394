/* Whoever is through with a quiz has read the broadcast that carried it. */
#include "handlers/quiz_read.h"

#include "base/arena.h"
#include "bot/bot.h"
#include "bot/turn.h"
#include "store/broadcast.h"
#include "store/delivery.h"

#include <string.h>

struct noting {
    struct turn *turn;
    const char *quiz, *id; /* id: of the broadcast */
    size_t index;
    void (*next)(struct turn *turn);
};

static void on_broadcast(void *data, enum err err,
                         const struct broadcast *broadcast) {
    const struct noting *noting = data;
    struct turn *turn = noting->turn;
    if (err == OK && broadcast->fired_ms != 0 &&
        strcmp(broadcast->quiz, noting->quiz) == 0)
        delivery_read(turn->txn, noting->id, noting->index, turn->message.rider,
                      NULL, turn->now_ms);
    noting->next(turn);
}

/* Whatever goes wrong here, the answer counts. */
static void on_pushed(void *data, enum err err, const char *id, size_t index) {
    struct noting *noting = data;
    struct turn *turn = noting->turn;
    if (err != OK) {
        noting->next(turn);
        return;
    }
    noting->id = arena_strdup(&turn->arena, id);
    noting->index = index;
    broadcast_get(turn->bot->store, &turn->arena, noting->id, on_broadcast,
                  noting);
}

void quiz_note_read(struct turn *turn, const char *chat, const char *quiz,
                    void (*next)(struct turn *turn)) {
    struct noting *noting = arena_alloc(&turn->arena, sizeof(*noting));
    *noting = (struct noting){
        .turn = turn, .quiz = arena_strdup(&turn->arena, quiz), .next = next};
    delivery_pushed(turn->bot->store, &turn->arena, chat, turn->now_ms,
                    on_pushed, noting);
}
