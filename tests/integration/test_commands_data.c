/* What is kept of a rider: the privacy notice, their data and its end; forms
 * that outlive the program, or their time. */
#include "tests/integration/talk.h"

#include "base/mem.h"

#include <time.h>

/* ---- the privacy notice -------------------------------------------------- */

static void test_notice_once(void **state) {
    const char *user = somebody();

    (void)state;
    /* In front of the group nothing is said of it. */
    asks_in(GROUP, user, "诉求 换电柜坏了", "已登记，编号 S|!隐私说明");
    asks(user, "帮助", "【隐私说明】小蜂由秦淮区委两新工委运行|025-12345");
    asks(user, "我的", "!隐私说明");
    talk_restart();
    asks(user, "我的", "!隐私说明");
    asks(user, "我的数据", "未答复");
}

static void test_consent(void **state) {
    const char *user = somebody_known(), *other = somebody_known();

    (void)state;
    asks(user, "同意", "已记下：同意");
    asks(user, "我的数据", " 同意|!未答复");
    char *kept = test_daemon_redis_string(
        talk.daemon, "HGET {qinhuai}:rider:qq.%s consent", user);
    assert_int_equal(strncmp(kept, "yes:1:", 6), 0);
    free(kept);
    /* Refusing costs no service. */
    asks(other, "不同意", "已记下：不同意");
    asks(other, "诉求 换电柜坏了", "已登记，编号 S");
    asks(other, "我的数据", "不同意");
}

static void test_my_data(void **state) {
    const char *user = somebody_known(), *other = somebody_known();

    (void)state;
    asks(user, "诉求 换电柜坏了没人修", "已登记，编号 S");
    asks(other, "我的数据", "!换电柜");
    char *account = xasprintf("账号 qq.%s|换电柜坏了没人修|1 条", user);
    asks(user, "我的数据", account);
    says_in(GROUP, user, "/我的数据");
    hears(user, "换电柜坏了没人修");
    hears_in(GROUP, user, "请看私聊|!换电柜");
    free(account);
}

/* ---- an end to it -------------------------------------------------------- */

/* Redis has nothing that holds text, but for keys that begin with except. */
static void nowhere(const char *text, const char *except) {
    char *key = test_daemon_redis_find(talk.daemon, text, except);

    if (key != NULL)
        print_error("\"%s\" is left in %s\n", text, key);
    assert_null(key);
}

