#include "tests/kill/kill.h"

/* What the texts of an answer look like; see i18n/zh_CN.po. */
#define SAYS_CREATED "已登记，编号 "
#define SAYS_PHOTO "请拍张照片发来"
#define SAYS_PLACE "在哪里？"
#define SAYS_CATEGORY "是哪一类？"
#define SAYS_KIND "属于哪一类？"
#define SAYS_SORTED "已归到「"
#define SAYS_SKIPPED "工作人员会来分类"
#define SAYS_PRIVATE "请看私聊"
#define SAYS_AWAY "暂时连不上"
#define SAYS_UNCERTAIN "不确定有没有收下"
#define SAYS_GROUPS "发到哪些群？"
#define SAYS_PREVIEW "将发到 "
#define SAYS_STARTED " 开始发送"
#define SAYS_REPORT " 发完了："
#define SAYS_BOUND "绑定成功"
#define SAYS_NOTICE "【通知】"

#define ANSWER_MS 25000 /* an answer is due, when nothing was killed since */
#define STALE_MS 3000   /* old answers come again so long after a kill */
#define THINK_MIN_MS 3000
#define THINK_SPREAD_MS 20000 /* between two requests or reports */

static bool says(const struct peer_call *call, const char *words) {
    return strstr(call->text, words) != NULL;
}

/* ---- making them --------------------------------------------------------- */

void people_add(struct person *person) {
    HASH_ADD_STR(world.people, user, person);
}

void people_make(unsigned riders) {
    for (unsigned i = 0; i < riders; i++) {
        struct person *person = xcalloc(1, sizeof(*person));
        size_t group = roll(N_GROUPS);
        snprintf(person->user, sizeof(person->user), "%u", 90000 + i);
        person->account = roll(2) ? account_of_group(group) : roll(N_ACCOUNTS);
        if (account_of_group(group) == person->account && roll(3) > 0)
            snprintf(person->group, sizeof(person->group), "%s",
                     group_id(group));
        person->think_until_ms = now_ms() + roll(THINK_SPREAD_MS);
        people_add(person);
    }
    struct person *organiser = xcalloc(1, sizeof(*organiser));
    snprintf(organiser->user, sizeof(organiser->user), "80001");
    organiser->organiser = true;
    organiser->next_step = STEP_BIND;
    people_add(organiser);
}

void people_free(void) {
    struct person *person, *next_person;
    struct said *said, *next_said;
    struct record *record;

    HASH_ITER(hh, world.people, person, next_person) {
        HASH_DEL(world.people, person);
        free(person);
    }
    HASH_ITER(hh, world.said, said, next_said) {
        HASH_DEL(world.said, said);
        free(said->text);
        free(said->image);
        free(said);
    }
    while ((record = world.records) != NULL) {
        world.records = record->next;
        free(record);
    }
}

/* ---- saying -------------------------------------------------------------- */

static void deliver(struct said *said) {
    const struct person *person = said->person;
    const char *images[2] = {NULL, NULL};

    if (said->image != NULL)
        images[0] = photo_server_url(world.photos, said->image);
    peer_send(world.peers[person->account],
              &(struct peer_message){
                  .group = said->private || person->group[0] == '\0'
                               ? NULL
                               : person->group,
                  .user = person->user,
                  .id = said->id,
                  .text = said->text,
                  .images = said->image == NULL ? NULL : images,
              });
    said->delivered++;
    said->sent_ms = now_ms();
}

/* Takes text and image. */
static void say(struct person *person, enum step step, bool private, char *text,
                char *image) {
    struct said *said = xcalloc(1, sizeof(*said));

    snprintf(said->id, sizeof(said->id), "%llu",
             (unsigned long long)world.next_id++);
    said->person = person;
    said->record = person->record;
    said->move = step == STEP_MOVE ? person->move : NULL;
    said->step = step;
    said->private = private;
    said->text = text;
    said->image = image;
    said->before = person->last;
    person->last = person->waiting = said;
    HASH_ADD_STR(world.said, id, said);
    world.n.messages++;
    deliver(said);
}

void people_say(struct person *person, enum step step, char *text) {
    say(person, step, true, text, NULL);
}

static struct record *begin_record(struct person *person, bool report) {
    static const char *const plain[] = {"想问一件事", "有个情况要说",
                                        "麻烦看一看"};
    struct record *record = xcalloc(1, sizeof(*record));

