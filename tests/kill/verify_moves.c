/*
 * What was done with the tickets, told four times over: by the tickets'
 * histories, by the audit log, by the webhook's events and by the ledger of
 * points; and by those who did it, for they were told whether it was done.
 */
#include "base/arena.h"
#include "base/seal.h"
#include "tests/kill/verify.h"

#include <jansson.h>

#define REPORT_POINTS 5 /* by the built-in rules */

static const struct {
    const char *name, *type; /* its event; NULL: nobody outside hears of it */
    const char *state;       /* of the ticket after it; NULL: as it was */
} known[LOGGED_KINDS] = {
    [LOGGED_FILE] = {"file", "ticket.filed", "routed"},
    [LOGGED_ROUTE] = {"route", "ticket.routed", "routed"},
    [LOGGED_CLAIM] = {"claim", "ticket.claimed", "claimed"},
    [LOGGED_RELEASE] = {"release", "ticket.released", "routed"},
    [LOGGED_ANSWER] = {"answer", "ticket.answered", "answered"},
    [LOGGED_HAND_BACK] = {"hand_back", "ticket.handed_back", "handed_back"},
    [LOGGED_ESCALATE] = {"escalate", "ticket.escalated", "escalated"},
    [LOGGED_ASK] = {"ask", "ticket.asked", "waiting"},
    [LOGGED_REPLY] = {"reply", "ticket.replied", NULL},
    [LOGGED_CLOSE] = {"close", "ticket.closed", "closed"},
    [LOGGED_CONFIRM] = {"confirm", "ticket.confirmed", "confirmed"},
    [LOGGED_REOPEN] = {"reopen", "ticket.reopened", "reopened"},
    [LOGGED_MERGE] = {"merge", "ticket.merged", "merged"},
    [LOGGED_JOIN] = {"join", "ticket.joined", NULL},
    [LOGGED_WITHDRAW] = {"withdraw", "ticket.withdrawn", "withdrawn"},
    [LOGGED_REJECT] = {"reject", "ticket.rejected", "rejected"},
    [LOGGED_NOTE] = {"note", NULL, NULL},
    [LOGGED_SORT] = {"sort", "ticket.sorted", NULL},
    [LOGGED_WARN] = {"warn", "ticket.warned", NULL},
    [LOGGED_OVERDUE] = {"overdue", "ticket.overdue", NULL},
    [LOGGED_NUDGE] = {"nudge", "ticket.nudged", NULL},
    [LOGGED_REST] = {"rest", "ticket.rested", NULL},
};

enum logged logged_parse(const char *name) {
    int i = 0;

    while (i < LOGGED_KINDS && strcmp(known[i].name, name) != 0)
        i++;
    return (enum logged)i;
}

static enum logged parse_type(const char *type) {
    int i = 0;

    while (i < LOGGED_KINDS &&
           (known[i].type == NULL || strcmp(known[i].type, type) != 0))
        i++;
    return (enum logged)i;
}

static const enum logged logged_of[KINDS] = {
    [KIND_CLAIM] = LOGGED_CLAIM,   [KIND_NOTE] = LOGGED_NOTE,
    [KIND_ANSWER] = LOGGED_ANSWER, [KIND_CLOSE] = LOGGED_CLOSE,
    [KIND_RATE] = LOGGED_CONFIRM,  [KIND_UNSOLVED] = LOGGED_REOPEN,
};

/* ---- histories ------------------------------------------------------------
 */

/* An entry of a history: move, time, who, name, detail, photos and the sealed
 * text, split by 0x1f. */
#define PARTS 7

static void split(char *packed, char *parts[static PARTS]) {
    for (size_t i = 0; i < PARTS; i++) {
        parts[i] = packed;
        packed += strcspn(packed, "\x1f");
        if (*packed != '\0')
            *packed++ = '\0';
    }
}

/* The move that an entry is of; those of the conversation before it, such as
 * the kind of a request, are none of ours. */
static struct move *find_move(const struct stored *stored, enum logged logged,
                              const char *who, const char *text) {
    if (logged == LOGGED_SORT)
        return NULL;
    struct move *move = logged == LOGGED_CLAIM
                            ? move_find(who, stored->record, KIND_CLAIM)
                            : move_named(text);
    if (move == NULL || move->record != stored->record ||
        logged_of[move->kind] != logged || strcmp(move->actor, who) != 0) {
        problem("%s: nobody has made this move: %s by %s", stored->id,
                known[logged].name, who);
        return NULL;
    }
    return move;
}

static void read_entry(struct stored *stored, const struct seal *seal,
                       char *packed, const char **state) {
    struct arena arena;
    char *parts[PARTS];

    arena_init(&arena);
    split(packed, parts);
    enum logged logged = logged_parse(parts[0]);
    const char *text =
        seal_open(seal, &arena, arena_printf(&arena, "log:%s", stored->id),
                  parts[PARTS - 1]);
    if (logged == LOGGED_KINDS || text == NULL) {
        problem("%s has an entry that cannot be read: %s", stored->id,
                parts[0]);
    } else {
        struct move *move = find_move(stored, logged, parts[2], text);
        if (move != NULL)
            move->stands++;
        stored->in_log[logged]++;
        if (known[logged].state != NULL)
            *state = known[logged].state;
    }
    arena_finish(&arena);
}

