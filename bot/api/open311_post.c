#include "base/err.h"
#include "base/geo.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "bot/api/open311_parts.h"
#include "bot/board.h"
#include "bot/bot.h"
#include "bot/desk.h"
#include "bot/fetch.h"
#include "bot/photo.h"
#include "bot/work.h"
#include "store/store.h"
#include "store/ticket.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define DESCRIPTION_CHARS 4000 /* as the specification says */
#define ANSWER_CHARS 200       /* to a question of a service */
#define DEGREES_BYTES 20

/* ---- the answer ------------------------------------------------------------
 */

struct filing {
    struct open311_call *call;
    struct ticket ticket;
    bool photo_lost; /* it came with one that we could not get */
};

static void on_filed(struct work *work, enum err err) {
    struct filing *filing = work->data;
    struct open311_call *call = filing->call;
    work_free(work);
    if (err != OK) {
        open311_fail_err(call, err == ERR_CONFLICT ? ERR_AWAY : err);
        return;
    }
    board_poke(call->bot->board);
    const char *notice =
        filing->photo_lost ? "open311.filed_without_photo" : "open311.filed";
    open311_answer(call, "service_requests",
                   json_pack("[{ss ss sn}]", "service_request_id",
                             filing->ticket.id, "service_notice",
                             open311_text(call, notice), "account_id"));
}

static void file(struct filing *filing) {
    struct open311_call *call = filing->call;
    int64_t number = store_next_number(call->bot->store);
    if (number == 0 || call->bot->stopping) {
        open311_fail_err(call, ERR_AWAY);
        return;
    }
    filing->ticket.id = arena_printf(&call->arena, "P%" PRId64, number);
    filing->ticket.source = call->caller.actor;
    struct work *work = work_new(call->bot);
    struct desk desk = desk_of_work(work);
    desk_file(&desk, &filing->ticket);
    work_commit(work, on_filed, filing);
}

/* ---- its photo -------------------------------------------------------------
 */

static void on_stored(void *data, enum err err, const struct photo *photo) {
    struct filing *filing = data;
    if (err == OK)
        filing->ticket.photos = arena_strdup(&filing->call->arena, photo->id);
    else
        filing->photo_lost = true;
    file(filing);
}

static void on_fetched(void *data, enum err err, const char *bytes,
                       size_t len) {
    struct filing *filing = data;
    if (err == OK) {
        photo_store(filing->call->bot->photos, bytes, len, on_stored, filing);
        return;
    }
    filing->photo_lost = true;
    file(filing);
}

/* A report is worth more than its photo: it is filed without, too. */
static void fetch_photo(struct filing *filing) {
    struct open311_call *call = filing->call;
    const char *url = open311_arg(call, "media_url");
    if (url[0] == '\0')
        file(filing);
    else
        fetch_get(call->bot->fetcher, url, on_fetched, filing);
}

/* ---- what it says ----------------------------------------------------------
 */

static const char *clean(struct open311_call *call, const char *name) {
    const char *text = open311_arg(call, name);
    return utf8_clean(&call->arena, text, strlen(text));
}

static bool read_service(struct filing *filing) {
    const char *code = open311_arg(filing->call, "service_code");
    if (code[0] == '\0') {
        open311_fail(filing->call, 400, "service_code was not provided");
        return false;
    }
    if (!open311_is_service(code)) {
        open311_fail(filing->call, 404, "service_code was not found");
        return false;
    }
    filing->ticket.category = code;
    return true;
}

static bool parse_degrees(const char *text, double *out) {
    char *end;
    size_t len = strlen(text);
    if (len == 0 || len > DEGREES_BYTES ||
        text[strspn(text, "+-.0123456789")] != '\0')
        return false;
    *out = strtod(text, &end);
    return *end == '\0';
}

