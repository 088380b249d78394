/*
 * Other systems that move tickets by the API, each with a token of its own. Of
 * a call that was not answered they know nothing, so it is made again under the
 * same key until it is; now and then they hang up themselves, or make a call
 * again that was answered.
 */
#include "base/buf.h"
#include "base/token.h"
#include "tests/kill/kill.h"

#include <arpa/inet.h>
#include <errno.h>
#include <jansson.h>
#include <sys/socket.h>
#include <unistd.h>

#define AGAIN_MS 100    /* and up to as much more */
#define PAUSE_MS 400    /* at most, from one ticket to the next */
#define STUCK_MS 4000   /* a key in progress for so long is given up */
#define ANSWER_MS 20000 /* an answer is due */
#define SCOPES "tickets:read,tickets:move,webhooks"

enum doing { AT_LEISURE, LOOKING, MOVING, REPEATING };

struct caller {
    unsigned bit;
    char *token;
    char name[16], actor[40];
    enum doing doing;
    struct record *record;
    struct move *move;
    json_int_t version; /* of the ticket, as it was last seen */
    json_int_t of;      /* … when the move was made */
    bool unsure;        /* the move may have happened before */
    int64_t next_ms, stuck_ms, begun_ms;
    int fd; /* -1: no call is under way */
    char *request;
    size_t len, sent;
    bool hangs_up;
    struct buf answer;
};

static struct caller callers[N_CALLERS];

/* ---- HTTP ---------------------------------------------------------------- */

static char *make_request(const char *method, const char *path,
                          const char *token, const char *key,
                          const char *json) {
    return xasprintf(
        "%s /api/v1%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        "Authorization: Bearer %s\r\n%s%s%s"
        "Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
        method, path, token,
        key == NULL ? "" : "Idempotency-Key: ", key == NULL ? "" : key,
        key == NULL ? "" : "\r\n", strlen(json), json);
}

/* Blocking or not; -1: refused. */
static int connect_to(bool blocking) {
    struct sockaddr_in addr = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)test_daemon_port(world.daemon)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd =
        socket(AF_INET,
               SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);

    if (fd >= 0 &&
        connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) != 0 &&
        errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The status of a whole answer, and where its body begins; 0: it was cut. */
static int read_answer(const struct buf *answer, const char **body) {
    const char *end = answer->len ? strstr(answer->data, "\r\n\r\n") : NULL;
    const char *length =
        end ? strcasestr(answer->data, "\r\nContent-Length:") : NULL;
    int status = 0;

    if (length == NULL || length > end ||
        sscanf(answer->data, "HTTP/1.%*d %d", &status) != 1)
        return 0;
    *body = end + 4;
    size_t want = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    return strlen(*body) == want ? status : 0;
}

/* Takes request, and waits. */
static int ask(char *request, char **body) {
    const char *begin = "";
    char bytes[4096];
    struct buf answer;
    ssize_t got;
    int fd = connect_to(true);

    buf_init(&answer);
    if (fd >= 0 && send(fd, request, strlen(request), MSG_NOSIGNAL) > 0)
        while ((got = recv(fd, bytes, sizeof(bytes), 0)) > 0)
            buf_add(&answer, bytes, (size_t)got);
    if (fd >= 0)
        close(fd);
    free(request);
    int status = read_answer(&answer, &begin);
    *body = xstrdup(begin);
    buf_finish(&answer);
    return status;
}

int callers_ask(const char *method, const char *path, const char *token,
                const char *json, char **body) {
    return ask(make_request(method, path, token, NULL, json), body);
}

/* ---- tokens --------------------------------------------------------------
 */

char *callers_token(const char *name) {
    char *command = xasprintf("token add %s --scopes " SCOPES, name), *out;
    int status = test_daemon_command(world.daemon, command, &out);
    const char *at = strstr(out, "xf_");

    if (status != 0 || at == NULL) {
        fprintf(stderr, "no token was made: %s\n", out);
        abort();
    }
    char *token = xstrndup(at, strcspn(at, "\n"));
    free(command);
    free(out);
    return token;
}

void callers_make(void) {
    for (unsigned i = 0; i < N_CALLERS; i++) {
        struct caller *caller = &callers[i];
        char hash[TOKEN_HASH_SIZE];
        caller->bit = N_STAFF + i;
        snprintf(caller->name, sizeof(caller->name), "system%u", i);
        caller->token = callers_token(caller->name);
        token_hash(hash, caller->token);
        snprintf(caller->actor, sizeof(caller->actor), "token:t%.15s", hash);
        caller->fd = -1;
        buf_init(&caller->answer);
    }
}

static void hang_up(struct caller *caller) {
    if (caller->fd >= 0)
        close(caller->fd);
    caller->fd = -1;
    free(caller->request);
    caller->request = NULL;
    buf_finish(&caller->answer);
    buf_init(&caller->answer);
}

void callers_free(void) {
    for (size_t i = 0; i < N_CALLERS; i++) {
        hang_up(&callers[i]);
        free(callers[i].token);
    }
}

/* ---- calling ------------------------------------------------------------- */

