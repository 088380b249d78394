#include "base/arena.h"
#include "base/mem.h"
#include "bot/api/broadcasts_parts.h"
#include "bot/bot.h"
#include "bot/files.h"
#include "bot/photo.h"
#include "store/presence.h"

#include <stdlib.h>
#include <unistd.h>

struct refs {
    struct api_call *call;
    const struct broadcast *broadcast;
    broadcast_then *then;
    const char *fields[THINGS]; /* of what is looked for */
};

static bool photo_is_there(const struct api_call *call, const char *id) {
    char *path = photo_path(call->bot->photos, id, false);
    bool there = path != NULL && access(path, F_OK) == 0;
    free(path);
    return there;
}

static void on_checked(void *data, enum err err, size_t missing) {
    struct refs *refs = data;
    if (err != OK)
        api_fail(refs->call, err);
    else if (missing < THINGS && refs->fields[missing] != NULL)
        api_invalid(refs->call, "unknown", refs->fields[missing]);
    else
        refs->then(refs->call, refs->broadcast);
}

/* Those of the things that it names; the call has been answered when false. */
static bool collect(struct refs *refs, struct presence *things, size_t *n) {
    const struct broadcast *broadcast = refs->broadcast;
    const struct {
        enum thing thing;
        const char *field, *id;
    } all[THINGS] = {
        {THING_QUIZ, "quiz", broadcast->quiz},
        {THING_MATERIAL, "material", broadcast->material},
        {THING_EVENT, "event", broadcast->event},
    };
    *n = 0;
    for (size_t i = 0; i < THINGS; i++) {
        if (all[i].id[0] == '\0')
            continue;
        if (!presence_id_valid(all[i].thing, all[i].id)) {
            api_invalid(refs->call, "unknown", all[i].field);
            return false;
        }
        refs->fields[*n] = all[i].field;
        things[(*n)++] = (struct presence){all[i].thing, all[i].id};
    }
    return true;
}

void broadcast_check_refs(struct api_call *call,
                          const struct broadcast *broadcast,
                          broadcast_then *then) {
    struct refs *refs = arena_alloc(&call->arena, sizeof(*refs));
    struct presence things[THINGS];
    size_t n;
    *refs = (struct refs){.call = call, .broadcast = broadcast, .then = then};
    if (broadcast->photo[0] != '\0' && !photo_is_there(call, broadcast->photo))
        api_invalid(call, "no_such_photo", "photo");
    else if (broadcast->file[0] != '\0' &&
             (!files_id_valid(broadcast->file) ||
              !files_is_there(call->bot->files, broadcast->file)))
        api_invalid(call, "no_such_file", "file");
    else if (!collect(refs, things, &n))
        return;
    else if (n == 0)
        then(call, broadcast);
    else
        presence_check(call->bot->store, &call->arena, things, n, on_checked,
                       refs);
}
