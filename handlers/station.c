/* 驿站: the nearest places to rest, or all of them. */
#include "store/station.h"
#include "base/buf.h"
#include "base/fold.h"
#include "base/hours.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/dispatch.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define NEAREST_SHOWN 3
#define LISTED_SHOWN 8
#define SEARCH_RADIUS_M (100 * 1000.0)
#define DAY_MINUTES 1440
#define FAR_M 5000      /* that one has to be told */
#define SEARCH_CHARS 60 /* what is longer looks for nothing */
#define NAME_CHARS 4    /* what is longer, and no name, is a sentence */

static const struct slot slots[] = {
    {.name = "place", .type = SLOT_PLACE, .need = SLOT_SKIPPABLE},
    {.name = "what",
     .type = SLOT_TEXT,
     .need = SLOT_OPTIONAL,
     .max = SEARCH_CHARS},
};

/* What a station may offer: "station.offer.<id>" and its words. */
static const char *const offers[] = {"water",    "charge", "meal",
                                     "medicine", "toilet", "wifi",
                                     "books",    "locker", "fridge"};

/* ---- what is looked for ----------------------------------------------------
 */

struct search {
    const char *needs[ARRAY_LEN(offers)]; /* ids */
    size_t n_needs;
    const char *name;  /* folded words of a name or an address, or "" */
    const char *shown; /* all of it, to be read */
};

/* Calls each word of a key, folded, in every language: riders write in any. */
static bool any_word(struct turn *turn, const char *key, char *text,
                     bool (*each)(char *text, const char *word)) {
    bool any = false;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const char *at = catalog_text((enum lang)lang, key);
        while (*at != '\0') {
            size_t len = strcspn(at, "|");
            const char *word =
                fold_string(&turn->arena, arena_strndup(&turn->arena, at, len));
            any |= word[0] != '\0' && each(text, word);
            at += len + (at[len] == '|');
        }
    }
    return any;
}

/* "at" is a word, but not in "water". */
static bool is_whole(const char *text, const char *at, size_t len) {
    return !isalnum((unsigned char)*at) ||
           ((at == text || !isalnum((unsigned char)at[-1])) &&
            !isalnum((unsigned char)at[len]));
}

static bool erase(char *text, const char *word) {
    bool erased = false;
    size_t len = strlen(word);
    for (char *at = text; (at = strstr(at, word)) != NULL; at += len) {
        if (!is_whole(text, at, len))
            continue;
        memset(at, ' ', len);
        erased = true;
    }
    return erased;
}

static bool has(char *text, const char *word) {
    return strstr(text, word) != NULL;
}

static const char *offer_key(struct turn *turn, const char *id) {
    return arena_printf(&turn->arena, "station.offer.%s", id);
}

static const char *offer_words(struct turn *turn, const char *id) {
    return arena_printf(&turn->arena, "station.offer.%s.words", id);
}

/* "驿站 有没有能充电的" looks for 充电, "驿站 三山街" for a name: what is left
 * when offers, the command's words and words that ask are taken out. */
static struct search *read_search(struct turn *turn, const char *text) {
    struct search *search = arena_alloc(&turn->arena, sizeof(*search));
    char *left = fold_string(&turn->arena, text);
    const char *shown = "";
    for (size_t i = 0; i < ARRAY_LEN(offers); i++) {
        if (!any_word(turn, offer_words(turn, offers[i]), left, erase))
            continue;
        search->needs[search->n_needs++] = offers[i];
        shown =
            arena_printf(&turn->arena, "%s%s ", shown,
                         catalog_text(turn->lang, offer_key(turn, offers[i])));
    }
    any_word(turn, "command.station.words", left, erase);
    any_word(turn, "station.asking.words", left, erase);
    for (char *at = left; *at != '\0'; at++)
        if ((unsigned char)*at < 0x80 && !isalnum((unsigned char)*at))
            *at = ' ';
    search->name = utf8_clean(&turn->arena, left, strlen(left));
    shown = arena_printf(&turn->arena, "%s%s", shown, search->name);
    search->shown = utf8_clean(&turn->arena, shown, strlen(shown));
    return search;
}

static bool is_empty(const struct search *search) {
    return search->n_needs == 0 && search->name[0] == '\0';
}

