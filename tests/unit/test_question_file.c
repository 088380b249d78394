/* Questions from tables and workbooks, right and hostile. */
#include "bot/question_file.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "bot/table_xlsx.h"
#include "i18n/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include <cmocka.h>

static struct arena arena;

static int setup(void **state) {
    (void)state;
    arena_init(&arena);
    return catalog_init() ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return 0;
}

static void on_fault(void *data, size_t line, const char *what) {
    buf_addf(data, "%zu: %s\n", line, what);
}

static void print(struct buf *said, const struct question *question) {
    char digits[QUESTION_DIGITS];
    question_digits(question->correct, digits);
    buf_addf(said, "%s %s", question_kind_word(question->kind), question->text);
    for (size_t i = 0; i < question->n_options; i++)
        buf_addf(said, "|%s", question->options[i]);
    buf_addf(said, "=%s", digits);
    if (question->explanation[0] != '\0')
        buf_addf(said, " %s", question->explanation);
    if (question->category[0] != '\0')
        buf_addf(said, " #%s", question->category);
    buf_addc(said, '\n');
}

/* What a file reads as: a line a question, or a line a fault. */
static const char *read_file(const char *bytes, size_t len) {
    struct question *questions;
    struct buf said;
    size_t n;
    char *copy = malloc(len == 0 ? 1 : len); /* its very size */
    assert_non_null(copy);
    memcpy(copy, bytes, len);
    buf_init(&said);
    buf_adds(&said, "");
    bool good =
        question_file_read(&arena, copy, len, on_fault, &said, &questions, &n);
    assert_int_equal(good, said.len == 0);
    assert_true(good || n == 0);
    for (size_t i = 0; i < n; i++)
        print(&said, &questions[i]);
    free(copy);
    const char *text = arena_strndup(&arena, said.data, said.len);
    buf_finish(&said);
    return text;
}

#define READS(text, wanted)                                                    \
    assert_string_equal(read_file((text), strlen(text)), (wanted))

/* ---- CSV ---- */

static void kinds_and_answers(void **state) {
    (void)state;
    READS(
        "题型,题目,选项A,选项B,选项C,答案,解析,分类\n"
        "单选题,限速几何,15,25,35,B,国标,交通\n"
        "多选,要戴什么,盔,帽,镜,A、C,,\n"
        "判断,可以逆行,,,,错,,\n"
        "判断题,可以停车,正确,错误,,A,,\n",
        "single 限速几何|15|25|35=2 国标 #交通\n"
        "multiple 要戴什么|盔|帽|镜=13\n"
        "truth 可以逆行=2\n"
        "truth 可以停车=1\n");
    READS("text,A,B,C,D,answer\nx,a,b,c,d,13\ny,a,b,,,2\nz,,,,,√\n",
          "multiple x|a|b|c|d=13\nsingle y|a|b=2\ntruth z=1\n");
}

static void what_will_not_do(void **state) {
    (void)state;
    READS(
        "题型,题目,A,B,答案\n填空,x,a,b,1\n单选,y,a,b,C\n单选,z,a,b,1 2\n"
        "单选,,a,b,1\n单选,w,a,,1\n单选,v,,b,2\n判断,u,,,也许\n",
        "2: there is no such kind\n"
        "3: the answer is none of its options\n"
        "4: the answer is none of its options\n"
        "5: text: missing, too long or not possible\n"
        "6: options: missing, too long or not possible\n"
        "7: there is an option behind an empty one\n"
        "8: the answer is none of its options\n");
    READS("name,phone\n张三,138\n",
          "1: no such column: name\n1: no such column: phone\n"
          "1: the column text is missing\n1: the column answer is missing\n");
    READS("", "0: the file is empty\n");
}

static void gbk_is_read(void **state) {
    (void)state;
    /* 题目,答案 / 限速,对 */
    READS("\xcc\xe2\xc4\xbf,\xb4\xf0\xb0\xb8\n\xcf\xde\xcb\xd9,\xb6\xd4\n",
          "truth 限速=1\n");
    READS("\xcc\xe2\xc4\xbf,\xb4\xf0\xb0\xb8\n\xff\xff,1\n",
          "1: it is neither UTF-8 nor GBK: save the table as \"CSV UTF-8\"\n");
}

