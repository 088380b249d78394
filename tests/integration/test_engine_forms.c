/* The form engine, by tables that have every type of slot. */
#include "base/arena.h"
#include "base/limits.h"
#include "base/mem.h"
#include "bot/account.h"
#include "bot/config.h"
#include "bot/form.h"
#include "bot/turn.h"
#include "handlers/handlers.h"
#include "store/store.h"
#include "tests/integration/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RIDER "qq.1"
#define PHOTO_1 "AAAAAAAAAAAAAAAAAAAAAA"
#define PHOTO_2 "BBBBBBBBBBBBBBBBBBBBBB"

/* What the last commit of a form was given: "slot=value;…". */
static char given[2048];
static unsigned commits;

static void keep_values(struct turn *turn) {
    const struct command *command = turn->form->command;
    size_t len = 0;
    commits++;
    given[0] = '\0';
    for (size_t i = 0; i < command->n_slots; i++)
        len += (size_t)snprintf(given + len, sizeof(given) - len, "%s%s=%s",
                                i == 0 ? "" : ";", command->slots[i].name,
                                form_value(turn, command->slots[i].name));
    turn_say(turn, "test.plain");
}

/* Each command of the tests has the words of a real one. */
static const char *const colours[] = {"fire", "damage", "other", NULL};

static const struct slot all_slots[] = {
    {.name = "photos", .type = SLOT_PHOTOS, .need = SLOT_SKIPPABLE},
    {.name = "place", .type = SLOT_PLACE, .need = SLOT_REQUIRED},
    {.name = "choice",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = colours,
     .options_key = "category",
     .guessed = true},
    {.name = "choices", .type = SLOT_CHOICES, .need = SLOT_REQUIRED},
    {.name = "number",
     .type = SLOT_NUMBER,
     .need = SLOT_REQUIRED,
     .min = 1,
     .max = 100},
    {.name = "date", .type = SLOT_DATE, .need = SLOT_REQUIRED},
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "words",
     .type = SLOT_TEXT,
     .need = SLOT_SKIPPABLE,
     .min = 3,
     .max = 10},
};

static void offer_groups(struct turn *turn) {
    static const char *const old[] = {"老群", "旧群", NULL};
    struct option *options = arena_alloc(&turn->arena, 3 * sizeof(*options));
    options[0] = (struct option){"qq.g12", "一号群", NULL};
    options[1] = (struct option){"qq.g1", "二号群", NULL};
    options[2] = (struct option){"qq.g3", "三号群", old};
    form_set_options(turn, "choices", options, 3);
    form_ready(turn);
}

static const struct command all_types = {
    .name = "request",
    .slots = all_slots,
    .n_slots = ARRAY_LEN(all_slots),
    .prepare = offer_groups,
    .commit = keep_values,
};

static const struct slot token_slots[] = {
    {.name = "ticket", .type = SLOT_TICKET, .need = SLOT_REQUIRED},
    {.name = "number", .type = SLOT_NUMBER, .need = SLOT_REQUIRED},
    {.name = "date", .type = SLOT_DATE, .need = SLOT_OPTIONAL},
    {.name = "choice",
     .type = SLOT_CHOICE,
     .need = SLOT_REQUIRED,
     .options = colours,
     .options_key = "category"},
    {.name = "text", .type = SLOT_TEXT, .need = SLOT_REQUIRED},
};

static const struct command tokens = {
    .name = "supplement",
    .slots = token_slots,
    .n_slots = ARRAY_LEN(token_slots),
    .commit = keep_values,
};

static const struct command *const table[] = {
    &all_types,    &tokens,           &command_progress, &command_language,
    &command_help, &command_exif_yes, &command_exif_no};

static int setup(void **state) {
    commits = 0;
    given[0] = '\0';
    *state = engine_new(&(struct engine_options){
        .commands = table,
        .n_commands = ARRAY_LEN(table),
    });
    return 0;
}

static int setup_handlers(void **state) {
    *state = engine_new(NULL);
    return 0;
}

static int teardown(void **state) {
    engine_free(*state);
    return 0;
}

static const char *ask(struct engine *e, const char *text) {
    return engine_ask(e, RIDER, text);
}

