#define LOG_MODULE "web"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "bot/bot.h"
#include "bot/connector.h"
#include "bot/connectors/web_internal.h"
#include "bot/glance.h"
#include "bot/photo.h"
#include "bot/turn.h"
#include "bot/ws.h"
#include "store/store.h"
#include "store/txn.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct metric kept = METRIC_COUNTER(
    "xiaofeng_web_messages_total", "Messages of members of the web chat.");
static struct metric repeated =
    METRIC_COUNTER("xiaofeng_web_repeated_total",
                   "Messages that came again and were kept before.");

/* ---- the turn ---------------------------------------------------------- */

static size_t add_segments(const struct web_said *said, struct turn *turn) {
    const struct chat_entry *entry = &said->entry;
    struct arena *arena = &turn->arena;
    struct segment *segments = arena_alloc(arena, 4 * sizeof(*segments));
    size_t n = 0;

    if (said->mentioned)
        segments[n++] = (struct segment){.type = SEGMENT_MENTION};
    if (entry->photo != NULL && entry->photo[0] != '\0')
        segments[n++] = (struct segment){
            .type = SEGMENT_IMAGE,
            .photo = arena_strdup(arena, entry->photo),
            .has_position = said->has_position,
            .lat = said->has_position ? entry->lat : 0,
            .lon = said->has_position ? entry->lon : 0,
        };
    if (entry->has_place)
        segments[n++] = (struct segment){
            .type = SEGMENT_LOCATION,
            .text =
                said->text[0] != '\0' ? arena_strdup(arena, said->text) : NULL,
            .lat = entry->lat,
            .lon = entry->lon,
        };
    else if (said->text[0] != '\0')
        segments[n++] = (struct segment){
            .type = SEGMENT_TEXT, .text = arena_strdup(arena, said->text)};
    turn->message.segments = segments;
    return n;
}

void web_said_turn(const struct web_said *said, struct bot *bot) {
    struct turn *turn = turn_new(bot);
    struct arena *arena = &turn->arena;
    struct message *message = &turn->message;

    message->account = WEB_ACCOUNT;
    message->chat = arena_strdup(arena, said->chat);
    message->rider = arena_strdup(arena, said->rider);
    message->id = arena_strdup(arena, said->entry.message_id);
    message->nick = arena_strdup(arena, said->entry.nick);
    message->lang = lang_tag(said->lang);
    message->in_group = chat_is_group(said->chat);
    message->mentioned = said->mentioned;
    message->n_segments = add_segments(said, turn);
    message->time_ms = clock_wall_ms(bot->clock);
    turn->limited = said->limited;
    turn_start(turn);
}

/* Ninety-nine of a hundred messages in a group are not for the bot. */
static bool wants_turn(const struct web_said *said, const struct bot *bot) {
    bool in_group = chat_is_group(said->chat);

    return !in_group || glance(bot, &(struct glance){
                                        .chat = said->chat,
                                        .rider = said->rider,
                                        .in_group = true,
                                        .mentioned = said->mentioned,
                                        .text = said->text,
                                        .text_len = strlen(said->text),
                                    });
}

/* ---- keeping ------------------------------------------------------------ */

static void refuse(struct web_said *said, enum err err) {
    struct web_conn *conn = said->call.conn;

    LOG_INFO("a message was not kept: %s", err_str(err));
    if (said->call.web != NULL && said->entry.photo != NULL)
        photo_remove(said->call.web->bot->photos, said->entry.photo);
    if (conn == NULL)
        return;
    if (err == ERR_NOT_FOUND) { /* forgotten meanwhile, or a link has ended */
        if (conn->as != NULL)
            web_error_link(conn);
        ws_close(conn->ws, 1008, "not a member any more");
        return;
    }
    web_error(conn, said->entry.message_id, "webchat.away", WEB_AGAIN);
}

