#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/broadcasts.h"
#include "store/upload.h"

#include <string.h>

static json_t *text_or_null(const char *text) {
    return text[0] == '\0' ? json_null() : json_string(text);
}

static json_t *ms_or_null(int64_t ms) {
    return ms == 0 ? json_null() : json_integer(ms);
}

static json_t *json_or(const char *text, json_t *fallback) {
    json_t *json = text[0] == '\0' ? NULL : json_loads(text, 0, NULL);
    if (json == NULL)
        return fallback;
    json_decref(fallback);
    return json;
}

json_t *broadcast_counts_json(const struct delivery_counts *counts) {
    const struct {
        const char *name;
        int64_t n;
    } all[] = {
        {"waiting", counts->waiting},     {"sending", counts->sending},
        {"sent", counts->sent},           {"refused", counts->refused},
        {"unknown", counts->unknown},     {"recalling", counts->recalling},
        {"recalled", counts->recalled},   {"too_late", counts->too_late},
        {"delivered", counts->delivered}, {"read", counts->read},
    };
    json_t *json = json_object();
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        json_object_set_new(json, all[i].name, json_integer(all[i].n));
    return json;
}

/* Who wrote it does not approve it. */
static bool may_move(const struct api_call *call,
                     const struct broadcast *broadcast,
                     enum broadcast_move move) {
    bool judges = move == BROADCAST_APPROVE || move == BROADCAST_RETURN;
    if (!broadcasts_may(broadcast, move) ||
        !broadcast_covered(call, broadcast,
                           judges ? PERM_APPROVE : PERM_BROADCASTS))
        return false;
    return move != BROADCAST_APPROVE ||
           !broadcasts_same_person(call->bot, call->caller.actor,
                                   broadcast->by);
}

static json_t *moves_json(const struct api_call *call,
                          const struct broadcast *broadcast,
                          const struct delivery_counts *counts) {
    json_t *moves = json_array();
    for (int i = 0; i < BROADCAST_MOVES; i++) {
        enum broadcast_move move = (enum broadcast_move)i;
        bool nobody =
            (move == BROADCAST_RETRY && counts->refused == 0) ||
            (move == BROADCAST_RETRY_UNKNOWN && counts->unknown == 0) ||
            (move == BROADCAST_RECALL && broadcast->fired_ms == 0);
        if (!nobody && may_move(call, broadcast, move))
            json_array_append_new(moves,
                                  json_string(broadcast_move_name(move)));
    }
    return moves;
}

json_t *broadcast_item_json(const struct api_call *call,
                            const struct broadcast *broadcast,
                            const struct delivery_counts *counts) {
    json_t *json =
        json_pack("{ss sI ss ss ss ss ss sI}", "id", broadcast->id, "version",
                  (json_int_t)broadcast->version, "state",
                  broadcast_state_name(broadcast->state), "lane",
                  broadcast->lane == LANE_STUDY ? "study" : "notice", "title",
                  broadcast->title, "text", broadcast->text, "target",
                  broadcast->target, "total", (json_int_t)broadcast->total);
    const struct {
        const char *name;
        json_t *value;
    } more[] = {
        {"unit", json_string(broadcast->unit)},
        {"at_ms", ms_or_null(broadcast->at_ms)},
        {"rrule", text_or_null(broadcast->rrule)},
        {"workday", broadcast->workday == 0 ? json_null()
                                            : json_integer(broadcast->workday)},
        {"next_ms", ms_or_null(broadcast->next_ms)},
        {"parent", text_or_null(broadcast->parent)},
        {"by", json_string(broadcast->by)},
        {"by_name", text_or_null(broadcast->by_name)},
        {"approved_by", text_or_null(broadcast->approved_by)},
        {"created_ms", json_integer(broadcast->created_ms)},
        {"updated_ms", json_integer(broadcast->updated_ms)},
        {"fired_ms", ms_or_null(broadcast->fired_ms)},
        {"ended_ms", ms_or_null(broadcast->ended_ms)},
        {"note", text_or_null(broadcast->note)},
        {"counts", broadcast_counts_json(counts)},
        {"moves", moves_json(call, broadcast, counts)},
    };
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        json_object_set_new(json, more[i].name, more[i].value);
    return json;
}

static json_t *file_json(const struct broadcast *broadcast,
                         const struct upload *upload) {
    if (broadcast->file[0] == '\0')
        return json_null();
    if (upload == NULL)
        return json_pack("{ss ss}", "id", broadcast->file, "name", "");
    return json_pack("{ss ss sI}", "id", upload->id, "name", upload->name,
                     "bytes", (json_int_t)upload->bytes);
}

static json_t *link_json(const struct broadcast *broadcast) {
    if (broadcast->link_url[0] == '\0')
        return json_null();
    return json_pack("{ss ss}", "url", broadcast->link_url, "title",
                     broadcast->link_title);
}

json_t *broadcast_whole_json(const struct api_call *call,
                             const struct broadcast *broadcast,
                             const struct delivery_counts *counts,
                             const struct upload *upload) {
    json_t *json = broadcast_item_json(call, broadcast, counts);
    const struct {
        const char *name;
        json_t *value;
    } more[] = {
        {"translations", json_or(broadcast->translations, json_object())},
        {"photo", text_or_null(broadcast->photo)},
        {"file", file_json(broadcast, upload)},
        {"link", link_json(broadcast)},
        {"ask_read", json_boolean(broadcast->ask_read)},
        {"audience", json_or(broadcast->audience, json_object())},
        {"hours", json_string(broadcast->ignores_hours ? "ignore" : "hold")},
        {"missed", json_string(broadcast->skips_missed ? "skip" : "late")},
        {"quiz", text_or_null(broadcast->quiz)},
        {"material", text_or_null(broadcast->material)},
        {"event", text_or_null(broadcast->event)},
    };
    for (size_t i = 0; i < ARRAY_LEN(more); i++)
        json_object_set_new(json, more[i].name, more[i].value);
    return json;
}
