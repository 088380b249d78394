#include "bot/api/files.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/mem.h"
#include "bot/api/api_parts.h"
#include "bot/bot.h"
#include "bot/files.h"
#include "bot/server.h"
#include "store/txn.h"
#include "store/upload.h"

#include <stdlib.h>
#include <string.h>

#define NAME_BYTES 512 /* as it is asked for */

/* ---- uploading ----------------------------------------------------------- */

struct uploading {
    struct upload upload;
    struct file file;
};

static void on_kept(void *data, const struct txn_result *result) {
    struct api_call *call = data;
    const struct uploading *uploading = call->data;
    const struct upload *upload = &uploading->upload;
    if (result->err != OK) {
        /* Of a call without an answer nobody knows; it stays. */
        if (result->err != ERR_TIMEOUT)
            files_remove(call->bot->files, uploading->file.id,
                         uploading->file.type);
        api_fail(call, result->err);
        return;
    }
    api_created(call, json_pack("{ss ss ss sI}", "id", upload->id, "name",
                                upload->name, "type", upload->type, "bytes",
                                (json_int_t)upload->bytes));
}

static void on_stored(void *data, enum err err, const struct file *file) {
    struct api_call *call = data;
    struct uploading *uploading = call->data;
    struct upload *upload = &uploading->upload;
    if (err == ERR_INVALID) {
        api_problem(call, 415, "type", NULL, NULL);
        return;
    }
    if (err != OK) {
        api_fail(call, err);
        return;
    }
    uploading->file = *file;
    *upload = (struct upload){
        .id = uploading->file.id,
        .name = files_name(&call->arena, upload->name, file->type),
        .type = file_kinds[file->type].word,
        .bytes = (int64_t)call->body_len,
        .by = call->caller.actor,
        .created_ms = call->now_ms,
    };
    struct txn *txn = txn_new(call->bot->store);
    upload_put(txn, upload);
    txn_audit(txn, call->caller.actor, "file-add", upload->id, upload->type);
    api_happens(call, txn);
    txn_commit(txn, on_kept, call);
}

static void on_counted(void *data, enum err err, int64_t n) {
    struct api_call *call = data;
    if (err == OK && n >= FILES_MAX) {
        api_invalid(call, "too_many", NULL);
        return;
    }
    if (err == OK)
        err = files_store(call->bot->files, call->body, call->body_len,
                          on_stored, call);
    if (err != OK)
        api_fail(call, err);
}

static void post_file(struct api_call *call) {
    struct uploading *uploading = arena_alloc(&call->arena, sizeof(*uploading));
    uploading->upload.name =
        arena_strdup(&call->arena, api_query(call, "name"));
    call->data = uploading;
    if (call->body_len == 0)
        api_invalid(call, "required", NULL);
    else if (strlen(uploading->upload.name) > NAME_BYTES)
        api_invalid(call, "too_long", "name");
    else
        upload_count(call->bot->store, &call->arena, on_counted, call);
}

/* ---- giving them out ----------------------------------------------------- */

struct giving {
    struct bot *bot;
    struct http_request *request; /* NULL: they have gone */
    struct arena arena;
    const char *name; /* as asked for, or "" */
};

static void answer_not_found(struct http_request *request) {
    static const char body[] = "not found\n";
    http_answer(request, &(struct http_answer){
                             .status = 404,
                             .type = "text/plain; charset=utf-8",
                             .body = body,
                             .body_len = sizeof(body) - 1,
                         });
}

/* https://www.rfc-editor.org/rfc/rfc6266 with a name of rfc8187 */
static char *disposition(struct arena *arena, const struct upload *upload,
                         const struct file_kind *kind) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyz"
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    struct buf out;
    buf_init(&out);
    buf_addf(&out, "%s; filename=\"%s.%s\"; filename*=UTF-8''",
             kind->shown ? "inline" : "attachment", upload->id, kind->word);
    for (const char *at = upload->name; *at != '\0'; at++) {
        if (strchr(plain, *at) != NULL)
            buf_addc(&out, *at);
        else
            buf_addf(&out, "%%%02X", (unsigned char)*at);
    }
    char *text = arena_strndup(arena, out.data, out.len);
    buf_finish(&out);
    return text;
}

static void give(struct giving *giving, const struct upload *upload) {
    enum file_type type = file_type_parse(upload->type);
    if (type == FILE_TYPES || !files_id_valid(upload->id)) {
        answer_not_found(giving->request);
        return;
    }
    const struct file_kind *kind = &file_kinds[type];
    const struct http_header header = {
        "Content-Disposition", disposition(&giving->arena, upload, kind)};
    char *path = files_path(giving->bot->files, upload->id, type);
    http_answer_file_with(giving->request, path, kind->mime, true, &header);
    free(path);
}

static void on_upload(void *data, enum err err, const struct upload *upload) {
    struct giving *giving = data;
    bool other = err == OK && giving->name[0] != '\0' &&
                 strcmp(giving->name, upload->name) != 0;
    if (giving->request != NULL && err == OK && !other)
        give(giving, upload);
    else if (giving->request != NULL)
        answer_not_found(giving->request);
    arena_finish(&giving->arena);
    free(giving);
}

static void on_gone(void *data) {
    struct giving *giving = data;
    giving->request = NULL;
}

/* "ID/name", or "ID" alone. */
static void on_file(struct http_request *request, const char *rest,
                    void *data) {
    struct bot *bot = data;
    char id[FILE_ID_SIZE];
    size_t len = strcspn(rest, "/");
    if (len >= sizeof(id)) {
        answer_not_found(request);
        return;
    }
    memcpy(id, rest, len);
    id[len] = '\0';
    if (!files_id_valid(id) || bot->files == NULL) {
        answer_not_found(request);
        return;
    }
    struct giving *giving = xcalloc(1, sizeof(*giving));
    arena_init(&giving->arena);
    giving->bot = bot;
    giving->request = request;
    giving->name =
        arena_strdup(&giving->arena, rest[len] == '/' ? rest + len + 1 : "");
    http_on_gone(request, on_gone, giving);
    upload_get(bot->store, &giving->arena, id, on_upload, giving);
}

static const struct api_route routes[] = {
    {"POST", "/files", PERM_BROADCASTS | PERM_STUDY | PERM_EVENTS, post_file,
     FILE_BYTES_MAX, true},
};

void files_add_routes(struct bot *bot) {
    api_add(bot, routes, ARRAY_LEN(routes));
    http_route_add(bot->loop, "/files/", on_file, bot);
}
