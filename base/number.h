#pragma once

#include <stdint.h>

/*
 * A whole number in decimal digits, as printf("%" PRId64) has it, for the paths
 * where a dozen of them a message would cost more than what they are for.
 */
#define NUMBER_SIZE 21 /* of the longest, with its sign and the NUL */
const char *number_print(char out[static NUMBER_SIZE], int64_t number);