    record->person = person;
    record->number = world.n.records++;
    record->report = report;
    record->asks_kind = !report && roll(2);
    if (report)
        snprintf(record->words, sizeof(record->words), "科巷%u号旁",
                 record->number);
    else
        snprintf(record->words, sizeof(record->words), "%s第%u件",
                 record->asks_kind ? plain[roll(3)] : "换电柜坏了",
                 record->number);
    record->next = world.records;
    world.records = record;
    person->record = record;
    return record;
}

static char *photo_path_of(const struct record *record) {
    return xasprintf("/photo/%u", record->number);
}

static void say_request(struct person *person) {
    struct record *record = begin_record(person, false);
    char *image = NULL;

    if (roll(16) == 0) {
        record->photo = true;
        image = photo_path_of(record);
    }
    say(person, STEP_REQUEST, false, xasprintf("诉求 %s", record->words),
        image);
}

static void say_report(struct person *person) {
    struct record *record = begin_record(person, true);
    char *image = NULL;

    person->has_reported = true;
    record->photo = roll(4) == 0;
    if (record->photo && roll(2))
        image = photo_path_of(record);
    say(person, STEP_REPORT, false, xstrdup("随手拍"), image);
}

static void say_photo(struct person *person) {
    if (person->record->photo)
        say(person, STEP_PHOTO, false, NULL, photo_path_of(person->record));
    else
        say(person, STEP_PHOTO, false, xstrdup("跳过"), NULL);
}

static void say_notify(struct person *person) {
    struct broadcast *broadcast = &world.broadcasts[world.n_broadcasts];

    snprintf(broadcast->text, sizeof(broadcast->text), "周五义诊第%zu场",
             world.n_broadcasts++);
    say(person, STEP_NOTIFY, true, xasprintf("通知 %s", broadcast->text), NULL);
}

static void say_bind(struct person *person) {
    char *code =
        test_daemon_code(world.daemon, person->staff ? "staff" : "organiser");

    say(person, STEP_BIND, true, xasprintf("绑定 %s", code), NULL);
    free(code);
}

/* The newest broadcast has had its report. */
static bool reported(void) {
    return world.n_broadcasts == 0 ||
           world.broadcasts[world.n_broadcasts - 1].figures[0] != '\0';
}

static struct record *next_to_find(struct person *person) {
    struct record *record = world.records;

    while (record != NULL &&
           (record->person != person || record->found || !record->told[0]))
        record = record->next;
    return record;
}

/*
 * In private an answer does not say which message it is to. Whoever has made a
 * report waits until no question of that one can come again before they make
 * the next.
 */
static bool may_report(const struct person *person) {
    return person->group[0] != '\0' || !person->has_reported ||
           now_ms() - world.disturbed_ms > STALE_MS;
}

static void begin(struct person *person) {
    if (world.checking) {
        person->asked = next_to_find(person);
        if (person->asked != NULL)
            say(person, STEP_PROGRESS, true,
                xasprintf("进度 %s", person->asked->told), NULL);
        return;
    }
    if (world.closing || (person->organiser && !reported()))
        return;
    if (person->staff)
        staff_act(person);
    else if (person->organiser && world.n_broadcasts < MAX_BROADCASTS)
        say_notify(person);
    else if (person->organiser || moves_react(person))
        return;
    else if (roll(5) < 2 && may_report(person))
        say_report(person);
    else
        say_request(person);
}

static void act(struct person *person) {
    switch (person->next_step) {
    case STEP_PHOTO:
        say_photo(person);
        break;
    case STEP_PLACE:
        say(person, STEP_PLACE, false, xstrdup(person->record->words), NULL);
        break;
    case STEP_CATEGORY:
        say(person, STEP_CATEGORY, false, xstrdup("3"), NULL);
        break;
    case STEP_KIND:
        person->record->sorted = roll(2);
        say(person, STEP_KIND, true,
            xstrdup(person->record->sorted ? "5" : "跳过"), NULL);
        break;
    case STEP_GROUPS:
        say(person, STEP_GROUPS, true, xstrdup("全部"), NULL);
        break;
    case STEP_SURE:
        say(person, STEP_SURE, true, xstrdup("确定"), NULL);
        break;
    case STEP_BIND:
        say_bind(person);
        break;
    default:
        begin(person);
        return;
    }
    person->next_step = STEP_NONE;
}

