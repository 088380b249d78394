/* What leaves of an event as a file, and its public addresses. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/api/events.h"
#include "bot/api/events_parts.h"
#include "bot/api/export_table.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/event_calendar.h"
#include "bot/event_questions.h"
#include "bot/events.h"
#include "bot/qr.h"
#include "bot/server.h"
#include "store/record.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define CALENDAR_TYPE "text/calendar; charset=utf-8"
#define SVG_TYPE "image/svg+xml"

/* ---- the code of the event -------------------------------------------------
 */

static char *percent(struct arena *arena, const char *text) {
    char *out = arena_alloc(arena, strlen(text) * 3 + 1), *at = out;
    for (; *text != '\0'; text++) {
        static const char hex[] = "0123456789ABCDEF";
        unsigned char c = (unsigned char)*text;
        *at++ = '%';
        *at++ = hex[c >> 4];
        *at++ = hex[c & 15];
    }
    return out;
}

/* Leads to the web chat, where "签到 4821" waits to be sent; without one it
 * is only to be read. */
static void show_qr(struct api_call *call, const struct event *event) {
    const struct config *config = call->bot->config;
    const struct text_param code = {"code", event->code};
    const char *text =
        catalog_format(&call->arena, config->lang, "checkin.say", &code, 1);
    if (config->public_url != NULL && config->web)
        text = arena_printf(&call->arena, "%s/chat/#say=%s", config->public_url,
                            percent(&call->arena, text));
    char *svg = qr_svg(text);
    if (svg == NULL)
        api_fail(call, ERR_TOO_LARGE);
    else
        api_bytes(call, 200, SVG_TYPE, NULL, svg, strlen(svg));
    free(svg);
}

void event_get_qr(struct api_call *call) {
    event_with(call, show_qr);
}

/* ---- its calendar entry ----------------------------------------------------
 */

static char *calendar_of(struct bot *bot, const struct event *event) {
    const char *url = bot->config->public_url;
    const char *host = url == NULL ? NULL : strstr(url, "://");
    char *named = xstrdup(host == NULL ? bot->config->district : host + 3);
    named[strcspn(named, "/:")] = '\0';
    char *text = event_calendar(event, named, url == NULL ? "" : url);
    free(named);
    return text;
}

static void show_calendar(struct api_call *call, const struct event *event) {
    char *text = calendar_of(call->bot, event);
    api_bytes(call, 200, CALENDAR_TYPE,
              arena_printf(&call->arena, "%s.ics", event->id), text,
              strlen(text));
    free(text);
}

void event_get_calendar(struct api_call *call) {
    event_with(call, show_calendar);
}

/* ---- who comes, as a table -------------------------------------------------
 */

struct table {
    struct api_call *call;
    const struct event *event;
    struct event_question questions[EVENT_QUESTIONS_MAX];
    size_t n_questions, rows;
    enum lang lang;
    struct buf out;
};

static void end_table(struct table *table) {
    buf_finish(&table->out);
    free(table);
}

static void add_cell(struct table *table, const char *text, bool last) {
    export_cell(&table->out, text);
    buf_adds(&table->out, last ? "\r\n" : ",");
}

static void add_heads(struct table *table) {
    static const char *const heads[] = {
        "event.csv.code",   "event.csv.who",   "event.csv.state",
        "event.csv.people", "event.csv.young", "event.csv.since",
    };
    buf_adds(&table->out, EXPORT_BOM);
    for (size_t i = 0; i < ARRAY_LEN(heads); i++)
        add_cell(table, catalog_text(table->lang, heads[i]),
                 i + 1 == ARRAY_LEN(heads) && table->n_questions == 0);
    for (size_t i = 0; i < table->n_questions; i++)
        add_cell(table, table->questions[i].text, i + 1 == table->n_questions);
}

static const char *answer_of(struct arena *arena, const struct signup *signup,
                             const char *id) {
    size_t len = strlen(id);
    for (const char *at = signup->answers; at != NULL && at[0] != '\0';) {
        const char *end = strchr(at, SIGNUP_ITEM);
        size_t whole = end == NULL ? strlen(at) : (size_t)(end - at);
        if (strncmp(at, id, len) == 0 && at[len] == SIGNUP_PART)
            return arena_strndup(arena, at + len + 1, whole - len - 1);
        at = end == NULL ? NULL : end + 1;
    }
    return "";
}

static void add_row(struct table *table, const struct signup *signup) {
    struct api_call *call = table->call;
    struct arena *arena = &call->arena;
    const char *key =
        arena_printf(arena, "event.csv.%s", signup_state_names[signup->state]);
    add_cell(table, signup->code, false);
    add_cell(table, signup->nick, false);
    add_cell(table, catalog_text(table->lang, key), false);
    add_cell(table, arena_printf(arena, "%" PRId64, signup->n), false);
    add_cell(table, arena_printf(arena, "%" PRId64, signup->young), false);
    add_cell(table, events_time(call->bot, arena, signup->created_ms),
             table->n_questions == 0);
    for (size_t i = 0; i < table->n_questions; i++)
        add_cell(table, answer_of(arena, signup, table->questions[i].id),
                 i + 1 == table->n_questions);
    table->rows++;
}

