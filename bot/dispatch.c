#define LOG_MODULE "dispatch"
#include "bot/dispatch.h"

#include "base/arena.h"
#include "base/fold.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/command.h"
#include "bot/glance.h"
#include "bot/options.h"
#include "bot/turns.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

/* A word and what it stands for, by its folded text. */
struct word {
    char *text;
    size_t chars;
    const struct command *command;
    const struct command *numbered; /* when a ticket number follows */
    enum control control;
    UT_hash_handle hh;
};

#define FIRST_SIZE 4096
#define BROADCAST_LETTER 'b' /* of a number; those of tickets are s and p */
#define PHRASE_WORDS_MAX 4   /* "use photo position" */

struct lexicon {
    struct word *words;
    size_t longest; /* in characters */
    /* Which first characters may begin a word, by a hash: glance() tells most
     * chatter by this alone. */
    bool first[FIRST_SIZE];
    struct options *options;
};

static const char *const control_names[CONTROL_COUNT] = {NULL, "cancel", "back",
                                                         "skip", "resume"};

static size_t first_hash(const char *text) {
    size_t hash = (unsigned char)text[0];
    for (size_t i = 1;
         hash != 0 && i < 3 && ((unsigned char)text[i] & 0xc0) == 0x80; i++)
        hash = hash * 31 + (unsigned char)text[i];
    return hash % FIRST_SIZE;
}

/* A prefix, or a character that folding turns into another one (full width
 * forms and ideographic spaces begin with 0xef and 0xe3). */
static bool may_begin(const struct lexicon *lexicon, const char *text) {
    unsigned char c = (unsigned char)text[0];
    return c == 0xef || c == 0xe3 || (c != 0 && strchr("/#!. \n", c)) ||
           lexicon->first[first_hash(text)];
}

/* One word of two commands: which of them is meant shows by what follows. */
static bool share(struct word *twin, const struct command *command) {
    if (twin->command == NULL || command == NULL)
        return false;
    if (command->numbered) {
        twin->numbered = command;
    } else if (twin->command->numbered) {
        twin->numbered = twin->command;
        twin->command = command;
    } else {
        return false;
    }
    return true;
}

static void add_word(struct lexicon *lexicon, const char *text, size_t len,
                     const struct command *command, enum control control) {
    struct arena arena;
    arena_init(&arena);
    struct word *word = xcalloc(1, sizeof(*word));
    struct word *twin;
    word->text = xstrdup(fold_text(&arena, text, len));
    word->chars = utf8_length(word->text);
    word->command = command;
    word->control = control;
    arena_finish(&arena);
    lexicon->first[first_hash(text)] = true;
    lexicon->first[first_hash(word->text)] = true;
    if (islower((unsigned char)word->text[0]))
        lexicon->first[toupper((unsigned char)word->text[0])] = true;
    HASH_FIND_STR(lexicon->words, word->text, twin);
    if (twin != NULL || word->chars == 0) {
        if (twin != NULL &&
            (twin->command != command || twin->control != control) &&
            !share(twin, command))
            LOG_WARN("the word of two commands: %s", word->text);
        free(word->text);
        free(word);
        return;
    }
    if (word->chars > lexicon->longest)
        lexicon->longest = word->chars;
    HASH_ADD_KEYPTR(hh, lexicon->words, word->text, strlen(word->text), word);
}

static void add_words(struct lexicon *lexicon, const char *key,
                      const struct command *command, enum control control) {
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        if (!catalog_has((enum lang)lang, key))
            continue;
        const char *at = catalog_text((enum lang)lang, key);
        while (*at != '\0') {
            size_t len = strcspn(at, "|");
            add_word(lexicon, at, len, command, control);
            at += len + (at[len] == '|');
        }
    }
}

struct lexicon *lexicon_new(struct bot *bot) {
    struct lexicon *lexicon = xcalloc(1, sizeof(*lexicon));
    char key[96];
    for (size_t i = 0; i < bot->n_commands; i++) {
        snprintf(key, sizeof(key), "command.%s.words", bot->commands[i]->name);
        add_words(lexicon, key, bot->commands[i], CONTROL_NONE);
    }
    for (int i = 1; i < CONTROL_COUNT; i++) {
        snprintf(key, sizeof(key), "control.%s.words", control_names[i]);
        add_words(lexicon, key, NULL, (enum control)i);
    }
    lexicon->options = options_new(bot);
    return lexicon;
}

