#pragma once

#include "base/err.h"
#include "bot/photo_child.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/*
 * One run of the confined child: its process, its pipes and its deadline. What
 * comes back is from a program that a hostile picture may have taken over: it
 * is checked here before anybody else sees it.
 */
struct photo_run;

struct photo_run_result {
    bool has_position;
    double lat, lon;
    const char *jpeg; /* all borrowed for the call */
    size_t jpeg_len;
    const char *thumb;
    size_t thumb_len;
};

/* result is NULL unless OK; errors as of photo_done, and ERR_IO when there is
 * no child to be had. The run is gone after the call. */
typedef void photo_run_done(void *data, enum err err,
                            const struct photo_run_result *result);

struct photo_run_options {
    uv_loop_t *uv;
    const char *child_path;
    int64_t timeout_ms;
};

/* Takes bytes, to free() them. Calls done exactly once, later in the loop. */
struct photo_run *photo_run_new(const struct photo_run_options *options,
                                char *bytes, size_t len, photo_run_done *done,
                                void *data);
/* Kills the child; done will not be called. */
void photo_run_cancel(struct photo_run *run);

/* Where xiaofeng-photo is: beside this program in a build tree, or where it is
 * installed. free(). */
char *photo_child_find(void);
