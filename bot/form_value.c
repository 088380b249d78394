#include "bot/form_value.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/fold.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/dispatch.h"
#include "bot/turn.h"
#include "store/ticket.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- options ---- */

const char *form_options_text(struct turn *turn, const struct form *form,
                              size_t slot) {
    struct buf text;
    buf_init(&text);
    size_t n = form->n_options[slot];
    for (size_t i = 0; i < n && i < FORM_OPTIONS_SHOWN; i++)
        buf_addf(&text, "%s%zu %s", i == 0 ? "" : "\n", i + 1,
                 form->options[slot][i].title);
    if (n > FORM_OPTIONS_SHOWN)
        buf_addf(&text, "\n… %zu", n);
    const char *result = arena_strndup(
        &turn->arena, text.data == NULL ? "" : text.data, text.len);
    buf_finish(&text);
    return result;
}

/* Whether id is among ids joined by ','. */
static bool has_id(const char *ids, const char *id) {
    size_t len = strlen(id);
    for (const char *at = ids; at != NULL; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, id, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    }
    return false;
}

/* The words of "lat,lon,words"; the position itself when it has none. */
static const char *place_text(const char *value) {
    const char *words = strchr(value, ',');
    words = words == NULL ? NULL : strchr(words + 1, ',');
    return words == NULL || words[1] == '\0' ? value : words + 1;
}

const char *form_value_text(struct turn *turn, const struct form *form,
                            size_t slot) {
    const char *value = form->values[slot];
    if (form->command->slots[slot].type == SLOT_PLACE)
        return place_text(value);
    struct buf titles;
    buf_init(&titles);
    for (size_t i = 0; i < form->n_options[slot]; i++)
        if (has_id(value, form->options[slot][i].id))
            buf_addf(&titles, "%s%s", titles.len == 0 ? "" : ", ",
                     form->options[slot][i].title);
    if (titles.len > 0)
        value = arena_strndup(&turn->arena, titles.data, titles.len);
    buf_finish(&titles);
    return value;
}

/* A whole number from 1 to max at the beginning of text, or 0. */
static long leading_number(const char *text, long max) {
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return 0;
    long number = strtol(text, &end, 10);
    return number >= 1 && number <= max &&
                   (*end == '\0' || *end == ' ' || *end == '.' || *end == ',')
               ? number
               : 0;
}

static bool folds_to(struct turn *turn, const char *text, const char *folded) {
    return strcmp(fold_string(&turn->arena, text), folded) == 0;
}

/* Whether text, which is folded, is one of words (whole), or has it in it. */
static bool has_word(const char *const *words, const char *text, bool whole) {
    for (; words != NULL && *words != NULL; words++)
        if (whole ? strcmp(text, *words) == 0
                  : **words != '\0' && strstr(text, *words) != NULL)
            return true;
    return false;
}

static const char *parse_choice(struct turn *turn, const struct form *form,
                                size_t slot, const char *folded) {
    const struct option *options = form->options[slot];
    size_t n = form->n_options[slot];
    long number = leading_number(folded, (long)n);
    const char *rest = folded + strspn(folded, "0123456789");
    if (number > 0 && rest[strspn(rest, ". ")] == '\0')
        return options[number - 1].id;
    for (size_t i = 0; i < n; i++)
        if (folds_to(turn, options[i].title, folded) ||
            has_word(options[i].words, folded, true))
            return options[i].id;
    return NULL;
}

const char *form_guess(struct turn *turn, const struct form *form, size_t slot,
                       const char *text) {
    const char *folded = fold_string(&turn->arena, text);
    for (size_t i = 0; i < form->n_options[slot]; i++)
        if (has_word(form->options[slot][i].words, folded, false))
            return form->options[slot][i].id;
    return NULL;
}

/* "1 3", "1,3", "全部": ids joined by ','. */
static const char *parse_choices(struct turn *turn, const struct form *form,
                                 size_t slot, const char *folded) {
    const struct option *options = form->options[slot];
    size_t n = form->n_options[slot];
    bool chosen[FORM_OPTIONS_MAX] = {false}, any = false;
    bool all = has_word(
        options_words(&turn->arena, catalog_text(turn->lang, "form.all.words")),
        folded, true);
    const char *one = parse_choice(turn, form, slot, folded);
    for (const char *at = folded; !all && one == NULL && *at != '\0';) {
        long number = leading_number(at, (long)n);
        if (number == 0)
            return NULL;
        chosen[number - 1] = true;
        at += strspn(at, "0123456789");
        at += strspn(at, " ,.");
    }
    struct buf ids;
    buf_init(&ids);
    for (size_t i = 0; i < n; i++) {
        if (!all && !chosen[i] && options[i].id != one)
            continue;
        buf_addf(&ids, "%s%s", any ? "," : "", options[i].id);
        any = true;
    }
    const char *value =
        any ? arena_strndup(&turn->arena, ids.data, ids.len) : NULL;
    buf_finish(&ids);
    return value;
}