void people_act(void) {
    int64_t now = now_ms();
    struct person *person;

    for (person = world.people; person != NULL; person = person->hh.next) {
        struct said *said = person->waiting;
        if (world.peers[person->account] == NULL)
            continue;
        if (said == NULL && now >= person->think_until_ms)
            act(person);
        else if (said != NULL && now - said->sent_ms > ANSWER_MS &&
                 said->sent_ms > world.disturbed_ms) {
            problem("%s has waited too long for an answer to %s", person->user,
                    said->id);
            deliver(said);
        }
    }
}

void people_rush(void) {
    struct person *person;

    for (person = world.people; person != NULL; person = person->hh.next)
        if (person->think_until_ms != INT64_MAX && roll(3) > 0)
            person->think_until_ms = now_ms();
}

unsigned people_waiting(void) {
    unsigned n = 0;
    struct person *person;

    for (person = world.people; person != NULL; person = person->hh.next)
        n += person->waiting != NULL;
    return n;
}

void people_redeliver(size_t account) {
    struct person *person;

    for (person = world.people; person != NULL; person = person->hh.next) {
        if (person->account != account)
            continue;
        /* Nothing promises that they come in the old order. */
        struct said *said = person->last;
        for (unsigned back = 0; said != NULL && back < 3;
             said = said->before, back++) {
            if (said == person->waiting) {
                world.n.redelivered++;
                deliver(said);
            } else if (said->answered &&
                       roll(said->move == NULL ? 20 : 3) == 0) {
                world.n.answered_again++;
                person->redelivered_ms = now_ms();
                deliver(said);
            }
        }
    }
}

/* ---- reading ------------------------------------------------------------- */

/* What a person waited for has come; they go on with a step of theirs, or
 * begin something new (STEP_NONE). */
static void answered(struct person *person, enum step next) {
    bool at_leisure = next == STEP_NONE && !world.checking && !person->staff;

    person->waiting->answered = true;
    person->waiting = NULL;
    person->next_step = next;
    person->think_until_ms =
        now_ms() +
        (at_leisure ? THINK_MIN_MS + roll(THINK_SPREAD_MS) : 20 + roll(600));
    world.n.answers++;
}

void people_answered(struct person *person) {
    answered(person, STEP_NONE);
}

static bool waits_at(const struct person *person, enum step a, enum step b) {
    return person->waiting != NULL &&
           (person->waiting->step == a || person->waiting->step == b);
}

static struct record *find_told(const struct person *person, const char *id) {
    struct record *record = world.records;

    while (record != NULL &&
           (record->person != person || strcmp(record->told, id) != 0))
        record = record->next;
    return record;
}

/* The question may come before the number, when that had to be sent again. */
static void answer_kind(struct person *person) {
    struct record *record = person->record;

    if (record == NULL || record->kind_asked || record->told[0] == '\0' ||
        strcmp(record->told, person->kind_of) != 0)
        return;
    record->kind_asked = true;
    person->next_step = STEP_KIND;
    person->think_until_ms = now_ms() + 20 + roll(600);
}

static void read_number(struct person *person, const struct peer_call *call) {
    char id[24] = "";
    struct record *record;
    struct said *said = NULL;

    sscanf(strstr(call->text, SAYS_CREATED) + strlen(SAYS_CREATED),
           "%23[SP0-9]", id);
    if (call->reply_to != NULL)
        HASH_FIND_STR(world.said, call->reply_to, said);
    if (call->reply_to != NULL && (said == NULL || said->person != person)) {
        problem("%s was told %s as an answer to nothing they wrote",
                person->user, id);
        return;
    }
    record = find_told(person, id);
    if (record != NULL) {
        if (said != NULL && said->record != record)
            problem("%s was told %s for two things", person->user, id);
        world.n.repeated++;
        return;
    }
    if (!waits_at(person, STEP_REQUEST, STEP_CATEGORY) ||
        (said != NULL && said != person->waiting)) {
        problem("%s was told %s twice over: another number was told before",
                person->user, id);
        return;
    }
    record = person->record;
    snprintf(record->told, sizeof(record->told), "%s", id);
    bool goes_on = record->asks_kind && roll(3) > 0;
    answered(person, STEP_NONE);
    if (goes_on)
        person->think_until_ms = INT64_MAX; /* until the question is there */
    else
        record->kind_asked = record->settled = true;
    answer_kind(person);
}