static void again_later(struct caller *caller) {
    hang_up(caller);
    caller->next_ms = now_ms() + AGAIN_MS + roll(AGAIN_MS);
}

static void new_key(struct move *move) {
    token_random(move->key, sizeof(move->key), 12);
}

static char *move_request(const struct caller *caller) {
    static const char *const names[KINDS] = {[KIND_CLAIM] = "claim",
                                             [KIND_ANSWER] = "answer",
                                             [KIND_CLOSE] = "close"};
    const struct move *move = caller->move;
    bool note = move->kind == KIND_NOTE;
    char path[64], json[256];

    snprintf(path, sizeof(path), "/tickets/%s/%s", move->record->told,
             note ? "notes" : "moves");
    if (note)
        snprintf(json, sizeof(json), "{\"text\":\"%s\"}", move->words);
    else
        snprintf(json, sizeof(json),
                 "{\"move\":\"%s\",\"version\":%lld,\"text\":\"%s\"}",
                 names[move->kind], (long long)caller->of, move->words);
    return make_request("POST", path, caller->token, move->key, json);
}

static char *look_request(const struct caller *caller) {
    char path[64];

    snprintf(path, sizeof(path), "/tickets/%s", caller->record->told);
    return make_request("GET", path, caller->token, NULL, "");
}

static void call(struct caller *caller) {
    caller->fd = connect_to(false);
    if (caller->fd < 0) {
        again_later(caller);
        return;
    }
    caller->request =
        caller->doing == LOOKING ? look_request(caller) : move_request(caller);
    caller->len = strlen(caller->request);
    caller->sent = 0;
    caller->begun_ms = now_ms();
    caller->hangs_up = roll(25) == 0;
    world.n.calls++;
}

static void rest(struct caller *caller) {
    hang_up(caller);
    caller->doing = AT_LEISURE;
    caller->next_ms = now_ms() + roll(PAUSE_MS);
}

static void begin_move(struct caller *caller, const struct move *last) {
    enum kind kind;

    if (world.closing || !staff_next(last, &kind)) {
        rest(caller);
        return;
    }
    caller->move = move_new(kind, caller->record, caller->actor);
    new_key(caller->move);
    caller->doing = MOVING;
    caller->of = caller->version;
    caller->unsure = false;
    caller->stuck_ms = 0;
    caller->next_ms = now_ms();
    hang_up(caller);
}

static void begin(struct caller *caller) {
    caller->record = world.closing ? NULL : staff_choose(caller->bit);
    if (caller->record == NULL) {
        rest(caller);
        return;
    }
    caller->doing = LOOKING;
    call(caller);
}

/* ---- answers ------------------------------------------------------------- */

static bool has_code(const json_t *json, const char *code) {
    const char *has = json_string_value(json_object_get(json, "code"));
    return has != NULL && strcmp(has, code) == 0;
}

static bool field_is(const json_t *json, const char *name, const char *value) {
    const char *is = json_string_value(json_object_get(json, name));
    return is != NULL && strcmp(is, value) == 0;
}

/* Whether the ticket that a refusal shows has the move in its history. */
static bool is_in_log(const struct caller *caller, const json_t *json) {
    const json_t *log =
        json_object_get(json_object_get(json, "current"), "log");
    const json_t *entry;
    size_t i;

    json_array_foreach(log, i, entry) {
        if (caller->move->kind == KIND_CLAIM
                ? field_is(entry, "move", "claim") &&
                      field_is(entry, "who", caller->name)
                : field_is(entry, "text", caller->move->words))
            return true;
    }
    return false;
}

/* The answer to the move is known. */
static void told(struct caller *caller, bool done) {
    move_told(caller->move, done);
    if (!done) {
        rest(caller);
    } else if (roll(8) == 0) {
        caller->doing = REPEATING;
        again_later(caller);
    } else {
        begin_move(caller, caller->move);
    }
}

static void read_stale(struct caller *caller, const json_t *json) {
    bool there = is_in_log(caller, json);

    if (there && !caller->unsure)
        problem("%s was refused move %u, which stands", caller->actor,
                caller->move->number);
    told(caller, there);
}

/*
 * Whoever ran it is gone, most likely. A move names the version it is of, so
 * that it can be tried under another key and happens once all the same; a note
 * does not, and what became of it is asked in the end.
 */
static void read_in_progress(struct caller *caller) {
    int64_t now = now_ms();

    caller->unsure = true;
    if (caller->stuck_ms == 0)
        caller->stuck_ms = now;
    if (now - caller->stuck_ms < STUCK_MS) {
        again_later(caller);
        return;
    }
    caller->stuck_ms = 0;
    if (caller->move->kind == KIND_NOTE) {
        rest(caller);
        return;
    }
    world.n.calls_anew++;
    new_key(caller->move);
    again_later(caller);
}

