#include "store/workflow.h"

#include <string.h>

#define KEY "ticket.state."

static const char *const state_keys[TICKET_STATES] = {
    [TICKET_NEW] = KEY "new",
    [TICKET_ROUTED] = KEY "routed",
    [TICKET_CLAIMED] = KEY "claimed",
    [TICKET_ANSWERED] = KEY "answered",
    [TICKET_HANDED_BACK] = KEY "handed_back",
    [TICKET_ESCALATED] = KEY "escalated",
    [TICKET_WAITING] = KEY "waiting",
    [TICKET_CLOSED] = KEY "closed",
    [TICKET_CONFIRMED] = KEY "confirmed",
    [TICKET_REOPENED] = KEY "reopened",
    [TICKET_MERGED] = KEY "merged",
    [TICKET_WITHDRAWN] = KEY "withdrawn",
    [TICKET_REJECTED] = KEY "rejected",
    [TICKET_ERASED] = KEY "erased",
};

#define AT(state) (1u << TICKET_##state)
/* Nobody works on it at the moment. */
#define UNCLAIMED                                                              \
    (AT(NEW) | AT(ROUTED) | AT(HANDED_BACK) | AT(ESCALATED) | AT(REOPENED))
#define IN_WORK (AT(CLAIMED) | AT(ANSWERED))
#define OPEN (UNCLAIMED | IN_WORK | AT(WAITING))
#define ENDED (AT(CLOSED) | AT(CONFIRMED))
#define ANY (OPEN | ENDED | AT(MERGED) | AT(WITHDRAWN) | AT(REJECTED))
#define SAME TICKET_STATES

static const struct workflow_move moves[MOVES] = {
    [MOVE_FILE] = {"file", 0, TICKET_NEW, MOVER_RIDER | MOVER_STAFF, TEXT_MUST},
    [MOVE_ROUTE] = {"route", OPEN, TICKET_ROUTED, MOVER_STAFF | MOVER_SYSTEM,
                    TEXT_MAY},
    [MOVE_CLAIM] = {"claim", UNCLAIMED, TICKET_CLAIMED, MOVER_STAFF, TEXT_NONE},
    [MOVE_RELEASE] = {"release", IN_WORK | AT(WAITING), TICKET_ROUTED,
                      MOVER_STAFF, TEXT_NONE},
    [MOVE_ANSWER] = {"answer", OPEN, TICKET_ANSWERED, MOVER_STAFF, TEXT_MUST},
    [MOVE_HAND_BACK] = {"hand_back", OPEN & ~AT(HANDED_BACK),
                        TICKET_HANDED_BACK, MOVER_STAFF, TEXT_MUST},
    [MOVE_ESCALATE] = {"escalate", OPEN, TICKET_ESCALATED,
                       MOVER_STAFF | MOVER_SYSTEM, TEXT_MAY},
    [MOVE_ASK] = {"ask", OPEN, TICKET_WAITING, MOVER_STAFF, TEXT_MUST},
    [MOVE_REPLY] = {"reply", OPEN, SAME, MOVER_RIDER, TEXT_MAY},
    [MOVE_CLOSE] = {"close", OPEN, TICKET_CLOSED, MOVER_STAFF, TEXT_MAY},
    [MOVE_CONFIRM] = {"confirm", ENDED, TICKET_CONFIRMED, MOVER_RIDER,
                      TEXT_MAY},
    [MOVE_REOPEN] = {"reopen", ENDED | AT(REJECTED), TICKET_REOPENED,
                     MOVER_RIDER | MOVER_STAFF, TEXT_MAY},
    [MOVE_MERGE] = {"merge", OPEN, TICKET_MERGED, MOVER_STAFF, TEXT_MAY},
    [MOVE_JOIN] = {"join", OPEN, SAME, MOVER_RIDER, TEXT_MAY},
    [MOVE_WITHDRAW] = {"withdraw", OPEN, TICKET_WITHDRAWN, MOVER_RIDER,
                       TEXT_NONE},
    [MOVE_REJECT] = {"reject", OPEN, TICKET_REJECTED, MOVER_STAFF, TEXT_MUST},
    [MOVE_NOTE] = {"note", ANY, SAME, MOVER_STAFF, TEXT_MUST},
    [MOVE_SORT] = {"sort", OPEN, SAME, MOVER_RIDER | MOVER_STAFF, TEXT_NONE},
    [MOVE_WARN] = {"warn", OPEN, SAME, MOVER_SYSTEM, TEXT_NONE},
    [MOVE_OVERDUE] = {"overdue", OPEN, SAME, MOVER_SYSTEM, TEXT_NONE},
    [MOVE_NUDGE] = {"nudge", AT(CLOSED), SAME, MOVER_SYSTEM, TEXT_NONE},
    [MOVE_REST] = {"rest", AT(CLOSED), SAME, MOVER_SYSTEM, TEXT_NONE},
};

const struct workflow_move *workflow_move(enum ticket_move move) {
    return &moves[move];
}

enum ticket_move workflow_parse(const char *name) {
    for (int i = 0; i < MOVES; i++)
        if (strcmp(moves[i].name, name) == 0)
            return (enum ticket_move)i;
    return MOVES;
}

bool workflow_allows(enum ticket_move move, enum ticket_state state,
                     enum mover by) {
    return (moves[move].from & 1u << state) != 0 && (moves[move].by & by) != 0;
}

const char *ticket_state_name(enum ticket_state state) {
    return state_keys[state] + strlen(KEY);
}

enum ticket_state ticket_state_parse(const char *name) {
    int i = 0;
    while (i < TICKET_STATES &&
           strcmp(ticket_state_name((enum ticket_state)i), name) != 0)
        i++;
    return (enum ticket_state)i;
}

const char *ticket_state_key(enum ticket_state state) {
    return state_keys[state];
}

bool ticket_is_open(enum ticket_state state) {
    return (OPEN & 1u << state) != 0;
}

unsigned ticket_open_states(void) {
    return OPEN;
}
