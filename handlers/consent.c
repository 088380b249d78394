/* 同意, 不同意: the answer to the privacy notice; 读取位置, 不读取位置: whether
 * the position inside a photo may be read. Refusing costs no service. */
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "store/txn.h"

#include <inttypes.h>

#define CONSENT_VERSION 1

static void record(struct turn *turn, const char *field, const char *answer,
                   const char *key) {
    turn_set(turn, field, answer);
    txn_audit(turn->txn, AUDIT_RIDER, key, "", "");
    turn_say(turn, key);
}

static char *stamped(struct turn *turn, const char *answer) {
    return arena_printf(&turn->arena, "%s:%d:%" PRId64, answer, CONSENT_VERSION,
                        turn->now_ms);
}

static void yes(struct turn *turn) {
    record(turn, "consent", stamped(turn, "yes"), "consent.yes");
}

static void no(struct turn *turn) {
    record(turn, "consent", stamped(turn, "no"), "consent.no");
}

static void exif_yes(struct turn *turn) {
    record(turn, "exif", "yes", "consent.exif_yes");
}

static void exif_no(struct turn *turn) {
    record(turn, "exif", "no", "consent.exif_no");
}

const struct command command_consent_yes = {
    .name = "consent_yes",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .commit = yes,
};

const struct command command_consent_no = {
    .name = "consent_no",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .commit = no,
};

const struct command command_exif_yes = {
    .name = "exif_yes",
    .where = COMMAND_ANYWHERE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .commit = exif_yes,
};

const struct command command_exif_no = {
    .name = "exif_no",
    .where = COMMAND_ANYWHERE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .commit = exif_no,
};
