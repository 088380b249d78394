#pragma once

/*
 * What can go wrong, in the words of the program. A function that can fail
 * returns one of these; it is logged once, where it is handled. What a person
 * reads is a catalogue text, never err_str().
 */
enum err {
    OK = 0,
    ERR_INVALID,   /* malformed input */
    ERR_TOO_LARGE, /* over a named limit */
    ERR_LIMIT,     /* a quota, rate or queue is exhausted */
    ERR_NOT_FOUND, /* no such thing, or not for this caller */
    ERR_DENIED,    /* the caller may not */
    ERR_DUPLICATE, /* already happened; the first answer stands */
    ERR_CONFLICT,  /* somebody else changed it meanwhile: read it again */
    ERR_STATE,     /* the thing is not in a state that allows this */
    ERR_TIMEOUT,   /* a deadline passed; the outcome is unknown */
    ERR_AWAY,      /* a peer (Redis, a chat account) is not connected */
    ERR_IO,        /* the system or a peer refused */
    ERR_COUNT
};

#define must_check __attribute__((warn_unused_result))

/* A constant word for logs, such as "not_found". */
const char *err_str(enum err err);