/* The kind of a request is asked; whoever wants to answer does. */
static void read_kind(struct person *person, const struct peer_call *call) {
    const char *at = strstr(call->text, SAYS_KIND);

    while (at > call->text && at[-1] != '\n')
        at--;
    sscanf(at, "%23[S0-9]", person->kind_of);
    answer_kind(person);
}

static void read_away(struct person *person, bool uncertain) {
    struct said *said = person->waiting;

    if (uncertain)
        world.n.uncertain++;
    else
        world.n.away++;
    if (said == NULL)
        return; /* of something delivered again */
    /* It may be the answer to an older one that came again. */
    bool others = now_ms() - person->redelivered_ms < STALE_MS;
    if (uncertain || said->delivered > 1 || others) {
        deliver(said);
        return;
    }
    /* "It was not taken": they write it again, as a new message. */
    person->record = said->record;
    person->move = said->move;
    say(person, said->step, said->private,
        said->text == NULL ? NULL : xstrdup(said->text),
        said->image == NULL ? NULL : xstrdup(said->image));
}

static bool is_progress(const struct person *person,
                        const struct peer_call *call) {
    if (!waits_at(person, STEP_PROGRESS, STEP_PROGRESS))
        return false;
    size_t len = strlen(person->asked->told);
    return strncmp(call->text, person->asked->told, len) == 0 &&
           call->text[len] == ' ';
}

static void read_progress(struct person *person, const struct peer_call *call) {
    struct record *record = person->asked;

    if (!record->report && !says(call, record->words))
        problem("%s asked for %s and got: %s", person->user, record->told,
                call->text);
    else
        world.n.found++;
    record->found = true;
    answered(person, STEP_NONE);
}

/* "B12 发完了：…": the figures of a broadcast, the same each time. */
static void read_report(const struct peer_call *call) {
    for (size_t i = 0; i < world.n_broadcasts; i++) {
        struct broadcast *broadcast = &world.broadcasts[i];
        size_t len = strlen(broadcast->id);
        if (len == 0 || strncmp(call->text, broadcast->id, len) != 0 ||
            call->text[len] != ' ')
            continue;
        if (broadcast->figures[0] != '\0' &&
            strcmp(broadcast->figures, call->text) != 0)
            problem("%s has two reports: %s and %s", broadcast->id,
                    broadcast->figures, call->text);
        snprintf(broadcast->figures, sizeof(broadcast->figures), "%s",
                 call->text);
        return;
    }
    /* It may come before the answer that names the broadcast. */
    struct broadcast *broadcast = &world.broadcasts[world.n_broadcasts - 1];
    if (broadcast->id[0] != '\0') {
        problem("a report of a broadcast nobody ordered: %s", call->text);
        return;
    }
    sscanf(call->text, "%23[B0-9]", broadcast->id);
    snprintf(broadcast->figures, sizeof(broadcast->figures), "%s", call->text);
}

static void read_started(struct person *person, const struct peer_call *call) {
    struct broadcast *broadcast = &world.broadcasts[world.n_broadcasts - 1];
    char id[24] = "";

    sscanf(call->text, "%23[B0-9]", id);
    for (size_t i = 0; i + 1 < world.n_broadcasts; i++)
        if (strcmp(world.broadcasts[i].id, id) == 0)
            return; /* of an earlier one, again */
    if (broadcast->id[0] != '\0' && strcmp(broadcast->id, id) != 0)
        problem("one broadcast has two numbers: %s and %s", broadcast->id, id);
    snprintf(broadcast->id, sizeof(broadcast->id), "%s", id);
    if (waits_at(person, STEP_SURE, STEP_SURE))
        answered(person, STEP_NONE);
}

/* A step of a form, in the order of the questions: what is asked, and the
 * messages that it may be the answer to. */
struct reading {
    const char *words;
    enum step after, or_after, next;
};

static const struct reading readings[] = {
    {SAYS_PHOTO, STEP_REPORT, STEP_REPORT, STEP_PHOTO},
    {SAYS_PLACE, STEP_PHOTO, STEP_REPORT, STEP_PLACE},
    {SAYS_CATEGORY, STEP_PLACE, STEP_PLACE, STEP_CATEGORY},
    {SAYS_SORTED, STEP_KIND, STEP_KIND, STEP_NONE},
    {SAYS_SKIPPED, STEP_KIND, STEP_KIND, STEP_NONE},
    {SAYS_PREVIEW, STEP_GROUPS, STEP_GROUPS, STEP_SURE},
    {SAYS_GROUPS, STEP_NOTIFY, STEP_NOTIFY, STEP_GROUPS},
    {SAYS_BOUND, STEP_BIND, STEP_BIND, STEP_NONE},
};

