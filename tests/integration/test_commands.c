/* What riders ask of the bot, in groups and in private, in three languages. */
#include "tests/integration/talk.h"

#include "base/mem.h"

/* ---- the menu ------------------------------------------------------------ */

static void test_help(void **state) {
    const char *user = somebody();

    (void)state;
    asks(user, "帮助", "我是小蜂|1 诉求|2 随手拍|!待办|!通知");
    asks(user, "2", "请拍张照片发来");
    asks(user, "跳过", "在哪里");
    asks(user, "科巷", "是哪一类");
    asks(user, "菜单", "我是小蜂");
    /* The report is still there behind the menu. */
    asks(user, "继续", "是哪一类");
    asks(user, "取消", "不弄了");
    asks(user, "菜单", "我是小蜂");
    asks(user, "99", "请回复下面的数字|我是小蜂");
    asks(user, "帮助 2", "请拍张照片发来");
    asks(user, "取消", "不弄了");
    asks_in(GROUP, user, "帮助", "我是小蜂");
    says_in(GROUP, user, "1");
    hears(user, "请说说遇到了什么");
    hears_in(GROUP, user, "请看私聊");
    asks(user, "取消", "不弄了");
}

static void test_mention(void **state) {
    const char *user = somebody_known();

    (void)state;
    peer_send(talk.peer, &(struct peer_message){.group = GROUP,
                                                .user = user,
                                                .id = "880001",
                                                .text = " 吃饭了吗",
                                                .mention = true});
    hears_in(GROUP, user, "我在");
}

/* What riders write to each other is none of the bot's business. */
static void test_chatter(void **state) {
    static const char *const chatter[] = {
        "今天单子好多",
        "诉求表是什么",
        "我的电瓶没电了",
        "谁看见我的头盔",
        "1",
        "好的",
        "取消",
        "继续",
        "同意",
        "看天气要下雨",
        "语言不通",
        "帮助别人快乐自己",
        "通知大家一下",
        "S1",
        "helpful people here",
        "",
        " ",
    };
    const char *user = somebody_known();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(chatter); i++) {
        says_in(GROUP, user, chatter[i]);
        hears_nothing(user);
    }
}

static void test_suggestion(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "随手怕", "你是想说「随手拍");
    asks(user, "嗯", "我是小蜂");
}

/* ---- requests ------------------------------------------------------------ */

static void test_request_in_private(void **state) {
    const char *user = somebody();

    (void)state;
    asks(user, "诉求 小区总是不让进门", "已登记，编号 S|隐私说明");
    const char *id = number_in_last();
    char *progress = xasprintf("进度 %s", id);
    asks(user, progress, "小区总是不让进门|待处理|停车通行|!隐私说明");
    asks(user, id, "小区总是不让进门");
    char *bare = xasprintf("进度 %s", id + 1);
    asks(user, bare, "小区总是不让进门");
    asks(user, "我的", "一共提过 1 条|小区总是不让进门");
    free(progress);
    free(bare);
}

static void test_request_asks_its_kind(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "诉求 有件事想反映一下",
         "已登记，编号 S|属于哪一类|1 工资报酬|改为匿名");
    asks(user, "第一个", "请回复下面的数字");
    asks(user, "工资报酬", "已归到「工资报酬」");
    asks(user, "诉求 还有件事想反映一下", "属于哪一类");
    asks(user, "跳过", "工作人员会来分类");
    asks(user, "诉求 第三件事想反映一下", "属于哪一类");
    asks(user, "１０", "已改为匿名");
}

static void test_request_in_a_group(void **state) {
    const char *user = somebody_known();

    (void)state;
    says_in(GROUP, user, "诉求 换电柜总是坏的");
    hears_in(GROUP, user, "已登记，编号 S|!换电柜");
    const char *id = number_in_last();
    says_in(GROUP, user, "诉求 有件事想反映一下");
    hears_in(GROUP, user, "已登记，编号 S|请看私聊|!属于哪一类|!反映");
    hears(user, "属于哪一类");
    asks(user, "3", "合同用工");
    /* What a ticket says is not for the others. */
    char *progress = xasprintf("进度 %s", id);
    says_in(GROUP, user, progress);
    hears(user, "换电柜总是坏的");
    hears_in(GROUP, user, "请看私聊|!换电柜");
    says_in(GROUP, user, "诉求");
    hears(user, "请说说遇到了什么");
    hears_in(GROUP, user, "请看私聊");
    asks(user, "电瓶被偷了", "已登记，编号 S");
    free(progress);
}

