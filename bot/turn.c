#define LOG_MODULE "turn"
#include "bot/turn.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "bot/config.h"
#include "bot/connector.h"
#include "bot/flood.h"
#include "bot/outbox.h"
#include "bot/roster.h"
#include "bot/route.h"
#include "bot/turns.h"
#include "bot/turns_internal.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define ATTEMPTS_MAX 5

static struct metric m_turns =
    METRIC_COUNTER("xiaofeng_turns_total", "Messages that were for us.");
static struct metric m_duplicates = METRIC_COUNTER(
    "xiaofeng_duplicates_total", "Messages delivered again by a platform.");
static struct metric m_conflicts = METRIC_COUNTER(
    "xiaofeng_conflicts_total", "Turns opened again: something had changed.");
static struct metric m_failed = METRIC_COUNTER(
    "xiaofeng_turns_failed_total", "Turns that ended with an error text.");
static struct metric m_seconds = METRIC_HISTOGRAM(
    "xiaofeng_turn_seconds", "From a message to its answer in the outbox.");

struct turn *turn_new(struct bot *bot) {
    struct turn *turn = xcalloc(1, sizeof(*turn));
    turn->bot = bot;
    arena_init(&turn->arena);
    return turn;
}

void turn_free(struct turn *turn) {
    txn_free(turn->txn);
    arena_finish(&turn->arena);
    free(turn);
}

/* ---- opening ----------------------------------------------------------------
 */

static enum lang choose_lang(const struct turn *turn) {
    enum lang lang = turn->bot->config->lang;
    if (!lang_parse(turn->rider.lang, &lang) && turn->message.lang != NULL)
        lang_parse(turn->message.lang, &lang);
    return lang;
}

/* The platform delivered the message again: the first answer, once more. */
static void answer_again(struct turn *turn, const char *answer, size_t len) {
    struct notice notice;
    metric_add(&m_duplicates, 1);
    if (len > 0 && notice_unpack(&turn->arena, answer, len, &notice)) {
        notice.account = turn->message.account;
        outbox_push(turn->bot->outbox, &notice, NULL, (int)turn->lang);
    }
    turns_done(turn);
}

static void on_opened(void *data, enum err err, const struct rider *rider,
                      const char *answer, size_t answer_len) {
    struct turn *turn = data;
    if (err != OK) {
        turns_park(turn);
        return;
    }
    turn->rider = *rider;
    /* A user of the console, in their own chat, needs no code. */
    const struct user *user = roster_of_rider(turn->bot->roster, rider->id);
    turn->rider.roles &= ~(unsigned)ROLE_USER;
    if (user != NULL && roster_works(user))
        turn->rider.roles |= ROLE_USER;
    turn->lang = choose_lang(turn);
    flood_set_lang(turn->bot->turns->flood, rider->id, turn->lang);
    if (answer != NULL)
        answer_again(turn, answer, answer_len);
    else
        route(turn);
}

void turn_open(struct turn *turn) {
    const struct message *message = &turn->message;
    if (!store_is_up(turn->bot->store)) {
        turns_park(turn);
        return;
    }
    turn->attempts++;
    turn->command = NULL;
    turn->form = turn->open = NULL;
    turn->continuing = false;
    turn->control = CONTROL_NONE;
    turn->n_notices = turn->n_set = 0;
    turn->others = (struct notices){0};
    turn->forget = turn->fleeting = turn->refused = false;
    turn->committed = NULL;
    txn_free(turn->txn);
    turn->txn = txn_new(turn->bot->store);
    rider_open(turn->bot->store, &turn->arena, message->rider, message->account,
               message->chat, message->id, on_opened, turn);
}

void turn_start(struct turn *turn) {
    const struct message *message = &turn->message;
    turn->now_ms = clock_wall_ms(turn->bot->clock);
    turn->lang = turn->bot->config->lang;
    turn->answer_chat = message->in_group
                            ? chat_of_rider(&turn->arena, message->rider)
                            : message->chat;
    metric_add(&m_turns, 1);
    turns_enter(turn);
}

/* ---- what is said ---- */

static struct notice *add_notice(struct turn *turn,
                                 const struct notice *notice) {
    if (turn->n_notices == TURN_NOTICES_MAX)
        abort();
    turn->notices[turn->n_notices] = *notice;
    return &turn->notices[turn->n_notices++];
}

