#include "bot/api/materials.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "bot/api/study.h"
#include "bot/bot.h"
#include "bot/photo_file.h"
#include "store/broadcast.h"
#include "store/material.h"
#include "store/store.h"
#include "store/txn.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MINUTES_MAX 600
#define TEXT_CHARS_MAX 400 /* of a summary, in a broadcast */
#define YEAR_2100_MS 4102444800000LL

/* ---- how it is told ------------------------------------------------------ */

static json_t *moves_json(const struct material *material) {
    json_t *moves = json_array();
    if (material->state != MATERIAL_APPROVED)
        json_array_append_new(moves, json_string("approve"));
    if (material->state != MATERIAL_REJECTED)
        json_array_append_new(moves, json_string("reject"));
    return moves;
}

static json_t *material_json(const struct material *material) {
    return json_pack(
        "{ss sI ss ss so so so so so so si sI sI so so sI so}", "id",
        material->id, "version", (json_int_t)material->version, "state",
        material_states[material->state], "title", material->title, "source",
        study_word(material->source), "cover", study_word(material->cover),
        "url", study_word(material->url), "summary",
        study_word(material->summary), "body", study_word(material->body),
        "category", study_word(material->category), "minutes",
        material->minutes, "published_ms", (json_int_t)material->published_ms,
        "created_ms", (json_int_t)material->created_ms, "feed",
        study_word(material->feed), "pushed", study_ids(material->pushed),
        "reads", (json_int_t)material->reads, "moves", moves_json(material));
}

/* ---- the list ------------------------------------------------------------ */

struct page {
    size_t offset;
};

static void on_list(void *data, enum err err, const struct material *materials,
                    size_t n, int64_t total) {
    struct api_call *call = data;
    const struct page *page = call->data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(items, material_json(&materials[i]));
    study_page(call, items, page->offset, n, total);
}

static void get_list(struct api_call *call) {
    struct page *page = arena_alloc(&call->arena, sizeof(*page));
    const char *word = api_query(call, "state");
    int state = 0;
    while (state < MATERIAL_STATES && strcmp(word, material_states[state]) != 0)
        state++;
    call->data = page;
    if (state == MATERIAL_STATES && word[0] != '\0')
        api_invalid(call, "invalid", "state");
    else if (study_cursor(call, &page->offset))
        material_list_state(call->bot->store, &call->arena,
                            (enum material_state)state, page->offset,
                            api_limit(call), on_list, call);
}

/* ---- one of them --------------------------------------------------------- */

struct change {
    struct api_call *call;
    struct material material;
    const char *action;
    bool created, removed;
    struct broadcast draft; /* id NULL: none is made */
    void (*found)(struct change *change);
};

static void on_found(void *data, enum err err,
                     const struct material *material) {
    struct change *change = data;
    if (err != OK) {
        api_fail(change->call, err);
        return;
    }
    change->material = *material;
    change->found(change);
}

static void find(struct api_call *call, void (*found)(struct change *change)) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    *change = (struct change){.call = call, .found = found};
    material_get(call->bot->store, &call->arena, call->args[0], on_found,
                 change);
}

static void show(struct change *change) {
    api_answer(change->call, material_json(&change->material),
               change->material.version);
}

static void get_one(struct api_call *call) {
    find(call, show);
}

/* ---- writing ------------------------------------------------------------- */

static void on_current(void *data, enum err err,
                       const struct material *material) {
    struct api_call *call = data;
    if (err != OK)
        api_fail(call, err);
    else
        api_stale(call, material_json(material));
}

static void on_written(void *data, const struct txn_result *result) {
    struct change *change = data;
    struct api_call *call = change->call;
    change->material.version++;
    if (result->err == ERR_CONFLICT)
        material_get(call->bot->store, &call->arena, change->material.id,
                     on_current, call);
    else if (result->err != OK)
        api_fail(call, result->err);
    else if (change->draft.id != NULL)
        study_drafted(call, &change->draft);
    else if (change->removed)
        api_empty(call);
    else if (change->created)
        api_created(call, material_json(&change->material));
    else
        show(change);
}

static void store(struct change *change) {
    struct api_call *call = change->call;
    struct txn *txn = txn_new(call->bot->store);
    struct material *material = &change->material;
    material->by = call->caller.actor;
    if (change->removed)
        material_remove(txn, material->id, material->version);
    else
        material_put(txn, material);
    if (change->draft.id != NULL)
        broadcast_put(txn, &change->draft);
    txn_audit(txn, call->caller.actor, change->action, material->id,
              change->draft.id != NULL ? change->draft.id
                                       : material_states[material->state]);
    api_happens(call, txn);
    txn_commit(txn, on_written, change);
}

static bool is_current(struct change *change) {
    int64_t version;
    if (!study_version(change->call, &version))
        return false;
    if (version == change->material.version)
        return true;
    api_stale(change->call, material_json(&change->material));
    return false;
}

static bool read_cover(struct api_call *call, const char **cover) {
    if (!study_text(call, "cover", 64, false, cover))
        return false;
    if ((*cover)[0] == '\0' || photo_id_valid(*cover))
        return true;
    api_invalid(call, "invalid", "cover");
    return false;
}

