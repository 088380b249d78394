#include "bot/fetch.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/metrics.h"
#include "base/netaddr.h"
#include "bot/loop.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#define LOG_MODULE "fetch"
#include "base/log.h"

#define CONNECT_TIMEOUT_MS 10000L
/* Slower than this for so long is a server that holds us up. */
#define LOW_SPEED_BYTES 512L
#define LOW_SPEED_SECONDS 15L
#define IDLE_CONNECTIONS 4L /* kept open for the next picture of that host */

struct fetch {
    struct fetcher *fetcher;
    char *url;
    CURL *easy; /* NULL while waiting */
    struct buf body;
    enum err err; /* why we refused, when it was us */
    fetch_done *done;
    void *data;
    size_t max_bytes;
    struct curl_slist *headers;
    fetch_answered *answered; /* instead of done: of fetch_ask() */
    /* A POST has these, too. */
    fetch_posted *posted;
    char *message;
    size_t message_len;
    size_t ignored; /* bytes of the answer so far */
    struct fetch *prev, *next;
};

struct fetcher {
    struct loop *loop;
    struct fetch_options options;
    CURLM *multi;     /* NULL before the first fetch */
    uv_timer_t timer; /* curl's wish to be called */
    uv_timer_t kick;  /* begins what fetch_get() queued */
    struct fetch *waiting;
    struct fetch *running;
    struct fetch *refused; /* only have to be told */
    unsigned n_waiting;
    unsigned n_running;
    unsigned n_handles; /* open handles whose callbacks reach this struct */
    bool closing;
};

/* One socket of curl's. */
struct watch {
    uv_poll_t poll;
    struct fetcher *fetcher;
    curl_socket_t fd;
};

#define FETCHES(result)                                                        \
    METRIC_COUNTER_L("xiaofeng_fetches_total", "Fetches ended, by result.",    \
                     "result=\"" result "\"")

static void count_result(enum err err) {
    static struct metric results[ERR_COUNT] = {
        [OK] = FETCHES("ok"),
        [ERR_INVALID] = FETCHES("invalid"),
        [ERR_DENIED] = FETCHES("denied"),
        [ERR_TOO_LARGE] = FETCHES("too_large"),
        [ERR_TIMEOUT] = FETCHES("timeout"),
        [ERR_NOT_FOUND] = FETCHES("not_found"),
        [ERR_LIMIT] = FETCHES("limit"),
        [ERR_IO] = FETCHES("io"),
        [ERR_AWAY] = FETCHES("away"),
    };
    metric_add(&results[err], 1);
}

static long status_of(const struct fetch *fetch) {
    long status = 0;
    if (fetch->easy)
        curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}

/* A field of the head of the last answer, or "". */
static const char *field_of(const struct fetch *fetch, const char *name) {
    struct curl_header *field;
    if (!fetch->easy || curl_easy_header(fetch->easy, name, 0, CURLH_HEADER, -1,
                                         &field) != CURLHE_OK)
        return "";
    return strlen(field->value) <= FETCH_FIELD_BYTES ? field->value : "";
}

static void tell_answer(struct fetch *fetch, enum err err, long status) {
    struct fetch_answer answer = {(int)status, "", 0, "", "", ""};
    if (err == OK) {
        answer.type = field_of(fetch, "Content-Type");
        answer.etag = field_of(fetch, "ETag");
        answer.modified = field_of(fetch, "Last-Modified");
        answer.bytes = fetch->body.data ? fetch->body.data : "";
        answer.len = fetch->body.len;
    }
    fetch->answered(fetch->data, err, &answer);
}

static void tell(struct fetch *fetch, enum err err, long status) {
    bool answered = err == OK || err == ERR_NOT_FOUND;
    if (fetch->answered)
        tell_answer(fetch, err, status);
    else if (fetch->posted)
        fetch->posted(fetch->data, err, answered ? (int)status : 0);
    else if (err == OK)
        fetch->done(fetch->data, OK, fetch->body.data ? fetch->body.data : "",
                    fetch->body.len);
    else
        fetch->done(fetch->data, err, NULL, 0);
}

