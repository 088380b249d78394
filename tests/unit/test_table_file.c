#include "bot/table_file.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct table_column columns[] = {
    {"id", "编号", true}, {"name", "名称", true}, {"note", "备注", false}};

static const char *on_row(void *data, size_t line, const char *const *fields) {
    buf_addf(data, "%zu %s|%s|%s\n", line, fields[0], fields[1],
             fields[2] == NULL ? "-" : fields[2]);
    return strcmp(fields[0], "bad") == 0 ? "it is bad" : NULL;
}

static void on_fault(void *data, size_t line, const char *what) {
    buf_addf(data, "%zu: %s\n", line, what);
}

/* Reads the bytes and compares rows and faults, a line each. */
static void reads(const char *bytes, size_t len, const char *wanted) {
    struct arena arena;
    struct buf said;
    char *copy = malloc(len == 0 ? 1 : len); /* its very size */
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    arena_init(&arena);
    buf_init(&said);
    bool good = table_read(&arena,
                           &(struct table){.columns = columns,
                                           .n_columns = ARRAY_LEN(columns),
                                           .max_bytes = 1024 * 1024,
                                           .row = on_row,
                                           .fault = on_fault,
                                           .data = &said},
                           copy, len);
    free(copy);
    buf_adds(&said, "");
    assert_string_equal(said.data, wanted);
    assert_int_equal(good, strstr(wanted, ": ") == NULL);
    buf_finish(&said);
    arena_finish(&arena);
}

#define READS(text, wanted) reads(text, sizeof(text) - 1, wanted)

static void test_forms(void **state) {
    (void)state;
    READS("id,name\n1,甲\n", "2 1|甲|-\n");
    READS("\xef\xbb\xbf名称,备注,编号\r\n甲,\"a\r\nb\",1\r\n乙,,2",
          "2 1|甲|a\nb\n4 2|乙|\n");
    READS("id,name\n\n1,\"a\"\"b, c\"\n,\n,,,\n", "3 1|a\"b, c|-\n");
    READS("id,name\n1,x\nbad,y\n2,z\n",
          "2 1|x|-\n3 bad|y|-\n"
          "3: it is bad\n4 2|z|-\n");
}

static void test_gbk(void **state) {
    (void)state;
    /* 编号,名称 and 夫子庙 */
    READS("\xb1\xe0\xba\xc5,\xc3\xfb\xb3\xc6\r\n1,\xb7\xf2\xd7\xd3\xc3\xed\r\n",
          "2 1|夫子庙|-\n");
    READS("id,name\n1,\xb7\xf2\xd7\xd3\xc3\xed\n2,\xff\n",
          "2: it is neither UTF-8 nor GBK: save the table as \"CSV "
          "UTF-8\"\n");
    /* With the mark it says that it is UTF-8. */
    READS("\xef\xbb\xbfid,name\n1,\xb7\xf2\n",
          "2: it is neither UTF-8 nor GBK: save the table as \"CSV "
          "UTF-8\"\n");
}

static void test_broken(void **state) {
    (void)state;
    READS("", "0: the file is empty\n");
    READS("\xef\xbb\xbf", "0: the file is empty\n");
    READS("id\n1\n", "1: the column name is missing\n");
    READS("id,name,id\n", "1: a column is there twice\n");
    READS("id,name,phone\n1,2,3\n", "1: no such column: phone\n");
    READS("id,name\n1\n1,2,3\n",
          "2: it has another number of columns than the first line\n"
          "3: it has another number of columns than the first line\n");
    READS("id,name\n1,\"x\n2,y\n", "2: a quotation mark is not closed\n");
    READS("id,name\n1,x\"y\n", "2: a quotation mark is out of place\n");
    READS("1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17\n",
          "1: there are too many columns\n");
    READS("id,name\n1,a\0b\n", "2 1|ab|-\n");
}

static void test_bounds(void **state) {
    struct buf text, wanted;
    (void)state;
    buf_init(&text);
    buf_init(&wanted);
    buf_adds(&text, "id,name\n");
    for (int i = 0; i < 60; i++)
        buf_adds(&text, "1\n");
    for (int i = 0; i < TABLE_FAULTS_MAX; i++)
        buf_addf(&wanted,
                 "%d: it has another number of columns than the first line\n",
                 i + 2);
    buf_adds(&wanted, "0: and 10 more faults\n");
    reads(text.data, text.len, wanted.data);
    while (text.len <= 1024 * 1024)
        buf_adds(&text, "\n");
    reads(text.data, text.len, "0: the file is larger than 1 MB\n");
    buf_finish(&wanted);
    buf_finish(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_gbk),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
