#define LOG_MODULE "form"
#include "bot/form.h"

#include "base/limits.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/connector.h"
#include "bot/form_value.h"
#include "bot/session.h"
#include "bot/turn.h"
#include "bot/turns.h"

#include <stdlib.h>
#include <string.h>

static size_t slot_index(const struct command *command, const char *name) {
    for (size_t i = 0; i < command->n_slots; i++)
        if (strcmp(command->slots[i].name, name) == 0)
            return i;
    abort(); /* a handler names a slot that its table has not */
}

const char *form_value(const struct turn *turn, const char *slot) {
    const char *value =
        turn->form->values[slot_index(turn->form->command, slot)];
    return value == NULL ? "" : value;
}

bool form_skipped(const struct turn *turn, const char *slot) {
    const char *value =
        turn->form->values[slot_index(turn->form->command, slot)];
    return value != NULL && value[0] == '\0';
}

void form_set_options(struct turn *turn, const char *slot,
                      const struct option *options, size_t n) {
    size_t i = slot_index(turn->form->command, slot);
    turn->form->options[i] = options;
    turn->form->n_options[i] = n < FORM_OPTIONS_MAX ? n : FORM_OPTIONS_MAX;
}

bool form_preset(struct turn *turn, const char *slot, const char *value) {
    const char **filled =
        &turn->form->values[slot_index(turn->form->command, slot)];
    if (*filled != NULL)
        return false;
    *filled = value;
    return true;
}

void form_put(struct turn *turn, const char *slot, const char *value) {
    turn->form->values[slot_index(turn->form->command, slot)] = value;
}

static struct form *form_new(struct turn *turn, const struct command *command) {
    struct form *form = arena_alloc(&turn->arena, sizeof(*form));
    *form = (struct form){
        .command = command, .chat = turn->message.chat, .asked = -1};
    if (command->n_slots > FORM_SLOTS_MAX)
        abort();
    for (size_t i = 0; i < command->n_slots; i++)
        if (command->slots[i].options != NULL)
            form->options[i] =
                lexicon_options(turn->bot->lexicon, &command->slots[i],
                                turn->lang, &form->n_options[i]);
    return form;
}

/* ---- the form's place in the rider's record ---- */

static void form_forget(struct turn *turn) {
    if (turn->rider.form[0] != '\0')
        turn_set(turn, "form", "");
    if (turn->open != NULL && chat_is_group(turn->open->chat))
        turns_await(turn->bot->turns, turn->open->chat, turn->rider.id, 0);
}

static bool has_values(const struct form *form) {
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (form->values[i] != NULL && form->values[i][0] != '\0')
            return true;
    return false;
}

/* A form that another one takes the place of is kept, when it holds anything:
 * 继续 brings it back. */
static void set_aside(struct turn *turn) {
    if (turn->open == NULL || turn->open->command == turn->command)
        return;
    if (has_values(turn->open) && !turn->open->command->hidden)
        turn_set(turn, "draft", turn->rider.form);
}

static void form_save(struct turn *turn, struct form *form) {
    const struct config *config = turn->bot->config;
    if (!turn->continuing)
        set_aside(turn);
    bool group = chat_is_group(form->chat);
    form->expires_ms = turn->now_ms + (group ? config->form_group_ms
                                             : config->form_private_ms);
    if (group)
        turns_await(turn->bot->turns, form->chat, turn->rider.id,
                    form->expires_ms);
    turn_set(turn, "form", session_pack(&turn->arena, form));
}

/* ---- asking ---- */

static const char *ask_key(struct turn *turn, const struct form *form,
                           size_t slot) {
    return arena_printf(&turn->arena, "%s.%s.ask", form->command->name,
                        form->command->slots[slot].name);
}

/* What was given so far, for questions that show it. */
static void add_values(struct turn *turn, struct notice *question) {
    struct form *form = turn->form;
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (form->values[i] != NULL)
            notice_param(question, form->command->slots[i].name,
                         form_value_text(turn, form, i));
}

/* The question for a slot as the turn's answer; note is put before it, or
 * NULL. */
