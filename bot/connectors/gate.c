#include "bot/connectors/gate.h"

#include "base/mem.h"
#include "base/token.h"
#include "bot/ws.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <uthash.h>

struct gate_peer {
    char key[INET6_ADDRSTRLEN];
    unsigned wrong;   /* wrong tokens since the last pause */
    unsigned guesses; /* those unlike the one before */
    bool guessing;    /* the pause is for every token */
    int64_t until_ms; /* of the pause */
    char last[TOKEN_HASH_SIZE];
    UT_hash_handle hh; /* in the order they were last seen */
};

struct gate {
    char *token;
    struct gate_peer *peers;
};

struct gate *gate_new(const char *token) {
    struct gate *gate = xcalloc(1, sizeof(*gate));

    gate->token = xstrdup(token);
    return gate;
}

static void forget(struct gate *gate, struct gate_peer *peer) {
    HASH_DEL(gate->peers, peer);
    free(peer);
}

void gate_free(struct gate *gate) {
    struct gate_peer *peer;
    struct gate_peer *next;

    if (!gate)
        return;
    HASH_ITER(hh, gate->peers, peer, next)
    forget(gate, peer);
    free(gate->token);
    free(gate);
}

/* One household has a /64 of IPv6 addresses, all of it. */
static void peer_key(char key[static INET6_ADDRSTRLEN], const char *address) {
    struct in6_addr ip;

    if (inet_pton(AF_INET6, address, &ip) == 1) {
        memset(&ip.s6_addr[8], 0, 8);
        inet_ntop(AF_INET6, &ip, key, INET6_ADDRSTRLEN);
    } else {
        strncpy(key, address, INET6_ADDRSTRLEN - 1);
        key[INET6_ADDRSTRLEN - 1] = '\0';
    }
}

static struct gate_peer *peer_find(struct gate *gate, const char *key) {
    struct gate_peer *peer;

    HASH_FIND_STR(gate->peers, key, peer);
    return peer;
}

/* The peer, as the one seen last. */
static struct gate_peer *peer_touch(struct gate *gate,
                                    const char key[static INET6_ADDRSTRLEN]) {
    struct gate_peer *peer = peer_find(gate, key);

    if (peer) {
        HASH_DEL(gate->peers, peer);
    } else {
        if (HASH_COUNT(gate->peers) >= GATE_PEERS)
            forget(gate, gate->peers);
        peer = xcalloc(1, sizeof(*peer));
        memcpy(peer->key, key, sizeof(peer->key));
    }
    HASH_ADD_STR(gate->peers, key, peer);
    return peer;
}

/* The token of a header such as "Bearer abc" or "Token abc". */
static const char *header_token(const char *header) {
    const char *space = strchr(header, ' ');

    if (!space)
        return header;
    if (strncasecmp(header, "Bearer ", 7) != 0 &&
        strncasecmp(header, "Token ", 6) != 0)
        return "";
    return space + strspn(space, " ");
}

static void note_wrong(struct gate_peer *peer, const char *token,
                       int64_t now_ms) {
    char hash[TOKEN_HASH_SIZE];

    token_hash(hash, token);
    peer->wrong++;
    if (strcmp(hash, peer->last) != 0)
        peer->guesses++;
    memcpy(peer->last, hash, sizeof(hash));
    if (peer->wrong < GATE_TRIES)
        return;
    peer->guessing = peer->guesses > 1;
    peer->until_ms = now_ms + GATE_PAUSE_MS;
    peer->wrong = 0;
    peer->guesses = 0;
}

unsigned gate_check(struct gate *gate, const struct ws_request *request,
                    int64_t now_ms) {
    const char *header = header_token(request->authorization);
    const char *query = request->access_token;
    bool in_header = token_equal(header, gate->token);
    bool in_query = token_equal(query, gate->token);
    char key[INET6_ADDRSTRLEN] = "";
    struct gate_peer *peer;
    bool paused;

    peer_key(key, request->peer);
    peer = peer_find(gate, key);
    paused = peer && now_ms < peer->until_ms;
    if (paused && peer->guessing)
        return 429;
    if (in_header || in_query) {
        /* A pause for another one's misconfiguration goes on. */
        if (peer && !paused)
            forget(gate, peer);
        return 101;
    }
    if (!*header && !*query)
        return 401;
    if (paused)
        return 429;
    note_wrong(peer_touch(gate, key), *header ? header : query, now_ms);
    return 403;
}
