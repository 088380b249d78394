#pragma once

struct bot;

/*
 * The staff console at /console: its files, and what it is told before anybody
 * has signed in (GET /console/settings.json: the district's name, the map's
 * tiles). Nothing here is about a ticket; that needs a session and the API.
 */
void console_add_routes(struct bot *bot);

/*
 * Where the tiles of a map url come from, for the policy of the pages:
 * "https://a.example/{z}/{x}/{y}.png" gives "https://a.example". In a host that
 * has Leaflet's "{s}" in its first label, that label becomes "*". NULL when the
 * host is anything but a name or an address. Owned.
 */
char *console_tiles_origin(const char *url);
