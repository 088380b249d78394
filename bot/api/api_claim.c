#define LOG_MODULE "api"
#include "base/log.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "base/token.h"
#include "bot/api/api_parts.h"
#include "bot/bot.h"
#include "bot/server.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>

/* An answer beyond is not kept; whoever asks again hears that it happened. */
#define KEPT_BYTES ((size_t)256 * 1024)

static struct metric m_repeated = METRIC_COUNTER(
    "xiaofeng_api_repeated_total", "Calls that had happened before.");

/* ---- before it runs ------------------------------------------------------ */

static bool key_valid(const char *key) {
    size_t len = strlen(key);
    for (size_t i = 0; i < len; i++)
        if (key[i] <= ' ' || key[i] > '~')
            return false;
    return len <= API_KEY_CHARS;
}

static const char *hash(struct arena *arena, const char *text) {
    char hex[TOKEN_HASH_SIZE];
    token_hash(hex, text);
    return arena_strdup(arena, hex);
}

/* What makes it the same request. */
static const char *hash_request(struct api_call *call) {
    char body[TOKEN_HASH_SIZE];
    const char *text = arena_printf(&call->arena, "%s %s", call->route->method,
                                    call->route->path);
    for (size_t i = 0; i < API_ARGS_MAX && call->args[i] != NULL; i++)
        text = arena_printf(&call->arena, "%s\n%s", text, call->args[i]);
    token_hash_bytes(body, call->body, call->body_len);
    return hash(&call->arena, arena_printf(&call->arena, "%s\n%s", text, body));
}

static char *context(struct api_call *call) {
    return arena_printf(&call->arena, "claim:%s", call->claim.key);
}

/* "<status> <type> <bytes>", sealed: there may be secrets in it. */
static void answer_again(struct api_call *call, const char *text) {
    struct api_reply *reply = arena_alloc(&call->arena, sizeof(*reply));
    char *opened = text[0] == '\0' ? NULL
                                   : seal_open(call->bot->seal, &call->arena,
                                               context(call), text);
    char *type = opened == NULL ? NULL : strchr(opened, ' ');
    char *bytes = type == NULL ? NULL : strchr(type + 1, ' ');
    if (bytes == NULL) {
        api_problem(call, 409, "happened", NULL, NULL);
        return;
    }
    *type++ = *bytes++ = '\0';
    *reply = (struct api_reply){
        .status = (unsigned)strtoul(opened, NULL, 10),
        .type = type,
        .bytes = bytes,
        .len = strlen(bytes),
    };
    api_header(call, "Idempotency-Replayed", "true");
    call->reply = reply;
    api_deliver(call);
}

static void on_taken(void *data, enum err err,
                     const struct claim_found *found) {
    struct api_call *call = data;
    if (err == OK) {
        call->claimed = true;
        api_claimed(call);
        return;
    }
    if (err != ERR_DUPLICATE) {
        api_fail(call, err);
        return;
    }
    metric_add(&m_repeated, 1);
    if (!found->same)
        api_invalid(call, "key_reused", "Idempotency-Key");
    else if (found->state == CLAIM_RUNNING)
        api_problem(call, 409, "in_progress", NULL, NULL);
    else if (found->state == CLAIM_HAPPENED)
        api_problem(call, 409, "happened", NULL, NULL);
    else
        answer_again(call, arena_strndup(&call->arena, found->answer,
                                         found->answer_len));
}

void api_claim(struct api_call *call) {
    const char *key = http_field(call->request, HTTP_IDEMPOTENCY_KEY);
    if (key[0] == '\0' || call->caller.actor == NULL ||
        strcmp(call->route->method, "GET") == 0) {
        api_claimed(call);
        return;
    }
    if (!key_valid(key)) {
        api_invalid(call, "invalid", "Idempotency-Key");
        return;
    }
    call->claim = (struct claim){
        .key = hash(&call->arena, arena_printf(&call->arena, "%s %s",
                                               call->caller.actor, key)),
        .hash = hash_request(call),
    };
    claim_take(call->bot->store, &call->arena, &call->claim, on_taken, call);
}

/* ---- after it ran -------------------------------------------------------- */

void api_happens(struct api_call *call, struct txn *txn) {
    if (call->claimed)
        claim_happened(txn, &call->claim);
}

static void on_kept(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    if (result->err != OK)
        LOG_WARN("an answer was not kept: %s", err_str(result->err));
    api_deliver(call);
}

static const char *pack(struct api_call *call) {
    const struct api_reply *reply = call->reply;
    if (reply->len > KEPT_BYTES || memchr(reply->bytes, '\0', reply->len))
        return "";
    return seal_text(call->bot->seal, &call->arena, context(call),
                     arena_printf(&call->arena, "%u %s %s", reply->status,
                                  reply->type, reply->bytes));
}

/* What has not happened may be tried again under the same key; of what is not
 * known nothing is said, and the claim ends by itself. */
void api_claim_answer(struct api_call *call) {
    unsigned status = call->reply->status;
    bool unknown = status == 503 && strstr(call->reply->bytes, "\"unknown\"");
    if (!call->claimed || unknown) {
        api_deliver(call);
        return;
    }
    struct txn *txn = txn_new(call->bot->store);
    call->claimed = false;
    if (status >= 500 || status == 429) {
        claim_drop(txn, &call->claim);
    } else {
        const char *answer = pack(call);
        claim_answered(txn, &call->claim, answer, strlen(answer));
    }
    txn_commit(txn, on_kept, call);
}
