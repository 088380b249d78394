/* A backup that is made while people write, and a life after it. */
#include "tests/integration/talk.h"

#include "base/file.h"
#include "base/mem.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PEOPLE 5
#define DIR_BYTES 128
#define TICKETS_MAX 2000
#define PATIENCE_S 60

static char data[DIR_BYTES], backup[DIR_BYTES];

static void runs(const char *fmt, const char *arg, int status,
                 const char *words) {
    char *said, *args = xasprintf("%s %s", fmt, arg);
    int got = test_daemon_command(talk.daemon, args, &said);
    if (got != status || strstr(said, words) == NULL)
        fail_msg("%s: status %d, it says: %s", args, got, said);
    free(args);
    free(said);
}

static bool there(const char *dir, const char *name) {
    char path[2 * DIR_BYTES];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

static int remove_one(const char *name, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

static void remove_dir(const char *dir) {
    nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int begin(void **state) {
    (void)state;
    talk_begin(TALK_FREELY "[photo]\nprivate_urls = yes\n");
    snprintf(data, sizeof(data), "%s/data", test_daemon_dir(talk.daemon));
    snprintf(backup, sizeof(backup), "%s/backup", test_daemon_dir(talk.daemon));
    return 0;
}

static int end(void **state) {
    (void)state;
    talk_end();
    return 0;
}

static char *file_one(const char *user, int n) {
    char *text = xasprintf("诉求 第%d个换电柜坏了", n);
    asks(user, text, "已登记，编号 S");
    free(text);
    return xstrdup(number_in_last());
}

/* Everything is lost but the backup and, when they are not in it, the keys. */
static void lose(bool keys_too) {
    char lost[DIR_BYTES + 8], from[DIR_BYTES + 32], to[DIR_BYTES + 32];
    test_daemon_kill(talk.daemon);
    snprintf(lost, sizeof(lost), "%s.lost", data);
    remove_dir(lost);
    assert_int_equal(rename(data, lost), 0);
    if (keys_too)
        return;
    snprintf(from, sizeof(from), "%s/field.key", lost);
    snprintf(to, sizeof(to), "%s/field.key", data);
    assert_int_equal(mkdir(data, 0700), 0);
    assert_int_equal(rename(from, to), 0);
}

static void live_again(void) {
    test_daemon_start(talk.daemon);
    talk_reconnect();
}

/* Where the photo of a report is, in the data directory; free(). */
static char *photo_of(const char *ticket) {
    char *id = test_daemon_redis_string(
        talk.daemon, "HGET {qinhuai}:ticket:%s photos", ticket);
    assert_non_null(id);
    char *path = xasprintf("photos/%.2s/%.22s.jpg", id, id);
    free(id);
    return path;
}

static void test_while_people_write(void **state) {
    const char *people[PEOPLE];
    char *tickets[TICKETS_MAX], log[DIR_BYTES + 8];
    int n = 0;
    (void)state;
    for (int i = 0; i < PEOPLE; i++)
        people[i] = somebody_known();
    shows(NULL, people[0], "随手拍 路灯坏了", "/photo/a");
    hears(people[0], "在哪里");
    asks(people[0], "科巷菜场门口", "编号 P");
    char *photo = photo_of(number_in_last());
    assert_true(there(data, photo));
    for (; n < 40; n++)
        tickets[n] = file_one(people[n % PEOPLE], n);
    int before = n;
    snprintf(log, sizeof(log), "%s.log", backup);
    char *args = xasprintf("backup %s/ >%s 2>&1 &", backup, log);
    assert_int_equal(test_daemon_command(talk.daemon, args, NULL), 0);
    free(args);
    for (time_t end = time(NULL) + PATIENCE_S; !there(backup, "manifest");) {
        assert_true(time(NULL) < end && n < TICKETS_MAX);
        tickets[n] = file_one(people[n % PEOPLE], n);
        n++;
    }
    assert_true(n > before);
    assert_false(there(data, "redis/dump.rdb"));
    assert_false(there(backup, "field.key"));

    lose(false);
    runs("restore", backup, 0, "in order");
    live_again();
    for (int i = 0; i < before; i++) {
        char *text = test_daemon_ticket(talk.daemon, tickets[i], "text");
        char *wanted = xasprintf("第%d个换电柜坏了", i);
        if (strcmp(text, wanted) != 0)
            fail_msg("%s is \"%s\"", tickets[i], text);
        free(wanted);
        free(text);
    }
    /* And it goes on: a new number is none of the old. */
    char *next = file_one(people[0], n);
    for (int i = 0; i < before; i++)
        assert_string_not_equal(tickets[i], next);
    free(next);
    runs("audit", "verify", 0, "in order");
    assert_true(there(data, photo));
    free(photo);
    talk_restart(); /* what Redis writes from here on it reads again */
    asks(people[1], "我的数据", "换电柜坏了");
    for (int i = 0; i < n; i++)
        free(tickets[i]);
}

static void test_with_keys(void **state) {
    const char *user = somebody_known();
    (void)state;
    remove_dir(backup);
    char *ticket = file_one(user, 1);
    talk_settle(NULL);
    test_daemon_stop(talk.daemon);
    runs("backup --with-keys", backup, 0, "files");
    assert_true(there(backup, "field.key"));
    runs("backup", backup, 1, "there already");
    runs("restore", backup, 1, "not empty");
    test_daemon_start(talk.daemon);
    lose(true);
    runs("restore", backup, 0, "in order");
    live_again();
    char *text = test_daemon_ticket(talk.daemon, ticket, "text");
    assert_string_equal(text, "第1个换电柜坏了");
    free(text);
    free(ticket);
}

static char *first_photo;

static int note_photo(const char *name, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)ftw;
    if (type == FTW_F && first_photo == NULL && strstr(name, "/photos/"))
        first_photo = xstrdup(name);
    return 0;
}

static void flip(const char *path, off_t at) {
    char byte;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Of the backup with keys that the test before has made. */
static void test_a_damaged_backup(void **state) {
    char path[DIR_BYTES + 32], keys[DIR_BYTES + 32];
    (void)state;
    lose(true);
    snprintf(path, sizeof(path), "%s/store.rdb", backup);
    flip(path, 20);
    runs("restore", backup, 1, "not as it was written");
    assert_int_equal(access(data, F_OK), -1);
    flip(path, 20);
    nftw(backup, note_photo, 8, FTW_PHYS);
    assert_non_null(first_photo);
    flip(first_photo, 0);
    runs("restore", backup, 1, "not as it was written");
    flip(first_photo, 0);
    snprintf(path, sizeof(path), "%s/manifest", backup);
    flip(path, 300);
    runs("restore", backup, 1, "it was altered");
    flip(path, 300);
    snprintf(keys, sizeof(keys), "%s/field.key", backup);
    snprintf(path, sizeof(path), "%s/field.key.away", backup);
    rename(keys, path);
    runs("restore", backup, 1, "no field keys");
    rename(path, keys);
    assert_int_equal(access(data, F_OK), -1);
    setenv("XIAOFENG_XIAOFENG_DISTRICT", "other", 1);
    runs("restore", backup, 1, "of the district qinhuai");
    unsetenv("XIAOFENG_XIAOFENG_DISTRICT");
    runs("restore", backup, 0, "in order");
    live_again();
    free(first_photo);
}

static void test_what_is_not_understood(void **state) {
    (void)state;
    runs("backup", "", 2, "usage");
    runs("backup", "--all x", 2, "usage");
    runs("backup", "a b", 2, "usage");
    runs("restore", "", 2, "usage");
    runs("restore", "/nowhere", 1, "not empty");
    runs("backup", "/proc/nowhere/x", 1, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TALK(test_while_people_write),
        TALK(test_with_keys),
        TALK(test_a_damaged_backup),
        TALK(test_what_is_not_understood),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
