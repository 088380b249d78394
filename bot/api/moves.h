#pragma once

struct api_call;
struct bot;

/* Moves of tickets, one or many, notes, and learning who sent one. */
void moves_add_routes(struct bot *bot);

/* Its handlers in files of their own. */
void bulk_post(struct api_call *call);   /* bulk.c */
void notes_post(struct api_call *call);  /* notes.c */
void unmask_post(struct api_call *call); /* notes.c */
#define BULK_MAX 200