/* The answer about a kind names the number, or that none was chosen. */
static bool is_about(const struct peer_call *call,
                     const struct record *record) {
    return record->sorted ? says(call, SAYS_SORTED) && says(call, record->told)
                          : says(call, SAYS_SKIPPED);
}

static void go_on(struct person *person, enum step next) {
    if (person->waiting->step == STEP_KIND)
        person->waiting->record->settled = true;
    answered(person, next);
}

static bool read_question(struct person *person, const struct peer_call *call) {
    for (size_t i = 0; i < ARRAY_LEN(readings); i++) {
        const struct reading *reading = &readings[i];
        if (!says(call, reading->words))
            continue;
        struct said *said = person->waiting;
        if (!waits_at(person, reading->after, reading->or_after) ||
            (said->step == STEP_KIND && !is_about(call, said->record)) ||
            (call->reply_to != NULL && strcmp(call->reply_to, said->id) != 0) ||
            (reading->next == STEP_PHOTO && said->image != NULL) ||
            (reading->next == STEP_PLACE && said->step == STEP_REPORT &&
             said->image == NULL))
            world.n.repeated++; /* the answer to something before */
        else
            go_on(person, reading->next);
        return true;
    }
    return false;
}

static void read_private(struct person *person, const struct peer_call *call) {
    if (moves_read(person, call))
        return;
    if (says(call, SAYS_CREATED))
        read_number(person, call);
    if (says(call, SAYS_KIND))
        read_kind(person, call);
    if (says(call, SAYS_CREATED) || says(call, SAYS_KIND))
        return;
    if (says(call, SAYS_AWAY) || says(call, SAYS_UNCERTAIN))
        read_away(person, says(call, SAYS_UNCERTAIN));
    else if (says(call, SAYS_STARTED) && person->organiser)
        read_started(person, call);
    else if (says(call, SAYS_REPORT) && person->organiser)
        read_report(call);
    else if (is_progress(person, call))
        read_progress(person, call);
    else if (!read_question(person, call) && !says(call, SAYS_PRIVATE))
        problem("%s was told: %s", person->user, call->text);
}

static void read_notice(const struct peer_call *call) {
    const char *text = call->text + strlen(SAYS_NOTICE);
    size_t group = (size_t)atoi(call->to) - (size_t)atoi(group_id(0));

    for (size_t i = 0; i < world.n_broadcasts && group < N_GROUPS; i++) {
        struct broadcast *broadcast = &world.broadcasts[i];
        if (strcmp(broadcast->text, text) != 0)
            continue;
        if (++broadcast->got[group] > 1) {
            world.n.twice++;
            problem("group %s got %s twice", call->to, text);
        }
        world.broadcast_begun = true;
        return;
    }
    problem("group %s got: %s", call->to, call->text);
}

void people_read(size_t account, const struct peer_call *call) {
    const char *user = call->group ? call->mention : call->to;
    struct person *person = NULL;

    if (call->group &&
        strncmp(call->text, SAYS_NOTICE, strlen(SAYS_NOTICE)) == 0) {
        read_notice(call);
        return;
    }
    if (user != NULL)
        HASH_FIND_STR(world.people, user, person);
    if (person == NULL || person->account != account) {
        problem("a message for nobody: %s", call->text);
        return;
    }
    if (call->group && strcmp(call->to, person->group) != 0)
        problem("%s was answered in group %s", user, call->to);
    read_private(person, call);
}

/* ---- the end ------------------------------------------------------------- */

bool people_quiet(void) {
    struct person *person;

    for (person = world.people; person != NULL; person = person->hh.next)
        if (person->waiting != NULL || person->next_step != STEP_NONE ||
            person->think_until_ms == INT64_MAX ||
            (world.checking && next_to_find(person) != NULL))
            return false;
    return reported();
}

void people_complain(void) {
    struct person *person;

    for (person = world.people; person != NULL; person = person->hh.next)
        if (person->waiting != NULL)
            problem("%s has no answer to %s: %s", person->user,
                    person->waiting->id,
                    person->waiting->text ? person->waiting->text : "a photo");
        else if (person->next_step != STEP_NONE ||
                 person->think_until_ms == INT64_MAX)
            problem("%s waits for a question", person->user);
    if (!reported())
        problem("a broadcast has no report");
}
