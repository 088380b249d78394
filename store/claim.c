#include "store/claim.h"

#include "base/arena.h"
#include "base/token.h"
#include "store/keys.h"
#include "store/txn.h"

#include <string.h>

#define HASH_LEN (TOKEN_HASH_SIZE - 1)

static const char *const states[] = {"running", "happened", "answered"};

struct take_call {
    const struct claim *claim;
    claim_taken *done;
    void *data;
};

/* "<hash> <state> <answer>" */
static bool parse(const struct claim *claim, const char *text, size_t len,
                  struct claim_found *out) {
    if (text == NULL || len < HASH_LEN + 1)
        return false;
    out->same = strlen(claim->hash) == HASH_LEN &&
                memcmp(text, claim->hash, HASH_LEN) == 0;
    text += HASH_LEN + 1;
    len -= HASH_LEN + 1;
    for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        size_t word = strlen(states[i]);
        if (len <= word || memcmp(text, states[i], word) != 0 ||
            text[word] != ' ')
            continue;
        out->state = (enum claim_state)i;
        out->answer = text + word + 1;
        out->answer_len = len - word - 1;
        return true;
    }
    return false;
}

static void on_taken(void *data, const struct txn_result *result) {
    struct take_call *call = data;
    struct claim_found found = {0};
    enum err err = result->err;
    if (err == ERR_DUPLICATE &&
        !parse(call->claim, result->answer, result->answer_len, &found))
        err = ERR_IO;
    call->done(call->data, err, &found);
}

void claim_take(struct store *store, struct arena *arena,
                const struct claim *claim, claim_taken *done, void *data) {
    struct take_call *call = arena_alloc(arena, sizeof(*call));
    struct txn *txn = txn_new(store);
    *call = (struct take_call){claim, done, data};
    txn_op(txn, "claim_take");
    txn_key(txn, KEY_CLAIM, claim->key);
    txn_arg_int(txn, CLAIM_RUNNING_MS);
    txn_arg(txn, claim->hash);
    txn_commit(txn, on_taken, call);
}

static void set(struct txn *txn, const struct claim *claim,
                enum claim_state state, const char *answer, size_t len) {
    txn_op(txn, "claim_set");
    txn_key(txn, KEY_CLAIM, claim->key);
    txn_arg_int(txn, CLAIM_KEPT_MS);
    txn_arg(txn, claim->hash);
    txn_arg(txn, states[state]);
    txn_arg_bytes(txn, answer, len);
}

void claim_happened(struct txn *txn, const struct claim *claim) {
    set(txn, claim, CLAIM_HAPPENED, "", 0);
}

void claim_answered(struct txn *txn, const struct claim *claim,
                    const char *answer, size_t len) {
    set(txn, claim, CLAIM_ANSWERED, answer, len);
}

void claim_drop(struct txn *txn, const struct claim *claim) {
    txn_op(txn, "claim_drop");
    txn_key(txn, KEY_CLAIM, claim->key);
}
