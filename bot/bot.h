#pragma once

#include "i18n/catalog.h"

#include <stdbool.h>
#include <stddef.h>

struct account;
struct api;
struct audiences;
struct board;
struct clock;
struct clocks;
struct command;
struct config;
struct deliveries;
struct events_clock;
struct exports;
struct feeds;
struct fetcher;
struct files;
struct live;
struct lexicon;
struct loop;
struct open311;
struct outbox;
struct passwords;
struct photos;
struct planner;
struct policies;
struct quizzes;
struct roster;
struct seal;
struct store;
struct tracker;
struct turns;
struct views;
struct webhooks;

/*
 * The one state of the program: made by main.c, handed to every part. Parts
 * keep their own state behind their own pointer here.
 */
struct bot {
    const struct config *config;
    const struct clock *clock;
    struct loop *loop;
    struct store *store;
    struct seal *seal; /* of fields that are stored encrypted */
    struct fetcher *fetcher;
    struct photos *photos;
    struct tracker *tracker; /* of links that are tapped */
    struct files *files;     /* that organisers send along */
    struct outbox *outbox;
    struct deliveries *deliveries; /* broadcasts that are being sent */
    struct turns *turns;
    struct policies *policies;   /* what the district has laid down */
    struct quizzes *quizzes;     /* that are open */
    struct roster *roster;       /* its users */
    struct webhooks *webhooks;   /* what other systems hear */
    struct feeds *feeds;         /* of study materials */
    struct clocks *clocks;       /* of tickets */
    struct planner *planner;     /* fires broadcasts */
    struct events_clock *events; /* of events and sign-ups */
    struct api *api;             /* the REST API: its routes and calls */
    struct open311 *open311;     /* Open311: its calls */
    struct passwords *passwords; /* hashes and checks them, off the loop */
    struct board *board;         /* all tickets, for lists and live views */
    struct audiences *audiences; /* whom a broadcast reaches */
    struct live *live;           /* open consoles */
    struct views *views;         /* looks at tickets, for the audit log */
    struct exports *exports;     /* being written */
    struct lexicon *lexicon;     /* dispatch.c: words to commands */
    struct account *accounts;    /* account.c: by id, a uthash table */
    const struct command *const *commands; /* handlers/commands.def */
    size_t n_commands;
    bool stopping; /* no new turns; what is under way ends */
};
