/* `xiaofeng code`: see bot/daemon.h. */
#define LOG_MODULE "code"
#include "base/log.h"
#include "base/token.h"
#include "bot/daemon.h"
#include "bot/offline.h"
#include "store/code.h"
#include "store/keys.h"
#include "store/txn.h"

#include <stdio.h>
#include <stdlib.h>

#define CODE_CHARS 8

struct making {
    struct offline *offline;
    unsigned role;
    const char *name;
    char code[TOKEN_MAX];
};

static void on_made(void *data, const struct txn_result *result) {
    struct making *making = data;
    if (result->err != OK)
        LOG_ERR("not stored: %s", err_str(result->err));
    offline_end(making->offline, result->err == OK);
}

static void make(struct offline *offline, struct store *store, void *data) {
    struct making *making = data;
    making->offline = offline;
    token_code(making->code, sizeof(making->code), CODE_CHARS);
    struct txn *txn = txn_new(store);
    code_create(txn, making->code,
                &(struct code){
                    .roles = making->role, .rider = "", .name = making->name},
                TTL_CODE_MS);
    txn_audit(txn, "system", "code-create", "", making->name);
    txn_commit(txn, on_made, making);
}

int daemon_make_code(const struct config *config, unsigned role,
                     const char *name) {
    struct making making = {.role = role, .name = name};
    if (!offline_run(config, make, &making))
        return EXIT_FAILURE;
    printf("%s\n", making.code);
    return EXIT_SUCCESS;
}