static bool fits(struct turn *turn, const struct search *search,
                 const struct station *station) {
    char *offered = fold_string(&turn->arena, station->offers);
    for (size_t i = 0; i < search->n_needs; i++)
        if (!any_word(turn, offer_words(turn, search->needs[i]), offered, has))
            return false;
    if (search->name[0] == '\0')
        return true;
    const char *about = fold_string(
        &turn->arena, arena_printf(&turn->arena, "%s %s %s", station->name,
                                   station->address, station->offers));
    char *save = NULL, *words = arena_strdup(&turn->arena, search->name);
    for (char *word = strtok_r(words, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save))
        if (strstr(about, word) == NULL)
            return false;
    return true;
}

/* The stations that fit, in their order; returns how many. */
static size_t keep_fitting(struct turn *turn, const struct search *search,
                           const struct station *stations, size_t n,
                           struct station *kept, size_t max) {
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_empty(search) && !fits(turn, search, &stations[i]))
            continue;
        if (n_kept < max)
            kept[n_kept] = stations[i];
        n_kept++;
    }
    return n_kept;
}

/* ---- how one reads ---------------------------------------------------------
 */

static const char *distance_text(struct turn *turn, double metres) {
    long tens = (long)(metres / 10 + 0.5);
    struct text_param param = {"m", NULL};
    if (tens < 100) {
        param.value =
            arena_printf(&turn->arena, "%ld", (tens == 0 ? 1 : tens) * 10);
        return turn_text(turn, "station.metres", &param, 1);
    }
    param.name = "km";
    param.value = arena_printf(&turn->arena, "%.1f", metres / 1000);
    return turn_text(turn, "station.kilometres", &param, 1);
}

static int minute_of_day(const struct turn *turn) {
    int64_t minute =
        turn->now_ms / 60000 + turn->bot->config->utc_offset_minutes;
    return (int)(minute % DAY_MINUTES);
}

/* Whether it is open, and until or from when; "" when that is not known. */
static const char *open_text(struct turn *turn, const char *kept) {
    struct hours hours;
    if (!hours_parse(kept, &hours))
        return "";
    if (hours_always(&hours))
        return turn_text(turn, "station.open_always", NULL, 0);
    bool open = hours_open_at(&hours, minute_of_day(turn));
    int at = open ? hours.to : hours.from;
    if (open && at == 0)
        at = DAY_MINUTES;
    const struct text_param param = {
        "time", arena_printf(&turn->arena, "%02d:%02d", at / 60, at % 60)};
    return turn_text(turn, open ? "station.open" : "station.opens", &param, 1);
}

static void add_row(struct turn *turn, struct buf *rows,
                    const struct station *station, bool near) {
    const struct text_param head[] = {
        {"name", station->name},
        {"distance", near ? distance_text(turn, station->distance_m) : ""},
        {"open", open_text(turn, station->hours)},
    };
    const struct text_param offered = {"offers", station->offers};
    buf_addf(rows, "%s%s", rows->len == 0 ? "" : "\n",
             turn_text(turn, "station.row", head, ARRAY_LEN(head)));
    if (station->address[0] != '\0')
        buf_addf(rows, "\n  %s", station->address);
    if (near && station->offers[0] != '\0')
        buf_addf(rows, "\n  %s",
                 turn_text(turn, "station.offers", &offered, 1));
}

static const char *rows_text(struct turn *turn, const struct station *stations,
                             size_t n, bool near) {
    struct buf rows;
    buf_init(&rows);
    for (size_t i = 0; i < n; i++)
        add_row(turn, &rows, &stations[i], near);
    const char *text = arena_strndup(&turn->arena, rows.data, rows.len);
    buf_finish(&rows);
    return text;
}

/* ---- answering -------------------------------------------------------------
 */

static void say_nothing_fits(struct turn *turn, const struct search *search) {
    notice_param(turn_reply(turn, "station.no_match"), "what", search->shown);
    turn_commit(turn);
}

static void answer(struct turn *turn, const struct search *search,
                   const char *key, const struct station *stations, size_t n,
                   size_t total, bool near) {
    struct notice *reply = turn_reply(turn, key);
    notice_param(reply, "rows", rows_text(turn, stations, n, near));
    notice_param(reply, "n", arena_printf(&turn->arena, "%zu", total));
    notice_param(reply, "what", search->shown);
    if (!is_empty(search))
        turn_note(turn, "station.looked_for");
    turn_commit(turn);
}

static void on_near(void *data, enum err err, const struct station *stations,
                    size_t n, size_t total) {
    struct turn *turn = data;
    const struct search *search = turn->data;
    struct station kept[NEAREST_SHOWN];
    (void)total;
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    size_t fitting =
        keep_fitting(turn, search, stations, n, kept, NEAREST_SHOWN);
    if (n == 0)
        turn_say(turn, "station.none_near");
    else if (fitting == 0)
        say_nothing_fits(turn, search);
    else
        answer(turn, search,
               kept[0].distance_m > FAR_M ? "station.far" : "station.nearest",
               kept, fitting < NEAREST_SHOWN ? fitting : NEAREST_SHOWN, fitting,
               true);
}

