#pragma once

#include "base/arena.h"
#include "bot/feed.h"
#include "bot/feeds.h"
#include "store/feed.h"
#include "store/material.h"

#include <stdbool.h>
#include <uv.h>

struct fetcher;

/* What feeds.c and feeds_import.c share. */

struct feeds {
    struct bot *bot;
    struct fetcher *fetcher;
    uv_timer_t timer;
    struct feeds_job *jobs; /* under way */
    size_t n_jobs;
    struct feeds_look *look; /* under way, or NULL */
};

/* One feed on its way: read, announced, fetched, parsed, imported. */
struct feeds_job {
    struct feeds *feeds; /* NULL: they were freed meanwhile */
    struct bot *bot;
    struct arena arena;
    bool only_due;
    struct feed feed;
    int64_t now_ms;
    /* the answer */
    char *bytes;
    size_t len;
    const char *type;
    uv_work_t work;
    enum feed_fault fault;
    struct feed_content content;
    /* what is new of it */
    struct material *materials;
    const char **images; /* of each, or "" */
    size_t n, at;
    struct material_keys *known; /* of those that were there before */
    size_t n_known;
    bool more; /* than there were numbers for */
    struct feeds_outcome outcome;
    feeds_done *done; /* NULL: nobody waits, or was told */
    void *data;
    struct feeds_job *prev, *next;
};

/* Writes what became of the fetch; the job is then at its end. */
void feeds_write(struct feeds_job *job, const char *error);
/* job->content is there. */
void feeds_import(struct feeds_job *job);
/* Pictures of what was imported. */
void feeds_fetch_covers(struct feeds_job *job);
/* Tells whoever waits, once. */
void feeds_tell(struct feeds_job *job, enum err err);
void feeds_end(struct feeds_job *job);
