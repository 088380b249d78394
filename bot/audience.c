#include "bot/audience.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/audience_expression.h"
#include "bot/audience_result.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/loop.h"
#include "store/group.h"
#include "store/store.h"

#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct audiences {
    struct bot *bot;
};

struct audiences *audiences_new(struct bot *bot) {
    struct audiences *audiences = xcalloc(1, sizeof(*audiences));
    audiences->bot = bot;
    return audiences;
}

void audiences_free(struct audiences *audiences) {
    free(audiences);
}

/* One who asks. */
struct asking {
    struct bot *bot;
    struct arena arena;
    struct audience_expression expression;
    enum audience_target target;
    const char *units;
    bool count_only;
    audience_done *done;
    void *data;
};

static void end(struct asking *asking, enum err err,
                struct audience *audience) {
    audience_done *done = asking->done;
    void *data = asking->data;
    arena_finish(&asking->arena);
    free(asking);
    done(data, err, audience);
}

static bool is(const struct audience_node *node, const struct group *group) {
    bool all = node->op == AUDIENCE_ALL;
    if (node->op == AUDIENCE_NOT)
        return !is(node->first, group);
    for (size_t i = 0; node->op == AUDIENCE_LEAF && i < node->n_values; i++)
        if (node->field == FIELD_GROUP &&
            strcmp(node->values[i], group->chat) == 0)
            return true;
    const struct audience_node *kid = node->first;
    for (; kid != NULL; kid = kid->next)
        if (is(kid, group) != all)
            return !all;
    return all;
}

static void on_groups(void *data, enum err err, const struct group *groups,
                      size_t n) {
    struct asking *asking = data;
    const char *lang = lang_tag(asking->bot->config->lang);
    if (err == OK && asking->expression.root == NULL)
        err = ERR_INVALID;
    if (err != OK) {
        end(asking, err, NULL);
        return;
    }
    struct audience *audience = audience_new();
    for (size_t i = 0; i < n; i++) {
        if (!is(asking->expression.root, &groups[i]))
            continue;
        if (groups[i].muted)
            audience->muted++;
        else
            audience_add(audience,
                         audience_part(
                             audience, groups[i].account,
                             groups[i].lang[0] != '\0' ? groups[i].lang : lang),
                         groups[i].chat);
    }
    end(asking, OK, audience);
}

void audience_resolve(struct bot *bot, const struct audience_query *query,
                      audience_done *done, void *data) {
    struct asking *asking = xcalloc(1, sizeof(*asking));
    arena_init(&asking->arena);
    asking->bot = bot;
    asking->done = done;
    asking->data = data;
    if (audience_expression_parse(&asking->arena, query->expression,
                                  query->target, &asking->expression) != OK)
        asking->expression.root = NULL;
    group_list_all(bot->store, &asking->arena, on_groups, asking);
}
