#pragma once

#include <stdbool.h>
#include <stddef.h>

struct bot;
struct web;

/*
 * The riders' web chat: the page below /chat and its WebSocket at /chat/ws, as
 * a connector like any other. One account, "web", is always online. A member is
 * known by a random token the browser keeps; the store has only its hash, of
 * which the rider's id is made.
 *
 *   rider "web.<16 hex digits>"   chat "web.u<those>" or a group "web.g…"
 *
 * The page sends JSON objects by "type":
 *   hello  token|null, nick, group|null, lang, [link]   the first, once
 *   text   id, chat, text
 *   place  id, chat, lat, lon, name
 *   photo  id, chat, text, bytes: asks; after "go" with the same id the bytes
 *          follow as one binary message
 *   nick   nick            lang  lang
 * and gets
 *   welcome token, rider, nick, chat, groups [{id,title}], history [message…]
 *   ack    id: the message is kept      go  id: send the photo now
 *   error  text, [id], [code], [again]: again means "try the same later"
 *   message key, chat, bot, from, text, time, mine, [id], [re], [to], [photo],
 *          [lat, lon]
 * A message's id is made by the page, which repeats it when it is not sure that
 * it arrived; the same id twice is one message.
 */
struct web_options {
    unsigned max_connections; /* 0: 20000 */
    unsigned max_per_peer;    /* of one remote address; 0: 256 */
};

struct web_group {
    const char *id; /* "web.gqinhuai-waimai", at most LIMIT_ID_BYTES */
    const char *title;
};

/*
 * Adds the routes /chat/ws and /photos/ and brings the account online. Needs
 * bot->loop, store and photos.
 */
struct web *web_new(struct bot *bot, const struct web_options *options);
/* The groups of the web chat; everybody may join the first, the others only
 * whoever knows their id (/chat?group=<id>). Copied; call again on change. */
void web_set_groups(struct web *web, const struct web_group *groups, size_t n);
/* After the connections are closed; takes NULL. */
void web_free(struct web *web);
