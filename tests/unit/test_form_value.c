#include "bot/form_value.h"

#include "base/limits.h"
#include "base/mem.h"
#include "bot/bot.h"
#include "bot/config.h"
#include "bot/turn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT, PHOTOS, PLACE, CHOICE, CHOICES, NUMBER, DATE, TICKET, N_SLOTS };

static const struct slot slots[N_SLOTS] = {
    [TEXT] = {.name = "text", .type = SLOT_TEXT, .min = 2, .max = 5},
    [PHOTOS] = {.name = "photos", .type = SLOT_PHOTOS},
    [PLACE] = {.name = "place", .type = SLOT_PLACE},
    [CHOICE] = {.name = "choice", .type = SLOT_CHOICE},
    [CHOICES] = {.name = "choices", .type = SLOT_CHOICES},
    [NUMBER] = {.name = "number", .type = SLOT_NUMBER, .min = -5, .max = 99},
    [DATE] = {.name = "date", .type = SLOT_DATE},
    [TICKET] = {.name = "ticket", .type = SLOT_TICKET},
};
static const struct command command = {
    .name = "probe", .slots = slots, .n_slots = N_SLOTS};
static const char *const fire_words[] = {"消防", "火", NULL};
static const struct option options[] = {
    {"qq.g12", "消防 隐患", fire_words},
    {"qq.g1", "Ｏｔｈｅｒ", NULL},
    {"qq.g3", "其他", NULL},
};

struct fixture {
    struct bot bot;
    struct config config;
    struct turn turn;
    struct form form;
};

static int setup(void **state) {
    struct fixture *f = xcalloc(1, sizeof(*f));
    assert_true(catalog_init());
    f->config.utc_offset_minutes = 480;
    f->bot.config = &f->config;
    f->turn.bot = &f->bot;
    f->turn.now_ms = 1700000000000; /* 2023-11-15 06:13 in Nanjing */
    arena_init(&f->turn.arena);
    f->form = (struct form){.command = &command, .asked = -1};
    for (int i = CHOICE; i <= CHOICES; i++) {
        f->form.options[i] = options;
        f->form.n_options[i] = ARRAY_LEN(options);
    }
    *state = f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    arena_finish(&f->turn.arena);
    free(f);
    return 0;
}

static void gives(struct fixture *f, size_t slot, const char *text,
                  const char *value) {
    const char *out = NULL;
    enum err err = form_parse(&f->turn, &f->form, slot, text, &out);
    if (value == NULL) {
        if (err != ERR_INVALID || out != NULL)
            fail_msg("\"%s\" is a value: %s", text, out);
    } else if (err != OK || strcmp(out, value) != 0) {
        fail_msg("\"%s\" gives %s, not %s", text, out, value);
    }
}

static void test_text(void **state) {
    struct fixture *f = *state;
    const char *out = NULL;
    gives(f, TEXT, "路灯", "路灯");
    gives(f, TEXT, "一二三四五", "一二三四五");
    gives(f, TEXT, "啊", NULL);
    gives(f, TEXT, "", NULL);
    assert_int_equal(form_parse(&f->turn, &f->form, TEXT, "一二三四五六", &out),
                     ERR_TOO_LARGE);
    f->turn.message.text_too_long = true; /* it was cut already */
    assert_int_equal(form_parse(&f->turn, &f->form, TEXT, "路灯", &out),
                     ERR_TOO_LARGE);
    assert_null(out);
}

static void test_choice(void **state) {
    struct fixture *f = *state;
    gives(f, CHOICE, "1", "qq.g12");
    gives(f, CHOICE, "３", "qq.g3");
    gives(f, CHOICE, "2.", "qq.g1");
    gives(f, CHOICE, "②", "qq.g1");
    gives(f, CHOICE, "other", "qq.g1");
    gives(f, CHOICE, "消防  隱患", "qq.g12");
    gives(f, CHOICE, "火", "qq.g12");
    gives(f, CHOICE, "0", NULL);
    gives(f, CHOICE, "4", NULL);
    gives(f, CHOICE, "1 3", NULL);
    gives(f, CHOICE, "99999999999999999999", NULL);
    gives(f, CHOICE, "-1", NULL);
    gives(f, CHOICE, "火灾", NULL);
    gives(f, CHOICE, "", NULL);
    assert_string_equal(form_guess(&f->turn, &f->form, CHOICE, "着火了"),
                        "qq.g12");
    assert_null(form_guess(&f->turn, &f->form, CHOICE, "路灯坏了"));
}

