#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "bot/api/api_parts.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/api/export.h"
#include "bot/api/export_table.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "i18n/catalog.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CURSOR_DIGITS 9

/* ---- a page of them ------------------------------------------------------ */

struct page {
    struct api_call *call;
    const char *id;
    char letter; /* wanted; 0: all */
    size_t offset, limit;
    const struct delivery_target *targets;
    size_t n;
    int64_t next;
    const struct target_name *names;
};

static json_t *target_json(const struct delivery_target *target,
                           const struct target_name *name) {
    return json_pack(
        "{sI ss so so ss so sI}", "index", (json_int_t)target->index, "chat",
        name->chat, "title",
        name->title[0] == '\0' ? json_null() : json_string(name->title),
        "account",
        target->account[0] == '\0' ? json_null() : json_string(target->account),
        "state", target_state(target->letter), "reason",
        target->reason[0] == '\0' ? json_null() : json_string(target->reason),
        "reads", (json_int_t)target->reads);
}

static int64_t total_of(const struct delivery_counts *counts, char letter) {
    switch (letter) {
    case 'w':
        return counts->waiting;
    case 's':
        return counts->sending;
    case 'o':
        return counts->sent;
    case 'r':
        return counts->refused;
    case 'u':
        return counts->unknown;
    case 'c':
        return counts->recalled;
    case 'l':
        return counts->too_late;
    case DELIVERY_UNREAD:
        return counts->delivered > counts->read
                   ? counts->delivered - counts->read
                   : 0;
    }
    return counts->total;
}

static void on_page_counts(void *data, enum err err,
                           const struct delivery_counts *counts) {
    struct page *page = data;
    char next[24];
    if (err != OK) {
        api_fail(page->call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < page->n; i++)
        json_array_append_new(items,
                              target_json(&page->targets[i], &page->names[i]));
    snprintf(next, sizeof(next), "%" PRId64, page->next);
    api_answer(page->call,
               json_pack("{so so sI}", "items", items, "next",
                         page->next < 0 ? json_null() : json_string(next),
                         "total", (json_int_t)total_of(counts, page->letter)),
               0);
}

static void on_page_names(void *data, enum err err,
                          const struct target_name *names, size_t n) {
    struct page *page = data;
    (void)n;
    page->names = names;
    if (err != OK)
        api_fail(page->call, err);
    else
        delivery_counts_get(page->call->bot->store, &page->call->arena,
                            page->id, on_page_counts, page);
}

static void on_page(void *data, enum err err,
                    const struct delivery_target *targets, size_t n,
                    int64_t next) {
    struct page *page = data;
    struct api_call *call = page->call;
    page->targets = targets;
    page->n = n;
    page->next = next;
    if (err == ERR_NOT_FOUND) /* nobody was frozen yet */
        api_answer(call, json_pack("{s[] sn si}", "items", "next", "total", 0),
                   0);
    else if (err != OK)
        api_fail(call, err);
    else
        target_names(call->bot, &call->arena, targets, n, on_page_names, page);
}

static bool read_state(struct api_call *call, char *letter) {
    const char *state = api_query(call, "state");
    *letter = 0;
    if (state[0] == '\0')
        return true;
    if (strcmp(state, "unread") == 0) {
        *letter = DELIVERY_UNREAD;
        return true;
    }
    for (const char *at = DELIVERY_LETTERS; *at != '\0'; at++)
        if (strcmp(target_state(*at), state) == 0)
            *letter = *at;
    if (*letter != 0)
        return true;
    api_invalid(call, "invalid", "state");
    return false;
}

static void show_targets(struct api_call *call,
                         const struct broadcast *broadcast) {
    struct page *page = arena_alloc(&call->arena, sizeof(*page));
    const char *cursor = api_query(call, "cursor");
    if (!read_state(call, &page->letter))
        return;
    if (strlen(cursor) > CURSOR_DIGITS ||
        cursor[strspn(cursor, "0123456789")] != '\0') {
        api_invalid(call, "invalid", "cursor");
        return;
    }
    page->call = call;
    page->id = broadcast->id;
    page->offset = strtoul(cursor, NULL, 10);
    page->limit = api_limit(call);
    delivery_targets(call->bot->store, &call->arena, page->id, page->letter,
                     page->offset, page->limit, on_page, page);
}

void broadcasts_get_targets(struct api_call *call) {
    broadcast_with(call, show_targets);
}

/* ---- all of them, as CSV ------------------------------------------------- */

struct export {
    struct api_call *call;
    const char *id;
    enum lang lang;
    struct arena page; /* of those being read */
    const struct delivery_target *targets;
    int64_t next, rows;
    struct buf out;
};

static void export_end(struct export *export) {
    arena_finish(&export->page);
    buf_finish(&export->out);
    free(export);
}

/* Only now that it is written down who has it. */
static void on_audited(void *data, const struct txn_result *result) {
    struct export *export = data;
    struct api_call *call = export->call;
    if (result->err != OK)
        api_fail(call, result->err);
    else
        api_bytes(call, 200, "text/csv; charset=utf-8",
                  arena_printf(&call->arena, "%s.csv", export->id),
                  export->out.data, export->out.len);
    export_end(export);
}

static void finish_export(struct export *export) {
    struct api_call *call = export->call;
    struct txn *txn = txn_new(call->bot->store);
    txn_audit(txn, call->caller.actor, "broadcast-export", export->id,
              arena_printf(&call->arena, "%" PRId64, export->rows));
    txn_commit(txn, on_audited, export);
}

static void add_row(struct export *export, const struct delivery_target *target,
                    const struct target_name *name) {
    struct buf *out = &export->out;
    const char *key = arena_printf(&export->page, "broadcast.csv.%s",
                                   target_state(target->letter));
    const char *const cells[] = {
        name->title,    name->chat,      catalog_text(export->lang, key),
        target->reason, target->account,
    };
    buf_addf(out, "%zu", target->index + 1);
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        buf_addc(out, ',');
        export_cell(out, cells[i]);
    }
    buf_addf(out, ",%" PRId64 "\r\n", target->reads);
    export->rows++;
}

