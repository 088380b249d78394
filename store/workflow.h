#pragma once

#include <stdbool.h>

/*
 * The life of a ticket: its states, and the moves between them. Chat, console,
 * API and clocks all go by this one table (workflow.c).
 */
enum ticket_state {
    TICKET_NEW,
    TICKET_ROUTED,      /* a unit has it */
    TICKET_CLAIMED,     /* a person works on it */
    TICKET_ANSWERED,    /* the rider has an answer; not yet at its end */
    TICKET_HANDED_BACK, /* to who routed it, with a reason */
    TICKET_ESCALATED,   /* waits on a higher level */
    TICKET_WAITING,     /* for the rider; its clocks stand still */
    TICKET_CLOSED,
    TICKET_CONFIRMED, /* the rider says it is solved */
    TICKET_REOPENED,  /* the rider says it is not */
    TICKET_MERGED,    /* into another one */
    TICKET_WITHDRAWN,
    TICKET_REJECTED, /* with a reason */
    TICKET_ERASED,   /* its rider had it forgotten, or its time was over */
    TICKET_STATES
};

enum ticket_move {
    MOVE_FILE, /* it came; the first entry of its history */
    MOVE_ROUTE,
    MOVE_CLAIM,
    MOVE_RELEASE, /* gives a claim up */
    MOVE_ANSWER,
    MOVE_HAND_BACK,
    MOVE_ESCALATE,
    MOVE_ASK,   /* the rider something */
    MOVE_REPLY, /* of the rider: an answer, or more to say */
    MOVE_CLOSE,
    MOVE_CONFIRM, /* with 1 to 5 */
    MOVE_REOPEN,
    MOVE_MERGE,
    MOVE_JOIN, /* another rider follows it */
    MOVE_WITHDRAW,
    MOVE_REJECT,
    MOVE_NOTE,    /* for staff only, never told */
    MOVE_SORT,    /* category, urgency, whether it is anonymous */
    MOVE_WARN,    /* its time is nearly over */
    MOVE_OVERDUE, /* its time is over and there is nowhere to climb */
    MOVE_NUDGE,   /* asks a silent rider once more */
    MOVE_REST,    /* nobody will ask any more */
    MOVES
};

enum mover {
    MOVER_RIDER = 1,
    MOVER_STAFF = 2,
    MOVER_SYSTEM = 4 /* routing and clocks */
};

enum move_text { TEXT_NONE, TEXT_MAY, TEXT_MUST };

struct workflow_move {
    const char *name;     /* "hand_back" */
    unsigned from;        /* states, 1 << enum ticket_state */
    enum ticket_state to; /* TICKET_STATES: stays as it is */
    unsigned by;          /* enum mover */
    enum move_text text;
};

const struct workflow_move *workflow_move(enum ticket_move move);
/* "hand_back"; MOVES when there is none of that name. */
enum ticket_move workflow_parse(const char *name);
bool workflow_allows(enum ticket_move move, enum ticket_state state,
                     enum mover by);

/* "handed_back"; and back, TICKET_STATES when there is none. */
const char *ticket_state_name(enum ticket_state state);
enum ticket_state ticket_state_parse(const char *name);
/* "ticket.state.handed_back": the key of its text. */
const char *ticket_state_key(enum ticket_state state);
/* Whether it is somebody's turn to do something. */
bool ticket_is_open(enum ticket_state state);
/* Those states, 1 << enum ticket_state. */
unsigned ticket_open_states(void);
