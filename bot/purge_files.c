#include "bot/purge_files.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/files.h"
#include "bot/purge.h"
#include "store/photo_refs.h"
#include "store/txn.h"
#include "store/upload.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PAGE 500
#define BATCH 50 /* gone in one transaction */

_Static_assert(PHOTO_REF_CHARS == FILE_ID_SIZE - 1,
               "ids of photos and of files are of one length");

struct old_file {
    char id[FILE_ID_SIZE];
    enum file_type type;
    bool named;
};

struct purge_files {
    struct purge_files_options options;
    char *dir;
    struct arena page;
    size_t read; /* uploads that were looked at */
    struct old_file *files;
    size_t n, next, batch;
    int64_t gone;
};

static void end(struct purge_files *purge, enum err err) {
    purge->options.done(purge->options.data, err, purge->gone);
    arena_finish(&purge->page);
    free(purge->files);
    free(purge->dir);
    free(purge);
}

/* ---- removing ------------------------------------------------------------ */

static void remove_some(struct purge_files *purge);

static void on_removed(void *data, const struct txn_result *result) {
    struct purge_files *purge = data;
    if (result->err != OK) {
        end(purge, result->err);
        return;
    }
    for (size_t i = purge->next; i < purge->next + purge->batch; i++) {
        char *path =
            files_path_in(purge->dir, purge->files[i].id, purge->files[i].type);
        unlink(path);
        free(path);
    }
    purge->gone += (int64_t)purge->batch;
    purge->next += purge->batch;
    purge->options.progress(purge->options.data);
    remove_some(purge);
}

/* What is known of them goes first: who asks then is told that there is none.
 */
static void remove_some(struct purge_files *purge) {
    size_t left = purge->n - purge->next;
    purge->batch = left < BATCH ? left : BATCH;
    if (left == 0) {
        end(purge, OK);
        return;
    }
    struct txn *txn = txn_new(purge->options.store);
    for (size_t i = purge->next; i < purge->next + purge->batch; i++)
        upload_remove(txn, purge->files[i].id);
    txn_commit(txn, on_removed, purge);
}

/* ---- whether anything names them ----------------------------------------- */

static int by_id(const void *a, const void *b) {
    const struct old_file *x = a, *y = b;
    return strcmp(x->id, y->id);
}

static void on_ref(void *data, const char *id) {
    struct purge_files *purge = data;
    struct old_file key = {.named = false};
    memcpy(key.id, id, PHOTO_REF_CHARS);
    struct old_file *file =
        bsearch(&key, purge->files, purge->n, sizeof(key), by_id);
    if (file != NULL)
        file->named = true;
}

static void on_refs_step(void *data) {
    const struct purge_files *purge = data;
    purge->options.progress(purge->options.data);
}

static void on_refs(void *data, enum err err) {
    struct purge_files *purge = data;
    size_t n = 0;
    for (size_t i = 0; i < purge->n; i++)
        if (!purge->files[i].named)
            purge->files[n++] = purge->files[i];
    purge->n = n;
    if (err == OK && !purge->options.dry_run) {
        remove_some(purge);
        return;
    }
    purge->gone = err == OK ? (int64_t)n : 0;
    end(purge, err);
}

static void look_for_refs(struct purge_files *purge) {
    if (purge->n == 0) {
        end(purge, OK);
        return;
    }
    qsort(purge->files, purge->n, sizeof(*purge->files), by_id);
    photo_refs(&(struct photo_refs_options){
        .store = purge->options.store,
        .found = on_ref,
        .progress = on_refs_step,
        .done = on_refs,
        .data = purge,
    });
}

/* ---- all that are old enough ----------------------------------------------
 */

static void read_page(struct purge_files *purge);

static void take(struct purge_files *purge, const struct upload *upload) {
    enum file_type type = file_type_parse(upload->type);
    if (upload->created_ms >= purge->options.now_ms - PURGE_STRAY_MS ||
        type == FILE_TYPES || !files_id_valid(upload->id) ||
        purge->n == FILES_MAX)
        return;
    struct old_file *file = &purge->files[purge->n++];
    memcpy(file->id, upload->id, FILE_ID_SIZE);
    file->type = type;
}

static void on_page(void *data, enum err err, const struct upload *uploads,
                    size_t n, int64_t total) {
    struct purge_files *purge = data;
    for (size_t i = 0; err == OK && i < n; i++)
        take(purge, &uploads[i]);
    arena_finish(&purge->page);
    purge->read += PAGE;
    if (err != OK)
        end(purge, err);
    else if ((int64_t)purge->read < total)
        read_page(purge);
    else
        look_for_refs(purge);
}

static void read_page(struct purge_files *purge) {
    arena_init(&purge->page);
    upload_list_all(purge->options.store, &purge->page, purge->read, PAGE,
                    on_page, purge);
}

void purge_files(const struct purge_files_options *options) {
    struct purge_files *purge = xcalloc(1, sizeof(*purge));
    purge->options = *options;
    purge->dir = xasprintf("%s/files", options->data_dir);
    purge->files = xcalloc(FILES_MAX, sizeof(*purge->files));
    read_page(purge);
}
