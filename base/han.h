#pragma once

#include <stdint.h>

/* The Chinese characters of the BMP but for compatibility forms, and to each
 * the simplified one it stands for; 0: itself. Written by han_gen.c. */
#define HAN_FIRST 0x3400
#define HAN_LAST 0x9fff
#define HAN_COUNT (HAN_LAST - HAN_FIRST + 1)

extern const uint16_t han_table[HAN_COUNT];
