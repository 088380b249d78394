#pragma once

#include <stdbool.h>
#include <stdint.h>

struct bot;
struct turn;
struct turns;

/* All turns under way in this process, and which riders have a form open in a
 * group. All of it is bounded. */
struct turns *turns_new(struct bot *bot);
void turns_free(struct turns *turns); /* with those that never ended */
bool turns_idle(const struct turns *turns);
/* The store is back: turns that waited for it go on. */
void turns_store_up(struct turns *turns);
/* It is gone: an outage begins, of which each rider is told once. */
void turns_store_down(struct turns *turns);

/*
 * True when a rider may have a form open in this group, so that what they write
 * there is for us. For form_group_ms after the start every rider may have:
 * a form that was open before the restart is still answered.
 */
bool turns_awaits(const struct turns *turns, const char *chat,
                  const char *rider);
/* A form's question was asked in a group (until_ms on the wall clock), or the
 * form is gone (0). */
void turns_await(struct turns *turns, const char *chat, const char *rider,
                 int64_t until_ms);