static struct notice *say(struct turn *turn, const char *chat,
                          const char *key) {
    bool here = strcmp(chat, turn->message.chat) == 0;
    return add_notice(turn, &(struct notice){
                                .lane = LANE_REPLY,
                                .account = turn->message.account,
                                .chat = chat,
                                .rider = turn->message.rider,
                                .reply_to = here ? turn->message.id : NULL,
                                .fallback = here ? NULL : turn->message.chat,
                                .key = key,
                            });
}

/* Each message to a group is one that the others must read, too: the group is
 * told where to look as part of what it is told anyway. */
static void point_to_private(struct turn *turn) {
    for (size_t i = 0; i < turn->n_notices; i++) {
        struct notice *notice = &turn->notices[i];
        if (strcmp(notice->chat, turn->message.chat) != 0)
            continue;
        notice_param(notice, NOTICE_AFTER, "group.see_private");
        return;
    }
    say(turn, turn->message.chat, "group.see_private");
}

struct notice *turn_whisper(struct turn *turn, const char *key) {
    struct notice *notice = say(turn, turn->answer_chat, key);
    if (turn->message.in_group)
        point_to_private(turn);
    return notice;
}

struct notice *turn_reply(struct turn *turn, const char *key) {
    if (turn->message.in_group && turn->command != NULL &&
        turn->command->where == COMMAND_PRIVATE)
        return turn_whisper(turn, key);
    return say(turn, turn->message.chat, key);
}

struct notice *turn_notify(struct turn *turn, enum lane lane,
                           const char *account, const char *chat,
                           const char *rider, const char *key) {
    return notices_add(&turn->others, &turn->arena,
                       &(struct notice){
                           .lane = lane,
                           .account = account,
                           .chat = chat,
                           .rider = rider,
                           .key = key,
                       });
}

void turn_note(struct turn *turn, const char *key) {
    if (turn->n_notices > 0)
        notice_param(&turn->notices[0], NOTICE_BEFORE, key);
}

void turn_add(struct turn *turn, const char *key) {
    if (turn->n_notices > 0)
        notice_param(&turn->notices[0], NOTICE_AFTER, key);
}

void turn_set(struct turn *turn, const char *field, const char *value) {
    for (size_t i = 0; i < turn->n_set; i += 2) {
        if (strcmp(turn->set[i], field) != 0)
            continue;
        turn->set[i + 1] = value;
        return;
    }
    if (turn->n_set == 2 * TURN_FIELDS_MAX)
        abort();
    turn->set[turn->n_set++] = field;
    turn->set[turn->n_set++] = value;
}

void turn_unsay(struct turn *turn) {
    turn->n_notices = 0;
    turn->others = (struct notices){0};
}

char *turn_text(struct turn *turn, const char *key,
                const struct text_param *params, size_t n_params) {
    return catalog_format(&turn->arena, turn->lang, key, params, n_params);
}

/*
 * The first private message to a rider says who runs this and what happens to
 * their data. That it was said, and when, is kept.
 */
#define PRIVACY_VERSION 1

/* A setting that was left out is said in general words. */
static void add_setting(struct notice *notice, const char *name,
                        const char *value, const char *general) {
    if (value[0] != '\0')
        notice_param(notice, name, value);
    else
        notice_param(notice, general,
                     strcmp(name, "contact") == 0 ? "privacy.contact"
                                                  : "privacy.operator");
}

static void add_privacy_notice(struct turn *turn) {
    const struct config *config = turn->bot->config;
    if (turn->rider.consent[0] != '\0' || turn->limited || turn->forget)
        return;
    for (size_t i = 0; i < turn->n_set; i += 2)
        if (strcmp(turn->set[i], "consent") == 0)
            return;
    for (size_t i = 0; i < turn->n_notices; i++) {
        struct notice *notice = &turn->notices[i];
        if (strcmp(notice->chat, turn->answer_chat) != 0)
            continue;
        notice_param(notice, NOTICE_AFTER, "privacy.notice");
        add_setting(notice, "operator", config->operator_name, "*operator");
        add_setting(notice, "contact", config->contact, "*contact");
        turn_set(turn, "consent",
                 arena_printf(&turn->arena, "asked:%d:%" PRId64,
                              PRIVACY_VERSION, turn->now_ms));
        return;
    }
}

/* Broadcasts to riders leave through the account that they write to in private;
 * who never has, has not agreed to any either. */
