#include "bot/api/broadcasts.h"

#include "base/arena.h"
#include "base/fold.h"
#include "base/mem.h"
#include "bot/api/api_parts.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "store/upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_DIGITS 18
#define PAGE 100      /* read at once while looking for some of them */
#define SEARCHED 2000 /* the newest of them, when not all are wanted */
#define WORDS_BYTES 200

bool broadcast_covered(const struct api_call *call,
                       const struct broadcast *broadcast,
                       unsigned permissions) {
    const struct policy *policy = policies_get(call->bot->policies);
    for (unsigned bit = 1; bit <= permissions; bit <<= 1)
        if ((permissions & bit) &&
            access_covers_units(&call->caller, policy, (enum permission)bit,
                                broadcast->unit))
            return true;
    return false;
}

bool broadcast_id_valid(const char *id) {
    size_t digits = strspn(id + (id[0] == 'B'), "0123456789");
    return id[0] == 'B' && digits > 0 && digits <= ID_DIGITS &&
           id[1 + digits] == '\0';
}

/* ---- one of them --------------------------------------------------------- */

/* It is given for the callback; its strings live as long as the call. */
static const struct broadcast *hold(struct api_call *call,
                                    const struct broadcast *broadcast) {
    struct broadcast *held = arena_alloc(&call->arena, sizeof(*held));
    *held = *broadcast;
    return held;
}

struct with {
    broadcast_then *then;
};

static void on_found(void *data, enum err err,
                     const struct broadcast *broadcast) {
    struct api_call *call = data;
    const struct with *with = call->data;
    if (err != OK)
        api_fail(call, err);
    else if (!broadcast_covered(call, broadcast, BROADCAST_READERS))
        api_fail(call, ERR_NOT_FOUND);
    else
        with->then(call, hold(call, broadcast));
}

void broadcast_with(struct api_call *call, broadcast_then *then) {
    struct with *with = arena_alloc(&call->arena, sizeof(*with));
    with->then = then;
    call->data = with;
    if (broadcast_id_valid(call->args[0]))
        broadcast_get(call->bot->store, &call->arena, call->args[0], on_found,
                      call);
    else
        api_fail(call, ERR_NOT_FOUND);
}

/* What is read beside it before it is shown. */
struct showing {
    struct api_call *call;
    const struct broadcast *broadcast;
    struct delivery_counts counts;
    unsigned status;
    const char *code; /* of a 409 */
};

static void show(struct showing *showing, const struct upload *upload) {
    struct api_call *call = showing->call;
    json_t *json = broadcast_whole_json(call, showing->broadcast,
                                        &showing->counts, upload);
    if (showing->status == 409)
        api_problem(call, 409, showing->code, NULL,
                    json_pack("{so}", "current", json));
    else if (showing->status == 201)
        api_created(call, json);
    else
        api_answer(call, json, showing->broadcast->version);
}

static void on_upload(void *data, enum err err, const struct upload *upload) {
    struct showing *showing = data;
    if (err != OK && err != ERR_NOT_FOUND)
        api_fail(showing->call, err);
    else
        show(showing, upload);
}

static void on_counts(void *data, enum err err,
                      const struct delivery_counts *counts) {
    struct showing *showing = data;
    struct api_call *call = showing->call;
    if (err != OK && err != ERR_NOT_FOUND) {
        api_fail(call, err);
        return;
    }
    if (counts != NULL)
        showing->counts = *counts;
    if (showing->broadcast->file[0] == '\0')
        show(showing, NULL);
    else
        upload_get(call->bot->store, &call->arena, showing->broadcast->file,
                   on_upload, showing);
}

static void begin_showing(struct showing *showing) {
    struct api_call *call = showing->call;
    delivery_counts_get(call->bot->store, &call->arena, showing->broadcast->id,
                        on_counts, showing);
}

void broadcast_show(struct api_call *call, const struct broadcast *broadcast,
                    unsigned status) {
    struct showing *showing = arena_alloc(&call->arena, sizeof(*showing));
    *showing = (struct showing){
        .call = call, .broadcast = broadcast, .status = status};
    begin_showing(showing);
}

static void on_current(void *data, enum err err,
                       const struct broadcast *broadcast) {
    struct showing *showing = data;
    if (err != OK) {
        api_fail(showing->call, err);
        return;
    }
    showing->broadcast = hold(showing->call, broadcast);
    begin_showing(showing);
}

