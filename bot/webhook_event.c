/* What webhooks say of a ticket, and how they sign it. */
#include "base/arena.h"
#include "base/token.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/webhook_parts.h"
#include "store/ticket.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#define EVENT_ID_BYTES 16
/* An event is looked for when its transaction has had time to happen; if it
 * takes longer, at the next look. Those that come meanwhile are read with it.
 */
#define COMMIT_MS 20

static const char *const types[MOVES] = {
    [MOVE_FILE] = "ticket.filed",
    [MOVE_ROUTE] = "ticket.routed",
    [MOVE_CLAIM] = "ticket.claimed",
    [MOVE_RELEASE] = "ticket.released",
    [MOVE_ANSWER] = "ticket.answered",
    [MOVE_HAND_BACK] = "ticket.handed_back",
    [MOVE_ESCALATE] = "ticket.escalated",
    [MOVE_ASK] = "ticket.asked",
    [MOVE_REPLY] = "ticket.replied",
    [MOVE_CLOSE] = "ticket.closed",
    [MOVE_CONFIRM] = "ticket.confirmed",
    [MOVE_REOPEN] = "ticket.reopened",
    [MOVE_MERGE] = "ticket.merged",
    [MOVE_JOIN] = "ticket.joined",
    [MOVE_WITHDRAW] = "ticket.withdrawn",
    [MOVE_REJECT] = "ticket.rejected",
    [MOVE_SORT] = "ticket.sorted",
    [MOVE_WARN] = "ticket.warned",
    [MOVE_OVERDUE] = "ticket.overdue",
    [MOVE_NUDGE] = "ticket.nudged",
    [MOVE_REST] = "ticket.rested",
};

const char *webhook_type(enum ticket_move move) {
    return types[move];
}

static bool is_type(const char *word, size_t len) {
    for (int i = 0; i < MOVES; i++)
        if (types[i] != NULL && strlen(types[i]) == len &&
            memcmp(types[i], word, len) == 0)
            return true;
    return false;
}

bool webhook_events_valid(const char *words) {
    if (strcmp(words, "*") == 0)
        return true;
    for (;;) {
        size_t len = strcspn(words, " ");
        if (!is_type(words, len))
            return false;
        if (words[len] == '\0')
            return true;
        words += len + 1;
    }
}

bool webhook_wants(const struct hook *hook, const char *type) {
    const char *words = hook->events;
    size_t len = strlen(type);
    if (strcmp(words, "*") == 0)
        return true;
    for (const char *at = words; (at = strstr(at, type)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') &&
            (at[len] == ' ' || at[len] == '\0'))
            return true;
    return false;
}

/* Whoever has it, whoever had it, and the community where it is. */
static bool covers(const struct hook *hook, const struct policy *policy,
                   const struct ticket *before, const struct ticket *after) {
    const char *unit = hook->unit;
    return strcmp(unit, "*") == 0 || policy_covers(policy, unit, after->unit) ||
           (before != NULL && policy_covers(policy, unit, before->unit)) ||
           (after->community[0] != '\0' &&
            policy_covers(policy, unit, after->community));
}

static char *body_of(const char *id, const struct ticket *before,
                     const struct ticket *after, const char *type,
                     int64_t now_ms) {
    json_int_t version = before == NULL ? 1 : before->version + 1;
    json_t *json =
        json_pack("{s:s, s:s, s:I, s:s, s:s, s:I, s:s, s:s}", "id", id, "type",
                  type, "at_ms", (json_int_t)now_ms, "ticket", after->id,
                  "state", ticket_state_name(after->state), "version", version,
                  "unit", after->unit, "category", after->category);
    if (json == NULL)
        abort();
    char *body = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return body;
}

void webhooks_ticket(struct webhooks *webhooks, struct txn *txn,
                     const struct ticket *before, const struct ticket *after,
                     enum ticket_move move, int64_t now_ms) {
    const char *type = types[move];
    if (webhooks == NULL || webhooks->hooks == NULL || type == NULL)
        return;
    const struct policy *policy = policies_get(webhooks->bot->policies);
    char id[TOKEN_MAX] = "", *body = NULL;
    const struct hook *hook;
    DL_FOREACH(webhooks->hooks, hook) {
        if (!webhook_wants(hook, type) || !covers(hook, policy, before, after))
            continue;
        if (body == NULL) {
            token_random(id, sizeof(id), EVENT_ID_BYTES);
            body = body_of(id, before, after, type, now_ms);
        }
        webhook_event_add(txn, hook->id, id, body, now_ms);
    }
    if (body != NULL)
        webhooks_wake_in(webhooks, COMMIT_MS);
    free(body);
}

void webhook_sign(const char *secret, const char *id, int64_t timestamp_s,
                  const char *body, char out[static WEBHOOK_SIGNATURE_SIZE]) {
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    char head[TOKEN_MAX + 32];
    int len = snprintf(head, sizeof(head), "%" PRId64 ".%s.", timestamp_s, id);
    crypto_auth_hmacsha256_init(&state, (const unsigned char *)secret,
                                strlen(secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)head,
                                  (unsigned long long)len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body,
                                  strlen(body));
    crypto_auth_hmacsha256_final(&state, mac);
    memcpy(out, "v1=", 3);
    sodium_bin2hex(out + 3, WEBHOOK_SIGNATURE_SIZE - 3, mac, sizeof(mac));
    sodium_memzero(&state, sizeof(state));
}
