#pragma once

#include "base/arena.h"
#include "store/ticket.h"
#include "store/user.h"
#include "tests/integration/engine.h"
#include "tests/integration/net_peer.h"

#include <jansson.h>
#include <stddef.h>

/*
 * The engine with the API and what staff work with, on a port of its own, and
 * callers that are signed in as a browser is: a user, a session, a cookie.
 */
struct staff_fixture {
    struct engine *engine;
    int port;
    unsigned status;   /* of the last answer */
    char *head, *body; /* of the last answer */
    size_t body_len;
    json_t *json; /* of the last answer, or NULL */
    struct arena arena;
};

/* Organisation of the tests: district > xinjiekou, fuzimiao (communities) and
 * chengguan (a department), each with a party branch above. */
int staff_setup(void **state);
int staff_teardown(void **state);

/* A user with one grant, and a session of theirs: "xf_session" is the name. */
void staff_user(struct staff_fixture *f, const char *name, enum user_role role,
                const char *unit, const char *category);
void staff_grant(struct staff_fixture *f, const char *name, enum user_role role,
                 const char *unit, const char *category);
void staff_sign_out(struct staff_fixture *f, const char *name);

/*
 * One call, answered: path is below /api/v1. body is JSON, or NULL. The answer
 * is in f until the next call.
 */
json_t *staff_call(struct staff_fixture *f, const char *who, const char *method,
                   const char *path, const char *body);
/* The same with raw bytes. */
void staff_send(struct staff_fixture *f, const char *who, const char *method,
                const char *path, const char *type, const char *bytes,
                size_t len);
/* A member of the last answer: "counts.mine", "items.0.id"; NULL: none. */
json_t *staff_at(const struct staff_fixture *f, const char *path);
const char *staff_text(const struct staff_fixture *f, const char *path);
json_int_t staff_int(const struct staff_fixture *f, const char *path);
/* The ids of the items of the last answer, joined by ' '. */
const char *staff_ids(struct staff_fixture *f);

/*
 * Files a ticket, 'S' or 'P', as a rider does: what is not given has a default.
 * Its number, which lives as long as f.
 */
#define STAFF_RIDER "qq.98765"
#define STAFF_NICK "张三丰"
const char *staff_file(struct staff_fixture *f, char prefix,
                       struct ticket given);
/* Waits until the board has the ticket at this version or a later one. */
void staff_wait_board(struct staff_fixture *f, const char *id, int64_t version);
/* A move of somebody, with the version it has now; the status. */
unsigned staff_move(struct staff_fixture *f, const char *who, const char *id,
                    const char *move, const char *more);