/* What a spreadsheet would reckon with is a text like any other here. */
static void formulas_in_csv_are_text(void **state) {
    (void)state;
    READS("text,answer\n=1+1,1\n\"=HYPERLINK(\"\"http://x\"\")\",2\n",
          "truth =1+1=1\ntruth =HYPERLINK(\"http://x\")=2\n");
}

static void ten_thousand_lines(void **state) {
    (void)state;
    struct buf csv;
    buf_init(&csv);
    buf_adds(&csv, "text,answer\n");
    for (int i = 0; i < 10000; i++)
        buf_addf(&csv, "statement %d,1\n", i);
    assert_string_equal(read_file(csv.data, csv.len),
                        "2002: there are more than 2000 questions\n");
    while (csv.len <= QUESTION_FILE_BYTES)
        buf_adds(&csv, "one more statement that is long enough,1\n");
    assert_string_equal(read_file(csv.data, csv.len),
                        "0: the file is larger than 1 MB\n");
    buf_finish(&csv);
}

/* ---- workbooks ---- */

#define NS "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define WORKBOOK                                                               \
    "<?xml version=\"1.0\"?><workbook " NS                                     \
    " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/"        \
    "relationships\"><sheets><sheet name=\"题库\" sheetId=\"4\" "              \
    "r:id=\"rId7\"/><sheet name=\"b\" sheetId=\"1\" r:id=\"rId1\"/></sheets>"  \
    "</workbook>"
#define RELATIONS                                                              \
    "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/"   \
    "relationships\"><Relationship Id=\"rId1\" Target=\"worksheets/"           \
    "other.xml\"/><Relationship Id=\"rId7\" "                                  \
    "Target=\"worksheets/sheet3.xml\"/></Relationships>"
#define SHEET(rows)                                                            \
    "<worksheet " NS "><sheetData>" rows "</sheetData></worksheet>"
#define INLINE(at, text)                                                       \
    "<c r=\"" at "\" t=\"inlineStr\"><is><t>" text "</t></is></c>"
#define HEADER                                                                 \
    "<row r=\"1\">" INLINE("A1", "text") INLINE("B1", "answer") "</row>"

static void add_part(zip_t *zip, const char *name, const char *bytes,
                     size_t len) {
    zip_source_t *source = zip_source_buffer(zip, bytes, len, 0);
    assert_true(zip_file_add(zip, name, source, ZIP_FL_OVERWRITE) >= 0);
}

/* A workbook of these parts, in the arena. strings NULL: without. */
static char *make(const char *workbook, const char *relations,
                  const char *sheet, size_t sheet_len, const char *strings,
                  size_t *len) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    assert_non_null(zip);
    zip_source_keep(source);
    add_part(zip, "xl/workbook.xml", workbook, strlen(workbook));
    add_part(zip, "xl/_rels/workbook.xml.rels", relations, strlen(relations));
    add_part(zip, "xl/worksheets/sheet3.xml", sheet, sheet_len);
    if (strings != NULL)
        add_part(zip, "xl/sharedStrings.xml", strings, strlen(strings));
    assert_int_equal(zip_close(zip), 0);
    zip_stat_t stat;
    assert_int_equal(zip_source_stat(source, &stat), 0);
    char *bytes = arena_alloc(&arena, stat.size);
    assert_int_equal(zip_source_open(source), 0);
    assert_int_equal(zip_source_read(source, bytes, stat.size), stat.size);
    *len = stat.size;
    zip_source_close(source);
    zip_source_free(source);
    zip_error_fini(&error);
    return bytes;
}

static const char *read_sheet(const char *sheet, const char *strings) {
    size_t len;
    char *bytes =
        make(WORKBOOK, RELATIONS, sheet, strlen(sheet), strings, &len);
    return read_file(bytes, len);
}

static void a_workbook(void **state) {
    (void)state;
    const char *strings =
        "<sst " NS
        "><si><t>题目</t></si><si><t>答案</t></si><si><r><t>限"
        "</t></r><r><t>速</t></r><rPh><t>reading</t></rPh></si><si/>"
        "<si><t>A</t></si><si><t>B</t></si></sst>";
    const char *sheet =
        SHEET("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" "
              "t=\"s\"><v>4</v></c><c r=\"C1\" t=\"s\"><v>5</v></c><c "
              "r=\"D1\" t=\"s\"><v>1</v></c></row>"
              "<row r=\"3\"><c r=\"A3\" t=\"s\"><v>2</v></c><c r=\"B3\"><v>15"
              "</v></c>" INLINE("C3", "a,\n&quot;b&quot;")
              "<c r=\"D3\"><v>2</v></c><c r=\"E3\" s=\"1\"/></row>"
              "<row r=\"4\"><c r=\"A4\" t=\"str\"><v>可以逆行</v></c>"
              "<c r=\"D4\" t=\"b\"><v>0</v></c></row>");
    assert_string_equal(read_sheet(sheet, strings),
                        "single 限速|15|a, \"b\"=2\ntruth 可以逆行=2\n");
}

