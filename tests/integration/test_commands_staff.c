/* What staff and organisers do by chat, and what riders hear of it. */
#include "tests/integration/talk.h"

#include "base/mem.h"
#include "tests/peer/wire.h"

#include <jansson.h>

static char *with(const char *word, const char *id, const char *text) {
    return xasprintf("%s %s%s%s", word, id, text[0] == '\0' ? "" : " ", text);
}

/* Says "word id text", and hears words. */
static void asks_about(const char *user, const char *word, const char *id,
                       const char *text, const char *words) {
    char *all = with(word, id, text);
    asks(user, all, words);
    free(all);
}

/* ---- roles --------------------------------------------------------------- */

static void test_bind(void **state) {
    const char *user = somebody_known(), *thief = somebody_known();
    char *code = test_daemon_code(talk.daemon, "staff");
    char *text = with("绑定", code, "");

    (void)state;
    asks(user, "待办", "需要工作身份");
    asks(user, "绑定 WRONGCODE", "绑定码不对");
    /* In front of the group: the answer is private. */
    says_in(GROUP, user, "绑定");
    hears(user, "请发绑定码");
    hears_in(GROUP, user, "请看私聊");
    for (char *c = code; *c != '\0'; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    asks(user, code, "绑定成功，你是工作人员了");
    asks(user, "待办", "待办");
    asks(thief, text, "绑定码不对或已用过");
    asks(thief, "待办", "需要工作身份");
    asks(thief, "通知 假的通知", "需要工作身份");
    /* In a group nobody learns what there is. */
    says_in(GROUP, thief, "待办");
    says_in(GROUP, thief, "通知 假的通知");
    hears_nothing(thief);
    free(code);
    free(text);
}

/* ---- a request from its beginning to its end ----------------------------- */

static void test_answer(void **state) {
    const char *rider = somebody_known(), *staff = somebody_with("staff");

    (void)state;
    asks_in(GROUP, rider, "诉求 换电柜坏了三天没人修", "已登记，编号 S");
    const char *id = number_in_last();
    asks(staff, "待办", id);
    asks_about(staff, "看", id, "",
               "换电柜坏了三天没人修|骑手|充电换电|待处理");
    says_in(GROUP, staff, "待办");
    hears(staff, id);
    hears_in(GROUP, staff, "请看私聊");
    char *text = with("回复", id, "已联系物业，明天修");
    says(staff, text);
    hears(staff, "已回复 S");
    hears(rider, "有答复了|已联系物业，明天修");
    free(text);
    asks_about(rider, "进度", id, "", "已答复|答复：已联系物业，明天修");
    asks_about(rider, "补充", id, "还没有修", "已补充到 S");
    asks_about(staff, "看", id, "", "补充：还没有修");
    text = with("办结", id, "修好了");
    says(staff, text);
    hears(staff, "已办结");
    hears(rider, "已办结|修好了");
    free(text);
    asks_about(staff, "回复", id, "再说一句", "已经结束了");
    asks_about(staff, "办结", id, "", "已经结束了");
    asks_about(rider, "补充", id, "再说一句", "已经结束了");
    asks_about(rider, "进度", id, "", "已办结");
}

/* What was refused stays so when the message comes again, though by then it
 * could be done. */
static void test_refused_again(void **state) {
    const char *rider = somebody_known(), *staff = somebody_with("staff"),
               *other = somebody_with("staff");

    (void)state;
    asks(rider, "诉求 换电柜坏了", "已登记，编号 S");
    char *id = xstrdup(number_in_last()), *claim = with("认领", id, "");
    asks(staff, claim, "由你来办");
    hears(rider, "已有人受理");
    peer_send_private_text(talk.peer, other, "7700001", claim);
    hears(other, "现在由|这一步没有做");
    asks_about(staff, "放回", id, "", "已放回待办");
    peer_send_private_text(talk.peer, other, "7700001", claim);
    hears(other, "现在由|这一步没有做");
    asks_about(rider, "进度", id, "", "待处理");
    /* Nor is a rating taken after all. */
    char *rate = with("评分", id, "5");
    peer_send_private_text(talk.peer, rider, "7700002", rate);
    hears(rider, "还没办结");
    asks_about(other, "办结", id, "", "已办结");
    hears(rider, "已办结");
    peer_send_private_text(talk.peer, rider, "7700002", rate);
    hears(rider, "还没办结");
    free(rate);
    free(claim);
    free(id);
}

static void test_answer_step_by_step(void **state) {
    const char *rider = somebody_known(), *staff = somebody_with("staff");

    (void)state;
    asks(rider, "诉求 换电柜坏了", "已登记，编号 S");
    const char *id = number_in_last();
    asks(staff, "回复", "回复哪个编号");
    asks(staff, id, "请写给骑手的答复");
    says(staff, "会去看");
    hears(staff, "已回复 S");
    hears(rider, "会去看");
    asks(staff, "看", "看哪个编号");
    asks(staff, id + 1, "答复：会去看");
    says(staff, "办结");
    hears(staff, "办结哪个编号");
    says(staff, id);
    hears(staff, "已办结");
    hears(rider, "已办结|评分|没解决");
    asks(staff, "看 S999999", "没有找到这个编号");
    asks(staff, "回复 S999999 什么", "没有找到这个编号");
    asks(staff, "办结 S999999", "没有找到这个编号");
}

static void test_report_for_staff(void **state) {
    const char *rider = somebody_known(), *staff = somebody_with("staff");

    (void)state;
    shows(NULL, rider, "随手拍 路灯坏了", "/photo/a");
    hears(rider, "在哪里");
    asks(rider, "科巷12号", "已登记，编号 P");
    asks_about(staff, "看", number_in_last(), "",
               "路灯坏了|科巷12号|公共设施损坏|" TEST_DAEMON_URL "/photos/");
}

/* In a group nothing of a ticket is shown, whoever asks. */
static void test_staff_in_a_group(void **state) {
    const char *rider = somebody_known(), *staff = somebody_with("staff");

    (void)state;
    asks(rider, "诉求 换电柜坏了", "已登记，编号 S");
    const char *id = number_in_last();
    char *text = with("看", id, "");
    says_in(GROUP, staff, text);
    hears(staff, "换电柜坏了");
    hears_in(GROUP, staff, "请看私聊|!换电柜");
    free(text);
    text = with("回复", id, "会去看");
    says_in(GROUP, staff, text);
    hears_in(GROUP, staff, "已回复 S|!会去看");
    hears(rider, "会去看");
    free(text);
    says_in(GROUP, staff, "回复");
    hears(staff, "回复哪个编号");
    hears_in(GROUP, staff, "请看私聊");
    asks(staff, "取消", "不弄了");
    text = with("办结", id, "");
    says_in(GROUP, staff, text);
    hears_in(GROUP, staff, "已办结");
    hears(rider, "已办结");
    free(text);
}

/* A report with a position to its end: two riders, two members of staff. */
static void test_to_its_end(void **state) {
    const char *rider = somebody_known(), *other = somebody_known();
    const char *staff = somebody_with("staff"), *two = somebody_with("staff");
    struct peer_message place = {.place = true,
                                 .lat = 32.0415,
                                 .lon = 118.7913,
                                 .place_name = "科巷菜场"};

    (void)state;
    shows(NULL, rider, "随手拍 路灯坏了", "/photo/a");
    hears(rider, "在哪里");
    place.user = rider;
    place.id = "990001";
    peer_send(talk.peer, &place);
    hears(rider, "已登记，编号 P");
    const char *id = number_in_last();
    /* QQ shares GCJ-02, which lies off to the south-east there. */
    char *lat = test_daemon_ticket(talk.daemon, id, "lat");
    char *lon = test_daemon_ticket(talk.daemon, id, "lon");
    assert_true(strtod(lat, NULL) > 32.0430 && strtod(lat, NULL) < 32.0440);
    assert_true(strtod(lon, NULL) > 118.7855 && strtod(lon, NULL) < 118.7870);
    free(lat);
    free(lon);
    shows(GROUP, other, "随手拍 路灯不亮", "/photo/b");
    hears_in(GROUP, other, "在哪里");
    place.user = other;
    place.group = GROUP;
    place.id = "990002";
    peer_send(talk.peer, &place);
    hears_in(GROUP, other, "附近已有 P|1 位骑手|!路灯坏了|!科巷");
    says_in(GROUP, other, "1");
    hears_in(GROUP, other, "已一起跟进 P");
    asks_about(staff, "看", id, "",
               "路灯坏了|路灯不亮|一起跟进：1 人|position=118.7913");
    char *text = with("认领", id, "");
    says(staff, text);
    hears(staff, "由你来办");
    hears(rider, "已有人受理");
    hears(other, "已有人受理");
    free(text);
    asks_about(two, "办结", id, "", "在办|放回");
    text = with("办结", id, "换了灯");
    shows(NULL, staff, text, "/photo/c");
    hears(staff, "已办结");
    hears(rider, "换了灯|" TEST_DAEMON_URL "/photos/|5 积分|评分");
    hears(other, "换了灯|!积分|!评分");
    free(text);
    asks(rider, "2", "评 2 分|没解决");
    says(rider, "没解决 又灭了");
    hears(rider, "已重新打开");
    hears(other, "已重新打开");
    asks_about(two, "看", id, "", "重新处理：又灭了");
    text = with("办结", id, "");
    says(two, text);
    hears(two, "已办结");
    hears(rider, "已办结|!积分"); /* points are given once */
    hears(other, "已办结");
    free(text);
    asks(rider, "5", "评 5 分，谢谢");
    asks(rider, "我的积分", "你的积分：5");
    asks(other, "我的积分", "还没有积分");
}

/* Whoever asked not to be named is not. */
static void test_anonymous(void **state) {
    const char *rider = somebody_known(), *staff = somebody_with("staff");
    const char *words[] = {"诉求 匿名 站长一直骂人", "诉求 有人一直骂人"};

    (void)state;
    for (int late = 0; late < 2; late++) {
        asks(rider, words[late], "登记，编号 S");
        const char *id = number_in_last();
        if (late)
            asks(rider, "匿名", "已改为匿名");
        char *not_named = xasprintf("匿名|骂人|!骑手%s|!%s", rider, rider);
        asks_about(staff, "看", id, "", not_named);
        free(not_named);
        /* The answer finds its way all the same. */
        char *text = with("回复", id, "会处理");
        says(staff, text);
        hears(staff, "已回复 S");
        hears(rider, "会处理");
        free(text);
        asks_about(rider, "补充", id, "谢谢", "已补充到 S");
        not_named = xasprintf("补充：谢谢|!%s", rider);
        asks_about(staff, "看", id, "", not_named);
        free(not_named);
        char *who = test_daemon_ticket(talk.daemon, id, "nick");
        assert_true(who == NULL || who[0] == '\0');
        free(who);
    }
}

/* ---- notices ------------------------------------------------------------- */

/* A notice has come to a group, where it mentions nobody. */
static void group_gets(const char *group, const char *words) {
    struct peer_call *call = peer_wait_call(talk.peer, 30000);

    assert_non_null(call);
    bool right = call->group && strcmp(call->to, group) == 0 &&
                 call->mention == NULL && strstr(call->text, words) != NULL;
    if (!right)
        print_error("to %s: %s\n", call->to, call->text);
    peer_call_free(call);
    assert_true(right);
}

static void test_notify(void **state) {
    const char *user = somebody_with("organiser");

    (void)state;
    asks(user, "通知", "请发通知的内容");
    asks(user, "周五上午在科巷义诊",
         "发到哪些群|1 |2 |" GROUP_NAME "|科巷站点");
    asks(user, "9", "请回复下面的数字");
    asks(user, "全部",
         "预览|周五上午在科巷义诊|将发到 2 个群：|" GROUP_NAME
         "|科巷站点|1 确定");
    says(user, "1");
    hears(user, "B|开始发送，共 2 个群");
    for (int i = 0; i < 2; i++) {
        struct peer_call *call = peer_wait_call(talk.peer, 30000);
        assert_non_null(call);
        assert_true(call->group && call->mention == NULL);
        assert_string_equal(call->text, "【通知】周五上午在科巷义诊");
        peer_call_free(call);
    }
    hears(user, "发完了：共 2 个群，送达 2，被拒 0，结果不明 0");
}

static void test_notify_from_a_group(void **state) {
    const char *user = somebody_with("organiser");

    (void)state;
    says_in(GROUP, user, "通知 周日停电");
    hears(user, "发到哪些群");
    hears_in(GROUP, user, "请看私聊|!停电");
    asks(user, "取消", "不弄了");
    hears_nothing(user);
}

static void test_notify_selection(void **state) {
    const char *user = somebody_with("organiser");
    char choice[2] = "1";

    (void)state;
    asks(user, "通知 周六体检", "发到哪些群");
    /* The number that the list has given to this group. */
    if (strstr(talk.heard, "2 " GROUP_NAME) != NULL)
        choice[0] = '2';
    asks(user, choice, "周六体检|将发到 1 个群：" GROUP_NAME "|!科巷站点");
    asks(user, "返回", "发到哪些群");
    asks(user, choice, "将发到 1 个群：" GROUP_NAME "|!科巷站点");
    says(user, "确定");
    hears(user, "开始发送，共 1 个群");
    group_gets(GROUP, "周六体检");
    hears(user, "发完了：共 1 个群，送达 1");
    asks(user, "推送学习 新就业群体党建读本第一章", "发到哪些群");
    asks(user, "1 2", "预览");
    asks(user, "不发", "不弄了");
    hears_nothing(user);
}

static void test_notify_outcomes(void **state) {
    const char *user = somebody_with("organiser");

    (void)state;
    peer_set_policy(talk.peer, PEER_GROUP_SENDS, PEER_HOLD);
    asks(user, "推送学习 读本第二章", "发到哪些群");
    asks(user, "全部", "预览");
    says(user, "1");
    hears(user, "共 2 个群");
    struct peer_call *first = peer_wait_call(talk.peer, 30000);
    struct peer_call *second = peer_wait_call(talk.peer, 30000);
    assert_string_equal(first->text, "【学习资料】读本第二章");
    peer_answer_failed(talk.peer, first, 1200, "你已被移出该群");
    peer_answer_failed(talk.peer, second, 1200,
                       "Timeout: NTEvent serviceAndMethod:sendMsg");
    hears(user, "共 2 个群，送达 0，被拒 1，结果不明 1");
    peer_set_policy(talk.peer, PEER_GROUP_SENDS, PEER_OK);
    peer_call_free(first);
    peer_call_free(second);
    hears_nothing(user);
}

/* ---- when the platform refuses private messages ---------------------------
 */

static json_t *page_next(struct wire *page) {
    const char *text;
    size_t len;

    assert_int_equal(wire_next(page, 30000, &text, &len), 1);
    json_t *frame = json_loadb(text, len, 0, NULL);
    assert_non_null(frame);
    return frame;
}

/* Frames of the page until one of that type, of which a member holds words. */
static void page_gets(struct wire *page, const char *type, const char *name,
                      const char *words) {
    for (bool found = false; !found;) {
        json_t *frame = page_next(page);
        const char *is = json_string_value(json_object_get(frame, "type"));
        const char *value = json_string_value(json_object_get(frame, name));
        found =
            is != NULL && strcmp(is, type) == 0 &&
            (value == NULL ? words[0] == '\0' : strstr(value, words) != NULL);
        json_decref(frame);
    }
}

static struct wire *page_open(const char *token) {
    char *headers = xasprintf("Origin: http://127.0.0.1:%d\r\n",
                              test_daemon_port(talk.daemon));
    int status;
    struct wire *page = wire_connect(test_daemon_port(talk.daemon), "/chat/ws",
                                     headers, &status);
    char *hello = xasprintf(
        "{\"type\":\"hello\",\"token\":null,\"nick\":\"\","
        "\"group\":null,\"lang\":\"zh-CN\","
        "\"link\":\"%s\"}",
        token);

    assert_non_null(page);
    wire_text(page, hello, strlen(hello));
    free(hello);
    free(headers);
    return page;
}

static void page_says(struct wire *page, const char *chat, const char *id,
                      const char *text) {
    char *frame = xasprintf(
        "{\"type\":\"text\",\"id\":\"%s\",\"chat\":\"%s\","
        "\"text\":\"%s\"}",
        id, chat, text);
    wire_text(page, frame, strlen(frame));
    free(frame);
}

/* The next private message is refused; its group gets a link. */
static char *refused_link(const char *user) {
    static const char before[] = TEST_DAEMON_URL "/chat#link=";
    struct peer_call *call = peer_wait_call(talk.peer, 30000);

    assert_non_null(call);
    assert_false(call->group);
    peer_call_free(call);
    hears_in(GROUP, user, before);
    const char *at = strstr(talk.heard, before) + strlen(before);
    return xstrndup(at, strspn(at,
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ"
                               "RSTUVWXYZ0123456789-_"));
}

static void test_link(void **state) {
    const char *user = somebody(), *staff = somebody_with("staff");
    char chat[64] = "";

    (void)state;
    peer_set_policy(talk.peer, PEER_PRIVATE_SENDS, PEER_REFUSE);
    asks_in(GROUP, user, "诉求 有人一直骂人", "已登记，编号 S|请看私聊");
    const char *id = number_in_last();
    char *token = refused_link(user);
    struct wire *page = page_open(token), *second;
    for (json_t *frame = NULL; chat[0] == '\0'; json_decref(frame)) {
        frame = page_next(page);
        const char *name = json_string_value(json_object_get(frame, "chat"));
        snprintf(chat, sizeof(chat), "%s", name == NULL ? "" : name);
    }
    /* The open question is asked there; the words of the request are not
     * shown, and nothing else can be done. */
    page_gets(page, "message", "text", "属于哪一类");
    page_says(page, chat, "m1", "我的");
    page_gets(page, "message", "text", "请回复下面的数字");
    page_says(page, chat, "m2", "4");
    page_gets(page, "message", "text", "已归到「平台规则」");
    page_says(page, chat, "m3", "我的数据");
    page_gets(page, "message", "text", "这一步已经结束");
    /* It is good for one person. */
    second = page_open(token);
    page_gets(second, "error", "code", "link");
    wire_free(second);
    wire_free(page);
    char *category = test_daemon_redis_string(
        talk.daemon, "HGET {qinhuai}:ticket:%s category", id);
    assert_string_equal(category, "platform");
    /* An answer of staff cannot be delivered: the group hears that there is
     * one, and not what it is. */
    peer_set_policy(talk.peer, PEER_PRIVATE_SENDS, PEER_HOLD);
    char *text = with("回复", id, "会和站长谈");
    says(staff, text);
    for (int i = 0; i < 2; i++) {
        struct peer_call *call = peer_wait_call(talk.peer, 30000);
        assert_non_null(call);
        if (strcmp(call->to, user) == 0)
            peer_answer_failed(talk.peer, call, 1200, "请先添加好友");
        else
            peer_answer_ok(talk.peer, call);
        peer_call_free(call);
    }
    hears_in(GROUP, user, "有新答复|!站长");
    peer_set_policy(talk.peer, PEER_PRIVATE_SENDS, PEER_OK);
    free(text);
    free(category);
    free(token);
}

static int begin(void **state) {
    (void)state;
    talk_begin(TALK_FREELY "[photo]\nprivate_urls = yes\n");
    test_daemon_any_hour(talk.daemon);
    return 0;
}

static int end(void **state) {
    (void)state;
    talk_end();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TALK(test_bind),
        TALK(test_answer),
        TALK(test_refused_again),
        TALK(test_answer_step_by_step),
        TALK(test_report_for_staff),
        TALK(test_staff_in_a_group),
        TALK(test_to_its_end),
        TALK(test_anonymous),
        TALK(test_notify),
        TALK(test_notify_from_a_group),
        TALK(test_notify_selection),
        TALK(test_notify_outcomes),
        TALK(test_link),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
