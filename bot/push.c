#define LOG_MODULE "broadcast"
#include "bot/push.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "bot/account.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "bot/queue.h"
#include "store/push.h"
#include "store/store.h"
#include "store/txn.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

/* Chats taken at a time: as many as leave in about two seconds, so that a crash
 * leaves few as unknown; all the same large enough when pacing is off. */
#define BATCH_MIN 4
#define BATCH_MAX 2000
#define BATCHES_AHEAD                                                          \
    1 /* under way while the next is taken, with no pacing                     \
       */
#define OUTCOMES_MAX 8192
#define OUTCOMES_AFTER_MS 20

/* The part of one account in one broadcast, while it is being sent. */
struct part {
    struct account *account;
    struct arena arena;
    char *id, *text, *report_account;
    enum lane lane;
    size_t cursor; /* first chat that was not taken */
    size_t total;
    size_t batch_at; /* index of the batch being taken */
    size_t under_way;
    bool taking, reporting;
    bool reread; /* something failed: look at it afresh at the next sweep */
    struct push_outcome outcomes[OUTCOMES_MAX];
    size_t n_outcomes;
    size_t n_reporting;
    uv_timer_t timer;
    struct part *prev, *next;
};

static void advance(struct part *part);

static size_t batch_size(const struct part *part) {
    double rate = part->account->bot->config->account_rate;
    if (rate <= 0)
        return BATCH_MAX;
    double batch = rate * 2;
    return batch < BATCH_MIN   ? BATCH_MIN
           : batch > BATCH_MAX ? BATCH_MAX
                               : (size_t)batch;
}

static void on_timer_closed(uv_handle_t *handle) {
    struct part *part = handle->data;
    arena_finish(&part->arena);
    free(part);
}

/* The next batch is taken when no more chats than these are under way. */
static size_t enough(const struct part *part, size_t batch) {
    bool paced = part->account->bot->config->account_rate > 0;
    return paced ? batch / 2 : batch;
}

static void part_free(struct part *part) {
    DL_DELETE(part->account->broadcasts, part);
    uv_close((uv_handle_t *)&part->timer, on_timer_closed);
}

/* ---- outcomes ---------------------------------------------------------------
 */

static void on_reported(void *data, const struct txn_result *result) {
    struct part *part = data;
    part->reporting = false;
    if (result->err == OK) {
        part->n_outcomes -= part->n_reporting;
        memmove(part->outcomes, part->outcomes + part->n_reporting,
                part->n_outcomes * sizeof(part->outcomes[0]));
        advance(part);
    }
    /* Otherwise they are reported again when the store is back: an outcome is
     * taken only for a chat that is still marked as being sent. */
}

static int by_index(const void *a, const void *b) {
    const struct push_outcome *x = a, *y = b;
    return x->index < y->index ? -1 : x->index > y->index;
}

static void report(struct part *part) {
    struct store *store = part->account->bot->store;
    if (part->reporting || part->n_outcomes == 0 || !store_is_up(store))
        return;
    part->reporting = true;
    part->n_reporting = part->n_outcomes;
    qsort(part->outcomes, part->n_outcomes, sizeof(part->outcomes[0]),
          by_index);
    struct txn *txn = txn_new(store);
    push_outcomes(txn, part->id, part->account->id, part->report_account,
                  part->outcomes, part->n_outcomes);
    txn_commit(txn, on_reported, part);
}

static void on_report_timer(uv_timer_t *timer) {
    report(timer->data);
}

static void add_outcome(struct part *part, size_t index, char letter) {
    part->outcomes[part->n_outcomes++] = (struct push_outcome){index, letter};
    if (!uv_is_active((uv_handle_t *)&part->timer))
        uv_timer_start(&part->timer, on_report_timer, OUTCOMES_AFTER_MS, 0);
}

static void on_outcome(void *data, size_t index, const struct send_end *end) {
    struct part *part = data;
    enum outcome outcome = end->outcome;
    part->under_way--;
    add_outcome(part, index,
                outcome == OUTCOME_SENT      ? 'o'
                : outcome == OUTCOME_REFUSED ? 'r'
                                             : 'u');
    if (part->under_way == 0 || part->n_outcomes >= BATCH_MAX)
        report(part);
    advance(part);
}

/* ---- taking and sending ---- */