/* Takes a fetch that is in no list any more. */
static void finish(struct fetch *fetch, enum err err) {
    long status = status_of(fetch);
    if (!fetch->posted)
        count_result(err);
    if (err != OK)
        LOG_DBG("fetch ended: %s", err_str(err));
    if (fetch->easy)
        curl_multi_remove_handle(fetch->fetcher->multi, fetch->easy);
    tell(fetch, err, status);
    if (fetch->easy)
        curl_easy_cleanup(fetch->easy); /* fields of the head live in it */
    buf_finish(&fetch->body);
    curl_slist_free_all(fetch->headers);
    free(fetch->message);
    free(fetch->url);
    free(fetch);
}

/* The status has said all; the rest is read so that the connection can be used
 * again. */
static size_t on_ignored(char *bytes, size_t size, size_t count, void *data) {
    (void)bytes;
    struct fetch *fetch = data;
    fetch->ignored += size * count;
    return fetch->ignored > fetch->fetcher->options.max_bytes ? 0
                                                              : size * count;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *data) {
    struct fetch *fetch = data;
    size_t len = size * count;

    if (status_of(fetch) != 200) {
        fetch->err = ERR_NOT_FOUND;
        return 0;
    }
    if (len > fetch->max_bytes - fetch->body.len) {
        fetch->err = ERR_TOO_LARGE;
        return 0;
    }
    buf_add(&fetch->body, bytes, len);
    return len;
}

/*
 * Every connection begins here, with the very address it will go to: whatever
 * a name resolves to by now, and however a redirect spells it.
 */
static curl_socket_t on_open_socket(void *data, curlsocktype purpose,
                                    struct curl_sockaddr *address) {
    struct fetch *fetch = data;

    if (purpose != CURLSOCKTYPE_IPCXN ||
        (!fetch->fetcher->options.allow_private &&
         !netaddr_is_public(&address->addr))) {
        fetch->err = ERR_DENIED;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC,
                  address->protocol);
}

static enum err err_of_status(const struct fetch *fetch) {
    long status = status_of(fetch);
    bool ok = fetch->posted
                  ? status / 100 == 2
                  : status == 200 || (fetch->answered && status == 304);
    return ok ? OK : ERR_NOT_FOUND;
}

static enum err err_of(const struct fetch *fetch, CURLcode result) {
    switch (result) {
    case CURLE_OK:
        return err_of_status(fetch);
    case CURLE_WRITE_ERROR:
        if (fetch->posted)
            return err_of_status(fetch);
        return fetch->err != OK ? fetch->err : ERR_IO;
    case CURLE_FILESIZE_EXCEEDED:
        return status_of(fetch) == 200 ? ERR_TOO_LARGE : ERR_NOT_FOUND;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_LOGIN_DENIED: /* a user name in the url */
    case CURLE_TOO_MANY_REDIRECTS:
        return ERR_INVALID;
    default:
        return fetch->err != OK ? fetch->err : ERR_IO;
    }
}

static void set_limits(CURL *easy, const struct fetch_options *options) {
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES);
    curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_SECONDS);
}

static void set_get(CURL *easy, struct fetch *fetch) {
    const struct fetch_options *options = &fetch->fetcher->options;
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)options->max_redirects);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE,
                     (curl_off_t)fetch->max_bytes);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
}

static void set_post(CURL *easy, struct fetch *fetch) {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, fetch->headers);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, fetch->message);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t)fetch->message_len);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_ignored);
}

static CURL *easy_new(struct fetch *fetch) {
    CURL *easy = curl_easy_init();
    if (!easy)
        return NULL;
    set_limits(easy, &fetch->fetcher->options);
    if (fetch->posted)
        set_post(easy, fetch);
    else
        set_get(easy, fetch);
    curl_easy_setopt(easy, CURLOPT_URL, fetch->url);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, fetch);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment */
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_USERAGENT,
                     "Mozilla/5.0 (compatible; xiaofeng)");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* Without this a name server that does not answer would hold the loop:
     * curl joins its resolver thread when a transfer ends. */
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
    return easy;
}

static bool begin(struct fetch *fetch) {
    fetch->easy = easy_new(fetch);
    if (!fetch->easy)
        return false;
    if (curl_multi_add_handle(fetch->fetcher->multi, fetch->easy) == CURLM_OK)
        return true;
    curl_easy_cleanup(fetch->easy);
    fetch->easy = NULL;
    return false;
}

