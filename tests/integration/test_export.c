/* Exports: what is in them, what is never, and that no cell is a formula. */
#include "base/file.h"
#include "base/mem.h"
#include "bot/api/export_table.h"
#include "tests/integration/staff_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define BOM "\xef\xbb\xbf"

static void has(const struct staff_fixture *f, const char *part) {
    if (strstr(f->body, part) == NULL)
        fail_msg("no %s in %s", part, f->body);
}

static void test_csv(void **state) {
    struct staff_fixture *f = *state;
    const char *a = staff_file(f, 'S',
                               (struct ticket){
                                   .text = "=1+1\n第二行,\"引号\" 13812345678",
                                   .lat = "32.041234",
                                   .lon = "118.789012",
                                   .place = "-新街口",
                                   .anonymous = true,
                               });
    const char *b = staff_file(f, 'P', (struct ticket){.text = "垃圾"});

    staff_user(f, "lead", USER_LEAD, "*", "*");
    staff_wait_board(f, b, 1);
    staff_call(f, "lead", "GET", "/export.csv?sort=created", NULL);
    assert_int_equal(f->status, 200);
    assert_non_null(strstr(f->head,
                           "attachment; filename=\"xiaofeng-20231115"
                           ".csv\""));
    assert_true(strncmp(f->body, BOM "编号,类型,", strlen(BOM "编号,类型,")) ==
                0);
    char *row = xasprintf("\r\n%s,诉求,", a);
    has(f, row);
    free(row);
    has(f, ",新街口社区,");
    has(f, ",32.041234,118.789012,");
    has(f, ",\"'-新街口\",");
    has(f, ",\"'=1+1\n第二行,\"\"引号\"\" 138****5678\"\r\n");
    has(f, ",2023-11-15 06:13,");
    assert_null(strstr(f->body, "98765"));
    assert_null(strstr(f->body, STAFF_NICK));
    assert_true(strstr(f->body, a) < strstr(f->body, b));
    staff_call(f, "lead", "GET", "/export.csv?kind=report", NULL);
    assert_null(strstr(f->body, "=1+1"));
    has(f, "垃圾");
}

static void test_audit(void **state) {
    struct staff_fixture *f = *state;

    staff_file(f, 'S', (struct ticket){0});
    staff_user(f, "lead", USER_LEAD, "*", "*");
    staff_user(f, "wang", USER_STAFF, "*", "*");
    long long before = engine_redis(f->engine, "XLEN {test}:audit");
    staff_call(f, "wang", "GET", "/export.csv", NULL);
    assert_int_equal(f->status, 403);
    staff_call(f, "lead", "GET", "/export.csv?state=nonsense", NULL);
    assert_int_equal(f->status, 422);
    assert_int_equal(engine_redis(f->engine, "XLEN {test}:audit"), before);
    staff_call(f, "lead", "GET", "/export.csv?state=routed&kind=request", NULL);
    assert_int_equal(f->status, 200);
    assert_int_equal(engine_redis(f->engine, "XLEN {test}:audit"), before + 1);
    redisReply *last = redis_server_command(
        f->engine->redis, "XREVRANGE {test}:audit + - COUNT 1");
    const redisReply *fields = last->element[0]->element[1];
    assert_string_equal(fields->element[1]->str, "user:lead");
    assert_string_equal(fields->element[3]->str, "export");
    assert_string_equal(fields->element[7]->str,
                        "csv 1 state=routed kind=request");
    freeReplyObject(last);
}

static void test_scope(void **state) {
    struct staff_fixture *f = *state;
    const char *ours =
        staff_file(f, 'P', (struct ticket){.category = "sanitation"});
    const char *theirs = staff_file(f, 'S', (struct ticket){0});

    staff_user(f, "lead", USER_LEAD, "chengguan", "*");
    staff_wait_board(f, theirs, 1);
    staff_call(f, "lead", "GET", "/export.csv", NULL);
    has(f, ours);
    assert_null(strstr(f->body, theirs));
}

/* ---- workbooks -----------------------------------------------------------
 */

/* A file as another program reads it: the cells of a sheet, a row a line, and
 * whether there are formulas or links. */