static void test_request_anonymous(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "诉求 匿名 站长一直骂人扣工资", "已匿名登记，编号 S");
    char *key = xasprintf("{qinhuai}:ticket:%s", number_in_last());
    assert_int_equal(test_daemon_redis_int(talk.daemon, "HEXISTS %s nick", key),
                     0);
    free(key);
}

static void test_request_with_photos(void **state) {
    const char *user = somebody_known();

    (void)state;
    shows(NULL, user, "诉求 换电柜坏了", "/photo/a");
    hears(user, "已登记，编号 S");
    char *photos = test_daemon_redis_string(
        talk.daemon, "HGET {qinhuai}:ticket:%s photos", number_in_last());
    assert_non_null(photos);
    char *path = xasprintf("/photos/%s", photos);
    assert_int_not_equal(test_daemon_get(talk.daemon, path, NULL), 404);
    free(path);
    free(photos);
}

static void test_words_like_riders(void **state) {
    static const char *const words[] = {
        "求助 换电柜坏了",    "投诉：换电柜坏了",   "/诉求 换电柜坏了",
        "诉求换电柜坏了",     "訴求 換電櫃壞了",    "＃诉求　换电柜坏了",
        "request 换电柜坏了", "REQUEST 换电柜坏了", "我要反映，换电柜坏了",
        "诉求\n换电柜坏了",
    };
    const char *user = somebody_known();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        asks(user, words[i], "已登记，编号 S");
    /* "#诉求" is for the bot in a group, too. */
    asks_in(GROUP, user, "#诉求 换电柜坏了", "已登记，编号 S");
}

/* A text that begins with no word we know is offered to be taken down. */
static void test_offer(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "你们能帮我问问小区门禁的事吗", "要登记吗|作为诉求提交");
    asks(user, "1", "已登记，编号 S");
    asks(user, "我的", "小区门禁");
    asks(user, "科巷口消防通道又堵上了车", "要登记吗");
    asks(user, "2", "请拍张照片发来");
    asks(user, "跳过", "在哪里");
    asks(user, "科巷", "已登记，编号 P");
    asks(user, "你们能帮我问问小区门禁的事吗", "要登记吗");
    asks(user, "不用了", "不弄了");
}

/* ---- reports ------------------------------------------------------------- */

static void test_report_step_by_step(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "随手拍", "请拍张照片发来");
    shows(NULL, user, NULL, "/photo/a");
    hears(user, "在哪里");
    asks(user, "科巷12号", "是哪一类");
    asks(user, "环境卫生", "已登记，编号 P");
}

/* In any order: place first by a location, then photos, then words. */
static void test_report_in_any_order(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "随手拍 消防通道被堵住了", "请拍张照片发来");
    peer_send(talk.peer, &(struct peer_message){.user = user,
                                                .id = "880002",
                                                .place = true,
                                                .lat = 32.0415,
                                                .lon = 118.7913,
                                                .place_name = "科巷菜场"});
    hears(user, "请拍张照片发来");
    shows(NULL, user, NULL, "/photo/a");
    hears(user, "已登记，编号 P");
    const char *id = number_in_last();
    char *place = test_daemon_ticket(talk.daemon, id, "place");
    char *lat = test_daemon_ticket(talk.daemon, id, "lat");
    assert_string_equal(place, "科巷菜场");
    assert_true(strtod(lat, NULL) > 32.04 && strtod(lat, NULL) < 32.05);
    free(place);
    free(lat);
}

static void test_report_in_a_group(void **state) {
    const char *user = somebody_known();
    const char *other = somebody_known();

    (void)state;
    shows(GROUP, user, "随手拍 路灯坏了", "/photo/a");
    hears_in(GROUP, user, "在哪里");
    /* Others may talk meanwhile; a photo of theirs is not for us. */
    says_in(GROUP, other, "科巷12号门口");
    shows(GROUP, other, NULL, "/photo/b");
    says_in(OTHER_GROUP, user, "科巷12号门口");
    asks_in(GROUP, user, "科巷12号门口", "已登记，编号 P|!科巷");
    hears_nothing(other);
}

/* A photo alone, in private, begins a report. */
static void test_report_by_photo(void **state) {
    const char *user = somebody_known();

    (void)state;
    shows(NULL, user, NULL, "/photo/a");
    hears(user, "在哪里");
    asks(user, "科巷", "是哪一类");
    asks(user, "1", "已登记，编号 P");
}

