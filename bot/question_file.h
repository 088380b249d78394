#pragma once

#include "store/question.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Reads questions of a table (bot/table_file.h) or workbook with the columns
 * kind (题型), text (题目), answer (答案), explanation (解析), category (分类)
 * and A to H (选项A …). Only text and answer must be there: without a kind it
 * is what options and answer look like. An answer is "B", "2", "AC", "1 3", or
 * 对 and 错.
 */
#define QUESTION_FILE_BYTES ((size_t)1024 * 1024)
#define QUESTION_FILE_ROWS 2000

/* line: where the row begins, 1 the first; 0: the file as a whole. */
typedef void question_file_fault(void *data, size_t line, const char *what);

/* Every fault is told; false when there was one. The questions live in arena
 * and have no id yet. */
bool question_file_read(struct arena *arena, const char *bytes, size_t len,
                        question_file_fault *fault, void *data,
                        struct question **out, size_t *n);
