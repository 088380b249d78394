#pragma once

#include "base/mem.h"
#include "store/rider.h"

#include <stdbool.h>
#include <stddef.h>

struct turn;

/*
 * A command is a form: a table of slots and a commit. Its texts are found by
 * its name: "command.<name>.words" (what riders type, separated by '|'),
 * "command.<name>.title" (in menus), and "<name>.<slot>.ask" for each slot that
 * is asked.
 */
enum slot_type {
    SLOT_TEXT,
    SLOT_PHOTOS,  /* up to LIMIT_PHOTOS ids of stored photos */
    SLOT_PLACE,   /* a position, words, or both */
    SLOT_CHOICE,  /* one of options, by number, name or a word of it */
    SLOT_CHOICES, /* several of options: "1 3", "全部" */
    SLOT_NUMBER,  /* a whole number of min to max */
    SLOT_DATE,    /* a day: 今天, 明天, 11-30, 2026-11-30 */
    SLOT_TICKET   /* a ticket number: S12, p 7, １２ */
};

enum slot_need {
    SLOT_REQUIRED,  /* asked until given */
    SLOT_SKIPPABLE, /* asked, 跳过 leaves it empty */
    SLOT_OPTIONAL   /* never asked, taken when it is offered */
};

struct slot {
    const char *name;
    enum slot_type type;
    enum slot_need need;
    int min, max; /* characters of a text, value of a number; 0: default */
    /* CHOICE: ids of fixed options; "<options_key>.<id>" is each one's title
     * and "<options_key>.<id>.words" the words it is recognised by. */
    const char *const *options;
    const char *options_key;
    /* CHOICE: taken from words inside another slot's text, not only when asked
     * for, so that "消防通道被堵" already has its category. */
    bool guessed;
    /* CHOICE: a scale such as 1 to 5, known without its list being shown. */
    bool scale;
    /* TICKET: a number that is all there is needs its letter. */
    bool lettered;
    /* OPTIONAL: one of a row that commit() asks one after the other, the first
     * that is empty; 返回 empties the one before and comes to commit(). */
    bool led;
};

enum command_where {
    COMMAND_ANYWHERE,
    COMMAND_ASKS_PRIVATE, /* questions are asked in private, the rest anywhere
                           */
    COMMAND_PRIVATE /* answered in private; a group hears only that it was */
};

/* What begins a command besides its words, in a private chat. */
enum command_opens {
    OPENS_BY_PHOTO = 1,   /* a photo or a place, without a word for it */
    OPENS_BY_TICKET = 2,  /* a ticket number alone */
    OPENS_BY_TEXT = 4,    /* a text that begins with no word we know */
    OPENS_BY_NOTHING = 8, /* anything else: the menu */
    OPENS_BY_RATING = 16  /* 1 to 5 alone, when no question is open but the
                             menu's; it hands on what is not for it */
};

struct command {
    const char *name; /* "request" */
    unsigned roles;   /* enum role: any of these; 0: everybody */
    enum command_where where;
    unsigned opens;  /* enum command_opens */
    bool keeps_form; /* leaves a form in progress as it is (help, progress) */
    bool hidden;     /* not in the menu */
    bool quiet;      /* in a group only when the bot is addressed */
    /* Its words may be those of another command, too: they are this one's when
     * a ticket number follows and the rider has the role. In a group only with
     * a number or when the bot is addressed. */
    bool numbered;
    bool of_broadcasts; /* … and that number is a broadcast's */
    const struct slot *slots;
    size_t n_slots;
    /* Reads what the form's own options need, then calls form_ready(); NULL
     * when there is nothing to read. */
    void (*prepare)(struct turn *turn);
    /* All required slots are filled: does it. See turn.h for how it ends. */
    void (*commit)(struct turn *turn);
};

/* The longest title, word or option that is matched, in bytes. */
#define COMMAND_WORD_BYTES 64
