/* A table of questions: as it comes, or as the sheet or the strings of a
 * workbook that is otherwise right, so that more than its ZIP is met. */
#include "base/arena.h"
#include "bot/question_file.h"
#include "i18n/catalog.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char workbook[] =
    "<workbook><sheets><sheet xmlns:r=\"r\" r:id=\"r1\"/></sheets></workbook>";
static const char relations[] =
    "<Relationships><Relationship Id=\"r1\" Target=\"sheet.xml\"/>"
    "</Relationships>";
static const char sheet[] =
    "<worksheet><sheetData><row><c t=\"s\"><v>0</v></c><c t=\"s\"><v>1</v></c>"
    "</row><row><c t=\"s\"><v>2</v></c><c><v>1</v></c></row></sheetData>"
    "</worksheet>";
static const char strings[] =
    "<sst><si><t>text</t></si><si><t>answer</t></si><si><t>x</t></si></sst>";

int LLVMFuzzerInitialize(int *argc, char ***argv) {
    (void)argc;
    (void)argv;
    if (!catalog_init())
        abort();
    return 0;
}

static void on_fault(void *data, size_t line, const char *what) {
    (void)line;
    *(size_t *)data += strlen(what) > 0;
}

static void read_file(const char *bytes, size_t len) {
    struct arena arena;
    struct question *questions;
    size_t n = 0, faults = 0;
    arena_init(&arena);
    bool good = question_file_read(&arena, bytes, len, on_fault, &faults,
                                   &questions, &n);
    if (good != (faults == 0))
        abort();
    for (size_t i = 0; i < n; i++)
        if (question_fault(&questions[i]) != NULL)
            abort();
    arena_finish(&arena);
}

static void add_part(zip_t *zip, const char *name, const void *bytes,
                     size_t len) {
    zip_source_t *source = zip_source_buffer(zip, bytes, len, 0);
    zip_int64_t at = zip_file_add(zip, name, source, ZIP_FL_OVERWRITE);
    if (at < 0 ||
        zip_set_file_compression(zip, (zip_uint64_t)at, ZIP_CM_STORE, 0) != 0)
        abort();
}

/* A workbook with the input as its sheet, or as its strings. */
static void read_workbook(const uint8_t *data, size_t size, bool is_sheet) {
    zip_error_t error;
    zip_stat_t stat;
    zip_error_init(&error);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &error);
    zip_t *zip = zip_open_from_source(source, ZIP_TRUNCATE, &error);
    if (zip == NULL)
        abort();
    zip_source_keep(source);
    add_part(zip, "xl/workbook.xml", workbook, strlen(workbook));
    add_part(zip, "xl/_rels/workbook.xml.rels", relations, strlen(relations));
    add_part(zip, "xl/sheet.xml", is_sheet ? (const void *)data : sheet,
             is_sheet ? size : strlen(sheet));
    add_part(zip, "xl/sharedStrings.xml",
             is_sheet ? strings : (const void *)data,
             is_sheet ? strlen(strings) : size);
    if (zip_close(zip) != 0 || zip_source_stat(source, &stat) != 0 ||
        zip_source_open(source) != 0)
        abort();
    char *bytes = malloc(stat.size);
    if (bytes == NULL ||
        zip_source_read(source, bytes, stat.size) != (zip_int64_t)stat.size)
        abort();
    read_file(bytes, stat.size);
    free(bytes);
    zip_source_close(source);
    zip_source_free(source);
    zip_error_fini(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 1)
        return 0;
    if (data[0] == 'W' || data[0] == 'S')
        read_workbook(data + 1, size - 1, data[0] == 'W');
    else
        read_file((const char *)data, size);
    return 0;
}