void broadcast_show_current(struct api_call *call, const char *id,
                            unsigned status, const char *code) {
    struct showing *showing = arena_alloc(&call->arena, sizeof(*showing));
    *showing = (struct showing){.call = call, .status = status, .code = code};
    broadcast_get(call->bot->store, &call->arena, id, on_current, showing);
}

static void show_found(struct api_call *call,
                       const struct broadcast *broadcast) {
    broadcast_show(call, broadcast, 200);
}

static void get_one(struct api_call *call) {
    broadcast_with(call, show_found);
}

/* ---- the list ------------------------------------------------------------ */

struct listing {
    struct api_call *call;
    bool states[BROADCAST_STATES]; /* wanted */
    const char *words;             /* folded, or "" */
    const char *parent;
    size_t skip, limit;
    bool plain; /* all of them are wanted, and may be seen */
    struct arena page;
    size_t read;  /* of the store, so far */
    size_t found; /* that are wanted, so far */
    int64_t total;
    const struct broadcast **shown; /* copies in the call's arena */
    size_t n_shown;
};

static json_t *next_of(const struct listing *listing) {
    char next[24];
    size_t end = listing->skip + listing->n_shown;
    if (listing->n_shown == 0 || (int64_t)end >= listing->total)
        return json_null();
    snprintf(next, sizeof(next), "%zu", end);
    return json_string(next);
}

static void answer_list(struct listing *listing,
                        const struct delivery_counts *counts) {
    json_t *items = json_array();
    for (size_t i = 0; i < listing->n_shown; i++)
        json_array_append_new(
            items,
            broadcast_item_json(listing->call, listing->shown[i], &counts[i]));
    api_answer(listing->call,
               json_pack("{so so sI}", "items", items, "next", next_of(listing),
                         "total", (json_int_t)listing->total),
               0);
}

static void on_all_counts(void *data, enum err err,
                          const struct delivery_counts *counts, size_t n) {
    struct listing *listing = data;
    if (err != OK || n != listing->n_shown)
        api_fail(listing->call, err == OK ? ERR_IO : err);
    else
        answer_list(listing, counts);
}

static void count_all(struct listing *listing) {
    struct api_call *call = listing->call;
    const char **ids =
        arena_alloc(&call->arena, (listing->n_shown + 1) * sizeof(*ids));
    for (size_t i = 0; i < listing->n_shown; i++)
        ids[i] = listing->shown[i]->id;
    if (listing->n_shown == 0)
        answer_list(listing, NULL);
    else
        delivery_counts_many(call->bot->store, &call->arena, ids,
                             listing->n_shown, on_all_counts, listing);
}

static bool has_words(struct listing *listing,
                      const struct broadcast *broadcast) {
    if (listing->words[0] == '\0' ||
        strcasecmp(listing->words, broadcast->id) == 0)
        return true;
    return strstr(fold_string(&listing->page, broadcast->title),
                  listing->words) != NULL ||
           strstr(fold_string(&listing->page, broadcast->text),
                  listing->words) != NULL;
}

static bool is_wanted(struct listing *listing,
                      const struct broadcast *broadcast) {
    return listing->states[broadcast->state] &&
           (listing->parent[0] == '\0' ||
            strcmp(listing->parent, broadcast->parent) == 0) &&
           broadcast_covered(listing->call, broadcast, BROADCAST_READERS) &&
           has_words(listing, broadcast);
}