/* Where a photo was taken is read only with consent. */
static void test_report_by_exif(void **state) {
    const char *user = somebody_known();

    (void)state;
    shows(NULL, user, "随手拍 路灯坏了", "/exif/a");
    hears(user, "在哪里|读取位置");
    asks(user, "读取位置", "以后会读取照片里的拍摄位置");
    asks(user, "取消", "不弄了");
    shows(NULL, user, "随手拍 路灯坏了", "/exif/a");
    hears(user, "已登记，编号 P");
    char *lat = test_daemon_ticket(talk.daemon, number_in_last(), "lat");
    assert_true(strtod(lat, NULL) > 32.0 && strtod(lat, NULL) < 32.1);
    free(lat);
    asks(user, "不读取位置", "不读取照片里的位置");
    shows(NULL, user, "随手拍 路灯坏了", "/exif/a");
    hears(user, "在哪里|!读取位置 允许");
    asks(user, "取消", "不弄了");
}

/* ---- control words ------------------------------------------------------- */

static void test_control_words(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "取消", "不弄了"); /* the menu */
    asks(user, "取消", "没有进行到一半的内容");
    asks(user, "返回", "没有进行到一半的内容");
    asks(user, "跳过", "没有进行到一半的内容");
    asks(user, "继续", "没有进行到一半的内容");
    asks(user, "随手拍", "请拍张照片发来");
    asks(user, "返回", "已经是第一步了");
    asks(user, "跳过", "在哪里");
    asks(user, "跳过", "这一步不能跳过|在哪里");
    asks(user, "科巷", "是哪一类");
    asks(user, "返回", "在哪里");
    asks(user, "三山街", "是哪一类");
    asks(user, "继续", "是哪一类");
    asks(user, "算了", "不弄了");
    asks(user, "我的", "还没有提过");
}

/* A form that another one interrupts is kept. */
static void test_draft(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "随手拍 路灯坏了", "请拍张照片发来");
    asks(user, "诉求 换电柜坏了", "已登记，编号 S");
    asks(user, "继续", "请拍张照片发来");
    asks(user, "没有", "在哪里");
    asks(user, "科巷", "已登记，编号 P");
    asks(user, "继续", "没有进行到一半的内容");
}

/* ---- what became of it --------------------------------------------------- */

static void test_supplement(void **state) {
    const char *user = somebody_known();
    const char *other = somebody_known();

    (void)state;
    asks(user, "诉求 换电柜坏了", "已登记，编号 S");
    const char *id = number_in_last();
    char *text = xasprintf("补充 %s 就在科巷口", id);
    char *bare = xasprintf("补充 %s", id);
    asks(user, text, "已补充到 S");
    asks(other, text, "没有找到这个编号");
    asks(user, bare, "请发要补充的文字或照片");
    shows(NULL, user, NULL, "/photo/a");
    hears(user, "补充的文字或照片");
    asks(user, "跳过", "已补充到 S");
    asks(user, id, "补充：就在科巷口");
    free(text);
    free(bare);
}

static void test_withdraw(void **state) {
    const char *user = somebody_known();
    const char *other = somebody_known();

    (void)state;
    asks(user, "诉求 换电柜坏了", "已登记，编号 S");
    const char *id = number_in_last();
    char *text = xasprintf("撤回 %s", id);
    asks(other, text, "确定撤回");
    asks(other, "1", "没有找到这个编号");
    asks(user, text, "确定撤回");
    asks(user, "不", "不弄了");
    asks(user, text, "确定撤回");
    asks(user, "是", "已撤回");
    asks(user, id, "已撤回");
    asks(user, text, "确定撤回");
    asks(user, "是", "已经结束了");
    assert_int_equal(
        test_daemon_redis_int(talk.daemon, "ZCOUNT {qinhuai}:open 0 inf"),
        test_daemon_redis_int(talk.daemon, "ZCARD {qinhuai}:open"));
    free(text);
}

