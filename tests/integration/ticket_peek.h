#pragma once

/*
 * What is private in a stored ticket, for tests that look into Redis: field is
 * "text", "place", "lat", "lon" or "nick". sealed is the value of its field
 * "private" and is freed; key_file is the daemon's. The caller frees.
 */
char *ticket_peek(char *sealed, const char *id, const char *key_file,
                  const char *field);