/* A form that stands at its question for choice. */
static void come_to_choice(struct engine *e) {
    engine_has(ask(e, "诉求"), "request.photos.ask");
    engine_has(ask(e, "跳过"), "request.place.ask");
    engine_has(ask(e, "中山路"), "request.choice.ask");
}

static void test_one_by_one(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "诉求"), "request.photos.ask");
    engine_photo(e, RIDER, PHOTO_1, NULL);
    engine_settle(e);
    engine_has(engine_last(e, NULL), "request.place.ask");
    engine_has(ask(e, "中山路 5 号"), "request.choice.ask");
    engine_has(ask(e, "2"), "request.choices.ask");
    engine_has(ask(e, "1 3"), "request.number.ask");
    engine_has(ask(e, "42"), "request.date.ask");
    engine_has(ask(e, "11-30"), "request.ticket.ask");
    engine_has(ask(e, "ｓ１２"), "request.words.ask");
    assert_int_equal(commits, 0);
    engine_has(ask(e, "写几个字"), "你好");
    assert_string_equal(given, "photos=" PHOTO_1
                               ";place=,,中山路 5 号;"
                               "choice=damage;choices=qq.g12,qq.g3;number=42;"
                               "date=2023-11-30;ticket=S12;words=写几个字");
    assert_int_equal(commits, 1);
    /* The form is gone. */
    engine_has(ask(e, "返回"), "现在没有");
}

/* Photo and place are taken whenever they come; a word in the text answers
 * the choice; nothing is asked twice. */
static void test_any_order(void **state) {
    struct engine *e = *state;
    for (int order = 0; order < 2; order++) {
        engine_ask(e, RIDER, "诉求");
        for (int i = 0; i < 2; i++) {
            if ((i == 0) == (order == 0))
                engine_place(e, RIDER, 32.04, 118.76, "新街口");
            else
                engine_photo(e, RIDER, PHOTO_1, NULL);
            engine_settle(e);
        }
        engine_has(engine_last(e, NULL), "request.choice.ask");
        /* Not an option, yet a text with a word of one. */
        engine_has(ask(e, "路灯坏了"), "request.choices.ask");
        engine_photo(e, RIDER, PHOTO_2, NULL); /* joins the first */
        engine_settle(e);
        engine_has(engine_last(e, NULL), "request.choices.ask");
        ask(e, "全部");
        ask(e, "7");
        ask(e, "明天");
        engine_has(ask(e, "p 0003"), "你好");
        assert_string_equal(
            given, "photos=" PHOTO_1 "," PHOTO_2
                   ";"
                   "place=32.040000,118.760000,新街口;choice=damage;"
                   "choices=qq.g12,qq.g1,qq.g3;number=7;date=2023-11-16;"
                   "ticket=P3;words=路灯坏了");
    }
    assert_int_equal(commits, 2);
}

static void test_at_once(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "补充 s7 42 后天 其他 还没有人来"), "你好");
    assert_string_equal(given,
                        "ticket=S7;number=42;date=2023-11-17;"
                        "choice=other;text=还没有人来");
    engine_has(ask(e, "补充：P12，3、公共设施损坏，还没有人来"), "你好");
    assert_string_equal(given,
                        "ticket=P12;number=3;date=;choice=damage;"
                        "text=还没有人来");
    /* A number is no choice before the list was shown. */
    engine_has(ask(e, "补充 S7 5 2 号楼的灯坏了"), "supplement.choice.ask");
    engine_has(ask(e, "1"), "你好");
    assert_string_equal(given,
                        "ticket=S7;number=5;date=;choice=fire;"
                        "text=2 号楼的灯坏了");
}

