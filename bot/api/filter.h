#pragma once

#include "bot/api/api.h"
#include "bot/api/scope.h"
#include "bot/board.h"

/* The filters of GET /tickets, which exports have, too. */
struct filter {
    struct board_filter board;
    struct scope scope;
    enum board_sort sort;
    bool descending;
};

/* Reads the query of a call into what lives as long as it. False: the call has
 * been answered with 422. */
bool filter_read(struct api_call *call, enum permission permission,
                 struct filter *out);
/* Milliseconds of a query argument; 0 when there is none. As above. */
bool filter_ms(struct api_call *call, const char *name, int64_t *out);
/* 'S', 'P' or 0 for any. As above. */
bool filter_kind(struct api_call *call, char *out);

/*
 * Goes on with then() once the board is whole; it is loaded when somebody first
 * asks. data is the call's.
 */
void filter_when_loaded(struct api_call *call, void (*then)(void *call));