static void read_moved(struct caller *caller, int status, const json_t *json) {
    json_int_t version = json_integer_value(json_object_get(json, "version"));

    if (status == 200 || status == 201) {
        /* A note gives no version, and makes one. */
        caller->version =
            caller->move->kind == KIND_NOTE ? caller->version + 1 : version;
        told(caller, true);
    } else if (status == 409 && has_code(json, "happened")) {
        told(caller, true);
    } else if (status == 409 && has_code(json, "in_progress")) {
        read_in_progress(caller);
    } else if (status == 409 && has_code(json, "stale")) {
        read_stale(caller, json);
    } else if (status == 422) {
        told(caller, false);
    } else {
        problem("%s was answered %d to move %u", caller->actor, status,
                caller->move->number);
        rest(caller);
    }
}

/* It has been told before, and must be again. */
static void read_repeated(struct caller *caller, int status,
                          const json_t *json) {
    world.n.calls_repeated++;
    if (status != 200 && status != 201 && !has_code(json, "happened"))
        problem("move %u was done, and is answered %d when asked again",
                caller->move->number, status);
    begin_move(caller, caller->move);
}

static void read_seen(struct caller *caller, int status, const json_t *json) {
    caller->version = json_integer_value(json_object_get(json, "version"));
    if (status != 200 || caller->version == 0) {
        problem("%s was answered %d for %s", caller->actor, status,
                caller->record->told);
        rest(caller);
        return;
    }
    begin_move(caller, NULL);
}

static void read_whole(struct caller *caller) {
    const char *body = "";
    int status = read_answer(&caller->answer, &body);
    json_t *json = status == 0 ? NULL : json_loads(body, 0, NULL);

    if (json == NULL || status == 429 || status >= 500) {
        world.n.calls_again++;
        caller->unsure = true;
        again_later(caller);
    } else if (caller->doing == LOOKING) {
        read_seen(caller, status, json);
    } else if (caller->doing == REPEATING) {
        read_repeated(caller, status, json);
    } else {
        read_moved(caller, status, json);
    }
    json_decref(json);
}

/* ---- a moment ------------------------------------------------------------ */

static void lost(struct caller *caller) {
    world.n.calls_lost++;
    caller->unsure = true;
    again_later(caller);
}

static void read_some(struct caller *caller) {
    char bytes[16384];
    ssize_t got;

    while ((got = recv(caller->fd, bytes, sizeof(bytes), 0)) > 0)
        buf_add(&caller->answer, bytes, (size_t)got);
    if (got == 0)
        read_whole(caller);
    else if (errno != EAGAIN)
        lost(caller);
}

static void go_on(struct caller *caller) {
    while (caller->sent < caller->len) {
        ssize_t put = send(caller->fd, caller->request + caller->sent,
                           caller->len - caller->sent, MSG_NOSIGNAL);
        if (put < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return;
        if (put < 0) {
            lost(caller);
            return;
        }
        caller->sent += (size_t)put;
    }
    if (caller->hangs_up)
        lost(caller);
    else
        read_some(caller);
}

void callers_act(void) {
    int64_t now = now_ms();

    for (size_t i = 0; i < N_CALLERS; i++) {
        struct caller *caller = &callers[i];
        if (caller->fd >= 0) {
            go_on(caller);
            if (caller->fd >= 0 && now - caller->begun_ms > ANSWER_MS) {
                problem("%s has waited too long for an answer", caller->actor);
                lost(caller);
            }
        } else if (now >= caller->next_ms) {
            if (caller->doing == AT_LEISURE)
                begin(caller);
            else
                call(caller);
        }
    }
}

size_t callers_fds(struct pollfd out[static N_CALLERS]) {
    size_t n = 0;

    for (size_t i = 0; i < N_CALLERS; i++) {
        const struct caller *caller = &callers[i];
        bool all = caller->sent == caller->len;
        if (caller->fd >= 0)
            out[n++] = (struct pollfd){.fd = caller->fd,
                                       .events = all ? POLLIN : POLLOUT};
    }
    return n;
}

bool callers_quiet(void) {
    for (size_t i = 0; i < N_CALLERS; i++)
        if (callers[i].doing != AT_LEISURE)
            return false;
    return true;
}

void callers_complain(void) {
    for (size_t i = 0; i < N_CALLERS; i++)
        if (callers[i].doing != AT_LEISURE)
            problem("%s has not ended its call about %s", callers[i].actor,
                    callers[i].record->told);
}

/* What was in progress for ever: either it is known by now that it happened, or
 * it must not stand. */
void callers_settle(void) {
    for (size_t i = 0; i < world.n_moves; i++) {
        struct move *move = world.moves[i];
        if (move->key[0] == '\0' || move->outcome != NOT_KNOWN)
            continue;
        struct caller *caller = &callers[0];
        while (strcmp(caller->actor, move->actor) != 0)
            caller++;
        caller->move = move;
        char *body;
        int status = ask(move_request(caller), &body);
        json_t *json = json_loads(body, 0, NULL);
        if (status == 200 || status == 201 || has_code(json, "happened"))
            move->outcome = DONE;
        else if (has_code(json, "in_progress"))
            move->outcome = REFUSED;
        else
            problem("move %u is answered %d in the end", move->number, status);
        world.n.calls_open++;
        json_decref(json);
        free(body);
    }
}
