#pragma once

struct bot;
struct clocks;

/*
 * The clocks of tickets: looks every second for those that have rung
 * (ticket_list_due()) and gives the desk its order: somebody must take it up,
 * its time is nearly over, it climbs a level, a silent rider is asked once
 * more, it rests. What a ring does and the next clock are one transaction under
 * the ticket's version, so each rings once, whatever restarts in between.
 */
struct clocks *clocks_new(struct bot *bot);
void clocks_free(struct clocks *clocks); /* takes NULL */
/* Looks now, for tests with a clock of their own. */
void clocks_look(struct clocks *clocks);
