#pragma once

/*
 * Every key of the store. Each is written with the hash tag of its district in
 * front ("{qinhuai}:rider:qq.90001"), so that all of a transaction lives in one
 * slot of a Redis Cluster. Where a key ends by itself its time to live is here.
 */
#define KEY_RIDER "rider:%s"           /* hash: a rider, by rider id */
#define KEY_RIDER_TICKETS "tickets:%s" /* zset: a rider's ticket ids by ms */
#define KEY_SEEN                                                               \
    "seen:%s:%s:%s"             /* string: answer to account, chat, message    \
                                 */
#define KEY_TICKET "ticket:%s"  /* hash: a request or report */
#define KEY_TICKET_LOG "log:%s" /* list: its conversation, oldest first */
#define KEY_OPEN "open"         /* zset: tickets that wait for staff, by ms */
#define KEY_ENDED "ended"   /* zset: all other tickets, by ms of their end */
#define KEY_ERASED "erased" /* zset: those without content, by ms */
#define KEY_DUE "due"       /* zset: tickets by the ms their next clock rings */
#define KEY_PLANNED "planned" /* zset: broadcasts by the ms they fire next */
#define KEY_TICKET_NOTES "notes:%s" /* list: what only staff may read */
#define KEY_NEAR "near:%s:%d:%d"    /* zset: ticket ids of a cell, by ms */
#define KEY_POINTS "points"         /* hash: balance by account of the ledger */
#define KEY_LEDGER "ledger"         /* stream: every posting */
#define KEY_POSTINGS "postings:%s"  /* list: an account's last ones */
#define KEY_OUTBOX "outbox:%s"      /* stream: notices an account must send */
#define KEY_AUDIT "audit"           /* stream: who did what to what, when */
#define KEY_AUDIT_HEAD "audit:head" /* string: where its chain ends */
#define KEY_AUDIT_BASE "audit:base" /* string: where what is kept begins */
#define KEY_NUMBER "number"         /* counter: the last number reserved */
#define KEY_GROUP "group:%s" /* hash: a group the bot is in, by chat id */
#define KEY_GROUPS "groups"  /* set: all of them */
#define KEY_ACCOUNT_GROUPS "ingroups:%s" /* set: those an account is in */
#define KEY_PEOPLE "people"        /* stream: riders and groups that changed */
#define KEY_CODE "code:%s"         /* hash: a one-time code, by its SHA-256 */
#define KEY_DELIVERY "delivery:%s" /* hash: its head */
#define KEY_DELIVERY_PARTS "delivery:%s:parts"   /* hash: its parts */
#define KEY_DELIVERY_CHATS "delivery:%s:chats"   /* list: its targets */
#define KEY_DELIVERY_STATES "delivery:%s:states" /* string: a letter each */
#define KEY_DELIVERY_SENDERS                                                   \
    "delivery:%s:senders"                          /* string: who took each    \
                                                    */
#define KEY_DELIVERY_LEASES "delivery:%s:leases"   /* hash: being tried */
#define KEY_DELIVERY_SENT "delivery:%s:sent"       /* hash: ids to recall by */
#define KEY_DELIVERY_REASONS "delivery:%s:reasons" /* hash: of refusals */
#define KEY_DELIVERY_READERS "delivery:%s:readers" /* set: riders, chats */
#define KEY_DELIVERY_VISITORS                                                  \
    "delivery:%s:visitors" /* HyperLogLog: hashes of unnamed readers           \
                            */
