#include "bot/api/export_table.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/phone.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xlsxwriter.h>

void export_table_finish(struct export_table *table) {
    arena_finish(&table->arena);
    free(table->rows);
}

static int ascending(const void *a, const void *b) {
    const struct export_row *x = a, *y = b;

    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    size_t x_len = strlen(x->id), y_len = strlen(y->id);
    return x_len != y_len ? (x_len < y_len ? -1 : 1)
                          : strcmp(x->id + 1, y->id + 1);
}

static int descending(const void *a, const void *b) {
    return ascending(b, a);
}

void export_sort(struct export_table *table) {
    if (table->n > 0)
        qsort(table->rows, table->n, sizeof(*table->rows),
              table->descending ? descending : ascending);
}

/* ---- cells ---------------------------------------------------------------
 */

/* A text, or a number when text is NULL; "" is an empty cell. */
struct cell {
    const char *text;
    double number;
    int decimals;
};

static struct cell text_cell(const char *text) {
    return (struct cell){.text = text};
}

static struct cell number_cell(double number, int decimals) {
    return (struct cell){.number = number, .decimals = decimals};
}

/* "2026-11-22 14:30" where the district is; as text, for spreadsheets of all
 * languages read that alike. */
static struct cell time_cell(const struct export_table *table,
                             struct arena *arena, int64_t ms) {
    time_t seconds = (time_t)(ms / 1000 + table->utc_offset_minutes * 60);
    char *text = arena_alloc(arena, 32);
    struct tm tm;

    if (ms > 0 && gmtime_r(&seconds, &tm) != NULL)
        strftime(text, 32, "%Y-%m-%d %H:%M", &tm);
    return text_cell(text);
}

static struct cell words_cell(struct arena *arena, const char *text) {
    return text_cell(phone_mask(arena, text));
}

static struct cell cell_of(const struct export_table *table,
                           struct arena *arena, const struct export_row *row,
                           enum export_column column) {
    switch (column) {
    case COLUMN_ID:
        return text_cell(row->id);
    case COLUMN_KIND:
        return text_cell(row->kind);
    case COLUMN_CATEGORY:
        return text_cell(row->category);
    case COLUMN_STATE:
        return text_cell(row->state);
    case COLUMN_URGENCY:
        return text_cell(row->urgency);
    case COLUMN_LEVEL:
        return number_cell(row->level, 0);
    case COLUMN_UNIT:
        return text_cell(row->unit);
    case COLUMN_COMMUNITY:
        return text_cell(row->community);
    case COLUMN_ASSIGNEE:
        return text_cell(row->assignee);
    case COLUMN_CREATED:
        return time_cell(table, arena, row->created_ms);
    case COLUMN_ANSWERED:
        return time_cell(table, arena, row->answered_ms);
    case COLUMN_CLOSED:
        return time_cell(table, arena, row->closed_ms);
    case COLUMN_DUE:
        return time_cell(table, arena, row->due_ms);
    case COLUMN_OVERDUE:
        return text_cell(row->overdue);
    case COLUMN_REOPENED:
        return number_cell(row->reopened, 0);
    case COLUMN_RATING:
        return row->rating > 0 ? number_cell(row->rating, 0) : text_cell("");
    case COLUMN_FOLLOWERS:
        return number_cell(row->followers, 0);
    case COLUMN_PHOTOS:
        return number_cell(row->photos, 0);
    case COLUMN_LAT:
        return row->has_position ? number_cell(row->lat, 6) : text_cell("");
    case COLUMN_LON:
        return row->has_position ? number_cell(row->lon, 6) : text_cell("");
    case COLUMN_PLACE:
        return words_cell(arena, row->place);
    case COLUMN_TEXT:
    case EXPORT_COLUMNS:
        break;
    }
    return words_cell(arena, row->text);
}

/* ---- CSV -----------------------------------------------------------------
 */

/* What a spreadsheet would calculate is marked as a text. */
static bool is_formula(const char *text) {
    return text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

void export_cell(struct buf *out, const char *text) {
    bool formula = is_formula(text);

    if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
        buf_adds(out, text);
        return;
    }
    buf_addc(out, '"');
    if (formula)
        buf_addc(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            buf_addc(out, '"');
        buf_addc(out, *text);
    }
    buf_addc(out, '"');
}

