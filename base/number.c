#include "base/number.h"

#include <string.h>

const char *number_print(char out[static NUMBER_SIZE], int64_t number) {
    char digits[NUMBER_SIZE];
    char *at = digits + sizeof(digits) - 1;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

    *at = '\0';
    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left > 0);
    if (number < 0)
        *--at = '-';
    return memcpy(out, at, (size_t)(digits + sizeof(digits) - at));
}
