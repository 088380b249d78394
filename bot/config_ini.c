#include "bot/config_parts.h"

#include "base/utf8.h"

#include <ini.h>
#include <stdio.h>
#include <string.h>

/*
 * inih splits keys from values; this feeds it line by line, and so knows the
 * number of each line, which Debian's inih does not tell, and each mistake,
 * where inih tells the first only.
 */
struct ini {
    const char *at;
    const char *end;
    int line;      /* of the one inih has */
    bool expected; /* that line should be a setting */
    const struct ini_events *events;
    void *data;
};

static void mistake(struct ini *ini, const char *what) {
    ini->events->mistake(ini->data, ini->line, what);
}

/* What no line may hold; NULL when all is well. */
static const char *line_fault(const char *line, size_t len, size_t max) {
    if (len > CONFIG_LINE_BYTES || len >= max)
        return "the line is too long";
    if (!utf8_valid(line, len))
        return "the line is not UTF-8";
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)line[i];
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return "the line holds a control character";
    }
    return NULL;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without blanks at its ends: to inih an indented line is more
 * of the value above. */
static bool take_line(struct ini *ini, const char **line, size_t *len) {
    if (ini->at == ini->end)
        return false;
    const char *start = ini->at;
    const char *stop = memchr(start, '\n', (size_t)(ini->end - start));
    if (stop == NULL)
        stop = ini->end;
    ini->at = stop < ini->end ? stop + 1 : stop;
    ini->line++;
    while (start < stop && is_blank(*start))
        start++;
    while (stop > start && is_blank(stop[-1]))
        stop--;
    *line = start;
    *len = (size_t)(stop - start);
    return true;
}

/* "[name]", with at most a comment after it. line is a copy to write in. */
static void take_section(struct ini *ini, char *line) {
    char *close = strchr(line, ']');
    char *rest = close != NULL ? close + 1 : line;

    while (is_blank(*rest))
        rest++;
    if (close == NULL || (*rest != '\0' && *rest != ';' && *rest != '#')) {
        mistake(ini, "not a [section]");
        /* What follows is not known to belong to the section before. */
        ini->events->section(ini->data, ini->line, NULL);
        return;
    }
    while (is_blank(close[-1]))
        close--;
    *close = '\0';
    line++;
    while (is_blank(*line))
        line++;
    ini->events->section(ini->data, ini->line, line);
}

/* Gives inih one line, an empty one where it need not look. */
static char *give_line(char *out, int max, void *data) {
    struct ini *ini = data;
    const char *line;
    size_t len;

    if (ini->expected)
        mistake(ini, "neither a [section] nor key = value");
    ini->expected = false;
    if (max < 1 || !take_line(ini, &line, &len))
        return NULL;
    const char *fault = line_fault(line, len, (size_t)max);
    if (fault != NULL) {
        mistake(ini, fault);
        len = 0;
    }
    memcpy(out, line, len);
    out[len] = '\0';
    if (*out == '[') {
        take_section(ini, out);
        *out = '\0';
    }
    ini->expected = *out != '\0' && *out != ';' && *out != '#';
    return out;
}

static int take_setting(void *data, const char *section, const char *key,
                        const char *value) {
    struct ini *ini = data;

    (void)section;
    ini->expected = false;
    ini->events->setting(ini->data, ini->line, key, value);
    return 1;
}

void config_ini_read(const char *text, size_t len,
                     const struct ini_events *events, void *data) {
    static const char bom[] = "\xef\xbb\xbf";
    struct ini ini = {
        .at = text, .end = text + len, .events = events, .data = data};

    if (len >= 3 && memcmp(text, bom, 3) == 0)
        ini.at += 3;
    /* Its result is the first line that is wrong: already told. */
    (void)ini_parse_stream(give_line, &ini, take_setting, &ini);
}
