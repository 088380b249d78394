#include "bot/planner.h"

#include "base/mem.h"

#include <stdlib.h>

struct planner {
    struct bot *bot;
};

struct planner *planner_new(struct bot *bot) {
    struct planner *planner = xcalloc(1, sizeof(*planner));
    planner->bot = bot;
    return planner;
}

void planner_free(struct planner *planner) {
    free(planner);
}

void planner_look(struct planner *planner) {
    (void)planner;
}
