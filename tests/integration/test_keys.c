/* Turning the keys of what is stored sealed, while the daemon serves. */
#include "tests/integration/talk.h"

#include "base/mem.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char key_file[128];

static void set_age(int seconds) {
    struct timespec times[2];
    clock_gettime(CLOCK_REALTIME, &times[0]);
    times[0].tv_sec -= seconds;
    times[1] = times[0];
    assert_int_equal(utimensat(AT_FDCWD, key_file, times, 0), 0);
}

static size_t keys_in_file(void) {
    FILE *file = fopen(key_file, "r");
    size_t n = 0;
    assert_non_null(file);
    for (int c; (c = getc(file)) != EOF;)
        n += c == '\n';
    fclose(file);
    return n;
}

/* The id of the key that has sealed a ticket; free(). */
static char *key_of(const char *ticket) {
    char *sealed = test_daemon_redis_string(
        talk.daemon, "HGET {qinhuai}:ticket:%s private", ticket);
    assert_non_null(sealed);
    assert_non_null(strchr(sealed, ':'));
    *strchr(sealed, ':') = '\0';
    return sealed;
}

static void runs(const char *args, int status, const char *words) {
    char *said;
    int got = test_daemon_command(talk.daemon, args, &said);
    if (got != status || strstr(said, words) == NULL)
        fail_msg("%s: status %d, it says: %s", args, got, said);
    free(said);
}

static void hang_up(const char *key) {
    char *line = xasprintf("%s seals", key);
    kill(test_daemon_pid(talk.daemon), SIGHUP);
    for (int i = 0; !test_daemon_logged(talk.daemon, line); i++) {
        assert_true(i < 2000);
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    free(line);
}

static char *file_one(const char *user, const char *text) {
    asks(user, text, "已登记，编号 S");
    return xstrdup(number_in_last());
}

static void test_turning(void **state) {
    const char *user = somebody_known();
    (void)state;
    char *first = file_one(user, "诉求 换电柜坏了没人修");
    asks(user, "补充 就在新街口", "");
    char *old = key_of(first);
    runs("key rotate --finish", 1, "");
    set_age(300);
    runs("key rotate --finish", 0, "there is no old key");

    runs("key rotate", 0, "tickets");
    assert_int_equal(keys_in_file(), 2);
    char *new = key_of(first);
    assert_string_not_equal(new, old);
    hang_up(new);
    asks(user, "我的数据", "换电柜坏了没人修");
    char *second = file_one(user, "诉求 站点没有热水");
    char *sealed = key_of(second);
    assert_string_equal(sealed, new);

    runs("key rotate --finish", 1, "try again later");
    assert_int_equal(keys_in_file(), 2);
    set_age(300);
    runs("key rotate --finish", 0, "the only key is");
    assert_int_equal(keys_in_file(), 1);
    talk_restart();
    asks(user, "我的数据", "换电柜坏了没人修|站点没有热水");
    runs("audit verify", 0, "in order");
    runs("audit list --action key-drop", 0, new);
    free(first);
    free(second);
    free(sealed);
    free(old);
    free(new);
}

/* What the daemon sealed before it had the new key is found at the end. */
static void test_a_daemon_that_is_late(void **state) {
    const char *user = somebody_known();
    (void)state;
    char *first = file_one(user, "诉求 换电柜坏了没人修");
    char *old = key_of(first);
    set_age(300);
    runs("key rotate", 0, "two minutes");
    set_age(300);
    char *late = file_one(user, "诉求 路灯坏了一个月");
    char *sealed = key_of(late);
    assert_string_equal(sealed, old); /* it has not looked at the file yet */
    free(sealed);
    runs("key rotate --finish", 0, "the only key is");
    char *new = key_of(first);
    sealed = key_of(late);
    assert_string_equal(sealed, new);
    assert_string_not_equal(sealed, old);
    hang_up(new);
    asks(user, "我的数据", "换电柜坏了没人修|路灯坏了一个月");
    free(first);
    free(late);
    free(sealed);
    free(old);
    free(new);
}

static void test_what_is_not_understood(void **state) {
    (void)state;
    runs("key", 2, "usage");
    runs("key turn", 2, "usage");
    runs("key rotate now", 2, "usage");
    chmod(key_file, 0644);
    runs("key rotate", 1, "others than its owner");
    chmod(key_file, 0600);
}

static int begin(void **state) {
    (void)state;
    talk_begin(TALK_FREELY);
    snprintf(key_file, sizeof(key_file), "%s/data/field.key",
             test_daemon_dir(talk.daemon));
    return access(key_file, R_OK);
}

static int end(void **state) {
    (void)state;
    talk_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TALK(test_turning),
        TALK(test_a_daemon_that_is_late),
        TALK(test_what_is_not_understood),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
