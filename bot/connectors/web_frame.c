#include "base/buf.h"
#include "base/metrics.h"
#include "bot/connectors/web_internal.h"
#include "bot/ws.h"

#include <inttypes.h>
#include <string.h>

static struct metric refused =
    METRIC_COUNTER("xiaofeng_web_refused_total",
                   "Messages of the web chat refused with an error.");

static void add_string(struct buf *out, const char *name, const char *value) {
    buf_addf(out, ",\"%s\":", name);
    buf_add_json_string(out, value, strlen(value));
}

void web_send(struct web_conn *conn, const struct buf *frame) {
    /* Who does not read that much any more has to come again. */
    if (ws_send(conn->ws, frame->data, frame->len) == ERR_LIMIT)
        ws_close(conn->ws, 1013, "too slow");
}

void web_error(struct web_conn *conn, const char *id, const char *key,
               enum web_again again) {
    struct buf out;

    metric_add(&refused, 1);
    buf_init(&out);
    buf_adds(&out, "{\"type\":\"error\"");
    add_string(&out, "text", catalog_text(conn->lang, key));
    if (id != NULL)
        add_string(&out, "id", id);
    if (again == WEB_AGAIN)
        buf_adds(&out, ",\"again\":true");
    buf_addc(&out, '}');
    web_send(conn, &out);
    buf_finish(&out);
}

void web_error_link(struct web_conn *conn) {
    struct buf out;

    metric_add(&refused, 1);
    buf_init(&out);
    buf_adds(&out, "{\"type\":\"error\",\"code\":\"link\"");
    add_string(&out, "text", catalog_text(conn->lang, "webchat.link_ended"));
    buf_addc(&out, '}');
    web_send(conn, &out);
    buf_finish(&out);
}

void web_ack(struct web_conn *conn, const char *type, const char *id) {
    struct buf out;

    buf_init(&out);
    buf_addf(&out, "{\"type\":\"%s\"", type);
    add_string(&out, "id", id);
    buf_addc(&out, '}');
    web_send(conn, &out);
    buf_finish(&out);
}

static bool is(const char *text) {
    return text != NULL && text[0] != '\0';
}

void web_frame_message(struct buf *out, const char *chat,
                       const struct chat_entry *entry,
                       const struct web_conn *viewer) {
    bool bot = entry->from[0] == '\0';
    bool mine = !bot && strcmp(entry->from, viewer->id) == 0;

    buf_adds(out, "{\"type\":\"message\"");
    add_string(out, "key", entry->id);
    add_string(out, "chat", chat);
    add_string(out, "from", bot ? "bot" : entry->nick);
    add_string(out, "text", entry->text);
    buf_addf(out, ",\"time\":%" PRId64 ",\"bot\":%s,\"mine\":%s",
             entry->time_ms, bot ? "true" : "false", mine ? "true" : "false");
    if (mine && is(entry->message_id))
        add_string(out, "id", entry->message_id);
    if (is(entry->to)) {
        const char *me = viewer->as != NULL ? viewer->as : viewer->id;
        buf_addf(out, ",\"for_me\":%s",
                 strcmp(entry->to, me) == 0 ? "true" : "false");
    }
    if (is(entry->to_nick))
        add_string(out, "to", entry->to_nick);
    if (is(entry->photo)) {
        buf_adds(out, ",\"photo\":\"/photos/");
        buf_adds(out, entry->photo); /* base64url, see photo.h */
        buf_addc(out, '"');
    }
    if (entry->has_place)
        buf_addf(out, ",\"lat\":%.6f,\"lon\":%.6f", entry->lat, entry->lon);
    buf_addc(out, '}');
}

void web_frame_gone(struct buf *out, const char *chat, const char *key) {
    buf_adds(out, "{\"type\":\"gone\"");
    add_string(out, "key", key);
    add_string(out, "chat", chat);
    buf_addc(out, '}');
}
