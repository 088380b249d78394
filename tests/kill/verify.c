/* What is in Redis in the end, against what everybody was told. */
#include "tests/kill/verify.h"

#include <dirent.h>
#include <unistd.h>

struct stored *stored_all;

const char *reply_field(const redisReply *hash, const char *name) {
    for (size_t i = 0; i + 1 < hash->elements; i += 2)
        if (strcmp(hash->element[i]->str, name) == 0)
            return hash->element[i + 1]->str;
    return "";
}

/* Runs one of our readers on each key that fits. */
static void each_key(const char *pattern,
                     void (*read)(const char *key, const redisReply *value),
                     const char *command) {
    redisReply *keys =
        test_daemon_redis(world.daemon, "KEYS {qinhuai}:%s", pattern);

    for (size_t i = 0; i < keys->elements; i++) {
        const char *key = keys->element[i]->str;
        redisReply *value = test_daemon_redis(world.daemon, command, key);
        read(key, value);
        freeReplyObject(value);
    }
    freeReplyObject(keys);
}

struct stored *stored_find(const char *id) {
    struct stored *stored;
    HASH_FIND_STR(stored_all, id, stored);
    if (stored == NULL)
        problem("%s is named and does not exist", id);
    return stored;
}

/* ---- tickets ------------------------------------------------------------- */

static struct record *record_of(const char *words) {
    struct record *record = world.records;
    while (record != NULL && strcmp(record->words, words) != 0)
        record = record->next;
    return record;
}

/* The photo a ticket should have is there, and only that. */
static void check_photo(const struct stored *stored, const char *photos) {
    char *path;

    if (!stored->record->photo) {
        if (photos[0] != '\0')
            problem("%s has a photo nobody sent", stored->id);
        return;
    }
    path = xasprintf("%s/data/photos/%.2s/%s.jpg",
                     test_daemon_dir(world.daemon), photos, photos);
    if (photos[0] == '\0' || strchr(photos, ',') != NULL ||
        access(path, R_OK) != 0)
        problem("%s has not its one photo: \"%s\"", stored->id, photos);
    free(path);
}

static void check_fields(const struct stored *stored, const redisReply *hash) {
    const struct record *record = stored->record;
    char rider[32];

    snprintf(rider, sizeof(rider), "qq.%s", record->person->user);
    if (strcmp(reply_field(hash, "rider"), rider) != 0)
        problem("%s belongs to %s, not %s", stored->id,
                reply_field(hash, "rider"), rider);
    if (strcmp(record->told, stored->id) != 0)
        problem("%s was told %s, stored is %s", rider, record->told,
                stored->id);
    if (record->report != (stored->id[0] == 'P'))
        problem("%s is of the wrong sort", stored->id);
    if (record->report &&
        strcmp(reply_field(hash, "category"), "sanitation") != 0)
        problem("%s has category %s", stored->id,
                reply_field(hash, "category"));
    if (record->asks_kind && record->sorted != stored->sorted)
        problem("%s has kind \"%s\"", stored->id,
                reply_field(hash, "category"));
    check_photo(stored, reply_field(hash, "photos"));
}

static void read_ticket(const char *key, const redisReply *hash) {
    struct stored *stored = xcalloc(1, sizeof(*stored));
    bool report;

    snprintf(stored->id, sizeof(stored->id), "%s",
             key + strlen("{qinhuai}:ticket:"));
    report = stored->id[0] == 'P';
    char *words =
        test_daemon_ticket(world.daemon, stored->id, report ? "place" : "text");
    stored->record = record_of(words == NULL ? "" : words);
    stored->sorted = !report && reply_field(hash, "category")[0] != '\0';
    snprintf(stored->state, sizeof(stored->state), "%s",
             reply_field(hash, "state"));
    stored->version = atoll(reply_field(hash, "v"));
    stored->points = atoll(reply_field(hash, "points"));
    HASH_ADD_STR(stored_all, id, stored);
    if (stored->record == NULL) {
        problem("%s is of nobody: %s", stored->id,
                words == NULL ? "not to be opened" : words);
        free(words);
        return;
    }
    free(words);
    if (++stored->record->stored > 1)
        problem("%s is there %u times: %s, %s", stored->record->words,
                stored->record->stored, stored->record->told, stored->id);
    else
        check_fields(stored, hash);
}