/* What belongs in private is asked there, and said there. */
static void test_in_a_group(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks_in(GROUP, user, "诉求 换电柜坏了", "已登记，编号 S");
    const char *id = number_in_last();
    char *text = xasprintf("/补充 %s 就在科巷口", id);
    asks_in(GROUP, user, text, "已补充到 S|!科巷");
    free(text);
    text = xasprintf("/撤回 %s", id);
    says_in(GROUP, user, text);
    hears(user, "确定撤回 S");
    hears_in(GROUP, user, "请看私聊");
    asks(user, "1", "已撤回");
    free(text);
    says_in(GROUP, user, "/我的");
    hears(user, "换电柜坏了|已撤回");
    hears_in(GROUP, user, "请看私聊|!换电柜");
    asks_in(GROUP, user, "/语言 en", "English from now on");
    asks_in(GROUP, user, "/语言", "1 简体中文");
    asks_in(GROUP, user, "1", "以后用简体中文");
    says_in(GROUP, user, "/同意");
    hears(user, "已记下：同意");
    hears_in(GROUP, user, "请看私聊");
    says_in(GROUP, user, "/删除我的数据");
    hears(user, "确定删除");
    hears_in(GROUP, user, "请看私聊|!删除");
    asks(user, "2", "不弄了");
    asks_in(GROUP, user, "随手拍 路灯坏了", "请拍张照片发来");
    asks_in(GROUP, user, "跳过", "在哪里");
    asks_in(GROUP, user, "返回", "请拍张照片发来");
    asks_in(GROUP, user, "取消", "不弄了");
}

static void test_unknown_numbers(void **state) {
    static const char *const numbers[] = {"S999999", "P999999", "999999", "s0",
                                          "S999999999999"};
    const char *user = somebody_known();

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        char *text = xasprintf("进度 %s", numbers[i]);
        says(user, text);
        hears(user, strcmp(numbers[i], "s0") == 0 ? "" : "没有找到这个编号");
        free(text);
    }
    asks(user, "补充 S999999 什么", "没有找到这个编号");
    asks(user, "撤回 S999999", "确定撤回");
    asks(user, "1", "没有找到这个编号");
    asks(user, "撤回 什么", "撤回哪个编号|S12");
    asks(user, "不知道", "没有这样的编号");
    asks(user, "取消", "不弄了");
}

/* ---- languages ----------------------------------------------------------- */

static void test_english(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "language en", "English from now on");
    asks(user, "help", "1 |Request|Photo report|!诉求");
    asks(user, "cancel", "dropped");
    asks(user, "request my battery locker is broken", "Taken down, number S");
    const char *id = number_in_last();
    char *progress = xasprintf("progress %s", id);
    asks(user, "skip", "");
    asks(user, progress, "my battery locker is broken");
    asks(user, "snap", "Please send a photo");
    asks(user, "skip", "Where is it?");
    asks(user, "Kexiang Lane 12", "1 ");
    asks(user, "2", "number P");
    asks(user, "mine", "You have sent 2");
    asks(user, "my data", "qq.");
    asks(user, "cancel", "Nothing is in progress");
    asks(user, "progress S999999", "!没有");
    asks(user, "queue", "staff role");
    says_in(GROUP, user, "mine");
    says_in(GROUP, user, "request my charger is broken");
    hears_in(GROUP, user, "Taken down, number S");
    free(progress);
}

static void test_traditional(void **state) {
    const char *user = somebody_known();

    (void)state;
    asks(user, "語言", "用哪种语言");
    asks(user, "繁體中文", "以後用繁體中文");
    asks(user, "訴求 換電櫃壞了沒人修", "已登記，編號 S");
    asks(user, "跳過", "");
    asks(user, "隨手拍", "請拍張照片發來");
    asks(user, "跳過", "在哪裡");
    asks(user, "返回", "請拍張照片發來");
    asks(user, "取消", "不弄了");
    asks(user, "我的", "你一共提過 1 條");
    asks(user, "幫助", "我是小蜂，可以幫你");
    asks(user, "我的資料", "qq.");
    asks(user, "语言 简体", "以后用简体中文");
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
        TALK(test_help),
        TALK(test_mention),
        TALK(test_chatter),
        TALK(test_suggestion),
        TALK(test_request_in_private),
        TALK(test_request_asks_its_kind),
        TALK(test_request_in_a_group),
        TALK(test_request_anonymous),
        TALK(test_request_with_photos),
        TALK(test_words_like_riders),
        TALK(test_offer),
        TALK(test_report_step_by_step),
        TALK(test_report_in_any_order),
        TALK(test_report_in_a_group),
        TALK(test_report_by_photo),
        TALK(test_report_by_exif),
        TALK(test_control_words),
        TALK(test_draft),
        TALK(test_supplement),
        TALK(test_withdraw),
        TALK(test_in_a_group),
        TALK(test_unknown_numbers),
        TALK(test_english),
        TALK(test_traditional),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
