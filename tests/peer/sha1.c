#include "tests/peer/sha1.h"

#include <stdint.h>
#include <string.h>

static uint32_t turn(uint32_t word, unsigned by) {
    return word << by | word >> (32 - by);
}

static uint32_t mix(unsigned round, uint32_t b, uint32_t c, uint32_t d) {
    switch (round / 20) {
    case 0:
        return ((b & c) | (~b & d)) + 0x5a827999;
    case 1:
        return (b ^ c ^ d) + 0x6ed9eba1;
    case 2:
        return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
    default:
        return (b ^ c ^ d) + 0xca62c1d6;
    }
}

static void take_block(uint32_t state[5], const unsigned char *block) {
    uint32_t words[80];
    uint32_t now[5];

    for (size_t i = 0; i < 16; i++)
        words[i] = (uint32_t)block[4 * i] << 24 |
                   (uint32_t)block[4 * i + 1] << 16 |
                   (uint32_t)block[4 * i + 2] << 8 | block[4 * i + 3];
    for (size_t i = 16; i < 80; i++)
        words[i] = turn(
            words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    memcpy(now, state, sizeof(now));
    for (unsigned i = 0; i < 80; i++) {
        uint32_t next = turn(now[0], 5) + mix(i, now[1], now[2], now[3]) +
                        now[4] + words[i];

        now[4] = now[3];
        now[3] = now[2];
        now[2] = turn(now[1], 30);
        now[1] = now[0];
        now[0] = next;
    }
    for (size_t i = 0; i < 5; i++)
        state[i] += now[i];
}

void sha1(unsigned char out[static SHA1_BYTES], const void *data, size_t len) {
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476,
                         0xc3d2e1f0};
    const unsigned char *at = data;
    unsigned char last[128] = {0};
    size_t rest = len % 64;
    size_t size = rest < 56 ? 64 : 128;

    for (; at + 64 <= (const unsigned char *)data + len; at += 64)
        take_block(state, at);
    memcpy(last, at, rest);
    last[rest] = 0x80;
    for (size_t i = 0; i < 8; i++)
        last[size - 1 - i] = (unsigned char)((uint64_t)len * 8 >> (8 * i));
    take_block(state, last);
    if (size == 128)
        take_block(state, last + 64);
    for (size_t i = 0; i < SHA1_BYTES; i++)
        out[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}
