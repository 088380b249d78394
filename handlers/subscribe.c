/* 退订, 订阅: whether what is sent to many comes to a rider in private, too.
 * Answers to what they asked come anyway. */
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "store/txn.h"

#include <string.h>

static void unsubscribe(struct turn *turn) {
    turn_set(turn, "nopush", "1");
    txn_audit(turn->txn, AUDIT_RIDER, "rider-unsubscribe", "", "");
    turn_say(turn, "unsubscribe.done");
}

/* Without the answer to the privacy notice nothing is sent. */
static void subscribe(struct turn *turn) {
    bool agreed = strncmp(turn->rider.consent, "yes", 3) == 0;
    turn_set(turn, "nopush", "");
    txn_audit(turn->txn, AUDIT_RIDER, "rider-subscribe", "", "");
    turn_say(turn, agreed ? "subscribe.done" : "subscribe.consent");
}

const struct command command_unsubscribe = {
    .name = "unsubscribe",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .commit = unsubscribe,
};

const struct command command_subscribe = {
    .name = "subscribe",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .commit = subscribe,
};
