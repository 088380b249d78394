/*
 * The texts as they are searched: folded once, one behind the other in chunks,
 * so that a search runs over plain memory. A NUL ends each.
 */
#include "base/fold.h"
#include "base/mem.h"
#include "bot/board_internal.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES ((uint32_t)256 * 1024)
#define TEXT_BYTES_MAX (CHUNK_BYTES / 8) /* of one; some folds are long */
#define DEAD_MAX (CHUNK_BYTES / 2)       /* then the rest of a chunk moves */
#define SAMPLE_BYTES 65536
#define NEEDLE_WORDS 8

struct record {
    uint32_t at, slot; /* BOARD_NO_SLOT: nobody's any more */
};

struct board_chunk {
    char *bytes;
    uint32_t len, dead;
    struct record *records; /* by at */
    uint32_t n, room;
};

void board_texts_finish(struct board_texts *texts) {
    for (uint32_t i = 0; i < texts->n; i++) {
        free(texts->chunks[i].bytes);
        free(texts->chunks[i].records);
    }
    free(texts->chunks);
}

/* ---- keeping them --------------------------------------------------------
 */

static uint32_t record_len(const struct board_chunk *chunk, uint32_t record) {
    uint32_t end =
        record + 1 < chunk->n ? chunk->records[record + 1].at : chunk->len;
    return end - chunk->records[record].at;
}

/* The one that is being filled, while it has room; else an empty one. */
static struct board_chunk *chunk_for(struct board_texts *texts, uint32_t len) {
    struct board_chunk *tail = NULL;

    if (texts->n > 0)
        tail = &texts->chunks[texts->tail];
    if (tail != NULL && tail->len + len <= CHUNK_BYTES)
        return tail;
    for (texts->tail = 0; texts->tail < texts->n; texts->tail++)
        if (texts->chunks[texts->tail].bytes == NULL)
            break;
    if (texts->tail == texts->n)
        texts->chunks =
            xrealloc(texts->chunks, ++texts->n * sizeof(*texts->chunks));
    tail = &texts->chunks[texts->tail];
    *tail = (struct board_chunk){.bytes = xmalloc(CHUNK_BYTES)};
    return tail;
}

static void append(struct board_texts *texts, struct card *card,
                   const char *text, uint32_t len) {
    struct board_chunk *chunk = chunk_for(texts, len + 1);

    if (chunk->n == chunk->room) {
        chunk->room = chunk->room == 0 ? 256 : chunk->room * 2;
        chunk->records =
            xrealloc(chunk->records, chunk->room * sizeof(*chunk->records));
    }
    memcpy(chunk->bytes + chunk->len, text, len);
    chunk->bytes[chunk->len + len] = '\0';
    card->chunk = texts->tail;
    card->record = chunk->n;
    chunk->records[chunk->n++] = (struct record){chunk->len, card->slot};
    chunk->len += len + 1;
}

/* Moves what is left of a chunk to the end, and lets it go. */
static void clear_out(struct board *board, uint32_t number) {
    struct board_texts *texts = &board->texts;
    struct board_chunk old = texts->chunks[number];

    texts->chunks[number] = (struct board_chunk){0};
    for (uint32_t i = 0; i < old.n; i++)
        if (old.records[i].slot != BOARD_NO_SLOT)
            append(texts, board_slot(&board->cards, old.records[i].slot),
                   old.bytes + old.records[i].at, record_len(&old, i) - 1);
    free(old.bytes);
    free(old.records);
}

static void drop(struct board *board, struct card *card) {
    if (card->chunk == BOARD_NO_SLOT)
        return;
    struct board_chunk *chunk = &board->texts.chunks[card->chunk];
    uint32_t len = record_len(chunk, card->record);

    memset(chunk->bytes + chunk->records[card->record].at, 0, len);
    chunk->records[card->record].slot = BOARD_NO_SLOT;
    chunk->dead += len;
    uint32_t number = card->chunk;
    card->chunk = BOARD_NO_SLOT;
    if (chunk->dead > DEAD_MAX && number != board->texts.tail)
        clear_out(board, number);
}