static const char reader[] =
    "import sys, zipfile, xml.etree.ElementTree as T\n"
    "z = zipfile.ZipFile(sys.argv[1])\n"
    "assert z.testzip() is None\n"
    "n = '{http://schemas.openxmlformats.org/spreadsheetml/2006/main}'\n"
    "root = T.fromstring(z.read('xl/worksheets/sheet1.xml'))\n"
    "shared = []\n"
    "if 'xl/sharedStrings.xml' in z.namelist():\n"
    "    for si in T.fromstring(z.read('xl/sharedStrings.xml')):\n"
    "        shared.append(''.join(t.text or '' for t in si.iter(n + 't')))\n"
    "for row in root.iter(n + 'row'):\n"
    "    cells = []\n"
    "    for c in row.iter(n + 'c'):\n"
    "        v = c.find(n + 'v')\n"
    "        text = ''.join(t.text or '' for t in c.iter(n + 't'))\n"
    "        if c.get('t') == 's': text = shared[int(v.text)]\n"
    "        elif v is not None: text = 'N' + v.text\n"
    "        cells.append(text.replace('\\n', '/'))\n"
    "    print('|'.join(cells))\n"
    "print('formulas', len(list(root.iter(n + 'f'))))\n"
    "print('links', len(list(root.iter(n + 'hyperlink'))))\n";

static char *read_workbook(const struct engine *engine, const char *bytes,
                           size_t len) {
    char *path = xasprintf("%s/book.xlsx", engine->dir);
    char *script = xasprintf("%s/read.py", engine->dir);
    char *command = xasprintf("python3 %s %s 2>&1", script, path);
    char *text = xcalloc(1, 65536);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    assert_true(file_write(fd, bytes, len));
    close(fd);
    fd = open(script, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(file_write(fd, reader, strlen(reader)));
    close(fd);
    FILE *out = popen(command, "r");
    assert_non_null(out);
    size_t got = fread(text, 1, 65535, out);
    text[got] = '\0';
    if (pclose(out) != 0)
        fail_msg("%s", text);
    free(path);
    free(script);
    free(command);
    return text;
}

static void test_xlsx(void **state) {
    struct staff_fixture *f = *state;
    const char *id =
        staff_file(f, 'S',
                   (struct ticket){
                       .text = "=HYPERLINK(\"http://x\")\n13812345678",
                       .place = "https://evil.example/",
                       .lat = "32.041234",
                       .lon = "118.789012",
                   });

    staff_user(f, "lead", USER_LEAD, "*", "*");
    staff_call(f, "lead", "GET", "/export.xlsx", NULL);
    assert_int_equal(f->status, 200);
    assert_non_null(strstr(f->head, "spreadsheetml.sheet"));
    char *text = read_workbook(f->engine, f->body, f->body_len);
    engine_has(text, "编号|类型|");
    engine_has(text, id);
    engine_has(text, "|https://evil.example/|");
    engine_has(text, "=HYPERLINK(\"http://x\")/138****5678");
    engine_has(text, "|N32.041234|N118.789012");
    engine_has(text, "formulas 0");
    engine_has(text, "links 0");
    engine_has_not(text, STAFF_NICK);
    free(text);
    /* Nothing is left behind. */
    char *dir = xasprintf("%s/exports", f->engine->dir);
    assert_int_equal(rmdir(dir), 0);
    free(dir);
}

/* ---- one cell ------------------------------------------------------------
 */

static void test_cells(void **state) {
    static const struct {
        const char *text, *cell;
    } cells[] = {
        {"a", "a"},           {"", ""},
        {"a,b", "\"a,b\""},   {"a\"b", "\"a\"\"b\""},
        {"=A1", "\"'=A1\""},  {"+1", "\"'+1\""},
        {"-1", "\"'-1\""},    {"@x", "\"'@x\""},
        {"\tx", "\"'\tx\""},  {"\rx", "\"'\rx\""},
        {"a\nb", "\"a\nb\""}, {"a=b", "a=b"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cells); i++) {
        struct export_row row = {.id = "S1",
                                 .kind = "",
                                 .category = "",
                                 .state = "",
                                 .urgency = "",
                                 .unit = "",
                                 .community = "",
                                 .assignee = "",
                                 .overdue = "",
                                 .place = "",
                                 .text = cells[i].text};
        struct export_table table = {.rows = &row, .n = 1};
        struct buf out = {0};
        for (int c = 0; c < EXPORT_COLUMNS; c++)
            table.heads[c] = "h";
        export_csv(&table, &out);
        char *end = xasprintf(",%s\r\n", cells[i].cell);
        assert_true(out.len > strlen(end));
        assert_string_equal(out.data + out.len - strlen(end), end);
        free(end);
        buf_finish(&out);
    }
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, staff_setup, staff_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_csv),
        TEST(test_audit),
        TEST(test_scope),
        TEST(test_xlsx),
        cmocka_unit_test(test_cells),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
