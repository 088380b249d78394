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

#define TYPE "ticket."
static const char *const types[MOVES] = {
    [MOVE_FILE] = TYPE "filed",         [MOVE_ROUTE] = TYPE "routed",
    [MOVE_CLAIM] = TYPE "claimed",      [MOVE_RELEASE] = TYPE "released",
    [MOVE_ANSWER] = TYPE "answered",    [MOVE_HAND_BACK] = TYPE "handed_back",
    [MOVE_ESCALATE] = TYPE "escalated", [MOVE_ASK] = TYPE "asked",
    [MOVE_REPLY] = TYPE "replied",      [MOVE_CLOSE] = TYPE "closed",
    [MOVE_CONFIRM] = TYPE "confirmed",  [MOVE_REOPEN] = TYPE "reopened",
    [MOVE_MERGE] = TYPE "merged",       [MOVE_JOIN] = TYPE "joined",
    [MOVE_WITHDRAW] = TYPE "withdrawn", [MOVE_REJECT] = TYPE "rejected",
    [MOVE_SORT] = TYPE "sorted",        [MOVE_WARN] = TYPE "warned",
    [MOVE_OVERDUE] = TYPE "overdue",    [MOVE_NUDGE] = TYPE "nudged",
    [MOVE_REST] = TYPE "rested",
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
