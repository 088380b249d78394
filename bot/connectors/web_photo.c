#define LOG_MODULE "web"
#include "base/limits.h"
#include "base/log.h"
#include "base/metrics.h"
#include "bot/bot.h"
#include "bot/connectors/web_internal.h"
#include "bot/photo.h"
#include "bot/ws.h"
#include "store/store.h"

static struct metric photos = METRIC_COUNTER(
    "xiaofeng_web_photos_total", "Photos that came by the web chat.");

/*
 * A photo is announced with its size, and sent when there is room for it: so
 * the bytes that many phones send at once stay within WEB_UPLOADS_BYTES.
 */
void web_photo(struct web_conn *conn, json_t *json) {
    struct web *web = conn->web;
    const char *type, *id, *chat, *text;
    json_int_t bytes;

    if (json_unpack_ex(json, NULL, JSON_STRICT, "{s:s,s:s,s:s,s:s,s:I}", "type",
                       &type, "id", &id, "chat", &chat, "text", &text, "bytes",
                       &bytes) != 0) {
        web_invalid(conn, json);
        return;
    }
    struct web_said *said =
        web_said_new(conn, id, chat, text, LIMIT_TEXT_CHARS);
    if (said == NULL)
        return;
    if (bytes <= 0 || bytes > (json_int_t)LIMIT_UPLOAD_BYTES) {
        web_error(conn, id, "webchat.photo_large", WEB_FINAL);
    } else if (web->bot->stopping || !store_is_up(web->bot->store)) {
        web_error(conn, id, "webchat.away", WEB_AGAIN);
    } else if (conn->upload != NULL ||
               web->upload_bytes + (size_t)bytes > WEB_UPLOADS_BYTES) {
        web_error(conn, id, "webchat.photo_busy", WEB_AGAIN);
    } else {
        said->upload_bytes = (size_t)bytes;
        said->upload_ms = web_now(web);
        web->upload_bytes += said->upload_bytes;
        conn->upload = said;
        web_ack(conn, "go", id);
        return;
    }
    web_call_free(said);
}

static const char *problem(enum err err) {
    switch (err) {
    case ERR_TOO_LARGE:
        return "webchat.photo_large";
    case ERR_INVALID:
        return "webchat.photo_bad";
    default:
        return "webchat.photo_busy";
    }
}

static void on_stored(void *data, enum err err, const struct photo *photo) {
    struct web_said *said = data;
    struct web *web = said->call.web;

    if (web == NULL) {
        web_call_free(said);
        return;
    }
    web->upload_bytes -= said->upload_bytes;
    if (err != OK) {
        bool final = err == ERR_TOO_LARGE || err == ERR_INVALID;
        LOG_INFO("a photo was not stored: %s", err_str(err));
        if (said->call.conn != NULL)
            web_error(said->call.conn, said->entry.message_id, problem(err),
                      final ? WEB_FINAL : WEB_AGAIN);
        web_call_free(said);
        return;
    }
    metric_add(&photos, 1);
    said->entry.photo = arena_strdup(&said->call.arena, photo->id);
    said->has_position = photo->has_position;
    said->entry.lat = photo->lat;
    said->entry.lon = photo->lon;
    web_said_keep(said);
}

void web_photo_bytes(struct web_conn *conn, const char *bytes, size_t len) {
    struct web_said *said = conn->upload;

    if (said == NULL || len > said->upload_bytes || len == 0) {
        ws_close(conn->ws, 1008, "not the photo that was announced");
        return;
    }
    conn->upload = NULL;
    photo_store(conn->web->bot->photos, bytes, len, on_stored, said);
}

void web_photo_gone(struct web_conn *conn) {
    if (conn->upload == NULL)
        return;
    conn->web->upload_bytes -= conn->upload->upload_bytes;
    web_call_free(conn->upload);
    conn->upload = NULL;
}

bool web_photo_overdue(const struct web_conn *conn, int64_t now_ms) {
    return conn->upload != NULL &&
           now_ms - conn->upload->upload_ms > WEB_UPLOAD_MS;
}
