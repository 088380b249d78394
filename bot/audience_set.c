/* Those whom an expression names one by one: who signed up for an event, who
 * has read a broadcast. They are read from the store when a leaf asks. */
#include "base/mem.h"
#include "bot/audience_internal.h"
#include "bot/bot.h"
#include "store/delivery.h"
#include "store/signup.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 500

/* A page under way; it outlives an index that goes. */
struct page {
    struct audience_asking *asking;
    struct arena arena;
};

static void fetch_next(struct audience_asking *asking);

static struct page *page_new(struct audience_asking *asking) {
    struct page *page = xcalloc(1, sizeof(*page));
    page->asking = asking;
    arena_init(&page->arena);
    return page;
}

/* over: there is no more of this value. What is not there is nobody. */
static void page_end(struct page *page, enum err err, bool over) {
    struct audience_asking *asking = page->asking;
    arena_finish(&page->arena);
    free(page);
    if (err == ERR_NOT_FOUND)
        err = OK;
    if (over) {
        asking->value++;
        asking->offset = 0;
    }
    if (err != OK || asking->audiences == NULL)
        askings_fetched(asking, err);
    else
        fetch_next(asking);
}

static void put(struct audience_asking *asking, const char *id) {
    const struct audience_table *table =
        &asking->audiences->tables.of[asking->target];
    size_t leaf = asking->expression.leaves[asking->leaf]->leaf;
    uint32_t slot = names_find(&table->ids, id);
    if (slot != NAMES_NONE)
        set_put(&asking->match.leaves[leaf].set, slot);
}

/* A rider by the private chat, too: "qq.u90001". */
static void put_chat(struct audience_asking *asking, struct arena *arena,
                     const char *chat) {
    size_t platform = strcspn(chat, ".");
    put(asking, chat);
    if (asking->target == AUDIENCE_RIDERS && chat[platform] == '.' &&
        chat[platform + 1] == 'u')
        put(asking, arena_printf(arena, "%.*s%s", (int)platform + 1, chat,
                                 chat + platform + 2));
}

/* ---- events --------------------------------------------------------------
 */

static bool is_in_state(const struct signup *signup, const char *value) {
    const char *colon = strchr(value, ':');
    if (colon == NULL)
        return signup_holds(signup->state);
    if (strcmp(colon, ":waiting") == 0 && signup->state == SIGNUP_OFFERED)
        return true;
    return strcmp(colon + 1, signup_state_names[signup->state]) == 0;
}

static void on_signups(void *data, enum err err, const struct signup *signups,
                       size_t n, int64_t total) {
    struct page *page = data;
    struct audience_asking *asking = page->asking;
    const struct audience_node *leaf = asking->expression.leaves[asking->leaf];
    const char *value = leaf->values[asking->value];
    for (size_t i = 0; err == OK && asking->audiences != NULL && i < n; i++)
        if (is_in_state(&signups[i], value))
            put(asking, signups[i].rider);
    asking->offset += PAGE;
    page_end(page, err, err != OK || (int64_t)asking->offset >= total);
}

static void fetch_event(struct audience_asking *asking, const char *value) {
    struct page *page = page_new(asking);
    const char *id = arena_strndup(&page->arena, value, strcspn(value, ":"));
    signup_list(asking->audiences->bot->store, &page->arena, id, asking->offset,
                PAGE, on_signups, page);
}

/* ---- broadcasts ----------------------------------------------------------
 */

static void on_readers(void *data, enum err err, const char *const *names,
                       size_t n) {
    struct page *page = data;
    for (size_t i = 0; err == OK && page->asking->audiences != NULL && i < n;
         i++)
        put_chat(page->asking, &page->arena, names[i]);
    page_end(page, err, true);
}

static void on_unread(void *data, enum err err,
                      const struct delivery_target *targets, size_t n,
                      int64_t next) {
    struct page *page = data;
    struct audience_asking *asking = page->asking;
    for (size_t i = 0; err == OK && asking->audiences != NULL && i < n; i++)
        put_chat(asking, &page->arena, targets[i].chat);
    if (next >= 0)
        asking->offset = (size_t)next;
    page_end(page, err, err != OK || next < 0);
}

static void fetch_reads(struct audience_asking *asking,
                        enum audience_field field, const char *id) {
    struct page *page = page_new(asking);
    struct store *store = asking->audiences->bot->store;
    if (field == FIELD_READ)
        delivery_readers(store, &page->arena, id, on_readers, page);
    else
        delivery_targets(store, &page->arena, id, DELIVERY_UNREAD,
                         asking->offset, PAGE, on_unread, page);
}

/* ---- one value after the other -------------------------------------------
 */

static bool is_fetched(enum audience_field field) {
    return field == FIELD_EVENT || field == FIELD_READ || field == FIELD_UNREAD;
}

static void fetch_next(struct audience_asking *asking) {
    const struct audience_expression *expression = &asking->expression;
    while (asking->leaf < expression->n_leaves) {
        const struct audience_node *leaf = expression->leaves[asking->leaf];
        if (!is_fetched(leaf->field) || asking->value == leaf->n_values) {
            asking->leaf++;
            asking->value = asking->offset = 0;
            continue;
        }
        if (leaf->field == FIELD_EVENT)
            fetch_event(asking, leaf->values[asking->value]);
        else
            fetch_reads(asking, leaf->field, leaf->values[asking->value]);
        return;
    }
    askings_fetched(asking, OK);
}

void asking_fetch(struct audience_asking *asking) {
    fetch_next(asking);
}
