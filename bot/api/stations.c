#include "bot/api/stations.h"

#include "base/mem.h"
#include "bot/api/api.h"
#include "bot/bot.h"
#include "store/station.h"

static void on_list(void *data, enum err err, const struct station *stations,
                    size_t n, size_t total) {
    struct api_call *call = data;
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    json_t *items = json_array();
    for (size_t i = 0; i < n; i++) {
        const struct station *station = &stations[i];
        json_array_append_new(
            items, json_pack("{ss ss ss ss ss sf sf}", "id", station->id,
                             "name", station->name, "address", station->address,
                             "hours", station->hours, "offers", station->offers,
                             "lat", station->lat, "lon", station->lon));
    }
    api_answer(call,
               json_pack("{so sn sI}", "items", items, "next", "total",
                         (json_int_t)total),
               0);
}

/* All of them: there are no more than STATIONS_MAX, and a map shows all. */
static void get_list(struct api_call *call) {
    station_list_all(call->bot->store, &call->arena, STATIONS_MAX, on_list,
                     call);
}

static const struct api_route routes[] = {
    {"GET", "/stations", PERM_TICKETS_READ, get_list, 0, false},
};

void stations_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
}