static void read_list(struct stored *stored, const struct seal *seal,
                      const char *list, const char **state) {
    redisReply *entries = test_daemon_redis(
        world.daemon, "LRANGE {qinhuai}:%s:%s 0 -1", list, stored->id);

    for (size_t i = 0; i < entries->elements; i++)
        read_entry(stored, seal, entries->element[i]->str, state);
    freeReplyObject(entries);
}

static void read_histories(void) {
    char *path = xasprintf("%s/data/field.key", test_daemon_dir(world.daemon));
    struct stored *stored;
    struct seal *seal;

    if (seal_load(path, &seal) != OK) {
        problem("%s cannot be read", path);
        free(path);
        return;
    }
    for (stored = stored_all; stored != NULL; stored = stored->hh.next) {
        const char *state = known[LOGGED_FILE].state;
        stored->in_log[LOGGED_FILE] = 1; /* is not written down there */
        read_list(stored, seal, "log", &state);
        read_list(stored, seal, "notes", &state);
        if (strcmp(state, stored->state) != 0)
            problem("%s is %s, by its history %s", stored->id, stored->state,
                    state);
    }
    seal_free(seal);
    free(path);
}

/* ---- who did it ---- */

static bool was_told(const struct move *move) {
    return move->outcome != DONE || move->heard ||
           (move->kind != KIND_ANSWER && move->kind != KIND_CLOSE);
}

static void check_moves(void) {
    static const char *const outcomes[] = {"not known", "done", "refused"};
    unsigned n[3] = {0}, by_riders = 0, by_api = 0, lost = 0, twice = 0;

    for (size_t i = 0; i < world.n_moves; i++) {
        const struct move *move = world.moves[i];
        unsigned due = move->outcome == DONE;
        n[move->outcome]++;
        by_riders += strcmp(move->actor, "rider") == 0;
        by_api += move->key[0] != '\0';
        lost += move->stands < due;
        twice += move->stands > due;
        if (move->outcome == NOT_KNOWN || move->stands != due)
            problem("move %u of %s by %s: %s, and it stands %u times",
                    move->number, move->record->told, move->actor,
                    outcomes[move->outcome], move->stands);
        if (!was_told(move))
            problem("nobody told %s of move %u of %s",
                    move->record->person->user, move->number,
                    move->record->told);
    }
    printf(
        "moves: %zu (by staff in chats %zu, by riders %u, by the API %u); done "
        "%u, refused %u; lost %u, twice %u\n",
        world.n_moves, world.n_moves - by_riders - by_api, by_riders, by_api,
        n[DONE], n[REFUSED], lost, twice);
    printf(
        "calls of the API: %u; without an answer %u, busy %u, in progress for "
        "long %u, never known %u, asked again %u\n",
        world.n.calls, world.n.calls_lost, world.n.calls_again,
        world.n.calls_anew, world.n.calls_open, world.n.calls_repeated);
}

/* ---- the audit log and the webhook ---------------------------------------
 */

static void read_event(const struct event *event) {
    json_t *json = json_loads(event->body, 0, NULL);
    const char *id = NULL, *type = NULL, *ticket = NULL;
    json_int_t version = 0;

    if (json_unpack(json, "{s:s,s:s,s:s,s:I}", "id", &id, "type", &type,
                    "ticket", &ticket, "version", &version) != 0 ||
        strcmp(id, event->id) != 0 || parse_type(type) == LOGGED_KINDS ||
        version < 1 || version > 63) {
        problem("event %s is odd: %s", event->id, event->body);
        json_decref(json);
        return;
    }
    struct stored *stored = stored_find(ticket);
    if (event->taken == 0)
        problem("event %s was not taken: %s", event->id, event->body);
    if (stored != NULL) {
        uint64_t bit = UINT64_C(1) << version;
        if (stored->versions & bit)
            problem("%s has two events of its version %lld", ticket,
                    (long long)version);
        stored->versions |= bit;
        stored->heard[parse_type(type)]++;
    }
    json_decref(json);
}

/* Each of its versions has one event, but notes have none. */
static bool versions_fit(const struct stored *stored) {
    unsigned n = (unsigned)__builtin_popcountll(stored->versions);
    return stored->version == n + stored->in_log[LOGGED_NOTE];
}

