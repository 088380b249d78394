/* The parsers of feeds: whatever a server may answer with. */
#include "bot/feed.h"

#include "base/arena.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena arena;
    struct feed_content content;
    arena_init(&arena);
    const struct feed_source source = {
        .bytes = (const char *)data,
        .len = size,
        .type = size % 3 == 0 ? "text/xml; charset=gbk" : "",
        .url = "https://example.org/feed",
    };
    if (feed_parse(&arena, &source, 1795363200000, &content) == FEED_OK)
        for (size_t i = 0; i < content.n; i++)
            if (content.entries[i].title[0] == '\0')
                __builtin_trap();
    arena_finish(&arena);
    return 0;
}
