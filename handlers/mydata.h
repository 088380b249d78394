#pragma once

#include "base/err.h"

struct turn;

/*
 * What a part of the program keeps of a rider besides their tickets and points:
 * a line in the table of handlers/mydata.c makes 我的数据 tell it and
 * 删除我的数据 erase it. Each function ends, now or later, in mydata_next().
 */
struct kept {
    void (*list)(struct turn *turn);   /* tells it by mydata_tell() */
    void (*forget)(struct turn *turn); /* adds to turn->txn */
};
extern const struct kept kept_reads;        /* read.c */
extern const struct kept kept_quizzes;      /* quiz_kept.c */
extern const struct kept kept_signups;      /* events_kept.c */
extern const struct kept kept_learning;     /* study_read.c */
extern const struct kept kept_registration; /* register.c */

/* The next part; an error ends the turn. */
void mydata_next(struct turn *turn, enum err err);
/* One more line of the answer; its text in the rider's language. */
void mydata_tell(struct turn *turn, const char *line);