static void test_choices(void **state) {
    struct fixture *f = *state;
    gives(f, CHOICES, "1 3", "qq.g12,qq.g3");
    gives(f, CHOICES, "3，1、1", "qq.g12,qq.g3");
    gives(f, CHOICES, "2", "qq.g1");
    gives(f, CHOICES, "其他", "qq.g3");
    gives(f, CHOICES, "全部", "qq.g12,qq.g1,qq.g3");
    gives(f, CHOICES, "1 4", NULL);
    gives(f, CHOICES, "1 其他", NULL);
    gives(f, CHOICES, "", NULL);
}

static void test_place(void **state) {
    struct fixture *f = *state;
    char longest[3 * LIMIT_PLACE_CHARS + 4] = "";
    gives(f, PLACE, "中山路", ",,中山路");
    gives(f, PLACE, "路", NULL);
    for (int i = 0; i < LIMIT_PLACE_CHARS; i++)
        strcat(longest, "路");
    struct arena *arena = &f->turn.arena;
    gives(f, PLACE, longest, arena_printf(arena, ",,%s", longest));
    strcat(longest, "路");
    gives(f, PLACE, longest, NULL);
    assert_string_equal(form_place_value(arena, 32.5, -118.25, "a,b"),
                        "32.500000,-118.250000,a,b");
    assert_string_equal(form_place_value(arena, 0, 0, NULL),
                        "0.000000,0.000000,");
    assert_null(form_place_value(arena, 90.1, 0, NULL));
    assert_string_equal(form_place_value(arena, 0, -180.1, "某处"), ",,某处");
    assert_null(form_place_value(arena, NAN, 0, NULL));
    assert_null(form_place_value(arena, 0, INFINITY, NULL));
}

static void test_number(void **state) {
    struct fixture *f = *state;
    gives(f, NUMBER, "７", "7");
    gives(f, NUMBER, "007", "7");
    gives(f, NUMBER, "-5", "-5");
    gives(f, NUMBER, "99", "99");
    gives(f, NUMBER, "100", NULL);
    gives(f, NUMBER, "-6", NULL);
    gives(f, NUMBER, "1.5", NULL);
    gives(f, NUMBER, "7个", NULL);
    gives(f, NUMBER, "", NULL);
    gives(f, NUMBER, "99999999999999999999999", NULL);
}

static void test_date(void **state) {
    struct fixture *f = *state;
    gives(f, DATE, "今天", "2023-11-15");
    gives(f, DATE, "明天", "2023-11-16");
    gives(f, DATE, "後天", "2023-11-17");
    gives(f, DATE, "11-30", "2023-11-30");
    /* Without a year the next one is meant, be it today. */
    gives(f, DATE, "1.5", "2024-01-05");
    gives(f, DATE, "11-14", "2024-11-14");
    gives(f, DATE, "11-15", "2023-11-15");
    gives(f, DATE, "2-29", "2024-02-29");
    gives(f, DATE, "2023-11-14", "2023-11-14");
    gives(f, DATE, "2024/2/29", "2024-02-29");
    gives(f, DATE, "２０２６-１１-３０", "2026-11-30");
    gives(f, DATE, "2023-2-29", NULL);
    gives(f, DATE, "11-31", NULL);
    gives(f, DATE, "0-1", NULL);
    gives(f, DATE, "13-1", NULL);
    gives(f, DATE, "2026-11", NULL);
    gives(f, DATE, "2026-11-30 下午", NULL);
    gives(f, DATE, "-999-1-1", NULL);
    gives(f, DATE, "20260-1-1", NULL);
    gives(f, DATE, "1-1-1", NULL);
    gives(f, DATE, "", NULL);
    f->turn.now_ms = 1703952000000 - 1; /* 2023-12-31, one ms before midnight */
    gives(f, DATE, "今天", "2023-12-30");
    f->turn.now_ms = 1704038400000; /* 2024-01-01 00:00 in Nanjing */
    gives(f, DATE, "今天", "2024-01-01");
    gives(f, DATE, "12-31", "2024-12-31");
    gives(f, DATE, "1-1", "2024-01-01");
}

