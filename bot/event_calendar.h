#pragma once

struct event;

/*
 * An event as an iCalendar file (RFC 5545), by libical. url: where to read
 * more, or "". Owned: free(). A cancelled one says so, under the same UID and a
 * higher SEQUENCE, so that calendars take it away.
 */
char *event_calendar(const struct event *event, const char *host,
                     const char *url);
