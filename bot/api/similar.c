#include "bot/api/similar.h"

#include "base/geo.h"
#include "bot/api/api.h"
#include "bot/api/scope.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/policies.h"
#include "bot/policy.h"

#include <stdlib.h>
#include <string.h>

/* No metre of latitude is more than that: most cards are passed over without
 * any sine. */
#define DEGREES_PER_M (1.0 / 110000)

struct search {
    const struct card *card;
    double radius_m;
    struct {
        const struct card *card;
        double m;
    } found[SIMILAR_MAX];
    size_t n;
};

static void keep(struct search *search, const struct card *card, double m) {
    size_t at = search->n;

    if (at == SIMILAR_MAX) {
        if (m >= search->found[--at].m)
            return;
    } else {
        search->n++;
    }
    for (; at > 0 && search->found[at - 1].m > m; at--)
        search->found[at] = search->found[at - 1];
    search->found[at].card = card;
    search->found[at].m = m;
}

static void look_at(void *data, const struct card *card) {
    struct search *search = data;
    double off = card->lat - search->card->lat;

    if (!card->has_position || strcmp(card->id, search->card->id) == 0 ||
        (off < 0 ? -off : off) > search->radius_m * DEGREES_PER_M)
        return;
    double m =
        geo_distance_m((struct geo){card->lat, card->lon},
                       (struct geo){search->card->lat, search->card->lon});
    if (m <= search->radius_m)
        keep(search, card, m);
}

size_t similar_find(const struct api_call *call, const struct card *card,
                    const struct card *out[static SIMILAR_MAX]) {
    const struct policy_rules *rules =
        policy_rules(policies_get(call->bot->policies));
    struct scope scope = scope_of(call, PERM_TICKETS_READ);
    struct search search = {.card = card, .radius_m = rules->duplicate_m};
    struct board_filter filter = {
        .states = ticket_open_states(),
        .kind = card->report ? 'P' : 'S',
        .category = card->category,
        .since_ms = card->created_ms - rules->duplicate_ms,
        .until_ms = card->created_ms + rules->duplicate_ms + 1,
        .covers = scope_covers,
        .data = &scope,
    };

    if (!card->has_position || card->category[0] == '\0' ||
        board_each(call->bot->board, &filter, look_at, &search) != OK)
        return 0;
    for (size_t i = 0; i < search.n; i++)
        out[i] = search.found[i].card;
    return search.n;
}

size_t similar_count(const struct api_call *call, const struct card *card) {
    const struct card *found[SIMILAR_MAX];

    return similar_find(call, card, found);
}
