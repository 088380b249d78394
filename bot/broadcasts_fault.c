/* What is wrong with a draft, and one made from a list of groups. */
#include "bot/audience.h"
#include "bot/bot.h"
#include "bot/broadcasts.h"
#include "bot/policies.h"
#include "bot/policy.h"
#include "bot/recurrence.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/utf8.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static enum audience_target target_of(const char *name) {
    int i = 0;
    while (i < AUDIENCE_TARGETS &&
           strcmp(audience_target_names[i], name == NULL ? "" : name) != 0)
        i++;
    return (enum audience_target)i;
}

static const char *audience_fault(const struct policy *policy,
                                  const struct broadcast *broadcast) {
    struct audience_problem problem = {.code = "invalid"};
    const char *text = broadcast->audience;
    if (text == NULL || text[0] == '\0')
        return NULL;
    json_t *json = strlen(text) > AUDIENCE_BYTES
                       ? NULL
                       : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL)
        return "invalid";
    enum err err =
        audience_check(policy, json, target_of(broadcast->target), &problem);
    json_decref(json);
    return err == OK ? NULL : problem.code;
}

static const char *words_fault(const struct broadcast *broadcast,
                               const char **field) {
    const char *title = broadcast->title == NULL ? "" : broadcast->title;
    *field = "title";
    if (utf8_length(title) > BROADCAST_TITLE_CHARS)
        return "too_long";
    *field = "text";
    const char *text = broadcast->text == NULL ? "" : broadcast->text;
    return utf8_length(text) > BROADCAST_TEXT_CHARS ? "too_long" : NULL;
}

char *broadcasts_to_groups(struct arena *arena, const char *chats) {
    json_t *ids = json_array();
    while (chats[0] != '\0') {
        size_t len = strcspn(chats, ",");
        json_array_append_new(ids, json_stringn(chats, len));
        chats += len + (chats[len] == ',');
    }
    json_t *json = json_pack("{so}", "group", ids);
    char *text = json_dumps(json, JSON_COMPACT);
    char *out = arena_strdup(arena, text);
    free(text);
    json_decref(json);
    return out;
}

const char *broadcasts_fault(struct bot *bot, const struct broadcast *broadcast,
                             const char **field) {
    const struct policy *policy = policies_get(bot->policies);
    const char *fault = words_fault(broadcast, field);
    if (fault != NULL)
        return fault;
    *field = "target";
    if (target_of(broadcast->target) == AUDIENCE_TARGETS)
        return "invalid";
    *field = "audience";
    fault = audience_fault(policy, broadcast);
    if (fault != NULL)
        return fault;
    *field = "at_ms";
    if (broadcast->at_ms < 0)
        return "invalid";
    return recurrence_fault(policy, broadcast, clock_wall_ms(bot->clock),
                            field);
}