/* ---- the other types ---- */

static enum err parse_text(struct turn *turn, const struct slot *slot,
                           const char *text, const char **out) {
    size_t max = slot->max > 0 ? (size_t)slot->max : LIMIT_TEXT_CHARS;
    size_t chars = utf8_length(text);
    if (chars > max || turn->message.text_too_long)
        return ERR_TOO_LARGE;
    if (chars < (slot->min > 0 ? (size_t)slot->min : 1))
        return ERR_INVALID;
    *out = text;
    return OK;
}

const char *form_place_value(struct arena *arena, double lat, double lon,
                             const char *words) {
    if (!isfinite(lat) || !isfinite(lon) || fabs(lat) > 90 || fabs(lon) > 180)
        return words == NULL ? NULL : arena_printf(arena, ",,%s", words);
    return arena_printf(arena, "%.6f,%.6f,%s", lat, lon,
                        words == NULL ? "" : words);
}

static const char *parse_place(struct turn *turn, const char *text) {
    size_t chars = utf8_length(text);
    if (chars < 2 || chars > LIMIT_PLACE_CHARS)
        return NULL;
    return arena_printf(&turn->arena, ",,%s", text);
}

static const char *parse_number(struct turn *turn, const struct slot *slot,
                                const char *folded) {
    char *end;
    errno = 0;
    long number = strtol(folded, &end, 10);
    if (errno != 0 || end == folded || *end != '\0' || number < slot->min ||
        (slot->max > 0 && number > slot->max))
        return NULL;
    return arena_printf(&turn->arena, "%ld", number);
}

#define YEAR_MIN 1900
#define YEAR_MAX 2199

static const char *date_text(struct turn *turn, const struct tm *day) {
    return arena_printf(&turn->arena, "%04d-%02d-%02d", day->tm_year + 1900,
                        day->tm_mon + 1, day->tm_mday);
}

/* Whether there is such a day; fills in the rest of it. */
static bool make_day(struct tm *day, int year, int month, int date) {
    *day = (struct tm){
        .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = date};
    if (year < YEAR_MIN || year > YEAR_MAX)
        return false;
    time_t check = timegm(day);
    gmtime_r(&check, day);
    return day->tm_mon == month - 1 && day->tm_mday == date;
}

/* "11-30": the next such day, be it today. */
static bool next_day(struct tm *day, const struct tm *today, int month,
                     int date) {
    int year = today->tm_year + 1900;
    bool passed = month - 1 < today->tm_mon ||
                  (month - 1 == today->tm_mon && date < today->tm_mday);
    return make_day(day, passed ? year + 1 : year, month, date);
}

/* 今天, 明天, 后天 by "form.days.words"; "11-30", "2026-11-30", "11.30". */
static const char *parse_date(struct turn *turn, const char *folded) {
    time_t local = (time_t)(turn->now_ms / 1000) +
                   turn->bot->config->utc_offset_minutes * 60;
    struct tm day, today;
    const char *at = catalog_text(turn->lang, "form.days.words");
    for (int later = 0; *at != '\0'; later++) {
        size_t len = strcspn(at, "|");
        if (folds_to(turn, arena_strndup(&turn->arena, at, len), folded)) {
            local += later * 86400;
            gmtime_r(&local, &day);
            return date_text(turn, &day);
        }
        at += len + (at[len] == '|');
    }
    gmtime_r(&local, &today);
    int year = 0, month = 0, date = 0, used = 0;
    if (sscanf(folded, "%4d%*1[-./]%2d%*1[-./]%2d%n", &year, &month, &date,
               &used) == 3 &&
        folded[used] == '\0')
        return make_day(&day, year, month, date) ? date_text(turn, &day) : NULL;
    if (sscanf(folded, "%2d%*1[-./]%2d%n", &month, &date, &used) == 2 &&
        folded[used] == '\0' && next_day(&day, &today, month, date))
        return date_text(turn, &day);
    return NULL;
}