static void on_kept(void *data, const struct txn_result *result) {
    struct web_said *said = data;
    struct web *web = said->call.web;
    struct chat_entry shown = said->entry;

    if (web == NULL) {
        web_call_free(said);
        return;
    }
    if (result->err != OK && result->err != ERR_STATE) {
        refuse(said, result->err);
        web_call_free(said);
        return;
    }
    if (said->call.conn != NULL)
        web_ack(said->call.conn, "ack", said->entry.message_id);
    if (result->err == OK && result->n_values > 0) {
        metric_add(&kept, 1);
        shown.id = result->values[0];
        shown.time_ms = strtoll(shown.id, NULL, 10);
        web_tell(web, said->chat, &shown);
    } else {
        metric_add(&repeated, 1);
    }
    /* A repeated one, too: it may have been kept and not yet answered. The
     * turn knows what it has done before. */
    if (wants_turn(said, web->bot))
        web_said_turn(said, web->bot);
    web_call_free(said);
}

void web_said_keep(struct web_said *said) {
    struct bot *bot = said->call.web->bot;

    if (bot->stopping || !store_is_up(bot->store)) {
        refuse(said, ERR_AWAY);
        web_call_free(said);
        return;
    }
    struct txn *txn = txn_new(bot->store);
    chat_say(txn, said->chat, &said->entry);
    txn_commit(txn, on_kept, said);
}

/* ---- from the page ------------------------------------------------------- */

static bool id_is_good(const char *id) {
    size_t len = strlen(id);

    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '_')
            return false;
    return len > 0 && len <= WEB_MESSAGE_ID_BYTES;
}

/* Takes "@小蜂" out of a text; true when it was there. */
static bool take_mention(struct arena *arena, const char *text,
                         const char **rest) {
    static const char *const names[] = {"@小蜂", "@xiaofeng"};

    *rest = text;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *at = strcasestr(text, names[i]);
        if (at == NULL)
            continue;
        const char *cut = arena_printf(arena, "%.*s %s", (int)(at - text), text,
                                       at + strlen(names[i]));
        *rest = utf8_clean(arena, cut, strlen(cut));
        return true;
    }
    return false;
}

struct web_said *web_said_new(struct web_conn *conn, const char *id,
                              const char *chat, const char *text,
                              size_t max_chars) {
    if (!id_is_good(id) || !web_sits(conn, chat)) {
        web_error(conn, id_is_good(id) ? id : NULL, "webchat.invalid",
                  WEB_FINAL);
        return NULL;
    }
    struct web_said *said = web_call_new(conn->web, conn, sizeof(*said));
    struct arena *arena = &said->call.arena;
    const char *clean = utf8_clean(arena, text, strlen(text));
    if (utf8_length(clean) > max_chars) {
        web_error(conn, id, "webchat.too_long", WEB_FINAL);
        web_call_free(said);
        return NULL;
    }
    said->chat = arena_strdup(arena, chat);
    said->rider = arena_strdup(arena, conn->as != NULL ? conn->as : conn->id);
    said->limited = conn->as != NULL;
    said->lang = conn->lang;
    said->entry = (struct chat_entry){
        .from = arena_strdup(arena, conn->id),
        .nick = arena_strdup(arena, conn->nick),
        .message_id = arena_strdup(arena, id),
        .text = clean,
    };
    said->mentioned = take_mention(arena, clean, &said->text);
    return said;
}

void web_text(struct web_conn *conn, json_t *json) {
    const char *type, *id, *chat, *text;
    struct web_said *said;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:s,s:s,s:s}", "type",
                       &type, "id", &id, "chat", &chat, "text", &text) != 0) {
        web_invalid(conn, json);
        return;
    }
    said = web_said_new(conn, id, chat, text, LIMIT_TEXT_CHARS);
    if (said != NULL && said->entry.text[0] == '\0') {
        web_error(conn, id, "webchat.empty", WEB_FINAL);
        web_call_free(said);
    } else if (said != NULL) {
        web_said_keep(said);
    }
}

void web_place(struct web_conn *conn, json_t *json) {
    const char *type, *id, *chat, *name;
    struct web_said *said;
    double lat, lon;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:s,s:s,s:F,s:F,s:s}",
                       "type", &type, "id", &id, "chat", &chat, "lat", &lat,
                       "lon", &lon, "name", &name) != 0 ||
        !(fabs(lat) <= 90) || !(fabs(lon) <= 180)) {
        web_invalid(conn, json);
        return;
    }
    said = web_said_new(conn, id, chat, name, LIMIT_PLACE_CHARS);
    if (said == NULL)
        return;
    said->entry.has_place = true;
    said->entry.lat = lat;
    said->entry.lon = lon;
    web_said_keep(said);
}
