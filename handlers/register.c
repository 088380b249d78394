/* 登记: where riders say they belong, so that what is sent reaches them; and
 * what is kept of that. */
#include "bot/bot.h"
#include "bot/form.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "handlers/mydata.h"
#include "store/people.h"
#include "store/station.h"
#include "store/txn.h"

#include <inttypes.h>
#include <string.h>

static const char *const changes[] = {"yes", "no", NULL};

#define LED(slot)                                                              \
    {.name = slot, .type = SLOT_CHOICE, .need = SLOT_OPTIONAL, .led = true}

static const struct slot slots[] = {
    {.name = "change",
     .type = SLOT_CHOICE,
     .need = SLOT_OPTIONAL,
     .led = true,
     .options = changes,
     .options_key = "change"},
    LED("firm"),
    LED("community"),
    LED("station"),
};
/* Those that are asked one after the other; the first two are units of that
 * kind. */
static const char *const places[] = {"firm", "community", "station"};
#define UNIT_PLACES 2

/* What is read before the first question. */
struct known {
    struct person person;
    const struct option *options[ARRAY_LEN(places)];
    size_t n[ARRAY_LEN(places)];
};

/* ---- what there is to choose from ----------------------------------------
 */

static void add_units(struct turn *turn, struct known *known, size_t place) {
    const struct unit *units;
    size_t n = policy_units(policies_get(turn->bot->policies), &units);
    struct option *options =
        arena_alloc(&turn->arena, (n + 1) * sizeof(*options));
    for (size_t i = 0; i < n; i++)
        if (strcmp(units[i].kind, places[place]) == 0)
            options[known->n[place]++] = (struct option){
                .id = arena_strdup(&turn->arena, units[i].id),
                .title = arena_strdup(&turn->arena, units[i].name),
            };
    known->options[place] = options;
}

static void on_stations(void *data, enum err err,
                        const struct station *stations, size_t n,
                        size_t total) {
    struct turn *turn = data;
    struct known *known = turn->data;
    struct option *options =
        arena_alloc(&turn->arena, (n + 1) * sizeof(*options));
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    for (size_t i = 0; i < n; i++)
        options[i] =
            (struct option){.id = stations[i].id, .title = stations[i].name};
    known->options[UNIT_PLACES] = options;
    known->n[UNIT_PLACES] = n;
    for (size_t i = 0; i < UNIT_PLACES; i++)
        add_units(turn, known, i);
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        form_set_options(turn, places[i], known->options[i], known->n[i]);
    form_ready(turn);
}

static void on_person(void *data, enum err err, const struct person *people,
                      size_t n) {
    struct turn *turn = data;
    struct known *known = turn->data;
    (void)n;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    known->person = people[0];
    station_list_all(turn->bot->store, &turn->arena, FORM_OPTIONS_MAX,
                     on_stations, turn);
}

static void prepare(struct turn *turn) {
    turn->data = arena_alloc(&turn->arena, sizeof(struct known));
    people_get(turn->bot->store, &turn->arena,
               (const char *const *)&turn->message.rider, 1, on_person, turn);
}

/* ---- lists ---------------------------------------------------------------
 */

static bool list_has(const char *list, const char *id) {
    size_t len = strlen(id);
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        if (n == len && memcmp(list, id, n) == 0)
            return true;
        list += n + (list[n] == ',');
    }
    return false;
}

/* Titles of those options that are in a list; "" when none is. */
static const char *titles_in(struct turn *turn, const struct known *known,
                             size_t place) {
    const char *list =
        place < UNIT_PLACES ? known->person.units : known->person.stations;
    const char *titles = "";
    for (size_t i = 0; i < known->n[place]; i++)
        if (list_has(list, known->options[place][i].id))
            titles = arena_printf(&turn->arena, "%s%s%s", titles,
                                  titles[0] == '\0' ? "" : " ",
                                  known->options[place][i].title);
    return titles;
}

/* "顺丰 · 北街社区 · 三山街驿站" of what is registered. */
static const char *summary(struct turn *turn, const struct known *known) {
    const char *all = "";
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *titles = titles_in(turn, known, i);
        if (titles[0] != '\0')
            all = arena_printf(&turn->arena, "%s%s%s", all,
                               all[0] == '\0' ? "" : " · ", titles);
    }
    return all[0] == '\0' ? turn_text(turn, "register.nowhere", NULL, 0) : all;
}

/* The list with one of a place's options instead of those it has. What staff
 * have set besides stays. */