static void test_not_an_answer(void **state) {
    static const struct {
        const char *bad[4];
        const char *note, *good;
    } steps[] = {
        {{"路", NULL}, "没看懂地点", "中山路"},
        {{"0", "9", NULL}, "请回复下面的数字：", "1"},
        {{"4", "1 9", "0", NULL}, "可多选", "二号群"},
        {{"0", "101", "99999999999999999999", NULL}, "请回复一个数字", "100"},
        {{"2-30", "13-1", "2026-1", NULL}, "请回复日期", "2024-2-29"},
        {{"S", "S12a", "Q3", NULL}, "没有这样的编号", "12"},
        {{"啊", NULL}, "太短", "啊啊啊"},
    };
    struct engine *e = *state;
    ask(e, "诉求");
    ask(e, "跳过");
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        bool text_is_free = i < ARRAY_LEN(steps) - 1;
        for (size_t b = 0; steps[i].bad[b] != NULL; b++) {
            /* Of three characters or more it would be the form's text. */
            if (text_is_free && strlen(steps[i].bad[b]) > 2)
                continue;
            char *asked = xstrdup(engine_last(e, NULL));
            const char *again = ask(e, steps[i].bad[b]);
            engine_has(again, steps[i].note);
            engine_has(again, strrchr(asked, '\n') == NULL
                                  ? asked
                                  : strrchr(asked, '\n') + 1);
            free(asked);
        }
        ask(e, steps[i].good);
    }
    assert_int_equal(commits, 1);
    assert_string_equal(given,
                        "photos=;place=,,中山路;choice=fire;choices=qq.g1;"
                        "number=100;date=2024-02-29;ticket=S12;words=啊啊啊");
    engine_has(ask(e, "诉求 十一个字的文字就太长了啊"), "太长");
}

/* With its text given, nothing but an answer is one. */
static void test_bad_with_text_taken(void **state) {
    struct engine *e = *state;
    come_to_choice(e);
    ask(e, "就是文字");
    engine_has(engine_last(e, NULL), "request.choice.ask");
    ask(e, "1");
    engine_has(ask(e, "1 9"), "可多选");
    ask(e, "老群");
    engine_has(ask(e, "99999999999999999999"), "请回复一个数字");
    engine_has(ask(e, "12.5"), "请回复一个数字");
    ask(e, "12");
    engine_has(ask(e, "2023-2-29"), "请回复日期");
    engine_has(ask(e, "-999-1-1"), "请回复日期");
    engine_has(ask(e, "2023-11-30x"), "请回复日期");
    ask(e, "今天");
    engine_has(ask(e, "S1234567890123"), "没有这样的编号");
    ask(e, "#12");
    assert_string_equal(given,
                        "photos=;place=,,中山路;choice=fire;choices=qq.g3;"
                        "number=12;date=2023-11-15;ticket=S12;words=就是文字");
}

static void test_back(void **state) {
    struct engine *e = *state;
    come_to_choice(e);
    engine_has(ask(e, "返回"), "request.place.ask");
    engine_has(ask(e, "返回"), "request.photos.ask");
    engine_has(ask(e, "上一步"), "已经是第一步");
    engine_photo(e, RIDER, PHOTO_2, NULL);
    engine_settle(e);
    ask(e, "北京路");
    ask(e, "3");
    ask(e, "1");
    engine_has(ask(e, "返回"), "request.choices.ask");
    engine_has(ask(e, "2"), "request.number.ask");
    ask(e, "1");
    ask(e, "今天");
    ask(e, "S1");
    ask(e, "跳过");
    assert_string_equal(given, "photos=" PHOTO_2
                               ";place=,,北京路;"
                               "choice=other;choices=qq.g1;number=1;"
                               "date=2023-11-15;ticket=S1;words=");
}

static void test_skip_and_cancel(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "跳过"), "现在没有");
    engine_has(ask(e, "取消"), "现在没有");
    engine_has(ask(e, "继续"), "现在没有");
    come_to_choice(e);
    const char *again = ask(e, "跳过");
    engine_has(again, "不能跳过");
    engine_has(again, "request.choice.ask");
    engine_has(ask(e, "算了"), "不弄了");
    engine_has(ask(e, "继续"), "现在没有");
    assert_int_equal(commits, 0);
    assert_int_equal(engine_redis(e, "HEXISTS {test}:rider:%s form", RIDER), 0);
}

/* Options that are read from somewhere are there for the control words, too. */
static void test_options_of_controls(void **state) {
    struct engine *e = *state;
    engine_role(e, RIDER, ROLE_ORGANISER);
    engine_add_group(e, "qq.g12", "一号群", ENGINE_ACCOUNT);
    engine_add_group(e, "qq.g1", "二号群", ENGINE_ACCOUNT);
    const char *question = ask(e, "通知 明天有雨");
    engine_has(question, "1 一号群");
    engine_has(question, "2 二号群");
    engine_has(ask(e, "继续"), "2 二号群");
    engine_has(ask(e, "跳过"), "1 一号群");
    question = ask(e, "全部");
    engine_has(question, "明天有雨");
    engine_has(question, "一号群, 二号群");
    engine_has(ask(e, "返回"), "2 二号群");
    engine_has(ask(e, "2"), "将发到 1 个群：二号群");
    engine_has(ask(e, "继续"), "将发到 1 个群：二号群");
    ask(e, "1");
    engine_has(engine_last(e, "qq.u1"), "共 1 个群");
}