static bool read_position(struct filing *filing) {
    struct open311_call *call = filing->call;
    const char *lat = open311_arg(call, "lat");
    const char *lon = open311_arg(call, "long");
    struct geo at;
    if (lat[0] == '\0' && lon[0] == '\0')
        return true;
    if (!parse_degrees(lat, &at.lat) || !parse_degrees(lon, &at.lon) ||
        !geo_valid(at)) {
        open311_fail(call, 400, "lat and long have to be degrees of WGS-84");
        return false;
    }
    filing->ticket.lat = arena_printf(&call->arena, "%.6f", at.lat);
    filing->ticket.lon = arena_printf(&call->arena, "%.6f", at.lon);
    return true;
}

/* Our addresses have no numbers: what came as one is kept as words. */
static bool read_place(struct filing *filing) {
    struct open311_call *call = filing->call;
    const char *place = clean(call, "address_string");
    if (place[0] == '\0')
        place = clean(call, "address_id");
    if (place[0] == '\0' && filing->ticket.lat == NULL) {
        open311_fail(call, 400,
                     "lat and long, address_string or address_id has to be "
                     "provided");
        return false;
    }
    if (utf8_length(place) > LIMIT_PLACE_CHARS) {
        open311_fail(call, 400, "address_string is longer than %d characters",
                     LIMIT_PLACE_CHARS);
        return false;
    }
    filing->ticket.place = place;
    return true;
}

/* Whom staff may ask; it is stored sealed, and never shown by Open311. */
static void read_sender(struct filing *filing) {
    struct open311_call *call = filing->call;
    static const char *const names[] = {"last_name", "first_name", "phone",
                                        "email"};
    const char *all = "";
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = clean(call, names[i]);
        if (value[0] != '\0')
            all = arena_printf(&call->arena, "%s%s%s", all,
                               all[0] == '\0' ? "" : " ", value);
    }
    filing->ticket.nick =
        arena_strndup(&call->arena, all, utf8_prefix(all, LIMIT_NAME_CHARS));
}

static bool knows_value(const struct open311_attribute *attribute,
                        const char *value) {
    size_t i = 0;
    while (attribute->values[i].value != NULL &&
           strcmp(attribute->values[i].value, value) != 0)
        i++;
    return attribute->values[i].value != NULL ||
           attribute->values[0].value == NULL;
}

/* What was answered, as a line below the description. */
static bool read_attribute(struct filing *filing,
                           const struct open311_attribute *attribute,
                           const char **text) {
    struct open311_call *call = filing->call;
    const char *value = clean(
        call, arena_printf(&call->arena, "attribute[%s]", attribute->code));
    if (value[0] == '\0')
        return true;
    if (!knows_value(attribute, value) || utf8_length(value) > ANSWER_CHARS) {
        open311_fail(call, 400, "attribute[%s] has a value it may not have",
                     attribute->code);
        return false;
    }
    if (strcmp(attribute->code, "DANGER") == 0)
        filing->ticket.urgent = strcmp(value, "yes") == 0;
    else
        *text = arena_printf(&call->arena, "%s\n%s %s", *text,
                             open311_text(call, attribute->key), value);
    return true;
}

static bool read_text(struct filing *filing) {
    struct open311_call *call = filing->call;
    const char *service = filing->ticket.category;
    const char *text = clean(call, "description");
    if (utf8_length(text) > DESCRIPTION_CHARS) {
        open311_fail(call, 400, "description is longer than %d characters",
                     DESCRIPTION_CHARS);
        return false;
    }
    if (text[0] == '\0')
        text = open311_service_name(call, service);
    for (size_t i = 0; i < n_open311_attributes; i++) {
        const struct open311_attribute *attribute = &open311_attributes[i];
        if ((attribute->service == NULL ||
             strcmp(attribute->service, service) == 0) &&
            !read_attribute(filing, attribute, &text))
            return false;
    }
    filing->ticket.text = text;
    return true;
}

void open311_post_request(struct open311_call *call) {
    struct filing *filing = arena_alloc(&call->arena, sizeof(*filing));
    filing->call = call;
    if (!read_service(filing) || !read_position(filing) ||
        !read_place(filing) || !read_text(filing))
        return;
    read_sender(filing);
    fetch_photo(filing);
}
