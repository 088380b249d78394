#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bot;
struct web;

/*
 * The riders' web chat: the WebSocket at /chat/ws behind the page below /chat,
 * as a connector like any other. One account, "web", is always online. A member
 * is known by a random token the browser keeps; the store has only its hash, of
 * which the member's id is made.
 *
 *   rider "web.<16 hex digits>"   chat "web.u<those>" or a group "web.g…"
 *
 * The page sends JSON objects by "type":
 *   hello  token|null, nick, group|null, lang, [link]   the first, once
 *   text   id, chat, text
 *   place  id, chat, lat, lon, name
 *   photo  id, chat, text, bytes: asks; after "go" with the same id the bytes
 *          follow as one binary message
 *   nick   nick
 *   lang   lang
 * and gets
 *   welcome token, rider, nick, chat, groups [{id, title}], history [message]
 *   ack    id: the message is kept
 *   go     id: send the photo now
 *   error  text, [id], [again], [code]: again means "the same, later"; code
 *          "link": the one-time link is not valid
 *   message key, chat, bot, from, text, time, mine, [id], [to, for_me],
 *          [photo], [lat, lon]
 *   gone   key, chat: that message was taken back
 * A message's id is made by the page, which repeats it when it is not sure that
 * it arrived; the same id twice is one message.
 *
 * A one-time link (bot/link.h) makes a member who acts for another rider: the
 * turns are that rider's and limited, nothing that was said before is shown.
 */
struct web_options {
    const char *public_url; /* its origin is ours, too, behind a proxy; NULL */
    /* For each remote address; a rate of 0 means no limit. */
    double join_rate, join_burst; /* new members and links a second */
    double peer_rate, peer_burst; /* messages a second */
};
/* What an office behind one address needs: 2/s, 200, 100/s, 500. */
extern const struct web_options web_default_options;

struct web_group {
    const char *id; /* "web.gqinhuai", at most LIMIT_ID_BYTES */
    const char *title;
};

/*
 * Adds the route /chat/ws and brings the account online. Needs bot->loop,
 * clock, store, photos and outbox. options are borrowed.
 */
struct web *web_new(struct bot *bot, const struct web_options *options);
/* The groups of the web chat. Everybody may join the first, the others only
 * whoever knows their id ("/chat?group=<id>"). Copied; call again on change. */
void web_set_groups(struct web *web, const struct web_group *groups, size_t n);
/* Takes the account offline and lets go of every connection; takes NULL. When
 * the loop takes no more connections, and before accounts_free(). */
void web_free(struct web *web);