static struct notice *put_question(struct turn *turn, size_t slot,
                                   const char *note) {
    struct form *form = turn->form;
    bool private = form->command->where != COMMAND_ANYWHERE;
    form->asked = (int)slot;
    form->values[slot] = NULL;
    form->chat = private ? turn->answer_chat : turn->message.chat;
    const char *key = ask_key(turn, form, slot);
    struct notice *question = private && turn->message.in_group
                                  ? turn_whisper(turn, key)
                                  : turn_reply(turn, key);
    notice_param(question, "options", form_options_text(turn, form, slot));
    add_values(turn, question);
    if (note != NULL)
        turn_note(turn, note);
    if (form->command->slots[slot].type == SLOT_PLACE &&
        turn->photo_has_position && turn->rider.exif[0] == '\0')
        turn_add(turn, "form.exif_hint");
    form_save(turn, form);
    return question;
}

static void ask(struct turn *turn, size_t slot, const char *note) {
    put_question(turn, slot, note);
    turn_commit(turn);
}

struct notice *form_ask(struct turn *turn, const char *slot) {
    return put_question(turn, slot_index(turn->form->command, slot),
                        turn->form->note);
}

static void form_next(struct turn *turn, const char *note) {
    struct form *form = turn->form;
    form->note = note;
    for (size_t i = 0; i < form->command->n_slots; i++) {
        if (form->values[i] != NULL ||
            form->command->slots[i].need == SLOT_OPTIONAL)
            continue;
        ask(turn, i, note);
        return;
    }
    if (!form->command->keeps_form && !turn->continuing)
        set_aside(turn);
    if (!form->command->keeps_form || turn->continuing)
        form_forget(turn);
    form->command->commit(turn);
}

void form_follow(struct turn *turn, const struct command *command,
                 const char *const *presets, size_t n_presets) {
    struct form *form = form_new(turn, command);
    form->chat = turn->answer_chat;
    for (size_t i = 0; i < n_presets; i += 2)
        form->values[slot_index(command, presets[i])] = presets[i + 1];
    size_t slot = 0;
    while (slot < command->n_slots && form->values[slot] != NULL)
        slot++;
    if (slot == command->n_slots)
        abort();
    form->asked = (int)slot;
    const char *key = ask_key(turn, form, slot);
    struct notice *notice = &turn->notices[0];
    if (strcmp(notice->chat, form->chat) == 0)
        turn_add(turn, key);
    else
        notice = turn_whisper(turn, key);
    notice_param(notice, "options", form_options_text(turn, form, slot));
    for (size_t i = 0; i < n_presets; i += 2)
        notice_param(notice, presets[i], presets[i + 1]);
    form_save(turn, form);
}

/* ---- filling ---- */

static int free_slot(const struct form *form, enum slot_type type) {
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (form->command->slots[i].type == type && form->values[i] == NULL)
            return (int)i;
    return -1;
}

/* Photos join those the form has; beyond the limit they are left out. */
static void take_photos(struct turn *turn) {
    struct form *form = turn->form;
    for (size_t i = 0; i < form->command->n_slots; i++) {
        if (form->command->slots[i].type != SLOT_PHOTOS)
            continue;
        for (size_t p = 0; p < turn->n_photos; p++)
            if (!form_add_photo(&turn->arena, &form->values[i],
                                turn->photos[p]))
                turn->photo_err = ERR_LIMIT;
        return;
    }
}

static void take_location(struct turn *turn) {
    const struct segment *location =
        message_segment(&turn->message, SEGMENT_LOCATION, 0);
    int slot = free_slot(turn->form, SLOT_PLACE);
    if (slot < 0)
        return;
    if (location != NULL)
        turn->form->values[slot] = form_place_value(
            &turn->arena, location->lat, location->lon, location->text);
    else if (turn->photo_has_position && strcmp(turn->rider.exif, "yes") == 0)
        turn->form->values[slot] = form_place_value(
            &turn->arena, turn->photo_lat, turn->photo_lon, NULL);
}

/* Choices that the words of a text already answer. */
static void guess(struct turn *turn, const char *text) {
    struct form *form = turn->form;
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (form->command->slots[i].guessed && form->values[i] == NULL)
            form->values[i] = form_guess(turn, form, i, text);
}

