#pragma once

struct turn;

/*
 * A quiz that is done is read: when what was sent to chat last carried it, adds
 * to the turn that the rider has read that. Then calls next, now or later.
 */
void quiz_note_read(struct turn *turn, const char *chat, const char *quiz,
                    void (*next)(struct turn *turn));