/* Only now that it is written down who has it. */
static void on_audited(void *data, const struct txn_result *result) {
    struct table *table = data;
    struct api_call *call = table->call;
    if (result->err != OK)
        api_fail(call, result->err);
    else
        api_bytes(call, 200, "text/csv; charset=utf-8",
                  arena_printf(&call->arena, "%s.csv", table->event->id),
                  table->out.data, table->out.len);
    end_table(table);
}

static void read_rows(struct table *table);

static void on_rows(void *data, enum err err, const struct signup *signups,
                    size_t n, int64_t total) {
    struct table *table = data;
    struct api_call *call = table->call;
    for (size_t i = 0; err == OK && i < n; i++)
        add_row(table, &signups[i]);
    if (err != OK) {
        api_fail(call, err);
        end_table(table);
    } else if (n > 0 && (int64_t)table->rows < total) {
        read_rows(table);
    } else {
        struct txn *txn = txn_new(call->bot->store);
        txn_audit(txn, call->caller.actor, "event-export", table->event->id,
                  arena_printf(&call->arena, "%zu", table->rows));
        txn_commit(txn, on_audited, table);
    }
}

static void read_rows(struct table *table) {
    struct api_call *call = table->call;
    signup_list(call->bot->store, &call->arena, table->event->id, table->rows,
                RECORDS_MAX, on_rows, table);
}

static void show_csv(struct api_call *call, const struct event *event) {
    struct table *table = xcalloc(1, sizeof(*table));
    table->call = call;
    table->event = event;
    table->n_questions = event_questions(&call->arena, event, table->questions);
    table->lang = call->bot->config->lang;
    if (call->caller.user != NULL)
        lang_parse(call->caller.user->lang, &table->lang);
    buf_init(&table->out);
    add_heads(table);
    read_rows(table);
}

void event_get_csv(struct api_call *call) {
    event_with(call, show_csv);
}

/* ---- public addresses ------------------------------------------------------
 */

/* "E12/<token>.ics", "E12/<token>/<code>.svg": who has the token was told it.
 */
struct wanted {
    struct bot *bot;
    struct http_request *request; /* NULL: the client left */
    struct arena arena;
    char *token, *code; /* code NULL: the calendar entry */
};

static void answer(struct wanted *wanted, unsigned status, const char *type,
                   const char *body) {
    if (wanted->request != NULL)
        http_answer(wanted->request, &(struct http_answer){
                                         .status = status,
                                         .type = type,
                                         .body = body,
                                         .body_len = strlen(body),
                                     });
    arena_finish(&wanted->arena);
    free(wanted);
}

static void refuse(struct wanted *wanted, unsigned status) {
    answer(wanted, status, "text/plain; charset=utf-8",
           status == 404 ? "not found\n" : "try again\n");
}

static void on_event(void *data, enum err err, const struct event *event) {
    struct wanted *wanted = data;
    bool known = err == OK && event->state != EVENT_DRAFT &&
                 token_equal(event->token, wanted->token);
    if (err != OK && err != ERR_NOT_FOUND) {
        refuse(wanted, 503);
        return;
    }
    if (!known) {
        refuse(wanted, 404);
        return;
    }
    char *body = wanted->code == NULL ? calendar_of(wanted->bot, event)
                                      : qr_svg(wanted->code);
    if (body == NULL)
        refuse(wanted, 404);
    else
        answer(wanted, 200, wanted->code == NULL ? CALENDAR_TYPE : SVG_TYPE,
               body);
    free(body);
}

static void on_gone(void *data) {
    struct wanted *wanted = data;
    wanted->request = NULL;
}

static bool is_word(const char *text, size_t max) {
    size_t len = strspn(text,
                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
                        "uvwxyz0123456789-_");
    return len > 0 && len <= max && text[len] == '\0';
}

/* Cuts ending off the end of text; false when it does not end so. */
static bool cut(char *text, const char *ending) {
    size_t len = strlen(text), end = strlen(ending);
    if (len < end || strcmp(text + len - end, ending) != 0)
        return false;
    text[len - end] = '\0';
    return true;
}

static void on_public(struct http_request *request, const char *rest,
                      void *data) {
    struct wanted *wanted = xcalloc(1, sizeof(*wanted));
    wanted->bot = data;
    wanted->request = request;
    arena_init(&wanted->arena);
    char *id = arena_strdup(&wanted->arena, rest);
    char *token = strchr(id, '/'), *code = NULL;
    if (token != NULL)
        *token++ = '\0';
    if (token != NULL && (code = strchr(token, '/')) != NULL)
        *code++ = '\0';
    const char *parsed = event_parse_id(&wanted->arena, id);
    if (token == NULL || parsed == NULL || strcmp(parsed, id) != 0 ||
        !cut(code == NULL ? token : code, code == NULL ? ".ics" : ".svg") ||
        !is_word(token, TOKEN_MAX) ||
        (code != NULL && !is_word(code, SIGNUP_CODE_CHARS))) {
        refuse(wanted, 404);
        return;
    }
    wanted->token = token;
    wanted->code = code;
    http_on_gone(request, on_gone, wanted);
    event_get(wanted->bot->store, &wanted->arena, id, on_event, wanted);
}

void event_files_add_routes(struct bot *bot) {
    http_route_add(bot->loop, "/events/", on_public, bot);
}
