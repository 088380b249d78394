#include "base/netaddr.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

struct range4 {
    uint32_t base;
    unsigned bits;
};

#define IP4(a, b, c, d)                                                        \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 |          \
     (uint32_t)(d))

/* https://www.iana.org/assignments/iana-ipv4-special-registry */
static const struct range4 special4[] = {
    {IP4(0, 0, 0, 0), 8},       /* this network; 0.0.0.0 reaches localhost */
    {IP4(10, 0, 0, 0), 8},      /* private */
    {IP4(100, 64, 0, 0), 10},   /* shared, carrier-grade NAT */
    {IP4(127, 0, 0, 0), 8},     /* loopback */
    {IP4(169, 254, 0, 0), 16},  /* link-local, metadata services */
    {IP4(172, 16, 0, 0), 12},   /* private */
    {IP4(192, 0, 0, 0), 24},    /* protocol assignments */
    {IP4(192, 0, 2, 0), 24},    /* documentation */
    {IP4(192, 88, 99, 0), 24},  /* 6to4 relays, retired */
    {IP4(192, 168, 0, 0), 16},  /* private */
    {IP4(198, 18, 0, 0), 15},   /* benchmarks */
    {IP4(198, 51, 100, 0), 24}, /* documentation */
    {IP4(203, 0, 113, 0), 24},  /* documentation */
    {IP4(224, 0, 0, 0), 4},     /* multicast */
    {IP4(240, 0, 0, 0), 4},     /* reserved, and broadcast */
};

struct range6 {
    uint8_t base[8]; /* no range is longer than a /64 */
    unsigned bits;
};

/* What is special inside 2000::/3; all outside of it is not public. */
static const struct range6 special6[] = {
    {{0x20, 0x01}, 23},             /* protocol assignments, Teredo, ORCHID */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 */
    {{0x3f, 0xff}, 20},             /* documentation */
};

static bool public4(uint32_t ip) {
    for (size_t i = 0; i < ARRAY_LEN(special4); i++) {
        uint32_t mask = UINT32_MAX << (32 - special4[i].bits);
        if ((ip & mask) == special4[i].base)
            return false;
    }
    return true;
}

static uint32_t load4(const uint8_t bytes[static 4]) {
    return IP4(bytes[0], bytes[1], bytes[2], bytes[3]);
}

static bool has_prefix(const uint8_t *ip, const uint8_t *base, unsigned bits) {
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(ip, base, whole) != 0)
        return false;
    return rest == 0 || (ip[whole] ^ base[whole]) >> (8 - rest) == 0;
}

static bool public6(const uint8_t ip[static 16]) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};

    if (memcmp(ip, mapped, sizeof(mapped)) == 0 ||
        memcmp(ip, nat64, sizeof(nat64)) == 0)
        return public4(load4(ip + 12));
    if (ip[0] >> 5 != 1) /* 2000::/3 */
        return false;
    for (size_t i = 0; i < ARRAY_LEN(special6); i++)
        if (has_prefix(ip, special6[i].base, special6[i].bits))
            return false;
    return true;
}

bool netaddr_is_public(const struct sockaddr *addr) {
    if (addr->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, addr, sizeof(in));
        return public4(ntohl(in.sin_addr.s_addr));
    }
    if (addr->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, addr, sizeof(in6));
        return public6(in6.sin6_addr.s6_addr);
    }
    return false;
}
