#include "bot/connectors/onebot11_codec.h"

#include "base/utf8.h"

#include <string.h>

#define REASON_BYTES 4096 /* that are looked at */
#define REASON_CHARS 200  /* that are kept */

const char *onebot11_message_id(struct arena *arena, struct jspan value) {
    const char *id = jspan_id(arena, value, LIMIT_ID_BYTES);

    if (!id || !*id)
        return NULL;
    for (const char *c = id; *c; c++)
        if (*c <= ' ' || *c > '~')
            return NULL;
    return id;
}

/* The platform's words on a call: NapCat says them twice, onebots in msg. */
static const char *decode_reason(const struct onebot11_frame *frame,
                                 struct arena *arena) {
    const struct jspan words[] = {frame->wording, frame->message, frame->msg};

    for (size_t i = 0; i < 3; i++) {
        size_t len = 0;
        const char *raw = jspan_string(arena, words[i], &len);

        if (len > REASON_BYTES)
            len = REASON_BYTES;
        raw = raw ? utf8_clean(arena, raw, len) : "";
        if (*raw)
            return utf8_excerpt(arena, raw, REASON_CHARS);
    }
    return NULL;
}

/* A message that the platform gave up waiting for may have arrived. */
static bool proves_nothing(const char *reason) {
    return reason &&
           (strcasestr(reason, "timeout") || strcasestr(reason, "timed out") ||
            strstr(reason, "超时"));
}

static enum outcome decode_outcome(const struct onebot11_frame *frame,
                                   const struct onebot11_answer *answer) {
    bool zero = jspan_is(frame->retcode, "0");

    if (jspan_is(frame->status, "\"async\"") || answer->retcode == 1)
        return answer->message_id ? OUTCOME_SENT : OUTCOME_UNKNOWN;
    if (jspan_is(frame->status, "\"failed\"") ||
        (frame->status.len == 0 && !zero))
        return proves_nothing(answer->reason) ? OUTCOME_UNKNOWN
                                              : OUTCOME_REFUSED;
    if ((jspan_is(frame->status, "\"ok\"") || frame->status.len == 0) &&
        (zero || frame->retcode.len == 0))
        return OUTCOME_SENT;
    return OUTCOME_UNKNOWN; /* it contradicts itself */
}

void onebot11_decode_answer(const struct onebot11_frame *frame,
                            struct arena *arena, struct onebot11_answer *out) {
    *out = (struct onebot11_answer){0};
    if (!jspan_int(frame->retcode, &out->retcode))
        out->retcode = 0;
    if (frame->data.len > 0 && *frame->data.at == '{') {
        struct jspan id = onebot11_member(frame->data, "user_id");

        out->message_id = onebot11_message_id(
            arena, onebot11_member(frame->data, "message_id"));
        if (onebot11_bare_id(id, &id))
            out->user_id = arena_strndup(arena, id.at, id.len);
    }
    if (!jspan_is(frame->retcode, "0"))
        out->reason = decode_reason(frame, arena);
    out->outcome = decode_outcome(frame, out);
    if (out->outcome == OUTCOME_SENT || out->reason == NULL)
        return;
    out->refusal = onebot11_refusal(out->reason);
    if (out->outcome == OUTCOME_REFUSED && onebot11_suspects(out->reason))
        out->outcome = OUTCOME_UNKNOWN;
}

bool onebot11_decode_echo(struct jspan echo, const char *prefix,
                          uint64_t *number) {
    size_t skip = strlen(prefix) + 1;
    int64_t value;

    if (echo.len < skip + 2 || echo.at[0] != '"' ||
        memcmp(echo.at + 1, prefix, skip - 1) != 0)
        return false;
    echo.at += skip;
    echo.len -= skip + 1;
    if (!jspan_int(echo, &value) || value < 0)
        return false;
    *number = (uint64_t)value;
    return true;
}