void board_text_set(struct board *board, struct card *card) {
    struct arena arena;

    drop(board, card);
    arena_init(&arena);
    const char *text = fold_string(&arena, card->text);
    if (card->place[0] != '\0')
        text = arena_printf(&arena, "%s\n%s", text,
                            fold_string(&arena, card->place));
    size_t len = strlen(text);
    if (len > 0)
        append(&board->texts, card, text,
               len < TEXT_BYTES_MAX ? (uint32_t)len : TEXT_BYTES_MAX);
    arena_finish(&arena);
}

/* ---- searching -----------------------------------------------------------
 */

struct needle {
    const char *bytes;
    size_t len;
    size_t anchor; /* its rarest byte */
};

/* Chinese shares its first bytes; which of the others is rare in these texts
 * is best counted. */
static size_t rarest(const struct board_texts *texts, const char *bytes,
                     size_t len) {
    uint32_t count[256] = {0};
    size_t best = 0;

    for (uint32_t i = 0; i < texts->n; i += 1 + texts->n / 4) {
        const struct board_chunk *chunk = &texts->chunks[i];
        uint32_t end = chunk->len < SAMPLE_BYTES ? chunk->len : SAMPLE_BYTES;
        for (uint32_t at = 0; at < end && chunk->bytes != NULL; at++)
            count[(unsigned char)chunk->bytes[at]]++;
    }
    for (size_t i = 1; i < len; i++)
        if (count[(unsigned char)bytes[i]] < count[(unsigned char)bytes[best]])
            best = i;
    return best;
}

/* As memmem(), by the needle's rarest byte: memchr() runs over the rest at the
 * speed of memory. */
static const char *find(const char *from, const char *end,
                        const struct needle *needle) {
    const char *at = from + needle->anchor;

    while (at < end) {
        at = memchr(at, needle->bytes[needle->anchor], (size_t)(end - at));
        if (at == NULL)
            return NULL;
        const char *start = at - needle->anchor;
        if ((size_t)(end - start) < needle->len)
            return NULL;
        if (memcmp(start, needle->bytes, needle->len) == 0)
            return start;
        at++;
    }
    return NULL;
}

/* The record that has the byte at. */
static uint32_t record_at(const struct board_chunk *chunk, uint32_t at) {
    uint32_t low = 0, high = chunk->n;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (chunk->records[middle].at <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Whether a text has the other words, too. */
static bool has_all(const char *text, size_t len, const struct needle *needles,
                    size_t n) {
    for (size_t i = 1; i < n; i++)
        if (memmem(text, len, needles[i].bytes, needles[i].len) == NULL)
            return false;
    return true;
}

static void search_chunk(const struct board_chunk *chunk,
                         const struct needle *needles, size_t n,
                         uint64_t *bits) {
    const char *at = chunk->bytes, *end = chunk->bytes + chunk->len;

    while ((at = find(at, end, &needles[0])) != NULL) {
        uint32_t record = record_at(chunk, (uint32_t)(at - chunk->bytes));
        const char *text = chunk->bytes + chunk->records[record].at;
        uint32_t len = record_len(chunk, record);
        uint32_t slot = chunk->records[record].slot;
        if (slot != BOARD_NO_SLOT && has_all(text, len, needles, n))
            bits[slot / 64] |= 1ull << slot % 64;
        at = text + len;
    }
}

/* The words of a needle, the longest one first. */
static size_t split(const char *needle, struct needle out[NEEDLE_WORDS]) {
    size_t n = 0;

    while (n < NEEDLE_WORDS) {
        needle += strspn(needle, " ");
        size_t len = strcspn(needle, " ");
        if (len == 0)
            break;
        out[n++] = (struct needle){.bytes = needle, .len = len};
        needle += len;
        if (out[n - 1].len > out[0].len) {
            struct needle first = out[0];
            out[0] = out[n - 1];
            out[n - 1] = first;
        }
    }
    return n;
}

void board_text_search(const struct board *board, const char *needle,
                       uint64_t *bits) {
    const struct board_texts *texts = &board->texts;
    struct needle needles[NEEDLE_WORDS];
    size_t n = split(needle, needles);

    if (n == 0)
        return;
    needles[0].anchor = rarest(texts, needles[0].bytes, needles[0].len);
    for (uint32_t i = 0; i < texts->n; i++)
        if (texts->chunks[i].bytes != NULL)
            search_chunk(&texts->chunks[i], needles, n, bits);
}
