#pragma once

struct store;

/*
 * An answer is kept for a day with the message it answers (txn_seen()), for a
 * redelivery. A rider who had everything forgotten need not wait for that:
 * empties the answers that went to their private chat, or were for them, in the
 * background. That the messages were seen stays known. except is the id of a
 * message whose answer is left, or "".
 *
 * All of the keys have to be looked through, for none is kept by rider: it
 * would be one more thing to write for each message. When the store goes away
 * meanwhile it is given up, and the day ends it.
 */
void seen_forget(struct store *store, const char *rider, const char *chat,
                 const char *except);
