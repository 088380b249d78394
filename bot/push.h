#pragma once

struct account;

/*
 * Sends the broadcasts of an account, a few chats at a time: each batch is
 * marked in the store before it is tried, and its outcomes go back together.
 * What an earlier process had marked and not finished ends as unknown.
 */

/* Looks for unfinished broadcasts of an account that nobody here is sending.
 * Called each second, and at once when one was created. */
void broadcasts_sweep(struct account *account);
/* Forgets what is under way; the store keeps it for the next process. */
void broadcasts_free(struct account *account);