static void faults_have_their_rows(void **state) {
    (void)state;
    assert_string_equal(
        read_sheet(SHEET(HEADER "<row r=\"2\">" INLINE("A2", "x") INLINE(
                       "B2", "1") "</row><row r=\"9\">" INLINE("A9", "y")
                             INLINE("B9", "maybe") "</row>"),
                   NULL),
        "9: the answer is none of its options\n");
    assert_string_equal(
        read_sheet(SHEET(HEADER "<row r=\"2\">" INLINE(
                       "A2", "x") "<c r=\"B2\"><f>1+1</f><v>2</v></c></row>"),
                   NULL),
        "2: there is a formula: put its value there\n");
    assert_string_equal(
        read_sheet(SHEET(HEADER "<row r=\"2\">" INLINE(
                       "A2", "x") "<c r=\"B2\" t=\"e\"><v>#N/A</v></c></row>"),
                   NULL),
        "2: a cell shows an error\n");
    assert_string_equal(read_sheet(SHEET(HEADER "<row r=\"2\">" INLINE(
                                       "A2", "x") INLINE("XFD2", "y") "</row>"),
                                   NULL),
                        "2: there are too many columns\n");
}

#define BROKEN "0: the workbook cannot be read: save it anew, or as CSV\n"

static void hostile_workbooks(void **state) {
    (void)state;
    size_t len;
    assert_string_equal(read_sheet("<worksheet><sheetData><row>", NULL),
                        BROKEN);
    assert_string_equal(
        read_sheet("<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b "
                   "\"&a;&a;&a;&a;\">]><worksheet><sheetData><row><c "
                   "t=\"str\"><v>&b;</v></c></row></sheetData></worksheet>",
                   NULL),
        BROKEN);
    assert_string_equal(
        read_sheet(SHEET("<row r=\"1048576\">" INLINE("A1", "x") "</row>"),
                   NULL),
        "0: the sheet has too many rows\n");
    assert_string_equal(read_sheet(SHEET("<row r=\"5\"/><row r=\"5\"/>"), NULL),
                        "0: the sheet has too many rows\n");
    /* A string that there is not is an empty cell. */
    assert_string_equal(
        read_sheet(SHEET("<row><c t=\"s\"><v>99</v></c></row>"), NULL),
        "0: the file is empty\n");
    char *bytes = make("<workbook/>", RELATIONS, "", 0, NULL, &len);
    assert_string_equal(read_file(bytes, len), BROKEN);
    bytes = make(WORKBOOK, "<Relationships/>", "", 0, NULL, &len);
    assert_string_equal(read_file(bytes, len), BROKEN);
    bytes = make(WORKBOOK, RELATIONS, "", 0, NULL, &len);
    for (size_t cut = 4; cut < len; cut += 7)
        assert_string_equal(read_file(bytes, cut),
                            "0: the workbook is broken\n");
}

static void a_zip_bomb(void **state) {
    (void)state;
    size_t size = 64 * 1024 * 1024, len;
    char *zeros = calloc(1, size);
    assert_non_null(zeros);
    memset(zeros, ' ', size);
    char *bytes = make(WORKBOOK, RELATIONS, zeros, size, NULL, &len);
    free(zeros);
    assert_true(len < QUESTION_FILE_BYTES);
    assert_string_equal(read_file(bytes, len),
                        "0: the workbook is too large when it is unpacked\n");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
    static const struct CMUnitTest tests[] = {
        TEST(kinds_and_answers),
        TEST(what_will_not_do),
        TEST(gbk_is_read),
        TEST(formulas_in_csv_are_text),
        TEST(ten_thousand_lines),
        TEST(a_workbook),
        TEST(faults_have_their_rows),
        TEST(hostile_workbooks),
        TEST(a_zip_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
