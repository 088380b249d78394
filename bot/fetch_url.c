/* Urls, before anybody tries them: the other half of bot/fetch.h. */
#include "bot/fetch.h"

#include "base/netaddr.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <uv.h>

/* What curl would guess or repair is refused: "example.org", " http://…". */
static bool is_fetchable(const char *url) {
    if (strncasecmp(url, "http://", 7) != 0 &&
        strncasecmp(url, "https://", 8) != 0)
        return false;
    for (const char *c = url; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '\\')
            return false;
    return strlen(url) <= FETCH_URL_BYTES;
}

/* A host that says by itself that it is private. Whatever a name leads to is
 * refused when it is tried. */
static bool host_is_private(const char *host) {
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    char bare[64];
    size_t len = strlen(host);

    if (uv_ip4_addr(host, 0, &v4) == 0)
        return !netaddr_is_public((const struct sockaddr *)&v4);
    if (host[0] != '[')
        return strcasecmp(host, "localhost") == 0;
    if (len < 2 || len - 2 >= sizeof(bare))
        return true;
    memcpy(bare, host + 1, len - 2);
    bare[len - 2] = '\0';
    return uv_ip6_addr(bare, 0, &v6) != 0 ||
           !netaddr_is_public((const struct sockaddr *)&v6);
}

static bool parts_ok(CURLU *parts, const char *url, bool allow_private) {
    char *host = NULL;
    bool ok = curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER) ==
                  CURLUE_OK &&
              curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
              (allow_private || !host_is_private(host));
    curl_free(host);
    return ok;
}

bool fetch_url_ok(const char *url, bool allow_private) {
    if (!is_fetchable(url))
        return false;
    CURLU *parts = curl_url();
    if (!parts)
        return false;
    bool ok = parts_ok(parts, url, allow_private);
    curl_url_cleanup(parts);
    return ok;
}