static void read_open(const char *key, const redisReply *ids) {
    bool ended = strcmp(key, "{qinhuai}:ended") == 0;

    for (size_t i = 0; i < ids->elements; i++) {
        struct stored *stored = stored_find(ids->element[i]->str);
        if (stored == NULL)
            continue;
        stored->open += !ended;
        stored->ended += ended;
    }
}

static void read_list(const char *key, const redisReply *ids) {
    const char *user = key + strlen("{qinhuai}:tickets:qq.");

    for (size_t i = 0; i < ids->elements; i++) {
        struct stored *stored = stored_find(ids->element[i]->str);
        if (stored == NULL)
            continue;
        stored->listed++;
        if (stored->record != NULL &&
            strcmp(stored->record->person->user, user) != 0)
            problem("%s is in the list of %s", stored->id, user);
    }
}

/* "ticket-claim" is the move "claim" of what. */
static void read_audit(const char *key, const redisReply *entries) {
    size_t prefix = strlen("ticket-");

    (void)key;
    for (size_t i = 0; i < entries->elements; i++) {
        const redisReply *entry = entries->element[i]->element[1];
        const char *did = reply_field(entry, "did");
        enum logged move = strncmp(did, "ticket-", prefix) == 0
                               ? logged_parse(did + prefix)
                               : LOGGED_KINDS;
        if (move == LOGGED_KINDS)
            continue;
        struct stored *stored = stored_find(reply_field(entry, "what"));
        if (stored != NULL)
            stored->in_audit[move]++;
    }
}

static bool has_ended(const struct stored *stored) {
    return strcmp(stored->state, "closed") == 0 ||
           strcmp(stored->state, "confirmed") == 0;
}

/* Tickets, the queue, the riders' lists and the audit tell the same. */
static void check_tickets(void) {
    struct stored *stored;
    unsigned audits = 0, lists = 0;

    each_key("ticket:*", read_ticket, "HGETALL %s");
    each_key("open", read_open, "ZRANGE %s 0 -1");
    each_key("ended", read_open, "ZRANGE %s 0 -1");
    each_key("tickets:*", read_list, "ZRANGE %s 0 -1");
    each_key("audit", read_audit, "XRANGE %s - +");
    printf("stored: %u tickets\n", HASH_COUNT(stored_all));
    for (stored = stored_all; stored != NULL; stored = stored->hh.next) {
        unsigned ended = has_ended(stored), *in_audit = stored->in_audit;
        unsigned kinds = stored->record != NULL && stored->record->asks_kind &&
                         stored->sorted;
        if (stored->open != !ended || stored->ended != ended ||
            stored->listed != 1 || in_audit[LOGGED_FILE] != 1 ||
            in_audit[LOGGED_SORT] != kinds)
            problem(
                "%s is %s: %u open, %u ended, %u in lists, %u and %u in the "
                "audit",
                stored->id, stored->state, stored->open, stored->ended,
                stored->listed, in_audit[LOGGED_FILE], in_audit[LOGGED_SORT]);
        audits += in_audit[LOGGED_FILE];
        lists += stored->listed;
    }
    printf("of which in riders' lists %u, in the audit %u\n", lists, audits);
}

static void forget_tickets(void) {
    struct stored *stored, *next;

    HASH_ITER(hh, stored_all, stored, next) {
        HASH_DEL(stored_all, stored);
        free(stored);
    }
}

