#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What a file is, by its bytes: nobody's word is taken for it. Only these may
 * be uploaded; documents with macros are none of them.
 */
enum file_type { FILE_PDF, FILE_DOCX, FILE_XLSX, FILE_PPTX, FILE_TYPES };

struct file_kind {
    const char *word; /* "pdf", the ending of its name, too */
    const char *mime;
    bool shown; /* a browser may show it, it need not be saved */
};
extern const struct file_kind file_kinds[FILE_TYPES];

/* FILE_TYPES: none of them. */
enum file_type file_type_sniff(const char *bytes, size_t len);
enum file_type file_type_parse(const char *word);
