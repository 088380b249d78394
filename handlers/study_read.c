/* 学习, 我的学习: this week's reading plan and the latest materials, by
 * numbers, and what a rider has read. */
#include "base/buf.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "handlers/earn.h"
#include "handlers/handlers.h"
#include "handlers/mydata.h"
#include "handlers/tickets.h"
#include "store/learning.h"
#include "store/material.h"
#include "store/plan.h"

#include <inttypes.h>
#include <string.h>

#define LISTED_MAX 8 /* materials in one list */
#define TITLE_SHOWN 30
#define BODY_SHOWN 600 /* characters of one that has no link */
#define MINE_SHOWN 8

/* ---- what there is to read ------------------------------------------------
 */

struct shelf {
    struct material all[LISTED_MAX];
    bool planned[LISTED_MAX], read[LISTED_MAX];
    size_t n;
};

static void put(struct shelf *shelf, const struct material *material,
                bool planned) {
    if (shelf->n == LISTED_MAX || material->state != MATERIAL_APPROVED)
        return;
    for (size_t i = 0; i < shelf->n; i++)
        if (strcmp(shelf->all[i].id, material->id) == 0)
            return;
    shelf->planned[shelf->n] = planned;
    shelf->all[shelf->n++] = *material;
}

static const char *number_text(struct turn *turn, int64_t n) {
    return arena_printf(&turn->arena, "%" PRId64, n);
}

static const char *title_of(struct turn *turn, const struct shelf *shelf,
                            size_t i) {
    const struct material *material = &shelf->all[i];
    const struct text_param params[] = {
        {"title", utf8_excerpt(&turn->arena, material->title, TITLE_SHOWN)},
        {"n", number_text(turn, material->minutes)},
        {"read", shelf->read[i] ? "✓" : ""},
    };
    return turn_text(
        turn, shelf->planned[i] ? "study_read.week_row" : "study_read.row",
        params, ARRAY_LEN(params));
}

/* Their titles say which have been read. */
static void set_options(struct turn *turn, const struct shelf *shelf) {
    struct option *options =
        arena_alloc(&turn->arena, (shelf->n + 1) * sizeof(*options));
    for (size_t i = 0; i < shelf->n; i++)
        options[i] =
            (struct option){shelf->all[i].id, title_of(turn, shelf, i), NULL};
    form_set_options(turn, "material", options, shelf->n);
    form_set_options(turn, "next", options, shelf->n);
}

static void on_learned(void *data, enum err err, const struct learned *learned,
                       size_t n, int64_t total) {
    struct turn *turn = data;
    struct shelf *shelf = turn->data;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < shelf->n; j++)
            shelf->read[j] |=
                strcmp(shelf->all[j].id, learned[i].material) == 0;
    if (shelf->n == 0) {
        turn_say(turn, "study_read.none");
        return;
    }
    set_options(turn, shelf);
    form_ready(turn);
}

static void on_latest(void *data, enum err err,
                      const struct material *materials, size_t n,
                      int64_t total) {
    struct turn *turn = data;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        put(turn->data, &materials[i], false);
    learning_get(turn->bot->store, &turn->arena, turn->message.rider,
                 LEARNING_KEPT, on_learned, turn);
}

static void on_planned(void *data, enum err err,
                       const struct material *materials, size_t n,
                       int64_t total) {
    struct turn *turn = data;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        put(turn->data, &materials[i], true);
    material_list_state(turn->bot->store, &turn->arena, MATERIAL_APPROVED, 0,
                        LISTED_MAX, on_latest, turn);
}

static void on_plan(void *data, enum err err, const struct plan *plan) {
    struct turn *turn = data;
    if (err != OK && err != ERR_NOT_FOUND)
        turn_fail(turn, err);
    else
        material_get_many(turn->bot->store, &turn->arena,
                          plan == NULL ? "" : plan->materials, on_planned,
                          turn);
}

static void prepare(struct turn *turn) {
    char week[PLAN_WEEK_SIZE];
    turn->data = arena_alloc(&turn->arena, sizeof(struct shelf));
    plan_week(turn->now_ms, turn->bot->config->utc_offset_minutes, week);
    plan_get(turn->bot->store, &turn->arena, week, on_plan, turn);
}

/* ---- reading one ----------------------------------------------------------
 */

static void add_line(struct buf *text, const char *line) {
    if (line[0] != '\0')
        buf_addf(text, "%s%s", text->len == 0 ? "" : "\n", line);
}

/* Where it comes from and how long it takes; what it gives. */
static void add_about(struct turn *turn, struct buf *text,
                      const struct material *material, int points) {
    const struct text_param minutes = {"n",
                                       number_text(turn, material->minutes)};
    const struct text_param given = {"points", number_text(turn, points)};
    buf_addf(text, "\n%s%s%s", material->source,
             material->source[0] == '\0' ? "" : " · ",
             turn_text(turn, "study_read.minutes", &minutes, 1));
    if (points > 0)
        buf_addf(text, " · %s",
                 turn_text(turn, "study_read.points", &given, 1));
}

