#pragma once

#include <stdbool.h>

struct account;
struct bot;
struct deliveries;

/*
 * Sends broadcasts (store/delivery.h) through the accounts that are online
 * here: each takes targets that wait, as many as leave in a few seconds, from
 * the parts that it can reach; their outcomes go back together. What another
 * process had taken and cannot finish any more ends as unknown. Whether a
 * message may leave, by the hours of the district, by its account and by
 * whoever paused it, is asked when it leaves; what may not waits again.
 */
struct deliveries *deliveries_new(struct bot *bot);
/* Forgets what is under way; the store keeps it for the next process. After
 * the store; takes NULL. */
void deliveries_free(struct deliveries *deliveries);

/* Looks for what there is to do: each second, and when a broadcast was moved
 * in this process. */
void deliveries_look(struct bot *bot);
/* An account came or went, or may send broadcasts again, or not any more. */
void deliveries_account(struct account *account);
/* Nothing is under way; of a program that stops, nothing that could be put
 * back. */
bool deliveries_idle(const struct bot *bot);
