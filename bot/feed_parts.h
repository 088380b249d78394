#pragma once

#include "bot/feed.h"

#include <stdbool.h>

/* What the files of the feed parser share. */

#define FEED_FIELD_BYTES 65536 /* of a text; the rest is left out */
#define FEED_DEPTH_MAX 64      /* of elements, of JSON */

/* An entry as it stands there. A text is HTML or plain. */
struct feed_raw {
    const char *guid, *link, *title, *summary, *body, *image, *date;
    bool title_html, summary_html, body_html;
};
/* Adds an entry; its strings may go away. */
struct feed_reading {
    struct arena *arena;
    const struct feed_source *source;
    int64_t now_ms;
    struct feed_content *out;
};
void feed_add_entry(struct feed_reading *reading, const struct feed_raw *raw);
void feed_set_title(struct feed_reading *reading, const char *title, bool html);

/* text is UTF-8. */
enum feed_fault feed_parse_xml(struct feed_reading *reading, const char *text,
                               size_t len);
enum feed_fault feed_parse_json(struct feed_reading *reading, const char *text,
                                size_t len);

/* The source in UTF-8, whatever it says it is in. */
enum feed_fault feed_decode(struct arena *arena,
                            const struct feed_source *source, const char **text,
                            size_t *len);

/* Plain text of a piece of HTML: a line a block, no scripts, no styles. */
char *feed_html_text(struct arena *arena, const char *html);

/* RFC 822 or RFC 3339. 0 when it is neither, or before 1995; now_ms when it is
 * later than that. */
int64_t feed_date(const char *text, int64_t now_ms);
