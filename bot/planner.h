#pragma once

struct bot;
struct planner;

/*
 * Fires broadcasts: looks every second for those whose time has come
 * (broadcast_list_due()) and moves them. What a firing does and when the next
 * one is are one transaction under the broadcast's version, so each happens
 * once, however many processes look and whatever is killed in between.
 */
struct planner *planner_new(struct bot *bot);
void planner_free(struct planner *planner); /* takes NULL; after the store */
/* Looks now, for tests with a clock of their own. */
void planner_look(struct planner *planner);