/* A form outlives the bot and Redis; after its time it is a draft. */
static void test_restart_and_timeout(void **state) {
    struct engine *e = *state;
    come_to_choice(e);
    engine_restart(e);
    engine_has(ask(e, "2"), "request.choices.ask");
    redis_server_kill(e->redis);
    redis_server_start(e->redis);
    redis_server_wait(e->redis);
    ENGINE_UNTIL(e, e->downs > 0 && store_is_up(e->bot.store));
    engine_has(ask(e, "1"), "request.number.ask");
    clock_manual_advance(&e->clock, e->config->form_private_ms - 1);
    engine_has(ask(e, "0"), "请回复一个数字");
    clock_manual_advance(&e->clock, e->config->form_private_ms);
    engine_has_not(ask(e, "42"), "request.date.ask");
    assert_int_equal(commits, 0);
    engine_has(ask(e, "继续"), "request.number.ask");
    engine_has(ask(e, "42"), "request.date.ask");
}

/* Another command sets the form aside, and 继续 brings it back. */
static void test_set_aside(void **state) {
    struct engine *e = *state;
    come_to_choice(e);
    engine_has(ask(e, "补充 S1"), "supplement.number.ask");
    engine_has(ask(e, "取消"), "不弄了");
    engine_has(ask(e, "继续"), "request.choice.ask");
    ask(e, "1");
    ask(e, "3");
    ask(e, "5");
    ask(e, "今天");
    ask(e, "S9");
    ask(e, "跳过");
    assert_string_equal(given,
                        "photos=;place=,,中山路;choice=fire;"
                        "choices=qq.g3;number=5;date=2023-11-15;"
                        "ticket=S9;words=");
    engine_has(ask(e, "继续"), "现在没有");
}

/* Also one that asks nothing; and one that leaves forms alone does. */
static void test_done_at_once_sets_aside(void **state) {
    struct engine *e = *state;
    come_to_choice(e);
    engine_has(ask(e, "语言 English"), "English");
    engine_has(ask(e, "resume"), "request.choice.ask");
    engine_has(ask(e, "不读取位置"), "");
    engine_has(ask(e, "进度"), "");
    engine_has(ask(e, "1"), "request.choices.ask");
}

static void test_same_command_starts_anew(void **state) {
    struct engine *e = *state;
    come_to_choice(e);
    engine_has(ask(e, "诉求"), "request.photos.ask");
    engine_has(ask(e, "跳过"), "request.place.ask");
}

static void test_too_many_photos(void **state) {
    struct engine *e = *state;
    struct segment segments[LIMIT_PHOTOS + 3];
    char ids[LIMIT_PHOTOS + 3][23];
    ask(e, "诉求");
    for (size_t i = 0; i < ARRAY_LEN(segments); i++) {
        snprintf(ids[i], sizeof(ids[i]), "photo%017zu", i);
        segments[i] = (struct segment){.type = SEGMENT_IMAGE, .photo = ids[i]};
    }
    engine_send(e, &(struct message){.rider = RIDER,
                                     .segments = segments,
                                     .n_segments = ARRAY_LEN(segments)});
    engine_settle(e);
    engine_has(engine_last(e, NULL), "最多 9 张");
    engine_has(engine_last(e, NULL), "request.place.ask");
    engine_photo(e, RIDER, PHOTO_1, NULL); /* one more, in another message */
    engine_settle(e);
    engine_has(engine_last(e, NULL), "最多 9 张");
    char *form = engine_redis_text(e, "HGET {test}:rider:%s form", RIDER);
    engine_has(form, ids[LIMIT_PHOTOS - 1]);
    engine_has_not(form, ids[LIMIT_PHOTOS]);
    engine_has_not(form, PHOTO_1);
    free(form);
}