void lexicon_free(struct lexicon *lexicon) {
    struct word *word, *next;
    if (lexicon == NULL)
        return;
    HASH_ITER(hh, lexicon->words, word, next) {
        HASH_DEL(lexicon->words, word);
        free(word->text);
        free(word);
    }
    options_free(lexicon->options);
    free(lexicon);
}

const struct option *lexicon_options(const struct lexicon *lexicon,
                                     const struct slot *slot, enum lang lang,
                                     size_t *n) {
    return options_find(lexicon->options, slot, lang, n);
}

/* What may stand before a word ("/诉求", "#诉求") and between it and the rest:
 * ASCII and Chinese punctuation. */
static size_t skip_any(const char *text, const char *const *marks, size_t n) {
    size_t at = 0;
    for (size_t i = 0; i < n;) {
        size_t len = strlen(marks[i]);
        if (text[at] == marks[i][0] && strncmp(text + at, marks[i], len) == 0) {
            at += len;
            i = 0;
        } else {
            i++;
        }
    }
    return at;
}

static const char *const prefixes[] = {"/",  "#",  "!",  ".",  " ",
                                       "\n", "／", "＃", "！", "　"};
static const char *const separators[] = {" ",  "\n", "\t", ":",  ",",  ".", "!",
                                         "：", "，", "。", "！", "、", "　"};

