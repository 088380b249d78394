#include "store/redis_library.h"

#include "base/buf.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARKER "@VERSION"

void redis_library_init(struct redis_library *library, const char *source) {
    unsigned char hash[crypto_generichash_BYTES_MIN];
    struct buf out;
    const char *mark;

    *library = (struct redis_library){0};
    if (source == NULL)
        return;
    crypto_generichash(hash, sizeof(hash), (const unsigned char *)source,
                       strlen(source), NULL, 0);
    snprintf(library->suffix, sizeof(library->suffix), "_%02x%02x%02x%02x",
             hash[0], hash[1], hash[2], hash[3]);

    buf_init(&out);
    while ((mark = strstr(source, MARKER)) != NULL) {
        buf_add(&out, source, (size_t)(mark - source));
        buf_adds(&out, library->suffix);
        source = mark + strlen(MARKER);
    }
    buf_adds(&out, source);
    library->source = buf_take(&out);
}

void redis_library_finish(struct redis_library *library) {
    free(library->source);
    library->source = NULL;
}