/* Begins waiting fetches while there is room for them. */
static void pump(struct fetcher *fetcher) {
    while (!fetcher->closing && fetcher->waiting &&
           fetcher->n_running < fetcher->options.max_parallel) {
        struct fetch *fetch = fetcher->waiting;
        DL_DELETE(fetcher->waiting, fetch);
        fetcher->n_waiting--;
        if (!begin(fetch)) {
            finish(fetch, ERR_IO);
            continue;
        }
        DL_APPEND(fetcher->running, fetch);
        fetcher->n_running++;
    }
}

/*
 * Ends what curl is done with. A callback may free the fetcher: what is left
 * of it then is the struct itself, with closing set.
 */
static void drain(struct fetcher *fetcher) {
    CURLMsg *message;
    int left;

    while (!fetcher->closing &&
           (message = curl_multi_info_read(fetcher->multi, &left))) {
        struct fetch *fetch = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
        DL_DELETE(fetcher->running, fetch);
        fetcher->n_running--;
        finish(fetch, err_of(fetch, message->data.result));
    }
    pump(fetcher);
}

static void on_timer(uv_timer_t *timer) {
    struct fetcher *fetcher = timer->data;
    int running;
    curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    drain(fetcher);
}

static void on_kick(uv_timer_t *timer) {
    struct fetcher *fetcher = timer->data;
    while (!fetcher->closing && fetcher->refused) {
        struct fetch *fetch = fetcher->refused;
        DL_DELETE(fetcher->refused, fetch);
        finish(fetch, fetch->err);
    }
    pump(fetcher);
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    struct watch *watch = poll->data;
    struct fetcher *fetcher = watch->fetcher;
    int flags = 0, running;

    if (status < 0)
        flags |= CURL_CSELECT_ERR;
    if (events & UV_READABLE)
        flags |= CURL_CSELECT_IN;
    if (events & UV_WRITABLE)
        flags |= CURL_CSELECT_OUT;
    curl_multi_socket_action(fetcher->multi, watch->fd, flags, &running);
    drain(fetcher);
}

static void release(struct fetcher *fetcher) {
    if (--fetcher->n_handles > 0 || !fetcher->closing)
        return;
    if (fetcher->multi)
        curl_global_cleanup();
    free(fetcher);
}

static void on_timer_closed(uv_handle_t *handle) {
    release(handle->data);
}

static void on_watch_closed(uv_handle_t *handle) {
    struct watch *watch = handle->data;
    release(watch->fetcher);
    free(watch);
}

