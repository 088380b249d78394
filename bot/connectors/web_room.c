#include "base/buf.h"
#include "base/mem.h"
#include "bot/connectors/web_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

static struct web_room *room_of(struct web *web, const char *chat) {
    struct web_room *room;

    HASH_FIND_STR(web->rooms, chat, room);
    return room;
}

void web_sit(struct web_conn *conn, const char *chat) {
    struct web *web = conn->web;
    struct web_room *room = room_of(web, chat);
    struct web_seat *seat = &conn->seats[conn->n_seats++];

    if (room == NULL) {
        room = xcalloc(1, sizeof(*room));
        room->chat = xstrdup(chat);
        HASH_ADD_KEYPTR(hh, web->rooms, room->chat, strlen(room->chat), room);
    }
    *seat = (struct web_seat){.room = room, .conn = conn};
    DL_APPEND(room->seats, seat);
}

bool web_sits(const struct web_conn *conn, const char *chat) {
    for (size_t i = 0; i < conn->n_seats; i++)
        if (strcmp(conn->seats[i].room->chat, chat) == 0)
            return true;
    return false;
}

static void room_free(struct web *web, struct web_room *room) {
    assert(web->rooms != NULL); /* it is in the table */
    HASH_DEL(web->rooms, room);
    free(room->chat);
    free(room);
}

void web_leave(struct web_conn *conn) {
    for (size_t i = 0; i < conn->n_seats; i++) {
        struct web_room *room = conn->seats[i].room;

        DL_DELETE(room->seats, &conn->seats[i]);
        if (room->seats == NULL)
            room_free(conn->web, room);
    }
    free(conn->seats);
    conn->seats = NULL;
    conn->n_seats = 0;
}

struct web_conn *web_find(struct web *web, const char *rider) {
    char chat[WEB_CHAT_SIZE] = "web.u";
    struct web_room *room;

    if (strlen(rider) != WEB_ID_SIZE - 1 || strncmp(rider, "web.", 4) != 0)
        return NULL;
    memcpy(chat + 5, rider + 4, WEB_ID_SIZE - 4);
    room = room_of(web, chat);
    return room != NULL ? room->seats->conn : NULL;
}

size_t web_tell(struct web *web, const char *chat,
                const struct chat_entry *entry) {
    struct web_room *room = room_of(web, chat);
    struct web_seat *seat;
    struct buf frame;
    size_t n = 0;

    if (room == NULL)
        return 0;
    buf_init(&frame);
    DL_FOREACH(room->seats, seat) {
        buf_clear(&frame);
        web_frame_message(&frame, chat, entry, seat->conn);
        web_send(seat->conn, &frame);
        n++;
    }
    buf_finish(&frame);
    return n;
}

void web_tell_gone(struct web *web, const char *chat, const char *key) {
    struct web_room *room = room_of(web, chat);
    struct web_seat *seat;
    struct buf frame;

    if (room == NULL)
        return;
    buf_init(&frame);
    web_frame_gone(&frame, chat, key);
    DL_FOREACH(room->seats, seat) {
        web_send(seat->conn, &frame);
    }
    buf_finish(&frame);
}
