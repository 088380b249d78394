#include "bot/file_type.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>
#include <zip.h>

/* Where a PDF must say that it ends. */
#define PDF_TAIL 1024
#define ZIP_ENTRIES 5000

#define OOXML "application/vnd.openxmlformats-officedocument."

const struct file_kind file_kinds[FILE_TYPES] = {
    [FILE_PDF] = {"pdf", "application/pdf", true},
    [FILE_DOCX] = {"docx", OOXML "wordprocessingml.document", false},
    [FILE_XLSX] = {"xlsx", OOXML "spreadsheetml.sheet", false},
    [FILE_PPTX] = {"pptx", OOXML "presentationml.presentation", false},
};

enum file_type file_type_parse(const char *word) {
    for (int i = 0; i < FILE_TYPES; i++)
        if (strcmp(file_kinds[i].word, word) == 0)
            return (enum file_type)i;
    return FILE_TYPES;
}

/* ISO 32000-1, 7.5.2 and 7.5.5 */
static bool is_pdf(const char *bytes, size_t len) {
    if (len < 16 ||
        (memcmp(bytes, "%PDF-1.", 7) != 0 && memcmp(bytes, "%PDF-2.", 7) != 0))
        return false;
    size_t tail = len < PDF_TAIL ? len : PDF_TAIL;
    return memmem(bytes + len - tail, tail, "%%EOF", 5) != NULL;
}

static bool ends_with(const char *text, const char *end) {
    size_t len = strlen(text), end_len = strlen(end);
    return len >= end_len && strcasecmp(text + len - end_len, end) == 0;
}

/* What an archive holds says which document it is (ECMA-376, part 2). */
static enum file_type type_of_archive(zip_t *archive) {
    static const char *const mains[FILE_TYPES] = {
        [FILE_DOCX] = "word/document.xml",
        [FILE_XLSX] = "xl/workbook.xml",
        [FILE_PPTX] = "ppt/presentation.xml",
    };
    zip_int64_t n = zip_get_num_entries(archive, 0);
    enum file_type type = FILE_TYPES;
    bool has_types = false;
    if (n > ZIP_ENTRIES)
        return FILE_TYPES;
    for (zip_int64_t i = 0; i < n; i++) {
        const char *name =
            zip_get_name(archive, (zip_uint64_t)i, ZIP_FL_ENC_GUESS);
        if (name == NULL || ends_with(name, "vbaProject.bin"))
            return FILE_TYPES;
        has_types |= strcmp(name, "[Content_Types].xml") == 0;
        for (int t = 0; t < FILE_TYPES; t++)
            if (mains[t] != NULL && strcmp(name, mains[t]) == 0)
                type = (enum file_type)t;
    }
    return has_types ? type : FILE_TYPES;
}

static enum file_type sniff_archive(const char *bytes, size_t len) {
    if (len < 4 || memcmp(bytes, "PK\3\4", 4) != 0)
        return FILE_TYPES;
    zip_source_t *source = zip_source_buffer_create(bytes, len, 0, NULL);
    if (source == NULL)
        return FILE_TYPES;
    zip_t *archive =
        zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
    if (archive == NULL) {
        zip_source_free(source);
        return FILE_TYPES;
    }
    enum file_type type = type_of_archive(archive);
    zip_discard(archive);
    return type;
}

enum file_type file_type_sniff(const char *bytes, size_t len) {
    return is_pdf(bytes, len) ? FILE_PDF : sniff_archive(bytes, len);
}