enum err form_parse(struct turn *turn, const struct form *form, size_t index,
                    const char *text, const char **out) {
    const struct slot *slot = &form->command->slots[index];
    const char *value = NULL;
    if (slot->type == SLOT_TEXT)
        return parse_text(turn, slot, text, out);
    if (slot->type == SLOT_PLACE) {
        value = parse_place(turn, text);
    } else if (slot->type != SLOT_PHOTOS) {
        const char *folded = fold_string(&turn->arena, text);
        switch (slot->type) {
        case SLOT_CHOICE:
            value = parse_choice(turn, form, index, folded);
            break;
        case SLOT_CHOICES:
            value = parse_choices(turn, form, index, folded);
            break;
        case SLOT_NUMBER:
            value = parse_number(turn, slot, folded);
            break;
        case SLOT_DATE:
            value = parse_date(turn, folded);
            break;
        case SLOT_TICKET:
            value = ticket_parse_id(&turn->arena, folded, 'S');
            break;
        default:
            break;
        }
    }
    if (value == NULL)
        return ERR_INVALID;
    *out = value;
    return OK;
}

const char *form_invalid_key(struct turn *turn, const struct form *form,
                             size_t slot, enum err err) {
    static const char *const names[] = {
        [SLOT_TEXT] = "text",       [SLOT_PHOTOS] = "photos",
        [SLOT_PLACE] = "place",     [SLOT_CHOICE] = "choice",
        [SLOT_CHOICES] = "choices", [SLOT_NUMBER] = "number",
        [SLOT_DATE] = "date",       [SLOT_TICKET] = "ticket",
    };
    if (err == ERR_TOO_LARGE)
        return "form.invalid.too_long";
    return arena_printf(&turn->arena, "form.invalid.%s",
                        names[form->command->slots[slot].type]);
}

/* Chinese punctuation that ends a token. */
#define MARKS "，：、。"
#define MARK_BYTES 3

/*
 * A number is the answer to a list that was shown. Before any was, "诉求 1
 * 号门进不去" is a text that begins with a number, unless it is all there is.
 */
static bool is_stray_number(struct turn *turn, const struct form *form,
                            size_t slot, const char *token, bool whole) {
    const struct slot *table = &form->command->slots[slot];
    if (table->type == SLOT_TICKET)
        return table->lettered && whole && isdigit((unsigned char)token[0]);
    if (table->type != SLOT_CHOICE || table->scale)
        return false;
    const char *folded = fold_string(&turn->arena, token);
    return folded[0] >= '0' && folded[0] <= '9' &&
           (!whole || table->need == SLOT_OPTIONAL);
}

/* "S 12", and the "S12" of "S12还没修"; 0: text does not begin so. */
static size_t ticket_len(const char *text) {
    size_t at = strspn(text, "# ");
    if (text[at] == '\0' || strchr("SsPp", text[at]) == NULL)
        return 0;
    at += 1 + strspn(text + at + 1, " -");
    size_t digits = strspn(text + at, "0123456789");
    return digits == 0 || isalnum((unsigned char)text[at + digits])
               ? 0
               : at + digits;
}

/* Up to the first blank or mark. */
static size_t token_len(const char *text) {
    size_t len = strcspn(text, " \n\t,:");
    for (const char *mark = MARKS; *mark != '\0'; mark += MARK_BYTES) {
        const char *at = memmem(text, len, mark, MARK_BYTES);
        if (at != NULL)
            len = (size_t)(at - text);
    }
    return len;
}

/* What stands between a token and the rest. */
static const char *skip_marks(const char *text) {
    for (const char *mark = MARKS; *mark != '\0'; mark += MARK_BYTES)
        if (strncmp(text, mark, MARK_BYTES) == 0)
            text += MARK_BYTES;
    return text + strspn(text, " \n\t,:");
}

const char *form_take_token(struct turn *turn, struct form *form, size_t slot,
                            const char *text) {
    size_t len = 0;
    if (form->command->slots[slot].type == SLOT_TICKET)
        len = ticket_len(text);
    if (len == 0)
        len = token_len(text);
    const char *token = arena_strndup(&turn->arena, text, len);
    if (is_stray_number(turn, form, slot, token, text[len] == '\0'))
        return text;
    if (form_parse(turn, form, slot, token, &form->values[slot]) != OK)
        return text;
    return skip_marks(text + len);
}

bool form_add_photo(struct arena *arena, const char **value, const char *id) {
    size_t n = 0;
    if (*value == NULL || (*value)[0] == '\0') {
        *value = id;
        return true;
    }
    for (const char *at = *value; at != NULL; at = strchr(at, ',')) {
        n++;
        at += at[0] == ',';
    }
    if (n >= LIMIT_PHOTOS)
        return false;
    *value = arena_printf(arena, "%s,%s", *value, id);
    return true;
}
