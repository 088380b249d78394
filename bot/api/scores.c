/* What judges gave in a contest, and how those who take part stand. */
#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/api_parts.h"
#include "bot/api/events.h"
#include "bot/api/events_parts.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/work.h"
#include "store/record.h"
#include "store/score.h"
#include "store/txn.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WORD_BYTES 64

/* A stage of an event on its way to its ranking. */
struct standing {
    struct api_call *call;
    const struct event *event;
    struct contest_stage stages[CONTEST_STAGES_MAX];
    size_t n_stages, stage;
    bool organises; /* sees and enters those of all judges */
    struct contestant *all;
    size_t n, read;
    void (*then)(struct standing *standing);
    /* of what is entered */
    const char *judge, *values;
    const struct signup *signup;
};

static const struct contest_stage *stage_of(const struct standing *standing) {
    return &standing->stages[standing->stage];
}

static const char *user_name(const struct api_call *call) {
    return call->caller.user == NULL ? "" : call->caller.user->name;
}

static bool is_judge(const struct contest_stage *stage, const char *name) {
    for (size_t i = 0; i < stage->n_judges; i++)
        if (strcmp(stage->judges[i], name) == 0)
            return true;
    return false;
}

/* Judges of any of its stages know the event; others need to organise it. */
static bool may_know(struct standing *standing) {
    for (size_t i = 0; i < standing->n_stages; i++)
        if (is_judge(&standing->stages[i], user_name(standing->call)))
            return true;
    return standing->organises;
}

/* ---- reading ---------------------------------------------------------------
 */

static struct contestant *find_contestant(const struct standing *standing,
                                          const char *rider) {
    for (size_t i = 0; i < standing->n; i++)
        if (strcmp(standing->all[i].rider, rider) == 0)
            return &standing->all[i];
    return NULL;
}

/* The number given in a dimension, below 0: none. */
static double value_of(const char *values, const char *name) {
    size_t len = strlen(name);
    for (const char *at = values; at != NULL && at[0] != '\0';) {
        const char *end = strchr(at, SIGNUP_ITEM);
        if (strncmp(at, name, len) == 0 && at[len] == SIGNUP_PART)
            return strtod(at + len + 1, NULL);
        at = end == NULL ? NULL : end + 1;
    }
    return -1;
}

static void on_scores(void *data, enum err err, const struct score *scores,
                      size_t n) {
    struct standing *standing = data;
    const struct contest_stage *stage = stage_of(standing);
    if (err != OK) {
        api_fail(standing->call, err);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct contestant *one = find_contestant(standing, scores[i].rider);
        for (size_t d = 0; one != NULL && d < stage->n_dimensions; d++) {
            double given =
                value_of(scores[i].values, stage->dimensions[d].name);
            one->sums[d] += given < 0 ? 0 : given;
            one->counts[d] += given >= 0;
        }
    }
    contest_rank(stage, standing->all, standing->n);
    standing->then(standing);
}

/* Until the end a judge sees what they gave, and not what others did. */
static void read_scores(struct standing *standing) {
    struct api_call *call = standing->call;
    const struct contest_stage *stage = stage_of(standing);
    const char **judges =
        arena_alloc(&call->arena, CONTEST_JUDGES_MAX * sizeof(*judges));
    size_t n = 0;
    for (size_t i = 0; i < stage->n_judges; i++)
        if (standing->organises || standing->values != NULL ||
            standing->event->state == EVENT_FINISHED ||
            strcmp(stage->judges[i], user_name(call)) == 0)
            judges[n++] = stage->judges[i];
    score_list(call->bot->store, &call->arena, standing->event->id, stage->id,
               judges, n, on_scores, standing);
}

static void read_people(struct standing *standing);

static void on_people(void *data, enum err err, const struct signup *signups,
                      size_t n, int64_t total) {
    struct standing *standing = data;
    struct api_call *call = standing->call;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    struct contestant *all =
        arena_alloc(&call->arena, (standing->n + n + 1) * sizeof(*all));
    if (standing->n > 0)
        memcpy(all, standing->all, standing->n * sizeof(*all));
    standing->all = all;
    for (size_t i = 0; i < n; i++)
        if (signups[i].state == SIGNUP_SIGNED ||
            signups[i].state == SIGNUP_ATTENDED)
            all[standing->n++] = (struct contestant){.rider = signups[i].rider,
                                                     .who = signups[i].nick,
                                                     .code = signups[i].code};
    standing->read += n;
    if (n > 0 && (int64_t)standing->read < total)
        read_people(standing);
    else
        read_scores(standing);
}

static void read_people(struct standing *standing) {
    struct api_call *call = standing->call;
    signup_list(call->bot->store, &call->arena, standing->event->id,
                standing->read, RECORDS_MAX, on_people, standing);
}