/* The length of the token that text begins with. */
static size_t token_len(const char *text) {
    size_t at = 0;
    while (text[at] != '\0' &&
           skip_any(text + at, separators, ARRAY_LEN(separators)) == 0) {
        at++;
        while (((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

static const struct word *find(const struct bot *bot, struct arena *arena,
                               const char *text, size_t len) {
    struct word *word;
    const char *folded = fold_text(arena, text, len);
    HASH_FIND_STR(bot->lexicon->words, folded, word);
    return word;
}

/* The bytes of the first chars characters, at most len. */
static size_t bytes_of(const char *text, size_t len, size_t chars) {
    size_t at = 0;
    while (at < len && chars-- > 0) {
        at++;
        while (at < len && ((unsigned char)text[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

/* "my data": the longest word of several that text begins with. */
static const struct word *find_phrase(const struct bot *bot,
                                      struct arena *arena, const char *text,
                                      size_t *used) {
    size_t ends[PHRASE_WORDS_MAX], n = 0;
    if (!isalpha((unsigned char)text[0]))
        return NULL; /* Chinese words have no blanks in them */
    for (size_t at = 0; n < PHRASE_WORDS_MAX; n++) {
        size_t len = token_len(text + at);
        if (len == 0 || at + len > COMMAND_WORD_BYTES)
            break;
        ends[n] = at + len;
        at = ends[n] + strspn(text + ends[n], " ");
    }
    while (n-- > 1) {
        const struct word *word = find(bot, arena, text, ends[n]);
        if (word == NULL)
            continue;
        *used = ends[n];
        return word;
    }
    return NULL;
}

/* The longest word of two characters or more that the token begins with. */
static const struct word *find_glued(const struct bot *bot, struct arena *arena,
                                     const char *text, size_t len,
                                     size_t *used) {
    for (size_t chars = bot->lexicon->longest; chars >= 2; chars--) {
        size_t bytes = bytes_of(text, len, chars);
        if (bytes >= len)
            continue;
        const struct word *word = find(bot, arena, text, bytes);
        /* "helpful" does not ask for help. */
        if (word != NULL && word->command != NULL &&
            (unsigned char)word->text[0] >= 0x80) {
            *used = bytes;
            return word;
        }
    }
    return NULL;
}

/* The characters in which a ticket number shows: "# S - 1". */
#define NUMBER_CHARS 8

/* "S12 …", "s 12", "Ｓ１２": the letter, and a digit behind it. */
static char begins_with_number(struct arena *arena, const char *text) {
    size_t len = bytes_of(text, strlen(text), NUMBER_CHARS);
    const char *at = fold_text(arena, text, len);
    at += strspn(at, "# ");
    char letter = at[0];
    if (letter != 's' && letter != 'p' && letter != 'b')
        return '\0';
    at += 1 + strspn(at + 1, " -");
    return isdigit((unsigned char)at[0]) ? letter : '\0';
}

struct match dispatch_match(const struct bot *bot, struct arena *arena,
                            const char *text, bool glued) {
    struct match match = {.rest = text};
    const char *at = text + skip_any(text, prefixes, ARRAY_LEN(prefixes));
    if (!may_begin(bot->lexicon, at))
        return match;
    size_t len = token_len(at), used = len;
    if (len == 0)
        return match;
    const struct word *word = find_phrase(bot, arena, at, &used);
    if (word == NULL && len <= COMMAND_WORD_BYTES)
        word = find(bot, arena, at, len);
    if (word == NULL && glued)
        word = find_glued(bot, arena, at, len, &used);
    if (word == NULL)
        return match;
    const char *rest = at + used;
    rest += skip_any(rest, separators, ARRAY_LEN(separators));
    if (word->control != CONTROL_NONE && *rest != '\0')
        return match;
    match.prefixed = at != text && text[0] != ' ' && text[0] != '\n';
    match.command = word->command;
    char letter = begins_with_number(arena, rest);
    match.with_number = letter != '\0' && letter != BROADCAST_LETTER;
    if (letter != '\0' && word->numbered != NULL &&
        word->numbered->of_broadcasts == (letter == BROADCAST_LETTER))
        match.numbered = word->numbered;
    match.control = word->control;
    match.rest = rest;
    return match;
}

bool dispatch_is_asked(const struct match *match) {
    if (match->command == NULL || match->prefixed || match->numbered != NULL)
        return match->command != NULL;
    return !match->command->quiet &&
           (!match->command->numbered || match->with_number);
}

/* ---- a group's chatter --------------------------------------------------- */

bool dispatch_asks(const struct bot *bot, const char *text) {
    if (!may_begin(bot->lexicon, text))
        return false;
    struct arena arena;
    arena_init(&arena);
    struct match match = dispatch_match(bot, &arena, text, true);
    arena_finish(&arena);
    return dispatch_is_asked(&match);
}

bool glance(const struct bot *bot, const struct glance *glance) {
    if (!glance->in_group || glance->mentioned)
        return true;
    if (turns_awaits(bot->turns, glance->chat, glance->rider))
        return true;
    char text[256];
    size_t len = glance->text_len < sizeof(text) - 1 ? glance->text_len
                                                     : sizeof(text) - 1;
    memcpy(text, glance->text, len);
    text[len] = '\0';
    return dispatch_asks(bot, text);
}

/* ---- a suggestion ---------------------------------------------------------
 */

/* True when a and b differ by at most one character: one changed, left out or
 * put in. */
static bool nearly(const char *a, const char *b) {
    size_t la = strlen(a), lb = strlen(b);
    size_t head = 0, tail = 0;
    while (head < la && head < lb && a[head] == b[head])
        head++;
    while (head > 0 && ((unsigned char)a[head] & 0xc0) == 0x80)
        head--;
    while (tail < la - head && tail < lb - head &&
           a[la - 1 - tail] == b[lb - 1 - tail])
        tail++;
    while (tail > 0 && ((unsigned char)a[la - tail] & 0xc0) == 0x80)
        tail--;
    size_t more = la - head - tail, other = lb - head - tail;
    return bytes_of(a + head, more, 1) == more &&
           bytes_of(b + head, other, 1) == other;
}

const struct command *dispatch_suggest(const struct bot *bot,
                                       struct arena *arena, const char *text) {
    const char *folded = fold_string(arena, text);
    const struct word *best = NULL;
    for (struct word *word = bot->lexicon->words; word != NULL;
         word = word->hh.next) {
        if (word->command == NULL || word->command->hidden || word->chars < 2)
            continue;
        bool like = strstr(folded, word->text) != NULL ||
                    (word->chars > 2 && nearly(folded, word->text));
        if (like && (best == NULL || word->chars > best->chars))
            best = word;
    }
    return best == NULL ? NULL : best->command;
}