static void check_events(void) {
    unsigned changes = 0, again = 0;
    const struct event *event;
    const struct stored *stored;

    for (event = world.events; event != NULL; event = event->hh.next) {
        read_event(event);
        again += event->requests - 1;
    }
    for (stored = stored_all; stored != NULL; stored = stored->hh.next) {
        for (int i = 0; i < LOGGED_KINDS; i++) {
            unsigned told = known[i].type != NULL ? stored->in_audit[i] : 0;
            changes += told;
            if (stored->in_log[i] != stored->in_audit[i] ||
                stored->heard[i] != told)
                problem(
                    "%s: %s stands %u times in its history, %u in the audit, "
                    "%u events came",
                    stored->id, known[i].name, stored->in_log[i],
                    stored->in_audit[i], stored->heard[i]);
        }
        if (!versions_fit(stored))
            problem("%s is at version %lld and had %d events", stored->id,
                    stored->version, __builtin_popcountll(stored->versions));
    }
    printf(
        "webhooks: %u events of %u changes; requests %u, of an event again %u, "
        "refused %u, hung up %u, wrongly signed %u; dead letters %lld\n",
        HASH_COUNT(world.events), changes, world.n.hook_requests, again,
        world.n.hook_refused, world.n.hook_hung_up, world.n.hook_forged,
        hooks_dead());
    if (hooks_waiting() + hooks_dead() != 0)
        problem("%lld events wait, %lld are dead", hooks_waiting(),
                hooks_dead());
}

/* What a command says, without its log. */
static const char *last_line(char *text) {
    size_t len = strlen(text);

    if (len > 0 && text[len - 1] == '\n')
        text[len - 1] = '\0';
    const char *line = strrchr(text, '\n');
    return line == NULL ? text : line + 1;
}

static void check_audit(void) {
    char *out;

    if (test_daemon_command(world.daemon, "audit verify", &out) != 0)
        problem("the audit log: %s", out);
    else
        printf("audit: %s\n", last_line(out));
    free(out);
}

/* ---- points --------------------------------------------------------------
 */

/* What the ledger leaves of an account. */
struct account {
    char id[40];
    long long balance;
    UT_hash_handle hh;
};
static struct account *accounts;

static void post(const char *id, long long points) {
    struct account *account;

    HASH_FIND_STR(accounts, id, account);
    if (account == NULL) {
        account = xcalloc(1, sizeof(*account));
        snprintf(account->id, sizeof(account->id), "%s", id);
        HASH_ADD_STR(accounts, id, account);
    }
    account->balance += points;
}

/* A posting is the reward of a report, to whoever made it. */
static void read_posting(const redisReply *entry) {
    const char *from = reply_field(entry, "from");
    const char *to = reply_field(entry, "to");
    long long points = atoll(reply_field(entry, "n"));
    struct stored *stored = stored_find(reply_field(entry, "why"));

    post(from, -points);
    post(to, points);
    if (stored == NULL || stored->record == NULL)
        return;
    stored->postings++;
    if (strcmp(from, "issued") != 0 || points != REPORT_POINTS ||
        strncmp(to, "qq.", 3) != 0 ||
        strcmp(to + 3, stored->record->person->user) != 0)
        problem("%s: %lld points from %s to %s", stored->id, points, from, to);
}

static long long check_balances(void) {
    redisReply *points =
        test_daemon_redis(world.daemon, "HGETALL {qinhuai}:points");
    struct account *account, *next;
    long long sum = 0;

    for (size_t i = 0; i + 1 < points->elements; i += 2) {
        long long balance = atoll(points->element[i + 1]->str);
        sum += balance;
        post(points->element[i]->str, -balance);
    }
    freeReplyObject(points);
    if (sum != 0)
        problem("all balances together are %lld", sum);
    HASH_ITER(hh, accounts, account, next) {
        if (account->balance != 0)
            problem("the balance of %s is not the ledger's, by %lld",
                    account->id, account->balance);
        HASH_DEL(accounts, account);
        free(account);
    }
    return sum;
}

static void check_points(void) {
    redisReply *entries =
        test_daemon_redis(world.daemon, "XRANGE {qinhuai}:ledger - +");
    size_t n = entries->elements;
    unsigned rewards = 0, opened = 0;
    struct stored *stored;

    for (size_t i = 0; i < n; i++)
        read_posting(entries->element[i]->element[1]);
    freeReplyObject(entries);
    for (stored = stored_all; stored != NULL; stored = stored->hh.next) {
        if (stored->record == NULL)
            continue; /* of nobody, which was said */
        bool due = stored->id[0] == 'P' && stored->in_log[LOGGED_CLOSE] > 0;
        rewards += due;
        opened += due && stored->in_log[LOGGED_CLOSE] > 1;
        if (stored->postings != due ||
            stored->points != (due ? REPORT_POINTS : 0) ||
            (due && !stored->record->points_told))
            problem("%s: closed %u times, %u postings, %lld points, %s",
                    stored->id, stored->in_log[LOGGED_CLOSE], stored->postings,
                    stored->points,
                    stored->record->points_told ? "told" : "not told");
    }
    long long sum = check_balances();
    printf(
        "points: %zu postings for %u closed reports, %u of them closed again; "
        "all balances together %lld\n",
        n, rewards, opened, sum);
}

void verify_moves(void) {
    read_histories();
    check_moves();
    check_events();
    check_points();
    check_audit();
}
