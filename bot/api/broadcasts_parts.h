#pragma once

#include "bot/api/api.h"
#include "store/broadcast.h"
#include "store/delivery.h"

#include <stdbool.h>
#include <stddef.h>

struct upload;

/*
 * Private to broadcasts*.c:
 *
 *   broadcasts.c           the routes; the list; one of them
 *   broadcasts_json.c      how one is told
 *   broadcasts_body.c      what a body says of one
 *   broadcasts_refs.c      whether what it names is there
 *   broadcasts_write.c     drafts: new ones, changed, copied, removed
 *   broadcasts_moves.c     moves
 *   broadcasts_progress.c  how the sending goes
 *   broadcasts_targets.c   whom it reached, page by page or as CSV
 *   broadcasts_names.c     what targets are called
 *   broadcasts_preview.c   how it will look, and when it will fire
 */
#define BROADCAST_READERS (PERM_BROADCASTS | PERM_APPROVE)

/* ---- broadcasts.c ---- */

/* Whether a caller has a permission, or one of several, for all that it
 * reaches. */
bool broadcast_covered(const struct api_call *call,
                       const struct broadcast *broadcast, unsigned permissions);
bool broadcast_id_valid(const char *id);
/* Reads the one that the path names and calls then; or answers with 404, also
 * when it lies outside. */
typedef void broadcast_then(struct api_call *call,
                            const struct broadcast *broadcast);
void broadcast_with(struct api_call *call, broadcast_then *then);
/* Answers with the whole of it, as it is, and status 200 or 201. */
void broadcast_show(struct api_call *call, const struct broadcast *broadcast,
                    unsigned status);
/* The same of what is stored now under the id: 409 stale, or another code of
 * 409; 404 when it has gone. */
void broadcast_show_current(struct api_call *call, const char *id,
                            unsigned status, const char *code);

/* ---- broadcasts_json.c ---- */
json_t *broadcast_item_json(const struct api_call *call,
                            const struct broadcast *broadcast,
                            const struct delivery_counts *counts);
/* The item and all that was written; upload may be NULL. */
json_t *broadcast_whole_json(const struct api_call *call,
                             const struct broadcast *broadcast,
                             const struct delivery_counts *counts,
                             const struct upload *upload);
json_t *broadcast_counts_json(const struct delivery_counts *counts);

/* ---- broadcasts_body.c ---- */
/* Fills in what the body says; what it does not say is as in a new draft. The
 * call has been answered when false. */
bool broadcast_read_body(struct api_call *call, struct broadcast *out);

/* ---- broadcasts_refs.c ---- */
/* Calls then when photo, file, quiz, material and event are there; or answers
 * with 422. */
void broadcast_check_refs(struct api_call *call,
                          const struct broadcast *broadcast,
                          broadcast_then *then);

/* ---- the handlers ---- */
api_handler broadcasts_post, broadcasts_put, broadcasts_delete, broadcasts_copy,
    broadcasts_post_move, broadcasts_get_progress, broadcasts_get_targets,
    broadcasts_get_csv, broadcasts_post_preview, broadcasts_get_upcoming;

/* ---- broadcasts_names.c ---- */

/* A target as people may see it: a group by its title, a rider by nick or by
 * the last digits of the id. */
struct target_name {
    const char *chat; /* of riders: masked */
    const char *title;
};
typedef void target_names_read(void *data, enum err err,
                               const struct target_name *names, size_t n);
/* In arena, as the targets are; done may be called before it returns. At most
 * DELIVERY_TARGETS_MAX. */
void target_names(struct bot *bot, struct arena *arena,
                  const struct delivery_target *targets, size_t n,
                  target_names_read *done, void *data);
/* "waiting", "sent", … */
const char *target_state(char letter);