static const char *text_of(struct turn *turn, const struct material *material,
                           int points) {
    struct buf text;
    buf_init(&text);
    buf_adds(&text, material->title);
    add_about(turn, &text, material, points);
    if (material->url[0] == '\0' && material->body[0] != '\0')
        add_line(&text, arena_strndup(&turn->arena, material->body,
                                      utf8_prefix(material->body, BODY_SHOWN)));
    else
        add_line(&text, material->summary);
    add_line(&text, material->url);
    const char *kept = arena_strndup(&turn->arena, text.data, text.len);
    buf_finish(&text);
    return kept;
}

static void open_one(struct turn *turn, const struct material *material,
                     bool was_read) {
    const struct policy *policy = policies_get(turn->bot->policies);
    int points = was_read ? 0 : policy_rules(policy)->material_points;
    const char *text = text_of(turn, material, points);
    learning_add(turn->txn, turn->message.rider, material->id, turn->now_ms);
    earn_name(turn);
    if (points > 0)
        earn_points(turn, points, material->id);
    /* A form that holds nothing is not set aside for another. */
    form_put(turn, "material", "");
    notice_param(form_ask(turn, "next"), "text", text);
    turn_commit(turn);
}

static void commit(struct turn *turn) {
    struct shelf *shelf = turn->data;
    const char *id = form_value(turn, "next");
    if (id[0] == '\0')
        id = form_value(turn, "material");
    for (size_t i = 0; i < shelf->n; i++)
        if (strcmp(shelf->all[i].id, id) == 0) {
            bool was_read = shelf->read[i];
            shelf->read[i] = true;
            set_options(turn, shelf);
            open_one(turn, &shelf->all[i], was_read);
            return;
        }
    turn_fail(turn, ERR_NOT_FOUND);
}

static const struct slot slots[] = {
    {.name = "material", .type = SLOT_CHOICE, .need = SLOT_REQUIRED},
    {.name = "next", .type = SLOT_CHOICE, .need = SLOT_OPTIONAL},
};

const struct command command_study_read = {
    .name = "study_read",
    .where = COMMAND_PRIVATE,
    .quiet = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};

/* ---- 我的学习 --------------------------------------------------------------
 */

struct record_of {
    const struct learned *learned;
    size_t n;
    int64_t total;
};

static const char *title_in(const struct material *materials, size_t n,
                            const char *id) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(materials[i].id, id) == 0)
            return materials[i].title;
    return id; /* it is gone */
}

static void on_mine(void *data, enum err err, const struct material *materials,
                    size_t n, int64_t total) {
    struct turn *turn = data;
    const struct record_of *mine = turn->data;
    struct buf rows;
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    buf_init(&rows);
    for (size_t i = 0; i < mine->n; i++) {
        const char *title = title_in(materials, n, mine->learned[i].material);
        buf_addf(&rows, "%s%s %s", i == 0 ? "" : "\n",
                 ticket_time(turn, mine->learned[i].at_ms),
                 utf8_excerpt(&turn->arena, title, TITLE_SHOWN));
    }
    struct notice *reply = turn_reply(turn, "study_mine.list");
    notice_param(reply, "n", number_text(turn, mine->total));
    notice_param(reply, "rows",
                 arena_strndup(&turn->arena, rows.data, rows.len));
    buf_finish(&rows);
    turn_commit(turn);
}

static void on_record(void *data, enum err err, const struct learned *learned,
                      size_t n, int64_t total) {
    struct turn *turn = data;
    struct record_of *mine = arena_alloc(&turn->arena, sizeof(*mine));
    const char *ids = "";
    *mine = (struct record_of){learned, n, total};
    turn->data = mine;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    if (n == 0) {
        turn_say(turn, "study_mine.none");
        return;
    }
    for (size_t i = 0; i < n; i++)
        ids = arena_printf(&turn->arena, "%s%s%s", ids, i == 0 ? "" : ",",
                           learned[i].material);
    material_get_many(turn->bot->store, &turn->arena, ids, on_mine, turn);
}

static void mine_commit(struct turn *turn) {
    learning_get(turn->bot->store, &turn->arena, turn->message.rider,
                 MINE_SHOWN, on_record, turn);
}

const struct command command_study_mine = {
    .name = "study_mine",
    .where = COMMAND_PRIVATE,
    .keeps_form = true,
    .hidden = true,
    .quiet = true,
    .commit = mine_commit,
};

/* ---- 我的数据, 删除我的数据 ------------------------------------------------
 */

static void on_kept(void *data, enum err err, const struct learned *learned,
                    size_t n, int64_t total) {
    struct turn *turn = data;
    const struct text_param param = {"learned", number_text(turn, total)};
    (void)learned, (void)n;
    if (err == OK && total > 0)
        mydata_tell(turn, turn_text(turn, "mydata.learned", &param, 1));
    mydata_next(turn, err);
}

static void list_learned(struct turn *turn) {
    learning_get(turn->bot->store, &turn->arena, turn->message.rider, 1,
                 on_kept, turn);
}

static void forget_learned(struct turn *turn) {
    learning_forget(turn->txn, turn->message.rider);
    mydata_next(turn, OK);
}

const struct kept kept_learning = {list_learned, forget_learned};