static void test_ticket(void **state) {
    struct fixture *f = *state;
    gives(f, TICKET, "S12", "S12");
    gives(f, TICKET, "ｐ ７", "P7");
    gives(f, TICKET, "#s-0012", "S12");
    gives(f, TICKET, "12", "S12");
    gives(f, TICKET, "S", NULL);
    gives(f, TICKET, "S0", NULL);
    gives(f, TICKET, "S12a", NULL);
    gives(f, TICKET, "Q12", NULL);
    gives(f, TICKET, "S1234567890123", NULL);
    gives(f, TICKET, "", NULL);
}

static void test_tokens(void **state) {
    static const struct {
        size_t slot;
        const char *text, *value, *rest;
    } cases[] = {
        {TICKET, "S12 还没修", "S12", "还没修"},
        {TICKET, "S12还没修", "S12", "还没修"},
        {TICKET, "s 12：还没修", "S12", "还没修"},
        {TICKET, "12，还没修", "S12", "还没修"},
        {TICKET, "12楼的灯", NULL, "12楼的灯"},
        {TICKET, "S12a", NULL, "S12a"},
        {TICKET, "sorry", NULL, "sorry"},
        {NUMBER, "7、8", "7", "8"},
        {NUMBER, "7个", NULL, "7个"},
        {DATE, "明天 下午", "2023-11-16", "下午"},
        {CHOICE, "其他 路灯", "qq.g3", "路灯"},
        {CHOICE, "1 号楼", NULL, "1 号楼"},
        {CHOICE, "1", "qq.g12", ""},
        {CHOICE, "，其他", NULL, "，其他"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        size_t slot = cases[i].slot;
        f->form.values[slot] = NULL;
        const char *rest =
            form_take_token(&f->turn, &f->form, slot, cases[i].text);
        if (strcmp(rest, cases[i].rest) != 0)
            fail_msg("\"%s\" leaves \"%s\"", cases[i].text, rest);
        if (cases[i].value == NULL)
            assert_null(f->form.values[slot]);
        else
            assert_string_equal(f->form.values[slot], cases[i].value);
    }
}

static void test_shown(void **state) {
    struct fixture *f = *state;
    assert_string_equal(form_options_text(&f->turn, &f->form, CHOICE),
                        "1 消防 隐患\n2 Ｏｔｈｅｒ\n3 其他");
    assert_string_equal(form_options_text(&f->turn, &f->form, TEXT), "");
    f->form.values[CHOICES] = "qq.g12,qq.g1";
    assert_string_equal(form_value_text(&f->turn, &f->form, CHOICES),
                        "消防 隐患, Ｏｔｈｅｒ");
    f->form.values[CHOICES] = "qq.g404";
    assert_string_equal(form_value_text(&f->turn, &f->form, CHOICES),
                        "qq.g404");
    f->form.values[PLACE] = ",,中山路,5 号";
    assert_string_equal(form_value_text(&f->turn, &f->form, PLACE),
                        "中山路,5 号");
    f->form.values[PLACE] = "1.0,2.0,";
    assert_string_equal(form_value_text(&f->turn, &f->form, PLACE), "1.0,2.0,");
    assert_string_equal(form_invalid_key(&f->turn, &f->form, DATE, ERR_INVALID),
                        "form.invalid.date");
    assert_string_equal(
        form_invalid_key(&f->turn, &f->form, TEXT, ERR_TOO_LARGE),
        "form.invalid.too_long");
}

static void test_photos(void **state) {
    struct fixture *f = *state;
    const char *value = NULL;
    gives(f, PHOTOS, "不是照片", NULL);
    assert_true(form_add_photo(&f->turn.arena, &value, "a"));
    assert_string_equal(value, "a");
    for (int i = 1; i < LIMIT_PHOTOS; i++)
        assert_true(form_add_photo(&f->turn.arena, &value, "b"));
    assert_false(form_add_photo(&f->turn.arena, &value, "c"));
    assert_string_equal(value, "a,b,b,b,b,b,b,b,b");
    value = ""; /* was skipped, and comes after all */
    assert_true(form_add_photo(&f->turn.arena, &value, "a"));
    assert_string_equal(value, "a");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_text),   TEST(test_choice), TEST(test_choices),
        TEST(test_place),  TEST(test_number), TEST(test_date),
        TEST(test_ticket), TEST(test_tokens), TEST(test_shown),
        TEST(test_photos),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
