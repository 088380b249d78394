#define LOG_MODULE "numbers"
#include "store/numbers.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/internal.h"
#include "store/keys.h"
#include "store/txn.h"

#include <stdlib.h>

/* The first block is small, so that a crash leaves a small gap; each time the
 * numbers run low quickly the next one is larger. */
#define BLOCK_MIN 16
#define BLOCK_MAX 16384
#define BUSY_NS 1000000000ULL

struct block {
    int64_t next, end; /* next <= end: end - next + 1 are left */
};

struct store_numbers {
    struct store *store;
    struct block now, later;
    int64_t size;      /* of the next block */
    uint64_t asked_at; /* uv_hrtime */
    bool asking;
};

struct store_numbers *numbers_new(struct store *store) {
    struct store_numbers *numbers = xcalloc(1, sizeof(*numbers));
    numbers->store = store;
    numbers->size = BLOCK_MIN;
    numbers->now = numbers->later = (struct block){.next = 1, .end = 0};
    return numbers;
}

void numbers_free(struct store_numbers *numbers) {
    free(numbers);
}

static int64_t left(const struct block *block) {
    return block->end - block->next + 1;
}

static void on_reserved(void *data, const struct txn_result *result) {
    struct store_numbers *numbers = data;
    numbers->asking = false;
    if (result->err != OK || result->n_values == 0) {
        LOG_WARN("no numbers reserved: %s", err_str(result->err));
        return;
    }
    int64_t end = strtoll(result->values[0], NULL, 10);
    numbers->later = (struct block){end - numbers->size + 1, end};
}

void numbers_refill(struct store_numbers *numbers) {
    if (numbers->asking || left(&numbers->later) > 0 ||
        left(&numbers->now) > numbers->size / 2)
        return;
    uint64_t now = uv_hrtime();
    bool busy = now - numbers->asked_at < BUSY_NS;
    if (busy && numbers->size < BLOCK_MAX)
        numbers->size *= 4;
    else if (!busy)
        numbers->size = BLOCK_MIN;
    numbers->asked_at = now;
    numbers->asking = true;
    struct txn *txn = txn_new(numbers->store);
    txn_op(txn, "number_reserve");
    txn_key(txn, KEY_NUMBER);
    txn_arg_int(txn, numbers->size);
    txn_commit(txn, on_reserved, numbers);
}

int64_t store_next_number(struct store *store) {
    struct store_numbers *numbers = store->numbers;
    if (left(&numbers->now) == 0) {
        numbers->now = numbers->later;
        numbers->later = (struct block){.next = 1, .end = 0};
    }
    int64_t number = left(&numbers->now) > 0 ? numbers->now.next++ : 0;
    numbers_refill(numbers);
    return number;
}

static void on_returned(void *data, const struct txn_result *result) {
    (void)data;
    LOG_DBG("numbers given back: %s", err_str(result->err));
}

static void give_back(struct store_numbers *numbers, struct block *block) {
    if (left(block) == 0)
        return;
    struct txn *txn = txn_new(numbers->store);
    txn_op(txn, "number_return");
    txn_key(txn, KEY_NUMBER);
    txn_arg_int(txn, block->end);
    txn_arg_int(txn, left(block));
    block->end = block->next - 1;
    txn_commit(txn, on_returned, NULL);
}

void store_return_numbers(struct store *store) {
    give_back(store->numbers, &store->numbers->later);
    give_back(store->numbers, &store->numbers->now);
}