/* All that people write; what is not given is nothing. */
static bool read_body(struct api_call *call, struct material *material) {
    int64_t minutes;
    if (!study_text(call, "title", MATERIAL_TITLE_CHARS, false,
                    &material->title) ||
        !study_text(call, "source", MATERIAL_SOURCE_CHARS, false,
                    &material->source) ||
        !study_text(call, "category", MATERIAL_CATEGORY_CHARS, false,
                    &material->category) ||
        !study_text(call, "summary", MATERIAL_SUMMARY_CHARS, true,
                    &material->summary) ||
        !study_text(call, "body", MATERIAL_BODY_CHARS, true, &material->body) ||
        !study_url(call, "url", &material->url) ||
        !read_cover(call, &material->cover) ||
        !api_integer(call, "minutes", 0, MINUTES_MAX, 0, &minutes) ||
        !api_integer(call, "published_ms", 0, YEAR_2100_MS,
                     material->published_ms, &material->published_ms))
        return false;
    material->minutes =
        minutes != 0 ? (int)minutes
                     : material_minutes(material->body, material->summary);
    if (material->title[0] != '\0')
        return true;
    api_invalid(call, "required", "title");
    return false;
}

static void post_material(struct api_call *call) {
    struct change *change = arena_alloc(&call->arena, sizeof(*change));
    struct material *material = &change->material;
    *change = (struct change){
        .call = call,
        .action = "material-add",
        .created = true,
        .material = {.state = MATERIAL_NEW,
                     .published_ms = call->now_ms,
                     .created_ms = call->now_ms,
                     .feed = "",
                     .pushed = ""},
    };
    if (!read_body(call, material))
        return;
    int64_t number = store_next_number(call->bot->store);
    if (number == 0) {
        api_fail(call, ERR_AWAY);
        return;
    }
    material->id = arena_printf(&call->arena, "M%" PRId64, number);
    store(change);
}

static void put(struct change *change) {
    change->action = "material-change";
    if (is_current(change) && read_body(change->call, &change->material))
        store(change);
}

static void put_material(struct api_call *call) {
    find(call, put);
}

static void remove_it(struct change *change) {
    change->action = "material-remove";
    change->removed = true;
    if (is_current(change))
        store(change);
}

static void delete_material(struct api_call *call) {
    find(call, remove_it);
}

/* ---- review -------------------------------------------------------------- */

static void move(struct change *change) {
    struct api_call *call = change->call;
    struct material *material = &change->material;
    const char *word;
    if (!api_string(call, "move", 16, true, &word) || !is_current(change))
        return;
    enum material_state to = strcmp(word, "approve") == 0  ? MATERIAL_APPROVED
                             : strcmp(word, "reject") == 0 ? MATERIAL_REJECTED
                                                           : MATERIAL_STATES;
    if (to == MATERIAL_STATES) {
        api_invalid(call, "invalid", "move");
    } else if (to == material->state) {
        api_invalid(call, "not_allowed", "move");
    } else {
        material->state = to;
        change->action =
            to == MATERIAL_APPROVED ? "material-approve" : "material-reject";
        store(change);
    }
}

static void post_move(struct api_call *call) {
    find(call, move);
}

/* ---- to the groups ------------------------------------------------------- */

static void draft(struct change *change) {
    struct api_call *call = change->call;
    struct material *material = &change->material;
    struct broadcast *broadcast = &change->draft;
    if (material->state != MATERIAL_APPROVED) {
        api_invalid(call, "not_approved", NULL);
        return;
    }
    if (!study_draft(call, broadcast))
        return;
    size_t len = utf8_prefix(material->summary, TEXT_CHARS_MAX);
    broadcast->title = material->title;
    broadcast->text =
        arena_printf(&call->arena, "%s%s%.*s", material->title,
                     len == 0 ? "" : "\n", (int)len, material->summary);
    broadcast->photo = material->cover;
    broadcast->link_url = material->url;
    broadcast->link_title = material->url[0] == '\0' ? "" : material->title;
    broadcast->material = material->id;
    material->pushed = study_add_id(call, material->pushed, broadcast->id,
                                    MATERIAL_PUSHED_MAX);
    change->action = "material-broadcast";
    store(change);
}

static void post_broadcast(struct api_call *call) {
    find(call, draft);
}

#define BODY_BYTES (512 * 1024)

static const struct api_route routes[] = {
    {"GET", "/materials", PERM_STUDY, get_list, 0, false},
    {"POST", "/materials", PERM_STUDY, post_material, BODY_BYTES, false},
    {"GET", "/materials/{id}", PERM_STUDY, get_one, 0, false},
    {"PUT", "/materials/{id}", PERM_STUDY, put_material, BODY_BYTES, false},
    {"DELETE", "/materials/{id}", PERM_STUDY, delete_material, 0, false},
    {"POST", "/materials/{id}/moves", PERM_STUDY, post_move, 0, false},
    {"POST", "/materials/{id}/broadcast", PERM_STUDY, post_broadcast, 0, false},
};

void materials_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
