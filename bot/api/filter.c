#include "bot/api/filter.h"

#include "base/arena.h"
#include "base/utf8.h"
#include "bot/bot.h"

#include <stdlib.h>
#include <string.h>

#define SEARCH_CHARS_MAX 100
#define MS_DIGITS_MAX 15

bool filter_ms(struct api_call *call, const char *name, int64_t *out) {
    const char *text = api_query(call, name);
    size_t len = strspn(text, "0123456789");

    *out = 0;
    if (text[len] != '\0' || len > MS_DIGITS_MAX) {
        api_invalid(call, "invalid", name);
        return false;
    }
    *out = strtoll(text, NULL, 10);
    return true;
}

/* Which of words an argument is; n when it is absent. */
static bool read_word(struct api_call *call, const char *name,
                      const char *const *words, size_t n, size_t *out) {
    const char *text = api_query(call, name);

    *out = n;
    if (text[0] == '\0')
        return true;
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], text) == 0)
            *out = i;
    if (*out < n)
        return true;
    api_invalid(call, "invalid", name);
    return false;
}

bool filter_kind(struct api_call *call, char *out) {
    static const char *const kinds[] = {"request", "report"};
    size_t kind;

    if (!read_word(call, "kind", kinds, 2, &kind))
        return false;
    *out = "SP"[kind];
    return true;
}

/* "routed,claimed" */
static bool read_states(struct api_call *call, unsigned *out) {
    char *at = arena_strdup(&call->arena, api_query(call, "state")), *save;

    *out = 0;
    for (char *word = strtok_r(at, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save)) {
        enum ticket_state state = ticket_state_parse(word);
        if (state == TICKET_STATES) {
            api_invalid(call, "invalid", "state");
            return false;
        }
        *out |= 1u << state;
    }
    return true;
}

/* "1" or nothing. */
static bool read_flag(struct api_call *call, const char *name, int *out) {
    static const char *const flags[] = {"1", "0"};
    size_t flag;

    if (!read_word(call, name, flags, 2, &flag))
        return false;
    *out = flag == 0;
    return true;
}

static bool read_status(struct api_call *call, struct board_filter *filter) {
    static const char *const urgencies[] = {"urgent", "normal"};
    static const char *const levels[] = {"1", "2", "3", "4", "5"};
    int open;
    size_t level, urgency;

    if (!read_states(call, &filter->states) ||
        !read_flag(call, "open", &open) ||
        !read_flag(call, "overdue", &filter->overdue) ||
        !read_word(call, "level", levels, 5, &level) ||
        !read_word(call, "urgency", urgencies, 2, &urgency))
        return false;
    if (open)
        filter->states = filter->states == 0
                             ? ticket_open_states()
                             : filter->states & ticket_open_states();
    if (open && filter->states == 0)
        filter->states = BOARD_NO_STATE;
    filter->level = level < 5 ? (int)level + 1 : 0;
    filter->urgent = urgency == 0 ? 1 : urgency == 1 ? -1 : 0;
    return true;
}

static bool read_search(struct api_call *call, struct board_filter *filter) {
    const char *text = api_query(call, "q");

    if (!utf8_valid(text, strlen(text)) ||
        utf8_length(text) > SEARCH_CHARS_MAX) {
        api_invalid(call, "too_long", "q");
        return false;
    }
    if (text[0] != '\0')
        filter->search = text;
    return true;
}

static bool read_order(struct api_call *call, struct filter *out) {
    static const char *const sorts[] = {"due", "created", "updated"};
    static const char *const orders[] = {"asc", "desc"};
    size_t sort, order;

    if (!read_word(call, "sort", sorts, 3, &sort) ||
        !read_word(call, "order", orders, 2, &order))
        return false;
    out->sort = sort < 3 ? (enum board_sort)sort : SORT_DUE;
    out->descending = order == 1;
    return true;
}

bool filter_read(struct api_call *call, enum permission permission,
                 struct filter *out) {
    struct board_filter *filter = &out->board;
    const char *unit = api_query(call, "unit");

    *out = (struct filter){.scope = scope_of(call, permission)};
    filter->unit = strcmp(unit, "*") == 0 ? "" : unit;
    filter->community = api_query(call, "community");
    filter->category = api_query(call, "category");
    filter->assignee = api_query(call, "assignee");
    if (strcmp(filter->assignee, "me") == 0)
        filter->assignee = call->caller.actor;
    filter->covers = scope_covers;
    filter->data = &out->scope;
    return filter_kind(call, &filter->kind) && read_status(call, filter) &&
           read_search(call, filter) &&
           filter_ms(call, "since_ms", &filter->since_ms) &&
           filter_ms(call, "until_ms", &filter->until_ms) &&
           read_order(call, out);
}

void filter_when_loaded(struct api_call *call, void (*then)(void *call)) {
    if (board_want(call->bot->board, then, call) != OK)
        api_fail(call, ERR_AWAY);
}