static void keep_account(struct turn *turn) {
    const struct message *message = &turn->message;
    if (turn->limited || turn->forget || message->in_group ||
        strcmp(turn->rider.account, message->account) == 0)
        return;
    turn_set(turn, "account", message->account);
}

/* What became of photos that were sent along, whatever they were sent with. */
static void add_photo_note(struct turn *turn) {
    if (turn->photo_err != OK)
        turn_note(turn, turn->photo_err == ERR_LIMIT       ? "photo.too_many"
                        : turn->photo_err == ERR_TOO_LARGE ? "photo.too_large"
                        : turn->photo_err == ERR_INVALID ? "photo.not_an_image"
                                                         : "photo.not_fetched");
}

/* ---- ends ---- */

static void send_from_memory(struct turn *turn) {
    for (size_t i = 0; i < turn->n_notices; i++)
        outbox_push(turn->bot->outbox, &turn->notices[i], NULL,
                    (int)turn->lang);
}

/* The ids that the stored notices got are the last values, in the order in
 * which turn_commit() wrote them: what the command did may have some, too. */
static void send_stored(struct turn *turn, const struct txn_result *result) {
    struct outbox *outbox = turn->bot->outbox;
    size_t n = turn->others.n + (turn->fleeting ? 0 : turn->n_notices);
    const char *const *values =
        result->values + (result->n_values > n ? result->n_values - n : 0);
    for (size_t i = 0; i < turn->n_notices; i++)
        outbox_push(outbox, &turn->notices[i],
                    turn->fleeting ? NULL : *values++, (int)turn->lang);
    notices_send(&turn->others, outbox, values, turn->message.rider,
                 (int)turn->lang);
}

static void on_committed(void *data, const struct txn_result *result) {
    struct turn *turn = data;
    turn->txn = NULL;
    switch (result->err) {
    case OK:
        flood_set_lang(turn->bot->turns->flood, turn->rider.id, turn->lang);
        if (turn->committed != NULL)
            turn->committed(turn);
        send_stored(turn, result);
        metric_observe(
            &m_seconds,
            (double)(clock_wall_ms(turn->bot->clock) - turn->now_ms) / 1000);
        turns_done(turn);
        break;
    case ERR_DUPLICATE:
        answer_again(turn, result->answer, result->answer_len);
        break;
    case ERR_CONFLICT:
        metric_add(&m_conflicts, 1);
        if (turn->attempts < ATTEMPTS_MAX)
            turn_open(turn);
        else
            turn_fail(turn, ERR_CONFLICT);
        break;
    case ERR_TIMEOUT:
    case ERR_AWAY:
        turn->sent |= result->err == ERR_TIMEOUT;
        turns_park(turn);
        break;
    default:
        turn_fail(turn, result->err);
        break;
    }
}

void turn_commit(struct turn *turn) {
    const struct message *message = &turn->message;
    add_photo_note(turn);
    add_privacy_notice(turn);
    if (txn_empty(turn->txn) && turn->n_set == 0 && turn->others.n == 0 &&
        !turn->refused) {
        send_from_memory(turn);
        turns_done(turn);
        return;
    }
    keep_account(turn);
    struct txn *txn = turn->txn;
    bool kept = turn->n_notices > 0 && !turn->fleeting;
    txn_seen(txn, message->account, message->chat, message->id,
             kept ? &turn->notices[0] : NULL);
    if (!turn->forget)
        txn_rider(txn, turn->rider.id, turn->rider.version, turn->set,
                  turn->n_set);
    for (size_t i = 1; kept && i < turn->n_notices; i++)
        txn_notice(txn, &turn->notices[i]);
    notices_write(&turn->others, txn);
    txn_commit(txn, on_committed, turn);
}

void turn_say(struct turn *turn, const char *key) {
    turn_reply(turn, key);
    turn_commit(turn);
}

void turn_fail(struct turn *turn, enum err err) {
    char *key = arena_printf(&turn->arena, "error.%s", err_str(err));
    if (err == ERR_AWAY || err == ERR_TIMEOUT) {
        turns_park(turn);
        return;
    }
    metric_add(&m_failed, 1);
    turn_unsay(turn); /* none of it happened */
    turn_reply(turn, catalog_has(turn->lang, key) ? key : "error.io");
    send_from_memory(turn);
    turns_done(turn);
}

void turn_end(struct turn *turn) {
    turns_done(turn);
}

void turn_redirect(struct turn *turn, const struct command *command,
                   const char *text) {
    turn->text = text;
    route_to(turn, command);
}