static const char *replace(struct turn *turn, const struct known *known,
                           size_t place, const char *list, const char *id) {
    const char *left = id;
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        const char *one = arena_strndup(&turn->arena, list, len);
        bool other = true;
        for (size_t i = 0; i < known->n[place]; i++)
            other &= strcmp(known->options[place][i].id, one) != 0;
        if (other && len > 0)
            left = arena_printf(&turn->arena, "%s,%s", left, one);
        list += len + (list[len] == ',');
    }
    return left;
}

/* ---- asking and doing ----------------------------------------------------
 */

static bool is_open(const struct turn *turn, const struct known *known,
                    size_t place) {
    return known->n[place] > 0 && form_value(turn, places[place])[0] == '\0' &&
           !form_skipped(turn, places[place]);
}

static void save(struct turn *turn) {
    struct known *known = turn->data;
    struct person *person = &known->person;
    bool chosen = false;
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        const char *id = form_value(turn, places[i]);
        const char **list =
            i < UNIT_PLACES ? &person->units : &person->stations;
        if (id[0] == '\0')
            continue;
        *list = replace(turn, known, i, *list, id);
        chosen = true;
    }
    if (!chosen) {
        turn_say(turn, "register.kept");
        return;
    }
    turn_set(turn, "units", person->units);
    turn_set(turn, "stations", person->stations);
    turn_set(turn, "registered",
             arena_printf(&turn->arena, "%" PRId64, turn->now_ms));
    txn_audit(turn->txn, AUDIT_RIDER, "rider-register", "", "");
    notice_param(turn_reply(turn, "register.done"), "what",
                 summary(turn, known));
    if (strncmp(turn->rider.consent, "yes", 3) != 0)
        turn_add(turn, "register.consent");
    turn_commit(turn);
}

static void commit(struct turn *turn) {
    const struct known *known = turn->data;
    const char *change = form_value(turn, "change");
    bool registered = known->person.registered_ms > 0;
    bool asked = change[0] != '\0' || form_skipped(turn, "change");
    if (known->n[0] + known->n[1] + known->n[2] == 0) {
        turn_say(turn, "register.nothing");
        return;
    }
    if (registered && !asked) {
        notice_param(form_ask(turn, "change"), "what", summary(turn, known));
        turn_commit(turn);
        return;
    }
    if (registered && strcmp(change, "yes") != 0) {
        turn_say(turn, "register.kept");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        if (!is_open(turn, known, i))
            continue;
        form_ask(turn, places[i]);
        turn_commit(turn);
        return;
    }
    save(turn);
}

const struct command command_register = {
    .name = "register",
    .where = COMMAND_PRIVATE,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};

/* ---- what is kept of it --------------------------------------------------
 */

/* Names of a list of units; one that has gone since by its id. */
static const char *unit_names(struct turn *turn, const char *list) {
    const struct policy *policy = policies_get(turn->bot->policies);
    const char *names = "";
    while (*list != '\0') {
        size_t len = strcspn(list, ",");
        const char *id = arena_strndup(&turn->arena, list, len);
        const struct unit *unit = policy_unit(policy, id);
        names = arena_printf(&turn->arena, "%s%s%s", names,
                             names[0] == '\0' ? "" : " ",
                             unit == NULL ? id : unit->name);
        list += len + (list[len] == ',');
    }
    return names;
}

static void on_kept(void *data, enum err err, const struct person *people,
                    size_t n) {
    struct turn *turn = data;
    (void)n;
    if (err == OK && (people->units[0] != '\0' || people->stations[0] != '\0' ||
                      people->tags[0] != '\0')) {
        const struct text_param params[] = {
            {"units", unit_names(turn, people->units)},
            {"tags", people->tags},
        };
        mydata_tell(turn, turn_text(turn, "mydata.register", params,
                                    ARRAY_LEN(params)));
    }
    if (err == OK)
        mydata_tell(turn,
                    turn_text(turn,
                              people->nopush ? "mydata.nopush" : "mydata.push",
                              NULL, 0));
    mydata_next(turn, err);
}

static void list_kept(struct turn *turn) {
    people_get(turn->bot->store, &turn->arena,
               (const char *const *)&turn->message.rider, 1, on_kept, turn);
}

/* It goes with the rider's record; a record that stays for now is emptied. */
static void forget_kept(struct turn *turn) {
    static const char *const fields[] = {"units", "stations", "tags",
                                         "registered"};
    for (size_t i = 0; i < ARRAY_LEN(fields) && !turn->forget; i++)
        turn_set(turn, fields[i], "");
    mydata_next(turn, OK);
}

const struct kept kept_registration = {list_kept, forget_kept};