static void read_more(struct export *export, size_t offset);

static void on_export_names(void *data, enum err err,
                            const struct target_name *names, size_t n) {
    struct export *export = data;
    for (size_t i = 0; err == OK && i < n; i++)
        add_row(export, &export->targets[i], &names[i]);
    arena_finish(&export->page);
    if (err != OK) {
        api_fail(export->call, err);
        export_end(export);
    } else if (export->next >= 0 && export->rows < EXPORT_ROWS_MAX) {
        read_more(export, (size_t)export->next);
    } else {
        finish_export(export);
    }
}

static void on_export_page(void *data, enum err err,
                           const struct delivery_target *targets, size_t n,
                           int64_t next) {
    struct export *export = data;
    if (err == ERR_NOT_FOUND) {
        err = OK;
        n = 0;
        next = -1;
    }
    if (err != OK) {
        api_fail(export->call, err);
        export_end(export);
        return;
    }
    export->targets = targets;
    export->next = next;
    target_names(export->call->bot, &export->page, targets, n, on_export_names,
                 export);
}

static void read_more(struct export *export, size_t offset) {
    delivery_targets(export->call->bot->store, &export->page, export->id, 0,
                     offset, DELIVERY_TARGETS_MAX, on_export_page, export);
}

static void add_heads(struct export *export) {
    static const char *const heads[] = {
        "broadcast.csv.n",     "broadcast.csv.title",  "broadcast.csv.chat",
        "broadcast.csv.state", "broadcast.csv.reason", "broadcast.csv.account",
        "broadcast.csv.reads",
    };
    buf_adds(&export->out, EXPORT_BOM);
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        if (i > 0)
            buf_addc(&export->out, ',');
        export_cell(&export->out, catalog_text(export->lang, heads[i]));
    }
    buf_adds(&export->out, "\r\n");
}

static void show_csv(struct api_call *call, const struct broadcast *broadcast) {
    if (broadcast->total > EXPORT_ROWS_MAX) {
        api_invalid(call, "too_many", NULL);
        return;
    }
    struct export *export = xcalloc(1, sizeof(*export));
    export->call = call;
    export->id = broadcast->id;
    export->lang = call->bot->config->lang;
    if (call->caller.user != NULL)
        lang_parse(call->caller.user->lang, &export->lang);
    arena_init(&export->page);
    buf_init(&export->out);
    add_heads(export);
    read_more(export, 0);
}

void broadcasts_get_csv(struct api_call *call) {
    broadcast_with(call, show_csv);
}
