/* The decoders of the confined child, and what we do with what they give. */
#include "bot/photo_convert.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct photo_converted out;
    if (photo_convert(data, size, &out) == OK)
        photo_converted_finish(&out);
    return 0;
}