static void check_records(void) {
    unsigned missing = 0, twice = 0;

    for (struct record *record = world.records; record != NULL;
         record = record->next) {
        missing += record->stored == 0 || record->told[0] == '\0';
        twice += record->stored > 1;
        if (record->stored == 0)
            problem("%s is not there; told \"%s\"", record->words,
                    record->told);
    }
    printf(
        "requests and reports: %u, missing %u, duplicates %u; found by "
        "their number: %u\n",
        world.n.records, missing, twice, world.n.found);
    if (world.n.found != world.n.records)
        problem("%u of %u were found by their number", world.n.found,
                world.n.records);
}

/* ---- broadcasts ---------------------------------------------------------- */

static unsigned totals[128]; /* by letter */
static unsigned arrived;     /* of the unknown ones */

/* One letter a group against what the group got. */
static void check_targets(const struct broadcast *broadcast) {
    redisReply *chats = test_daemon_redis(
        world.daemon, "LRANGE {qinhuai}:delivery:%s:chats 0 -1", broadcast->id);
    char *states = test_daemon_redis_string(
        world.daemon, "GET {qinhuai}:delivery:%s:states", broadcast->id);

    if (states == NULL || strlen(states) != chats->elements ||
        chats->elements == 0) {
        problem("%s is incomplete", broadcast->id);
    } else {
        for (size_t i = 0; i < chats->elements; i++) {
            const char *chat = chats->element[i]->str;
            size_t group =
                (size_t)atoi(chat + strlen("qq.g")) - (size_t)atoi(group_id(0));
            unsigned got = group < N_GROUPS ? broadcast->got[group] : 0;
            totals[states[i] & 127]++;
            arrived += states[i] == 'u' && got == 1;
            if (got > 1 || (states[i] == 'o' && got != 1) ||
                (states[i] != 'o' && states[i] != 'u'))
                problem("%s in %s: state %c, and it came %u times",
                        broadcast->id, chat, states[i], got);
        }
    }
    free(states);
    freeReplyObject(chats);
}

static unsigned count_of(const redisReply *hash, const char *letter) {
    return (unsigned)strtoul(reply_field(hash, letter), NULL, 10);
}

static void check_figures(const struct broadcast *broadcast) {
    unsigned total = 0, sent = 0, refused = 0, unknown = 0;
    redisReply *hash = test_daemon_redis(
        world.daemon, "HGETALL {qinhuai}:delivery:%s", broadcast->id);

    sscanf(strchr(broadcast->figures, ' '),
           " 发完了：共 %u 个群，送达 %u，被拒 %u，结果不明 %u", &total, &sent,
           &refused, &unknown);
    if (count_of(hash, "total") != total || count_of(hash, "o") != sent ||
        count_of(hash, "r") != refused || count_of(hash, "u") != unknown ||
        total < N_GROUPS || sent + refused + unknown != total)
        problem("%s: the organiser was told: %s", broadcast->id,
                broadcast->figures);
    freeReplyObject(hash);
}

static void check_broadcasts(void) {
    long long n = test_daemon_redis_int(world.daemon,
                                        "ZCARD {qinhuai}:records:broadcast");

    if (n != (long long)world.n_broadcasts)
        problem("%zu broadcasts were ordered and %lld are there",
                world.n_broadcasts, n);
    for (size_t i = 0; i < world.n_broadcasts; i++) {
        if (world.broadcasts[i].figures[0] == '\0')
            continue; /* which was told already */
        check_targets(&world.broadcasts[i]);
        check_figures(&world.broadcasts[i]);
    }
    printf(
        "broadcasts: %zu to %u groups each: sent %u, refused %u, "
        "unknown %u (of which came %u), twice %u\n",
        world.n_broadcasts, N_GROUPS, totals['o'], totals['r'], totals['u'],
        arrived, world.n.twice);
    if (test_daemon_redis_int(world.daemon,
                              "EXISTS {qinhuai}:deliveries:live") != 0)
        problem("a broadcast has not ended");
}

void verify(void) {
    check_tickets();
    check_records();
    check_broadcasts();
    verify_moves();
    forget_tickets();
}
