#include "tests/integration/talk.h"

#include "base/mem.h"

#include <time.h>

#define PATIENCE_MS 30000

struct talk talk;

static unsigned next_user = 91000;
static uint64_t next_id = 5000000;

static void connect_peer(void) {
    int status;

    talk.peer = peer_connect(
        &(struct peer_options){
            .port = test_daemon_port(talk.daemon),
            .token = TEST_DAEMON_TOKEN,
            .groups = "[{\"group_id\":" GROUP ",\"group_name\":\"" GROUP_NAME
                      "\"},{\"group_id\":" OTHER_GROUP
                      ",\"group_name\":\"科巷站点\"}]",
        },
        &status);
    assert_non_null(talk.peer);
}

void talk_begin(const char *settings) {
    talk = (struct talk){.photos = photo_server_new(),
                         .daemon = test_daemon_new(settings)};
    connect_peer();
}

void talk_end(void) {
    peer_close(talk.peer);
    test_daemon_free(talk.daemon);
    photo_server_free(talk.photos);
    free(talk.heard);
}

void talk_reconnect_keeping(void) {
    connect_peer();
}

void talk_reconnect(void) {
    peer_cut(talk.peer);
    connect_peer();
}

void talk_restart(void) {
    talk_restart_with(NULL);
}

/* What was sent is closed in the store: after a restart it does not come
 * again. (tests/kill/ is about when it is not.) */
static void wait_until_closed(void) {
    for (int i = 0; i < PATIENCE_MS / 10; i++) {
        if (test_daemon_redis_int(talk.daemon,
                                  "XLEN {qinhuai}:outbox:qq.10001000") == 0)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("the outbox is not empty");
}

void talk_restart_with(const char *settings) {
    wait_until_closed();
    peer_cut(talk.peer);
    test_daemon_kill(talk.daemon);
    if (settings != NULL)
        test_daemon_set(talk.daemon, settings);
    test_daemon_start(talk.daemon);
    connect_peer();
}

/* ---- saying -------------------------------------------------------------- */

static const char *new_user(void) {
    static char users[16][16];
    char *user = users[next_user % 16];

    snprintf(user, sizeof(users[0]), "%u", ++next_user);
    return user;
}

const char *somebody(void) {
    return new_user();
}

const char *somebody_known(void) {
    const char *user = new_user();

    asks(user, "帮助", "我是小蜂|隐私说明");
    return user;
}

const char *somebody_with(const char *role) {
    const char *user = somebody_known();
    char *code = test_daemon_code(talk.daemon, role);
    char *text = xasprintf("绑定 %s", code);

    asks(user, text, "绑定成功");
    free(text);
    free(code);
    return user;
}

static void send_message(struct peer_message *message) {
    char id[24];

    snprintf(id, sizeof(id), "%llu", (unsigned long long)next_id++);
    message->id = id;
    peer_send(talk.peer, message);
    assert_true(peer_flush(talk.peer, PATIENCE_MS));
}

void says_in(const char *group, const char *user, const char *text) {
    send_message(
        &(struct peer_message){.group = group, .user = user, .text = text});
}

void says(const char *user, const char *text) {
    says_in(NULL, user, text);
}

void shows(const char *group, const char *user, const char *text,
           const char *path) {
    const char *images[] = {photo_server_url(talk.photos, path), NULL};

    send_message(&(struct peer_message){
        .group = group, .user = user, .text = text, .images = images});
}

/* ---- hearing ------------------------------------------------------------- */

/* The first of "a|b|!c" that text does not satisfy, in word; or NULL. */
static const char *missing(const char *text, const char *words, char *word,
                           size_t size) {
    for (const char *at = words; *at != '\0';) {
        size_t len = strcspn(at, "|");
        snprintf(word, size, "%.*s", (int)len, at);
        bool wanted = word[0] != '!';
        if ((strstr(text, wanted ? word : word + 1) != NULL) != wanted)
            return word;
        at += len + (at[len] == '|');
    }
    return NULL;
}

static void hear(const char *group, const char *user, const char *words) {
    struct peer_call *call = peer_wait_call(talk.peer, PATIENCE_MS);
    char word[256];
    bool right = false;

    free(talk.heard);
    talk.heard = xstrdup(call == NULL ? "(nothing)" : call->text);
    if (call != NULL) {
        const char *to = group == NULL ? user : group;
        right = call->group == (group != NULL) && strcmp(call->to, to) == 0 &&
                (group == NULL ||
                 (call->mention != NULL && strcmp(call->mention, user) == 0)) &&
                missing(call->text, words, word, sizeof(word)) == NULL;
        if (!right)
            print_error("to %s %s: %s\n", call->group ? "group" : "user",
                        call->to, call->text);
    }
    peer_call_free(call);
    if (!right)
        fail_msg("wanted for %s in %s: %s", user, group ? group : "private",
                 words);
}

void hears(const char *user, const char *words) {
    hear(NULL, user, words);
}

void hears_in(const char *group, const char *user, const char *words) {
    hear(group, user, words);
}

void hears_nothing(const char *user) {
    asks(user, "进度 S999999", "没有找到这个编号");
}

void asks(const char *user, const char *text, const char *words) {
    says(user, text);
    hears(user, words);
}

void asks_in(const char *group, const char *user, const char *text,
             const char *words) {
    says_in(group, user, text);
    hears_in(group, user, words);
}

/* Their turns run one after the other: this is the last of them. */
void talk_drain(const char *user) {
    struct peer_call *call;
    bool settled = false;

    says(user, "进度 S999999");
    while (!settled) {
        call = peer_wait_call(talk.peer, PATIENCE_MS);
        assert_non_null(call);
        settled = strcmp(call->to, user) == 0 &&
                  strstr(call->text, "没有找到这个编号") != NULL;
        peer_call_free(call);
    }
}

int talk_settle(void **state) {
    (void)state;
    talk_drain(new_user());
    return 0;
}

const char *number_in_last(void) {
    static char numbers[8][24];
    static unsigned next;
    char *number = numbers[next++ % 8];

    for (const char *at = talk.heard; *at != '\0'; at++)
        if (strchr("SPB", *at) != NULL && at[1] >= '0' && at[1] <= '9') {
            snprintf(number, sizeof(numbers[0]), "%.*s",
                     1 + (int)strspn(at + 1, "0123456789"), at);
            return number;
        }
    fail_msg("no number in: %s", talk.heard);
    return "";
}