/* The page it was read into goes. The list tells less than the whole. */
static const struct broadcast *keep(struct arena *arena,
                                    const struct broadcast *broadcast) {
    struct broadcast *copy = arena_alloc(arena, sizeof(*copy));
    *copy = *broadcast;
    const char **const texts[] = {
        &copy->id,      &copy->title, &copy->text,        &copy->target,
        &copy->unit,    &copy->rrule, &copy->parent,      &copy->by,
        &copy->by_name, &copy->note,  &copy->approved_by,
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        *texts[i] = arena_strdup(arena, *texts[i]);
    copy->translations = copy->audience = "";
    return copy;
}

static void take(struct listing *listing, const struct broadcast *broadcast) {
    if (!listing->plain && listing->found++ < listing->skip)
        return;
    if (listing->n_shown < listing->limit)
        listing->shown[listing->n_shown++] =
            keep(&listing->call->arena, broadcast);
}

static void read_page(struct listing *listing);

static void on_page(void *data, enum err err,
                    const struct broadcast *broadcasts, size_t n,
                    int64_t total) {
    struct listing *listing = data;
    for (size_t i = 0; err == OK && i < n; i++)
        if (listing->plain || is_wanted(listing, &broadcasts[i]))
            take(listing, &broadcasts[i]);
    arena_finish(&listing->page);
    listing->read += PAGE;
    if (err != OK) {
        api_fail(listing->call, err);
    } else if (!listing->plain && (int64_t)listing->read < total &&
               listing->read < SEARCHED) {
        read_page(listing);
    } else {
        listing->total = listing->plain ? total : (int64_t)listing->found;
        count_all(listing);
    }
}

static void read_page(struct listing *listing) {
    struct api_call *call = listing->call;
    arena_init(&listing->page);
    if (listing->plain)
        broadcast_list_all(call->bot->store, &listing->page, listing->skip,
                           listing->limit, on_page, listing);
    else
        broadcast_list_all(call->bot->store, &listing->page, listing->read,
                           PAGE, on_page, listing);
}

static bool read_states(struct api_call *call, struct listing *listing) {
    const char *given = api_query(call, "state");
    char *words = arena_strdup(&call->arena, given), *save = NULL;
    for (int i = 0; i < BROADCAST_STATES; i++)
        listing->states[i] = given[0] == '\0';
    for (char *word = strtok_r(words, ",", &save); word != NULL;
         word = strtok_r(NULL, ",", &save)) {
        enum broadcast_state state = broadcast_state_of(word);
        if (state == BROADCAST_STATES) {
            api_invalid(call, "invalid", "state");
            return false;
        }
        listing->states[state] = true;
    }
    return true;
}

static bool read_list_query(struct api_call *call, struct listing *listing) {
    const char *cursor = api_query(call, "cursor");
    const char *words = api_query(call, "q");
    listing->parent = arena_strdup(&call->arena, api_query(call, "parent"));
    listing->limit = api_limit(call);
    if (!read_states(call, listing))
        return false;
    if (strlen(words) > WORDS_BYTES) {
        api_invalid(call, "too_long", "q");
        return false;
    }
    if (strlen(cursor) > 9 || cursor[strspn(cursor, "0123456789")] != '\0') {
        api_invalid(call, "invalid", "cursor");
        return false;
    }
    listing->words = fold_string(&call->arena, words);
    listing->skip = strtoul(cursor, NULL, 10);
    return true;
}

static bool sees_all(const struct api_call *call) {
    return broadcast_covered(call, &(struct broadcast){.unit = "*"},
                             BROADCAST_READERS);
}

static void get_list(struct api_call *call) {
    struct listing *listing = arena_alloc(&call->arena, sizeof(*listing));
    listing->call = call;
    if (!read_list_query(call, listing))
        return;
    listing->shown =
        arena_alloc(&call->arena, listing->limit * sizeof(*listing->shown));
    listing->plain = api_query(call, "state")[0] == '\0' &&
                     listing->words[0] == '\0' && listing->parent[0] == '\0' &&
                     sees_all(call);
    read_page(listing);
}

/* ---- the routes ---------------------------------------------------------- */

#define READERS (PERM_BROADCASTS | PERM_APPROVE)

static const struct api_route routes[] = {
    {"GET", "/broadcasts", READERS, get_list, 0, false},
    {"POST", "/broadcasts", PERM_BROADCASTS, broadcasts_post, 0, false},
    {"POST", "/broadcasts/preview", PERM_BROADCASTS, broadcasts_post_preview, 0,
     false},
    {"GET", "/broadcasts/upcoming", PERM_BROADCASTS, broadcasts_get_upcoming, 0,
     false},
    {"GET", "/broadcasts/{id}", READERS, get_one, 0, false},
    {"PUT", "/broadcasts/{id}", PERM_BROADCASTS, broadcasts_put, 0, false},
    {"DELETE", "/broadcasts/{id}", PERM_BROADCASTS, broadcasts_delete, 0,
     false},
    {"POST", "/broadcasts/{id}/moves", READERS, broadcasts_post_move, 0, false},
    {"POST", "/broadcasts/{id}/copy", PERM_BROADCASTS, broadcasts_copy, 0,
     false},
    {"GET", "/broadcasts/{id}/progress", READERS, broadcasts_get_progress, 0,
     false},
    {"GET", "/broadcasts/{id}/targets", READERS, broadcasts_get_targets, 0,
     false},
    {"GET", "/broadcasts/{id}/export.csv", READERS, broadcasts_get_csv, 0,
     false},
};

void broadcasts_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