static struct watch *watch_new(struct fetcher *fetcher, curl_socket_t fd) {
    struct watch *watch = xcalloc(1, sizeof(*watch));
    watch->fetcher = fetcher;
    watch->fd = fd;
    if (uv_poll_init_socket(&fetcher->loop->uv, &watch->poll, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->poll.data = watch;
    fetcher->n_handles++;
    curl_multi_assign(fetcher->multi, fd, watch);
    return watch;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data,
                     void *socket_data) {
    (void)easy;
    struct fetcher *fetcher = data;
    struct watch *watch = socket_data;

    if (what == CURL_POLL_REMOVE) {
        if (watch) {
            curl_multi_assign(fetcher->multi, fd, NULL);
            uv_close((uv_handle_t *)&watch->poll, on_watch_closed);
        }
        return 0;
    }
    if (!watch && !(watch = watch_new(fetcher, fd)))
        return -1;
    int events = 0;
    if (what & CURL_POLL_IN)
        events |= UV_READABLE;
    if (what & CURL_POLL_OUT)
        events |= UV_WRITABLE;
    return uv_poll_start(&watch->poll, events, on_ready) == 0 ? 0 : -1;
}

static int on_wish(CURLM *multi, long timeout_ms, void *data) {
    (void)multi;
    struct fetcher *fetcher = data;
    if (timeout_ms < 0)
        uv_timer_stop(&fetcher->timer);
    else
        uv_timer_start(&fetcher->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void add_timer(struct fetcher *fetcher, uv_timer_t *timer) {
    uv_timer_init(&fetcher->loop->uv, timer);
    timer->data = fetcher;
    fetcher->n_handles++;
}

/* At the first fetch: with its libraries, curl takes up 2 MB, and most daemons
 * wait long for their first photo. */
static void start_curl(struct fetcher *fetcher) {
    /* With NOSIGNAL curl leaves SIGPIPE to us, and OpenSSL raises it. */
    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (!(curl_version_info(CURLVERSION_NOW)->features &
          CURL_VERSION_ASYNCHDNS))
        LOG_WARN(
            "this libcurl resolves names blocking: the daemon will stall "
            "on slow name servers");
    fetcher->multi = curl_multi_init();
    if (!fetcher->multi)
        abort(); /* out of memory */
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, on_wish);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
    curl_multi_setopt(fetcher->multi, CURLMOPT_MAXCONNECTS, IDLE_CONNECTIONS);
}

struct fetcher *fetcher_new(struct loop *loop,
                            const struct fetch_options *options) {
    struct fetcher *fetcher = xcalloc(1, sizeof(*fetcher));
    fetcher->loop = loop;
    fetcher->options = *options;
    add_timer(fetcher, &fetcher->timer);
    add_timer(fetcher, &fetcher->kick);
    return fetcher;
}

static void cancel_all(struct fetch **list) {
    while (*list) {
        struct fetch *fetch = *list;
        DL_DELETE(*list, fetch);
        finish(fetch, ERR_AWAY);
    }
}

void fetcher_free(struct fetcher *fetcher) {
    if (!fetcher)
        return;
    fetcher->closing = true;
    cancel_all(&fetcher->running);
    cancel_all(&fetcher->waiting);
    cancel_all(&fetcher->refused);
    if (fetcher->multi)
        curl_multi_cleanup(fetcher->multi);
    uv_close((uv_handle_t *)&fetcher->timer, on_timer_closed);
    uv_close((uv_handle_t *)&fetcher->kick, on_timer_closed);
}

/* Takes fetch, which knows whom to tell. */
static void enqueue(struct fetcher *fetcher, struct fetch *fetch,
                    const char *url) {
    fetch->fetcher = fetcher;
    if (fetch->max_bytes == 0 || fetch->max_bytes > fetcher->options.max_bytes)
        fetch->max_bytes = fetcher->options.max_bytes;
    if (fetcher->closing)
        fetch->err = ERR_AWAY;
    else if (!fetch_url_ok(url, true))
        fetch->err = ERR_INVALID;
    else if (fetcher->n_waiting >= FETCH_WAITING_MAX)
        fetch->err = ERR_LIMIT;

    if (fetch->err != OK) {
        DL_APPEND(fetcher->refused, fetch);
    } else {
        if (!fetcher->multi)
            start_curl(fetcher);
        fetch->url = xstrdup(url);
        DL_APPEND(fetcher->waiting, fetch);
        fetcher->n_waiting++;
    }
    if (!fetcher->closing)
        uv_timer_start(&fetcher->kick, on_kick, 0, 0);
}

void fetch_get(struct fetcher *fetcher, const char *url, fetch_done *done,
               void *data) {
    struct fetch *fetch = xcalloc(1, sizeof(*fetch));
    fetch->done = done;
    fetch->data = data;
    enqueue(fetcher, fetch, url);
}

/* "Name: value", unless the value would not do in a head. */
static void add_field(struct fetch *fetch, const char *name,
                      const char *value) {
    if (value == NULL || value[0] == '\0' || strlen(value) > FETCH_FIELD_BYTES)
        return;
    for (const char *c = value; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return;
    char *line = xasprintf("%s: %s", name, value);
    fetch->headers = curl_slist_append(fetch->headers, line);
    free(line);
}

void fetch_ask(struct fetcher *fetcher, const struct fetch_question *question,
               fetch_answered *done, void *data) {
    struct fetch *fetch = xcalloc(1, sizeof(*fetch));
    fetch->answered = done;
    fetch->data = data;
    fetch->max_bytes = question->max_bytes;
    add_field(fetch, "Accept", question->accept);
    add_field(fetch, "If-None-Match", question->etag);
    add_field(fetch, "If-Modified-Since", question->modified);
    enqueue(fetcher, fetch, question->url);
}

void fetch_post(struct fetcher *fetcher, const struct fetch_message *message,
                fetch_posted *done, void *data) {
    struct fetch *fetch = xcalloc(1, sizeof(*fetch));
    fetch->posted = done;
    fetch->data = data;
    /* Without this a longer body would wait for a word of the receiver. */
    fetch->headers = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; message->headers[i]; i++)
        fetch->headers = curl_slist_append(fetch->headers, message->headers[i]);
    fetch->message = xmalloc(message->body_len + 1);
    memcpy(fetch->message, message->body, message->body_len);
    fetch->message_len = message->body_len;
    enqueue(fetcher, fetch, message->url);
}