static void rank(struct standing *standing, size_t stage,
                 void (*then)(struct standing *standing)) {
    standing->stage = stage;
    standing->then = then;
    standing->all = NULL;
    standing->n = standing->read = 0;
    read_people(standing);
}

/* The stage that a word names; the first without one. False: answered. */
static bool find_stage(struct standing *standing, const char *word,
                       size_t *out) {
    for (size_t i = 0; i < standing->n_stages; i++)
        if (word[0] == '\0' || strcmp(standing->stages[i].id, word) == 0) {
            *out = i;
            return true;
        }
    api_invalid(standing->call, "unknown", "stage");
    return false;
}

struct opening {
    struct api_call *call;
    void (*then)(struct standing *standing);
};

static void on_event(void *data, enum err err, const struct event *event) {
    struct opening *opening = data;
    struct api_call *call = opening->call;
    struct standing *standing = arena_alloc(&call->arena, sizeof(*standing));
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    *standing = (struct standing){.call = call, .event = event};
    standing->n_stages = contest_stages(&call->arena, event, standing->stages);
    standing->organises = (call->caller.permissions & PERM_EVENTS) != 0 &&
                          event_covered(call, event);
    if (may_know(standing))
        opening->then(standing);
    else
        api_fail(call, ERR_NOT_FOUND);
}

static void open_event(struct api_call *call,
                       void (*then)(struct standing *standing)) {
    struct opening *opening = arena_alloc(&call->arena, sizeof(*opening));
    const char *id = event_parse_id(&call->arena, call->args[0]);
    *opening = (struct opening){call, then};
    if (id == NULL || strcmp(id, call->args[0]) != 0)
        api_fail(call, ERR_NOT_FOUND);
    else
        event_get(call->bot->store, &call->arena, id, on_event, opening);
}

/* ---- the ranking ------------------------------------------------------------
 */

static double two_decimals(double value) {
    return round(value * 100) / 100;
}

static json_t *ranking_json(const struct contest_stage *stage,
                            const struct contestant *one) {
    json_t *scores = json_object();
    for (size_t i = 0; i < stage->n_dimensions; i++)
        if (one->counts[i] > 0)
            json_object_set_new(scores, stage->dimensions[i].name,
                                json_real(two_decimals(one->means[i])));
    return json_pack("{ss ss si sf so sb}", "signup", one->code, "who",
                     one->who, "rank", one->rank, "total", one->total, "scores",
                     scores, "advances", one->advances);
}

/* As an organiser may send it on: a line each, with nicknames only. */
static const char *results_text(struct standing *standing) {
    struct api_call *call = standing->call;
    const struct contest_stage *stage = stage_of(standing);
    const struct text_param head[] = {{"title", standing->event->title},
                                      {"stage", stage->name}};
    enum lang lang = call->bot->config->lang;
    const char *text =
        catalog_format(&call->arena, lang, "contest.results", head, 2);
    for (size_t i = 0; i < standing->n && standing->all[i].rank > 0; i++) {
        const struct contestant *one = &standing->all[i];
        text = arena_printf(
            &call->arena, "%s\n%d %s %.2f%s%s", text, one->rank, one->who,
            one->total, one->advances ? " " : "",
            one->advances ? catalog_text(lang, "contest.advances") : "");
    }
    return text;
}

static void show_ranking(struct standing *standing) {
    const struct contest_stage *stage = stage_of(standing);
    json_t *items = json_array(), *people = json_array();
    size_t judged = 0;
    for (size_t i = 0; i < standing->n; i++) {
        const struct contestant *one = &standing->all[i];
        json_array_append_new(
            people, json_pack("{ss ss}", "signup", one->code, "who", one->who));
        if (one->rank == 0)
            continue;
        judged++;
        json_array_append_new(items, ranking_json(stage, one));
    }
    api_answer(standing->call,
               json_pack("{so sn sI ss so ss}", "items", items, "next", "total",
                         (json_int_t)judged, "stage", stage->id, "people",
                         people, "text", results_text(standing)),
               0);
}

static void get_ranking(struct standing *standing) {
    size_t stage;
    if (find_stage(standing, api_query(standing->call, "stage"), &stage))
        rank(standing, stage, show_ranking);
}

static void get_scores(struct api_call *call) {
    open_event(call, get_ranking);
}

/* ---- entering ---------------------------------------------------------------
 */

static void show_after(struct standing *standing) {
    show_ranking(standing);
}

static void on_entered(struct work *work, enum err err) {
    struct standing *standing = work->data;
    struct api_call *call = standing->call;
    work_free(work);
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    standing->values = NULL;
    rank(standing, standing->stage, show_after);
}

