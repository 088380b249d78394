#pragma once

struct command;
struct turn;

/*
 * Where a message goes: to a command by its word, to the rider's open form, or
 * to nothing. In a group what is not addressed to the bot is met with silence.
 */
void route(struct turn *turn);
/* To this command, with turn->text as its text. */
void route_to(struct turn *turn, const struct command *command);