static void on_taken(void *data, const struct txn_result *result) {
    struct part *part = data;
    part->taking = false;
    if (result->err != OK) {
        LOG_WARN("%s of %s: %s", part->id, part->account->id,
                 err_str(result->err));
        part->reread = true;
        return;
    }
    part->cursor = part->batch_at + result->n_values;
    for (size_t i = 0; i < result->n_values; i++) {
        size_t index = part->batch_at + i;
        part->under_way++;
        enum err err =
            queue_add(part->account->queue, &(struct queue_item){
                                                .lane = part->lane,
                                                .chat = result->values[i],
                                                .text = part->text,
                                                .done = on_outcome,
                                                .data = part,
                                                .index = index,
                                            });
        if (err != OK)
            on_outcome(part, index,
                       &(struct send_end){.outcome = OUTCOME_REFUSED});
    }
}

/* Takes the next batch when the last one is nearly through; ends when all have
 * their outcome. */
static void advance(struct part *part) {
    struct store *store = part->account->bot->store;
    if (part->taking || part->reread || !store_is_up(store))
        return;
    if (part->cursor == part->total) {
        if (part->under_way == 0 && part->n_outcomes == 0)
            part_free(part);
        return;
    }
    size_t batch = batch_size(part);
    size_t open = part->under_way + part->n_outcomes;
    if (!part->account->online || open + batch > OUTCOMES_MAX ||
        part->under_way > enough(part, batch))
        return;
    part->taking = true;
    part->batch_at = part->cursor;
    struct txn *txn = txn_new(store);
    push_take(txn, part->id, part->account->id, part->cursor, batch);
    txn_commit(txn, on_taken, part);
}

/* ---- finding them ---- */

/* Chats that were being sent when an earlier process ended. */
static void give_up_marked(struct part *part, const char *states) {
    for (size_t i = 0; i < part->cursor; i++)
        if (states[i] == 's' && part->n_outcomes < OUTCOMES_MAX)
            add_outcome(part, i, 'u');
    if (part->n_outcomes > 0)
        LOG_WARN("%s of %s: %zu chats are unknown after a restart", part->id,
                 part->account->id, part->n_outcomes);
}

static void begin(struct account *account, const struct push_part *found) {
    struct bot *bot = account->bot;
    struct part *part = xcalloc(1, sizeof(*part));
    arena_init(&part->arena);
    part->account = account;
    part->id = arena_strdup(&part->arena, found->broadcast.id);
    part->report_account = arena_strdup(&part->arena, found->report_account);
    part->lane = found->broadcast.lane;
    part->total = strlen(found->states);
    part->cursor = strcspn(found->states, "w");
    struct notice notice = {.key = found->broadcast.key};
    notice_param(&notice, "text", found->broadcast.text);
    part->text = notice_render(&part->arena, bot->config->lang, &notice);
    uv_timer_init(&bot->loop->uv, &part->timer);
    part->timer.data = part;
    DL_APPEND(account->broadcasts, part);
    give_up_marked(part, found->states);
    advance(part);
}

static struct part *find(struct account *account, const char *id) {
    struct part *part;
    DL_FOREACH(account->broadcasts, part) {
        if (strcmp(part->id, id) == 0)
            return part;
    }
    return NULL;
}

struct looking {
    struct account *account;
    struct arena arena;
};

static void on_list(void *data, enum err err, const struct push_part *parts,
                    size_t n) {
    struct looking *looking = data;
    struct account *account = looking->account;
    account->looking = false;
    for (size_t i = 0; err == OK && i < n; i++)
        if (account->online && find(account, parts[i].broadcast.id) == NULL)
            begin(account, &parts[i]);
    arena_finish(&looking->arena);
    free(looking);
}

static void refresh(struct account *account) {
    struct part *part, *next;
    DL_FOREACH_SAFE(account->broadcasts, part, next) {
        if (part->reread && !part->taking && !part->reporting &&
            part->under_way == 0 && part->n_outcomes == 0) {
            part_free(part);
            continue;
        }
        report(part);
        advance(part);
    }
}

void broadcasts_sweep(struct account *account) {
    refresh(account);
    if (account->looking)
        return;
    account->looking = true;
    struct looking *looking = xcalloc(1, sizeof(*looking));
    looking->account = account;
    arena_init(&looking->arena);
    push_list(account->bot->store, &looking->arena, account->id, on_list,
              looking);
}

void broadcasts_free(struct account *account) {
    struct part *part, *next;
    DL_FOREACH_SAFE(account->broadcasts, part, next) {
        part_free(part);
    }
}