void export_csv(const struct export_table *table, struct buf *out) {
    buf_adds(out, EXPORT_BOM);
    for (int c = 0; c < EXPORT_COLUMNS; c++) {
        if (c > 0)
            buf_addc(out, ',');
        export_cell(out, table->heads[c]);
    }
    buf_adds(out, "\r\n");
    for (size_t i = 0; i < table->n; i++) {
        struct arena arena;
        arena_init(&arena);
        for (int c = 0; c < EXPORT_COLUMNS; c++) {
            struct cell cell =
                cell_of(table, &arena, &table->rows[i], (enum export_column)c);
            if (c > 0)
                buf_addc(out, ',');
            if (cell.text != NULL)
                export_cell(out, cell.text);
            else
                buf_addf(out, "%.*f", cell.decimals, cell.number);
        }
        buf_adds(out, "\r\n");
        arena_finish(&arena);
    }
}

/* ---- XLSX ----------------------------------------------------------------
 */

static void write_heads(const struct export_table *table,
                        lxw_workbook *workbook, lxw_worksheet *sheet) {
    lxw_format *bold = workbook_add_format(workbook);

    format_set_bold(bold);
    worksheet_freeze_panes(sheet, 1, 1);
    worksheet_set_column(sheet, 0, COLUMN_PHOTOS, 13, NULL);
    worksheet_set_column(sheet, COLUMN_CREATED, COLUMN_DUE, 17, NULL);
    worksheet_set_column(sheet, COLUMN_PLACE, COLUMN_TEXT, 50, NULL);
    for (int c = 0; c < EXPORT_COLUMNS; c++)
        worksheet_write_string(sheet, 0, (lxw_col_t)c, table->heads[c], bold);
    worksheet_autofilter(sheet, 0, 0, (lxw_row_t)table->n, EXPORT_COLUMNS - 1);
}

/* As strings and numbers: nothing is taken for a formula or a link. */
static void write_row(const struct export_table *table, lxw_worksheet *sheet,
                      size_t i) {
    struct arena arena;

    arena_init(&arena);
    for (int c = 0; c < EXPORT_COLUMNS; c++) {
        struct cell cell =
            cell_of(table, &arena, &table->rows[i], (enum export_column)c);
        if (cell.text == NULL)
            worksheet_write_number(sheet, (lxw_row_t)(i + 1), (lxw_col_t)c,
                                   cell.number, NULL);
        else if (cell.text[0] != '\0')
            worksheet_write_string(sheet, (lxw_row_t)(i + 1), (lxw_col_t)c,
                                   cell.text, NULL);
    }
    arena_finish(&arena);
}

static enum err read_back(const char *path, struct buf *out) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum err err = ERR_IO;

    if (fd >= 0 && fstat(fd, &st) == 0) {
        size_t size = (size_t)st.st_size;
        char *to = buf_reserve(out, size);
        if (file_read(fd, to, size) == (ssize_t)size) {
            out->len += size;
            out->data[out->len] = '\0';
            err = OK;
        }
    }
    if (fd >= 0)
        close(fd);
    return err;
}

enum err export_xlsx(const struct export_table *table, const char *dir,
                     struct buf *out) {
    char *temporary = xstrdup(dir);
    char *path = xasprintf("%s/XXXXXX", dir);
    /* Rows go to a file as they come, not all of them into memory. */
    lxw_workbook_options options = {.constant_memory = LXW_TRUE,
                                    .tmpdir = temporary};
    enum err err = ERR_IO;
    int fd = mkstemp(path);

    if (fd >= 0) {
        close(fd);
        lxw_workbook *workbook = workbook_new_opt(path, &options);
        lxw_worksheet *sheet = workbook_add_worksheet(workbook, table->title);
        if (sheet != NULL) {
            write_heads(table, workbook, sheet);
            for (size_t i = 0; i < table->n; i++)
                write_row(table, sheet, i);
        }
        if (workbook_close(workbook) == LXW_NO_ERROR && sheet != NULL)
            err = read_back(path, out);
        unlink(path);
    }
    free(path);
    free(temporary);
    return err;
}