/* Whether the words of a text answer a choice that is open. */
static bool can_guess(struct turn *turn, const char *text) {
    const struct form *form = turn->form;
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (form->command->slots[i].guessed && form->values[i] == NULL &&
            form_guess(turn, form, i, text) != NULL)
            return true;
    return false;
}

/* Leading tokens for slots that are one token, in any order; returns the rest.
 * A slot behind the first text has no part of it. */
static const char *take_tokens(struct turn *turn, const char *text) {
    struct form *form = turn->form;
    for (size_t i = 0; i < form->command->n_slots && *text != '\0'; i++) {
        enum slot_type type = form->command->slots[i].type;
        if (form->values[i] != NULL || type == SLOT_PHOTOS ||
            type == SLOT_PLACE || type == SLOT_CHOICES)
            continue;
        if (type == SLOT_TEXT)
            break;
        const char *rest = form_take_token(turn, form, i, text);
        if (rest != text)
            return take_tokens(turn, rest);
    }
    return text;
}

/* "评分 9": the slot of a scale that has no such number, or -1. */
static int off_scale(const struct form *form, const char *text) {
    for (size_t i = 0; i < form->command->n_slots; i++)
        if (form->command->slots[i].scale && form->values[i] == NULL &&
            text[strspn(text, "0123456789")] == '\0')
            return (int)i;
    return -1;
}

/* The text after a command's word: tokens, and the rest for the first text. */
static const char *take_text(struct turn *turn, const char *text) {
    struct form *form = turn->form;
    text = take_tokens(turn, text);
    int slot = free_slot(form, SLOT_TEXT), scale = off_scale(form, text);
    if (text[0] == '\0')
        return NULL;
    if (scale >= 0)
        return form_invalid_key(turn, form, (size_t)scale, ERR_INVALID);
    if (slot < 0)
        return NULL;
    enum err err =
        form_parse(turn, form, (size_t)slot, text, &form->values[slot]);
    guess(turn, text);
    return err == OK ? NULL : form_invalid_key(turn, form, (size_t)slot, err);
}

static void fill(struct turn *turn) {
    take_photos(turn);
    take_location(turn);
}

static void obey(struct turn *turn);

void form_ready(struct turn *turn) {
    if (turn->control != CONTROL_NONE) {
        obey(turn);
        return;
    }
    if (turn->continuing) {
        form_continue(turn);
        return;
    }
    fill(turn);
    form_next(turn, take_text(turn, turn->text));
}

void form_begin(struct turn *turn) {
    turn->form = form_new(turn, turn->command);
    if (turn->command->prepare != NULL)
        turn->command->prepare(turn);
    else
        form_ready(turn);
}

/* Perhaps said to the others in the group, not to us. */
static bool is_chatter(const struct turn *turn) {
    return turn->message.in_group && !turn->message.mentioned;
}

/* The answer to the question asked; when it is not one, perhaps it is the text
 * that the form also takes. In a group it must be about the matter then; and a
 * number that the list has not is a slip. */
static const char *take_answer(struct turn *turn, const char *text) {
    struct form *form = turn->form;
    int asked = form->asked;
    if (asked < 0 || form->values[asked] != NULL)
        asked = free_slot(form, SLOT_TEXT);
    if (asked < 0 || text[0] == '\0')
        return NULL;
    enum err err =
        form_parse(turn, form, (size_t)asked, text, &form->values[asked]);
    if (err == OK) {
        if (form->command->slots[asked].type == SLOT_TEXT)
            guess(turn, text);
        return NULL;
    }
    int other = free_slot(form, SLOT_TEXT);
    bool number = text[strspn(text, "0123456789 ,.")] == '\0';
    if (number || (is_chatter(turn) && !can_guess(turn, text)))
        other = -1;
    if (other >= 0 && other != asked &&
        form_parse(turn, form, (size_t)other, text, &form->values[other]) ==
            OK) {
        guess(turn, text);
        return NULL;
    }
    return form_invalid_key(turn, form, (size_t)asked, err);
}