#define KEY_DELIVERY_READS "delivery:%s:reads" /* hash: by target's index */
#define KEY_DELIVERY_HOURS "delivery:%s:hours" /* hash: reads by hour */
#define KEY_DELIVERIES "deliveries"            /* zset: all that are kept */
#define KEY_DELIVERIES_LIVE "deliveries:live"  /* zset: there is work to do */
#define KEY_DELIVERER "deliverer:%s" /* string: a process that sends */
#define KEY_PUSHED "pushed"          /* hash: what a chat got last */
#define KEY_CHAT "chat:%s"           /* stream: last messages of a web chat */
#define KEY_CHAT_MEMBER "member:%s"  /* hash: a web chat member, by rider id */
#define KEY_STATION "station:%s"     /* hash: a rest station, by its id */
#define KEY_STATIONS "stations"      /* geo set: the ids of all of them */
#define KEY_USER "user:%s"       /* hash: somebody who works in the console */
#define KEY_USERS "users"        /* set: the names of all of them */
#define KEY_SESSION "session:%s" /* hash: a session, by its SHA-256 */
#define KEY_API_TOKEN "token:%s" /* hash: a token of a system, by its id */
#define KEY_API_TOKENS "tokens"  /* set: the ids of all of them */
#define KEY_CLAIM "claim:%s"     /* hash: an Idempotency-Key, by SHA-256 */
#define KEY_WEBHOOKS "webhooks"  /* hash: all hooks, sealed, by id */
#define KEY_WEBHOOK_COUNTS "webhookcounts" /* hash: of all hooks */
#define KEY_WEBHOOK_EVENTS "hook:%s"       /* stream: events that wait for it */
#define KEY_WEBHOOK_DEAD "hookdead:%s"     /* hash: those given up, by id */
#define KEY_WEBHOOK_DIED "hookdied:%s"     /* zset: the same ids, by ms */
#define KEY_WEBHOOK_SENDER "hooksender:%s" /* string: who sends them */
#define KEY_RECORD "record:%s:%s" /* hash: a thing, by its kind and id */
#define KEY_RECORDS "records:%s"  /* zset: the ids of a kind, by their order */
#define KEY_EARNED "earned:%s"    /* set: what a rider had points for, once */
#define KEY_MATERIALS "materials:%s" /* zset: ids of a state, by published */
#define KEY_HEARD "heard"            /* zset: hashes of feeds' entries, by ms */
#define KEY_LEARNED "learned:%s"     /* zset: materials a rider read, by ms */
#define KEY_QUIZ_CHANGES "quizchanges" /* counter: of quizzes and questions */
#define KEY_QUIZZES_OPEN "quizzesopen" /* set: the ids of open quizzes */
#define KEY_RUN_ANSWERS "answers:%s"   /* hash: a run's attempts, by rider */
#define KEY_RUN_SCORES "scores:%s"     /* zset: its riders by what they did */
#define KEY_RUN_COUNTS "counts:%s"     /* hash: how many answered what */
#define KEY_RUNS "runs:%s"             /* zset: a rider's runs, by ms */
#define KEY_BOARD "board:%s:%s"    /* zset: riders or units by their points */
#define KEY_SALT "salt:%s"         /* string: of a day, see store/salt.h */
#define KEY_DOCUMENT "document:%s" /* hash: data of the district, by name */
#define KEY_DOCUMENTS "documents"  /* hash: version by name of all of them */
#define KEY_SIGNUP "record:signup:%s:%s" /* hash: of an event and a rider */
#define KEY_SIGNUPS "records:signup:%s"  /* zset: riders of an event, by ms */
#define KEY_RIDER_SIGNUPS "signups:%s"   /* zset: a rider's events, by start */
#define KEY_WAITLIST "waitlist:%s"  /* zset: riders that wait for an event */
#define KEY_EVENT_DUE "eventdue"    /* zset: "E12 qq.1", "E12", by ms */
#define KEY_EVENT_CODES "codes:%s"  /* hash: rider by code for check-in */
#define KEY_EVENT_PRIVATE "private" /* zset: "E12 qq.1", what is private */

#define TTL_SEEN_MS (24LL * 3600 * 1000)     /* redelivery comes in minutes */
#define TTL_LINK_MS (10LL * 60 * 1000)       /* a one-time link into the chat */
#define TTL_CODE_MS (7LL * 24 * 3600 * 1000) /* a code for a staff role */
#define TTL_NEAR_MS (7LL * 24 * 3600 * 1000) /* longer nobody proposes */
#define TTL_CHAT_MS (30LL * 24 * 3600 * 1000)
#define TTL_MEMBER_MS (400LL * 24 * 3600 * 1000) /* from the last visit */
#define TTL_DELIVERER_MS (10LL * 1000)          /* from its last sign of life */
#define TTL_PUSHED_MS (30LL * 24 * 3600 * 1000) /* then 已读 finds nothing */
#define TTL_LINK_MEMBER_MS (3600LL * 1000)      /* who came by a link */
#define TTL_RUN_MS                                                             \
    (400LL * 24 * 3600 * 1000) /* what was answered in quizzes                 \
                                */
#define TTL_BOARD_WEEK_MS (28LL * 24 * 3600 * 1000)
#define TTL_BOARD_MONTH_MS (31LL * 24 * 3600 * 1000)