static void on_all(void *data, enum err err, const struct station *stations,
                   size_t n, size_t total) {
    struct turn *turn = data;
    const struct search *search = turn->data;
    struct station kept[LISTED_SHOWN];
    if (err != OK) {
        turn_fail(turn, err);
        return;
    }
    size_t fitting =
        keep_fitting(turn, search, stations, n, kept, LISTED_SHOWN);
    if (n == 0)
        turn_say(turn, "station.none");
    else if (fitting == 0)
        say_nothing_fits(turn, search);
    else
        answer(turn, search, "station.list", kept,
               fitting < LISTED_SHOWN ? fitting : LISTED_SHOWN,
               is_empty(search) ? total : fitting, false);
}

/* "lat,lon,words"; false, and words, when there is no position. */
static bool read_place(const char *place, double *lat, double *lon,
                       const char **words) {
    char *end;
    *words = "";
    *lat = strtod(place, &end);
    if (end != place && *end == ',') {
        *lon = strtod(end + 1, NULL);
        return true;
    }
    *words = place + strspn(place, ",");
    return false;
}

/* Where the rider is serves this answer and is kept nowhere: the question for
 * it is the last, so no form holds it, and the answer is not stored. (The web
 * chat has its own history of what is said in it.) */
static void commit(struct turn *turn) {
    struct store *store = turn->bot->store;
    double lat, lon;
    const char *words;
    bool near = read_place(form_value(turn, "place"), &lat, &lon, &words);
    struct search *search =
        read_search(turn, arena_printf(&turn->arena, "%s %s",
                                       form_value(turn, "what"), words));
    /* Those that fit are picked from all. */
    size_t max = !is_empty(search) ? STATIONS_MAX
                 : near            ? NEAREST_SHOWN
                                   : LISTED_SHOWN;
    turn->data = search;
    turn->fleeting = near;
    if (near)
        station_list_near(store, &turn->arena, lat, lon, SEARCH_RADIUS_M, max,
                          on_near, turn);
    else
        station_list_all(store, &turn->arena, max, on_all, turn);
}

/* ---- before any question ---------------------------------------------------
 */

/* What the rider wrote with the command's word in it: 厕所 looks for one. A
 * number of the menu is not looked for. */
static const char *own_words(struct turn *turn) {
    const char *all = message_text(&turn->message, &turn->arena);
    struct match match = dispatch_match(turn->bot, &turn->arena, all, true);
    return match.command == turn->command ? all : turn->text;
}

/* "驿站的空调坏了" and "充电站充电太贵" look for nothing. */
static bool is_sentence(const struct search *search) {
    return search->name[0] != '\0' &&
           (search->n_needs > 0 || utf8_length(search->name) > NAME_CHARS);
}

/* A sentence is perhaps something to register. */
static void on_checked(void *data, enum err err, const struct station *stations,
                       size_t n, size_t total) {
    struct turn *turn = data;
    const struct search *search = turn->data;
    const char *all = message_text(&turn->message, &turn->arena);
    struct station kept[1];
    (void)total;
    if (err != OK)
        turn_fail(turn, err);
    else if (n == 0 || keep_fitting(turn, search, stations, n, kept, 1) > 0)
        form_ready(turn);
    else if (!turn->message.in_group && is_sentence(search))
        turn_redirect(turn, &command_offer, all);
    else
        say_nothing_fits(turn, search);
}

/* A group is answered at once: nobody is asked to tell it where they are. */
static void prepare(struct turn *turn) {
    const char *what = own_words(turn);
    struct search *search = read_search(turn, what);
    if (turn->message.in_group &&
        message_count(&turn->message, SEGMENT_LOCATION) == 0)
        form_preset(turn, "place", "");
    if (!form_preset(turn, "what", is_empty(search) ? "" : what) ||
        is_empty(search)) {
        form_ready(turn);
        return;
    }
    turn->data = search;
    station_list_all(turn->bot->store, &turn->arena, STATIONS_MAX, on_checked,
                     turn);
}

const struct command command_station = {
    .name = "station",
    .where = COMMAND_ANYWHERE,
    .keeps_form = true,
    .slots = slots,
    .n_slots = ARRAY_LEN(slots),
    .prepare = prepare,
    .commit = commit,
};
