#pragma once

#include "bot/api/api.h"
#include "bot/rates.h"

/*
 * Private to api*.c:
 *
 *   api.c         the table of routes; the way of a call
 *   api_auth.c    who asks
 *   api_claim.c   calls that come twice
 *   api_body.c    what they bring along
 *   api_answer.c  what they get
 */
#define API_PREFIX "/api/v1/"

struct api {
    struct bot *bot;
    const struct api_route **routes;
    size_t n_routes;
    struct rates *peers, *callers;
    struct sign_in_rates *sign_ins; /* sign_in.c */
    struct api_call *calls;         /* under way */
    size_t n_calls;
};

/* api.c */
void api_call_free(struct api_call *call);
/* The next steps of a call, each called once the one before has succeeded. */
void api_authenticated(struct api_call *call);
void api_claimed(struct api_call *call);

/* api_auth.c: ends in api_authenticated(), or answers. */
void api_authenticate(struct api_call *call);
/* Whether a request brings anything along that could say who asks. */
bool api_has_credentials(const struct http_request *request);

/* api_claim.c: ends in api_claimed(), or answers. */
void api_claim(struct api_call *call);
/* What is to be answered is kept, then given. */
void api_claim_answer(struct api_call *call);

/* api_body.c: has answered when false. */
bool api_parse_body(struct api_call *call);

/* api_answer.c */
struct api_reply {
    unsigned status;
    const char *type;
    const char *bytes; /* in the call's arena */
    size_t len;
};
/* Gives call->reply and frees the call. */
void api_deliver(struct api_call *call);
/* A problem+json as the answer; field NULL: none. Takes over extra. */
void api_problem(struct api_call *call, unsigned status, const char *code,
                 const char *field, json_t *extra);
/* Too fast: 429 with Retry-After. */
void api_slow_down(struct api_call *call, int64_t wait_ms);
/* The same for what never became a call. */
void api_refuse(struct http_request *request, unsigned status, const char *code,
                const char *allow, int64_t wait_ms);