/* What was given before stays where nothing new is. */
static const char *merge(struct standing *standing, const char *before) {
    struct api_call *call = standing->call;
    const struct contest_stage *stage = stage_of(standing);
    const char *text = "";
    for (size_t i = 0; i < stage->n_dimensions; i++) {
        const char *name = stage->dimensions[i].name;
        double value = value_of(standing->values, name);
        if (value < 0)
            value = value_of(before, name);
        if (value >= 0)
            text = arena_printf(
                &call->arena, "%s%.*s%s%c%.2f", text, text[0] != '\0',
                (const char[]){SIGNUP_ITEM, '\0'}, name, SIGNUP_PART, value);
    }
    return text;
}

static void on_before(void *data, enum err err, const struct score *score) {
    struct standing *standing = data;
    struct api_call *call = standing->call;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    struct score after = *score;
    after.values = merge(standing, score->values);
    after.at_ms = call->now_ms;
    struct work *work = work_new(call->bot);
    score_put(work->txn, &after);
    txn_audit(work->txn, call->caller.actor, "contest-score",
              standing->event->id,
              arena_printf(&call->arena, "%s %s %s", stage_of(standing)->id,
                           standing->judge, standing->signup->code));
    api_happens(call, work->txn);
    work_commit(work, on_entered, standing);
}

static void enter(struct standing *standing) {
    struct api_call *call = standing->call;
    score_get(call->bot->store, &call->arena, standing->event->id,
              stage_of(standing)->id, standing->judge, standing->signup->rider,
              on_before, standing);
}

/* Of a later stage only who came through the one before. */
static void enter_if_through(struct standing *standing) {
    const struct contestant *one =
        find_contestant(standing, standing->signup->rider);
    if (one == NULL || !one->advances) {
        api_invalid(standing->call, "not_through", "signup");
        return;
    }
    standing->stage++;
    enter(standing);
}

static void on_signup(void *data, enum err err, const struct signup *signup) {
    struct standing *standing = data;
    bool there = err == OK && (signup->state == SIGNUP_SIGNED ||
                               signup->state == SIGNUP_ATTENDED);
    if (err != OK && err != ERR_NOT_FOUND) {
        api_fail(standing->call, err);
    } else if (!there) {
        api_invalid(standing->call, "unknown", "signup");
    } else {
        standing->signup = signup;
        if (standing->stage == 0)
            enter(standing);
        else
            rank(standing, standing->stage - 1, enter_if_through);
    }
}

static bool read_values(struct standing *standing) {
    struct api_call *call = standing->call;
    const struct contest_stage *stage = stage_of(standing);
    const json_t *given = json_object_get(call->json, "scores");
    size_t known = 0;
    const char *text = "";
    for (size_t i = 0; i < stage->n_dimensions; i++) {
        const struct contest_dimension *dimension = &stage->dimensions[i];
        const json_t *value = json_object_get(given, dimension->name);
        if (value == NULL)
            continue;
        double number = json_number_value(value);
        if (!json_is_number(value) || !(number >= 0) ||
            number > dimension->max) {
            api_invalid(call, "out_of_range", "scores");
            return false;
        }
        known++;
        text = arena_printf(&call->arena, "%s%.*s%s%c%.2f", text,
                            text[0] != '\0', (const char[]){SIGNUP_ITEM, '\0'},
                            dimension->name, SIGNUP_PART, number);
    }
    standing->values = text;
    if (known > 0 && known == json_object_size(given))
        return true;
    api_invalid(call, "unknown", "scores");
    return false;
}

static void put_score(struct standing *standing) {
    struct api_call *call = standing->call;
    const char *word, *code, *judge;
    if (!api_string(call, "stage", WORD_BYTES, true, &word) ||
        !api_string(call, "signup", WORD_BYTES, true, &code) ||
        !api_string(call, "judge", WORD_BYTES, false, &judge) ||
        !find_stage(standing, word, &standing->stage))
        return;
    standing->judge = judge == NULL ? user_name(call) : judge;
    bool own = strcmp(standing->judge, user_name(call)) == 0;
    if (!is_judge(stage_of(standing), standing->judge) ||
        (!own && !standing->organises)) {
        api_problem(call, 403, "not_a_judge", "judge", NULL);
        return;
    }
    if (standing->event->state == EVENT_CANCELLED ||
        standing->event->state == EVENT_DRAFT) {
        api_invalid(call, "not_allowed", NULL);
        return;
    }
    if (read_values(standing))
        signup_get_by_code(call->bot->store, &call->arena, standing->event->id,
                           code, on_signup, standing);
}

static void put_scores(struct api_call *call) {
    open_event(call, put_score);
}

static const struct api_route routes[] = {
    {"GET", "/events/{id}/scores", PERM_SIGNED_IN, get_scores, 0, false},
    {"PUT", "/events/{id}/scores", PERM_SIGNED_IN, put_scores, 0, false},
};

void scores_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