/* A photo's own position counts only with consent. */
static void test_position_of_photo(void **state) {
    struct engine *e = *state;
    struct segment photo = {.type = SEGMENT_IMAGE,
                            .photo = PHOTO_1,
                            .has_position = true,
                            .lat = 32.5,
                            .lon = 118.5};
    const struct message message = {
        .rider = RIDER, .segments = &photo, .n_segments = 1};
    ask(e, "诉求");
    engine_send(e, &message);
    engine_settle(e);
    engine_has(engine_last(e, NULL), "request.place.ask");
    engine_has(engine_last(e, NULL), "读取位置");
    engine_has(ask(e, "读取位置"), "好的");
    engine_send(e, &message);
    engine_settle(e);
    engine_has(engine_last(e, NULL), "request.choice.ask");
    ask(e, "返回");
    engine_has(engine_last(e, NULL), "request.place.ask");
    ask(e, "不读取位置");
    engine_send(e, &message);
    engine_settle(e);
    engine_has(engine_last(e, NULL), "request.place.ask");
    engine_has_not(engine_last(e, NULL), "可能带有拍摄位置");
}

/* A position that is none is not kept; its words are. */
static void test_position_of_nowhere(void **state) {
    struct engine *e = *state;
    ask(e, "诉求");
    ask(e, "跳过");
    engine_place(e, RIDER, 1e9, 0, NULL);
    engine_settle(e);
    engine_has(engine_last(e, NULL), "request.place.ask");
    engine_place(e, RIDER, 91, 0, "某处");
    engine_settle(e);
    engine_has(engine_last(e, NULL), "request.choice.ask");
    char *form = engine_redis_text(e, "HGET {test}:rider:%s form", RIDER);
    engine_has(form, ",,某处");
    free(form);
}

/* What became of a photo is told with the answer, whichever it is. */
static void test_photo_that_is_none(void **state) {
    struct engine *e = *state;
    struct segment segments[] = {
        {.type = SEGMENT_TEXT, .text = "诉求 充电柜坏了"},
        {.type = SEGMENT_IMAGE, .blob = "<html>", .blob_bytes = 6},
    };
    engine_send(e, &(struct message){
                       .rider = RIDER, .segments = segments, .n_segments = 2});
    engine_settle(e);
    engine_has(engine_last(e, NULL), "已登记，编号 S1");
    engine_has(engine_last(e, NULL), "有照片打不开");
    segments[1] = (struct segment){.type = SEGMENT_IMAGE,
                                   .url = "http://127.0.0.1:1/a.jpg"};
    engine_send(e, &(struct message){
                       .rider = RIDER, .segments = segments, .n_segments = 2});
    engine_settle(e);
    engine_has(engine_last(e, NULL), "已登记，编号 S2");
    engine_has(engine_last(e, NULL), "没能取到");
}

/* The text of a request may begin with a number. */
static void test_numbers_in_texts(void **state) {
    struct engine *e = *state;
    engine_has(ask(e, "诉求 1 号门充电桩坏了"), "已登记，编号 S1");
    engine_has_not(engine_last(e, NULL), "匿名");
    char *text = engine_ticket(e, "S1", "text");
    assert_string_equal(text, "1 号门充电桩坏了");
    free(text);
    engine_has(ask(e, "诉求 1. 充电贵 2. 换电远"), "已登记");
    engine_has(ask(e, "诉求 匿名 站长扣工资"), "已匿名登记，编号 S3");
    text = engine_ticket(e, "S3", "text");
    assert_string_equal(text, "站长扣工资");
    free(text);
    engine_has(ask(e, "语言 3"), "English");
}

int main(void) {
#define FORM(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define REAL(name)                                                             \
    cmocka_unit_test_setup_teardown(name, setup_handlers, teardown)
    const struct CMUnitTest tests[] = {
        FORM(test_one_by_one),
        FORM(test_any_order),
        FORM(test_at_once),
        FORM(test_not_an_answer),
        FORM(test_bad_with_text_taken),
        FORM(test_back),
        FORM(test_skip_and_cancel),
        REAL(test_options_of_controls),
        FORM(test_restart_and_timeout),
        FORM(test_set_aside),
        FORM(test_done_at_once_sets_aside),
        FORM(test_same_command_starts_anew),
        FORM(test_too_many_photos),
        FORM(test_position_of_photo),
        FORM(test_position_of_nowhere),
        REAL(test_photo_that_is_none),
        REAL(test_numbers_in_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
