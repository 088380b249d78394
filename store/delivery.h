#pragma once

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct notice;
struct store;
struct txn;

/*
 * The way of a broadcast (store/broadcast.h) to its targets. They are frozen
 * by delivery_add() in one list, each known by its index in it from then on,
 * and each has a letter that says what became of it:
 *   w waiting       s being sent    o sent      r refused    u unknown
 *   d to be recalled                c recalled  l too late to recall
 * Targets in a row that the same accounts can reach, in the same language, are
 * a part; any of the accounts takes the next of them that wait. A target is
 * marked 's' before it is tried, under a lease of whoever tries it: after a
 * crash exactly those become 'u', and none of them is tried again without a
 * person's word. See store/functions/delivery.lua.
 *
 * Each function that takes a txn adds to a transaction; the errors named are
 * the transaction's.
 */
#define DELIVERY_LETTERS "wsorudcl"

struct delivery_part {
    const char *accounts; /* "qq.1000,qq.2000": any of them, in any order */
    const char *lang;     /* tag, or "": the district's language */
};

/*
 * Appends targets. Nothing is sent before delivery_begin(). A part is best
 * added as a whole, part after part: each time the accounts or the language
 * change, another part begins. ERR_STATE when it was begun.
 */
#define DELIVERY_ADD_MAX 10000   /* targets in one call */
#define DELIVERY_ACCOUNTS_MAX 64 /* of a part; the others are not used */
void delivery_add(struct txn *txn, const char *id,
                  const struct delivery_part *part, const char *const *chats,
                  size_t n);
/* Forgets all of it. ERR_STATE when it was begun and has not ended. */
void delivery_drop(struct txn *txn, const char *id);

/*
 * From now on it is sent. report goes to the organiser when the last target
 * has its outcome, with the parameters total, sent, refused and unknown added;
 * or NULL. In the same transaction the broadcast's record becomes "done".
 * There must be a target, which the same transaction may have added before.
 * ERR_STATE: it was begun before.
 */
void delivery_begin(struct txn *txn, const char *id,
                    const struct notice *report, int64_t now_ms);
/* ERR_STATE when it is not being sent, is not paused, has ended. What is
 * leaving in this moment still leaves; all else that was not tried waits. */
void delivery_pause(struct txn *txn, const char *id);
void delivery_resume(struct txn *txn, const char *id);
void delivery_cancel(struct txn *txn, const char *id);
/* Those with this letter, 'r' or 'u', wait again, and it is being sent once
 * more. ERR_NOT_FOUND: there are none. ERR_STATE: it was not begun, or is
 * being recalled. */
void delivery_retry(struct txn *txn, const char *id, char letter);
/* What was sent is taken back where the platform can; what waits is not sent
 * any more. ERR_STATE: it was not begun, or is being recalled already. */
void delivery_recall(struct txn *txn, const char *id, int64_t now_ms);

/* Somebody read it. rider: who; or NULL, then visitor is a word by which the
 * same visitor is known for a day. Each counts once for a target, and a group
 * for as many as there were. ERR_NOT_FOUND: there is no such target. */
void delivery_read(struct txn *txn, const char *id, size_t index,
                   const char *rider, const char *visitor, int64_t now_ms);
/* Forgets that a rider has read these, and the rider's private chat among
 * their targets. */
void delivery_forget(struct txn *txn, const char *rider, const char *chat,
                     const char *const *ids, size_t n);

/* ---- reading: done is called later in the loop; all is in arena ---------- */

struct delivery_counts {
    const char *state; /* "frozen", "live", "paused", "cancelled", "recalled",
                          "done"; "" when there is no delivery */
    int64_t total;
    int64_t waiting, sending, sent, refused, unknown;
    int64_t recalling, recalled, too_late;
    int64_t delivered; /* whether it was recalled later or not */
    int64_t read;      /* targets with a reader */
};
typedef void delivery_counts_read(void *data, enum err err,
                                  const struct delivery_counts *counts);
void delivery_counts_get(struct store *store, struct arena *arena,
                         const char *id, delivery_counts_read *done,
                         void *data);
/* The same of n broadcasts at once (n > 0), in their order. */
typedef void delivery_counts_list(void *data, enum err err,
                                  const struct delivery_counts *counts,
                                  size_t n);
void delivery_counts_many(struct store *store, struct arena *arena,
                          const char *const *ids, size_t n,
                          delivery_counts_list *done, void *data);

struct delivery_target {
    size_t index;
    const char *chat;    /* "" when its rider was forgotten */
    const char *account; /* who sent it, or "" */
    char letter;
    const char *reason; /* of r, u and l; or "" */
    int64_t reads;
};
#define DELIVERY_UNREAD 'n'       /* delivered, and nobody has read it */
#define DELIVERY_TARGETS_MAX 1000 /* at once */
/* Those from offset on with this letter; 0: all. next is the offset to go on
 * from, or -1 when these are the last. */
typedef void delivery_targets_read(void *data, enum err err,
                                   const struct delivery_target *targets,
                                   size_t n, int64_t next);
void delivery_targets(struct store *store, struct arena *arena, const char *id,
                      char letter, size_t offset, size_t max,
                      delivery_targets_read *done, void *data);

/* What an account has to do with it. */
struct delivery_account {
    const char *account;
    int64_t sent, refused;
    int64_t waiting; /* targets that it can reach, as others may */
};
typedef void delivery_accounts_read(void *data, enum err err,
                                    const struct delivery_account *accounts,
                                    size_t n);
void delivery_accounts(struct store *store, struct arena *arena, const char *id,
                       delivery_accounts_read *done, void *data);
/* The waiting targets of all broadcasts that are being sent, by account. */
void delivery_backlog(struct store *store, struct arena *arena,
                      delivery_accounts_read *done, void *data);

/* Reads by hour, oldest first. */
struct delivery_hour {
    int64_t at_ms;
    int64_t n;
};
typedef void delivery_hours_read(void *data, enum err err,
                                 const struct delivery_hour *hours, size_t n);
void delivery_reads(struct store *store, struct arena *arena, const char *id,
                    delivery_hours_read *done, void *data);

/* Who has read it: rider ids, and the chats of targets with a reader. */
typedef void delivery_names_read(void *data, enum err err,
                                 const char *const *names, size_t n);
void delivery_readers(struct store *store, struct arena *arena, const char *id,
                      delivery_names_read *done, void *data);
/* Whether a rider is among them. */
typedef void delivery_reader_read(void *data, enum err err, bool has_read);
void delivery_reader(struct store *store, struct arena *arena, const char *id,
                     const char *rider, delivery_reader_read *done, void *data);
/* The ids of the broadcasts whose delivery is kept, latest begun last: for
 * delivery_forget(), and with a rider only those the rider has read. */
void delivery_ids(struct store *store, struct arena *arena, const char *rider,
                  delivery_names_read *done, void *data);

/* What was sent to a chat last, for 已读. ERR_NOT_FOUND: nothing in the last
 * 30 days. */
typedef void delivery_pushed_read(void *data, enum err err, const char *id,
                                  size_t index);
void delivery_pushed(struct store *store, struct arena *arena, const char *chat,
                     int64_t now_ms, delivery_pushed_read *done, void *data);