/* The same, soon: answers to messages are emptied in the background. */
static void nowhere_soon(const char *text) {
    char *key = NULL;

    for (int i = 0; i < 1000; i++) {
        free(key);
        key = test_daemon_redis_find(talk.daemon, text, NULL);
        if (key == NULL)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    fail_msg("\"%s\" is left in %s", text, key);
}

static unsigned count_files(const char *dir) {
    char *command = xasprintf("find '%s' -type f | wc -l", dir);
    FILE *out = popen(command, "r");
    unsigned n = 0;

    assert_non_null(out);
    assert_int_equal(fscanf(out, "%u", &n), 1);
    pclose(out);
    free(command);
    return n;
}

static void wait_for_files(const char *dir, unsigned n) {
    for (int i = 0; i < 1000 && count_files(dir) != n; i++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_int_equal(count_files(dir), n);
}

/* Everything a rider can leave behind, and then 删除我的数据. */
static void test_forget(void **state) {
    const char *user = somebody(), *staff = somebody_with("staff");
    char *rider = xasprintf("qq.%s", user);
    char *nick = xasprintf("骑手%s", user);
    char *photos = xasprintf("%s/data/photos", test_daemon_dir(talk.daemon));
    unsigned files = count_files(photos);

    (void)state;
    asks(user, "同意", "已记下：同意");
    asks_in(GROUP, user, "诉求 换电柜坏了葡萄", "已登记，编号 S");
    const char *id = number_in_last();
    shows(NULL, user, "随手拍 路灯坏了西瓜", "/photo/a");
    hears(user, "在哪里");
    asks(user, "科巷樱桃12号", "已登记，编号 P");
    char *done = xasprintf("办结 %s", number_in_last());
    says(staff, done);
    hears(staff, "已办结");
    hears(user, "5 积分");
    char *supplement = xasprintf("补充 %s 芒果", id);
    shows(NULL, user, supplement, "/photo/b");
    hears(user, "已补充到");
    char *answer = xasprintf("回复 %s 会去看荔枝", id);
    says(staff, answer);
    hears(staff, "已回复");
    hears(user, "荔枝");
    asks(user, "诉求 匿名 有人一直骂人石榴", "已匿名登记");
    asks(user, "跳过", "工作人员会来分类");
    asks(user, "我的数据", "葡萄");
    asks(user, "你们能帮我问问柠檬的事吗", "要登记吗");
    asks(user, "随手拍 井盖坏了香蕉", "请拍张照片发来");
    asks(user, "删除我的数据", "确定删除你的全部数据");
    asks(user, "不了", "不弄了");
    assert_int_equal(count_files(photos), files + 4);
    asks(user, "删除我的数据", "确定删除你的全部数据");
    asks(user, "确定", "已删除，共 3 条。回执号");
    wait_for_files(photos, files);
    static const char *const texts[] = {"葡萄", "西瓜", "樱桃", "芒果",
                                        "荔枝", "石榴", "柠檬", "香蕉"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        nowhere_soon(texts[i]);
    nowhere(nick, NULL);
    nowhere(rider, "seen:");
    /* They are a new person now. */
    char *progress = xasprintf("进度 %s", id);
    asks(user, progress, "没有找到这个编号");
    asks(user, "我的", "还没有提过|隐私说明");
    asks(staff, "待办", "!葡萄|!西瓜");
    free(done);
    free(progress);
    free(answer);
    free(supplement);
    free(photos);
    free(rider);
    free(nick);
}

/* ---- forms that outlive the program -------------------------------------- */

static void test_restart(void **state) {
    const char *user = somebody_known(), *other = somebody_known();

    (void)state;
    shows(GROUP, user, "随手拍 路灯坏了", "/photo/a");
    hears_in(GROUP, user, "在哪里");
    asks(other, "诉求 有件事想反映", "属于哪一类");
    const char *id = number_in_last();
    talk_restart();
    asks_in(GROUP, user, "科巷12号", "已登记，编号 P");
    asks(other, "1", "已归到「工资报酬」");
    asks(other, id, "工资报酬");
    asks(user, "我的", "路灯坏了");
}

/* After its time a form is a draft: what is written is no answer to it any
 * more, and 继续 brings it back. */
static void test_expiry(void **state) {
    const char *user = somebody_known();

    (void)state;
    talk_restart_with(TALK_FREELY
                      "[photo]\nprivate_urls = yes\n"
                      "[form]\nprivate = 5s\ngroup = 5s\n");
    asks(user, "随手拍 路灯坏了", "请拍张照片发来");
    asks(user, "跳过", "在哪里");
    for (int i = 0; i < 52; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    asks(user, "科巷十二号门口", "要登记吗");
    asks(user, "不用了", "不弄了");
    asks(user, "继续", "在哪里");
    asks(user, "科巷12号", "已登记，编号 P");
    asks(user, "继续", "没有进行到一半的内容");
    talk_restart_with(TALK_FREELY "[photo]\nprivate_urls = yes\n");
}

/* The same message again is the same answer, and nothing more. */
static void test_redelivery(void **state) {
    const char *user = somebody_known();
    static const char *const groups[] = {NULL, GROUP};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(groups); i++) {
        struct peer_message message = {.group = groups[i],
                                       .user = user,
                                       .id = "770001",
                                       .text = "诉求 换电柜坏了"};
        char *id = NULL;
        for (int again = 0; again < 4; again++) {
            if (again == 3)
                talk_restart();
            peer_send(talk.peer, &message);
            if (groups[i] == NULL)
                hears(user, "已登记，编号 S");
            else
                hears_in(GROUP, user, "已登记，编号 S");
            const char *number = number_in_last();
            if (id == NULL)
                id = xstrdup(number);
            assert_string_equal(number, id);
        }
        free(id);
        assert_int_equal(test_daemon_redis_int(talk.daemon,
                                               "ZCARD {qinhuai}:tickets:qq.%s",
                                               user),
                         i + 1);
    }
    /* The same id in another chat is another message, as it was above. */
    asks(user, "我的", "一共提过 2 条");
}

/* What riders write, and what they are called, is not in the log. */
static void test_log(void **state) {
    static const char *const texts[] = {
        "换电柜", "路灯坏了", "科巷", "葡萄", "骑手9", TEST_DAEMON_TOKEN};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (test_daemon_logged(talk.daemon, texts[i]))
            fail_msg("the log holds %s", texts[i]);
}

static int begin(void **state) {
    (void)state;
    talk_begin(TALK_FREELY "[photo]\nprivate_urls = yes\n");
    return 0;
}

static int end(void **state) {
    (void)state;
    talk_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TALK(test_notice_once), TALK(test_consent), TALK(test_my_data),
        TALK(test_forget),      TALK(test_restart), TALK(test_expiry),
        TALK(test_redelivery),  TALK(test_log),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