/* The form in progress, in the turn's hands. */
static void reopen(struct turn *turn) {
    turn->form = form_new(turn, turn->open->command);
    memcpy(turn->form->values, turn->open->values, sizeof(turn->form->values));
    turn->form->asked = turn->open->asked;
}

void form_continue(struct turn *turn) {
    if (turn->form == NULL) {
        reopen(turn);
        if (turn->command->prepare != NULL) {
            turn->command->prepare(turn); /* comes back by form_ready() */
            return;
        }
    }
    fill(turn);
    const char *note = take_answer(turn, turn->text);
    if (note != NULL && is_chatter(turn) && turn->n_photos == 0)
        turn_end(turn); /* said to the others, not to us */
    else
        form_next(turn, note);
}

int64_t form_menu_ms(const struct turn *turn) {
    const struct form *open = turn->open;
    if (open == NULL || !(open->command->opens & OPENS_BY_NOTHING) ||
        turn->now_ms >= open->expires_ms)
        return 0;
    return open->expires_ms - turn->bot->config->form_private_ms;
}

bool form_is_option(struct turn *turn) {
    struct form probe = *turn->open;
    const char *value;
    if (probe.asked < 0)
        return false;
    const struct slot *slot = &probe.command->slots[probe.asked];
    if (slot->type != SLOT_CHOICE || slot->options == NULL)
        return false;
    probe.options[probe.asked] = lexicon_options(
        turn->bot->lexicon, slot, turn->lang, &probe.n_options[probe.asked]);
    return form_parse(turn, &probe, (size_t)probe.asked, turn->text, &value) ==
           OK;
}

/* ---- 取消 返回 跳过 继续 ---- */

static void cancel(struct turn *turn) {
    form_forget(turn);
    turn_say(turn, "form.cancelled");
}

static void back(struct turn *turn) {
    int at = turn->form->asked;
    if (at < 0)
        at = (int)turn->form->command->n_slots;
    while (--at >= 0) {
        const struct slot *slot = &turn->form->command->slots[at];
        if (turn->form->values[at] == NULL ||
            (slot->need == SLOT_OPTIONAL && !slot->led))
            continue;
        turn->form->values[at] = NULL;
        if (slot->led)
            form_next(turn, NULL);
        else
            ask(turn, (size_t)at, NULL);
        return;
    }
    form_next(turn, "form.first_question");
}

static void skip(struct turn *turn) {
    int asked = turn->form->asked;
    const char *note = NULL;
    if (asked >= 0 && turn->form->values[asked] == NULL) {
        if (turn->form->command->slots[asked].need == SLOT_REQUIRED)
            note = "form.cannot_skip";
        else
            turn->form->values[asked] = "";
    }
    form_next(turn, note);
}

/* The open form, an expired one, or the one that was set aside; that one also
 * when only a menu came between. */
static bool resume(struct turn *turn) {
    struct form *draft = arena_alloc(&turn->arena, sizeof(*draft));
    if (turn->open != NULL && has_values(turn->open))
        return true;
    if (!session_unpack(turn->bot, &turn->arena, turn->rider.draft, draft))
        return turn->open != NULL;
    turn->open = draft;
    turn_set(turn, "draft", "");
    return true;
}

/* Does what the control word says, with the form's options at hand. */
static void obey(struct turn *turn) {
    enum control control = turn->control;
    turn->control = CONTROL_NONE; /* a commit may go on to another command */
    if (control == CONTROL_BACK)
        back(turn);
    else if (control == CONTROL_SKIP)
        skip(turn);
    else
        form_next(turn, NULL);
}

void form_control(struct turn *turn, enum control control) {
    bool have = control == CONTROL_RESUME ? resume(turn) : turn->open != NULL;
    if (!have) {
        turn_say(turn, "form.nothing");
        return;
    }
    if (control == CONTROL_CANCEL) {
        cancel(turn);
        return;
    }
    turn->continuing = true;
    turn->control = control;
    turn->command = turn->open->command;
    reopen(turn);
    if (turn->command->prepare != NULL)
        turn->command->prepare(turn); /* comes back by form_ready() */
    else
        obey(turn);
}
