#define LOG_MODULE "user"
#include "bot/user_command.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "bot/offline.h"
#include "bot/password.h"
#include "bot/policy.h"
#include "bot/secret_input.h"
#include "store/txn.h"
#include "store/user.h"

#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_UNDERSTOOD 2
#define UNIT_CHARS 64
#define DISPLAY_CHARS 40

enum deed { ADD, ROLES, PASSWORD, DISABLE, ENABLE, REMOVE, DEEDS };

static const char *const words[DEEDS] = {"add",     "roles",  "password",
                                         "disable", "enable", "remove"};
static const char *const actions[DEEDS] = {"user-add",      "user-change",
                                           "user-password", "user-change",
                                           "user-change",   "user-remove"};

struct order {
    enum deed deed;
    const char *name, *display, *password_file;
    struct grant grants[USER_GRANTS_MAX];
    size_t n_grants;
    char hash[PASSWORD_HASH_SIZE];
    struct arena arena;
    struct offline *offline;
    struct store *store;
};

/* ---- the words ------------------------------------------------------------
 */

static bool unit_valid(const char *unit) {
    size_t len = strspn(unit, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    return strcmp(unit, "*") == 0 ||
           (len > 0 && len <= UNIT_CHARS && unit[len] == '\0');
}

static bool category_valid(const char *category) {
    for (size_t i = 0; policy_categories[i] != NULL; i++)
        if (strcmp(category, policy_categories[i]) == 0)
            return true;
    return strcmp(category, "*") == 0;
}

/* ROLE[:UNIT[:CATEGORY]] */
static bool parse_grant(char *text, struct grant *out) {
    char *unit = strchr(text, ':');
    if (unit != NULL)
        *unit++ = '\0';
    char *category = unit == NULL ? NULL : strchr(unit, ':');
    if (category != NULL)
        *category++ = '\0';
    out->unit = unit == NULL ? "*" : unit;
    out->category = category == NULL ? "*" : category;
    if (!user_role_parse(text, &out->role)) {
        fprintf(stderr, "there is no role %s\n", text);
        return false;
    }
    if (!unit_valid(out->unit) || !category_valid(out->category)) {
        fprintf(stderr, "this is no unit or category: %s:%s\n", out->unit,
                out->category);
        return false;
    }
    return true;
}

static bool take_grant(struct order *order, char *text) {
    if (order->n_grants == USER_GRANTS_MAX) {
        fprintf(stderr, "nobody has more than %d roles\n", USER_GRANTS_MAX);
        return false;
    }
    return parse_grant(text, &order->grants[order->n_grants++]);
}

static bool parse(struct order *order, int argc, char **argv) {
    static const struct option options[] = {
        {"display", required_argument, NULL, 'd'},
        {"role", required_argument, NULL, 'r'},
        {"password-file", required_argument, NULL, 'p'},
        {0},
    };
    int option;
    optind = 0; /* begins anew, behind main()'s own options */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'd' && order->deed == ADD)
            order->display = optarg;
        else if (option == 'p' &&
                 (order->deed == ADD || order->deed == PASSWORD))
            order->password_file = optarg;
        else if (option != 'r' || order->deed > ROLES ||
                 !take_grant(order, optarg))
            return false;
    }
    if (argc - optind != 1 || (order->deed <= ROLES && order->n_grants == 0))
        return false;
    order->name = argv[optind];
    return true;
}

static bool check(const struct order *order) {
    bool fits = utf8_valid(order->display, strlen(order->display)) &&
                utf8_length(order->display) <= DISPLAY_CHARS &&
                strpbrk(order->display, "\r\n\t") == NULL;
    if (!user_name_valid(order->name))
        fprintf(stderr,
                "a name has at most %d of a-z 0-9 . _ - and begins with a "
                "letter or digit\n",
                USER_NAME_MAX);
    else if (!fits)
        fprintf(stderr, "what is shown has at most %d characters in a line\n",
                DISPLAY_CHARS);
    return user_name_valid(order->name) && fits;
}

static bool read_password(struct order *order) {
    char password[PASSWORD_BYTES_MAX + 2];
    bool read = secret_input(order->password_file, password, sizeof(password));
    size_t len = read ? strlen(password) : 0;
    if (read && (len < PASSWORD_BYTES_MIN || len > PASSWORD_BYTES_MAX)) {
        fprintf(stderr, "a password has %d to %d bytes\n", PASSWORD_BYTES_MIN,
                PASSWORD_BYTES_MAX);
        read = false;
    }
    if (read)
        password_hash_now(order->hash, password);
    sodium_memzero(password, sizeof(password));
    return read && order->hash[0] != '\0';
}

/* ---- the store ------------------------------------------------------------
 */

static void on_done(void *data, const struct txn_result *result) {
    struct order *order = data;
    if (result->err == ERR_CONFLICT)
        fputs(order->deed == ADD ? "there is a user of that name\n"
                                 : "the user has just been changed\n",
              stderr);
    else if (result->err == ERR_LIMIT)
        fprintf(stderr, "there would be more than %d users\n", USERS_MAX);
    else if (result->err != OK)
        LOG_ERR("not stored: %s", err_str(result->err));
    offline_end(order->offline, result->err == OK);
}

/* "lead:xinjiekou:*" */
static char *grants_text(struct arena *arena, const struct user *user) {
    char *text = arena_strdup(arena, user->disabled ? "disabled" : "");
    for (size_t i = 0; i < user->n_grants; i++)
        text = arena_printf(arena, "%s%s%s:%s:%s", text,
                            text[0] == '\0' ? "" : " ",
                            user_role_names[user->grants[i].role],
                            user->grants[i].unit, user->grants[i].category);
    return text;
}

static void store(struct order *order, struct user *user) {
    int64_t now_ms = clock_wall_ms(&clock_system);
    struct txn *txn = txn_new(order->store);
    if (order->deed <= ROLES) {
        memcpy(user->grants, order->grants, sizeof(user->grants));
        user->n_grants = order->n_grants;
    }
    if (order->deed == ADD || order->deed == PASSWORD) {
        user->password = order->hash;
        user->sessions_ms = now_ms;
    }
    if (order->deed == ADD)
        user->created_ms = now_ms;
    if (order->deed == DISABLE || order->deed == ENABLE)
        user->disabled = order->deed == DISABLE;
    if (order->deed == REMOVE)
        user_remove(txn, user);
    else
        user_put(txn, user);
    txn_audit(txn, "system", actions[order->deed],
              arena_printf(&order->arena, "user:%s", user->name),
              grants_text(&order->arena, user));
    txn_commit(txn, on_done, order);
}

static void on_user(void *data, enum err err, const struct user *user) {
    struct order *order = data;
    if (err == ERR_NOT_FOUND)
        fputs("there is no user of that name\n", stderr);
    else if (err != OK)
        LOG_ERR("not read: %s", err_str(err));
    if (err != OK) {
        offline_end(order->offline, false);
        return;
    }
    struct user changed = *user;
    store(order, &changed);
}

static void do_deed(struct offline *offline, struct store *in, void *data) {
    struct order *order = data;
    order->offline = offline;
    order->store = in;
    if (order->deed == ADD)
        store(order, &(struct user){.name = order->name,
                                    .display = order->display,
                                    .lang = "",
                                    .totp = "",
                                    .totp_new = "",
                                    .rider = "",
                                    .chat = "",
                                    .account = ""});
    else
        user_get(in, &order->arena, order->name, on_user, order);
}

/* ---- list ---- */

static void on_list(void *data, enum err err, const struct user *users,
                    size_t n) {
    struct order *order = data;
    for (size_t i = 0; i < n; i++)
        printf("%s\t%s\t%s%s\n", users[i].name, users[i].display,
               grants_text(&order->arena, &users[i]),
               users[i].totp[0] != '\0' ? "\t2fa" : "");
    offline_end(order->offline, err == OK);
}

static void list(struct offline *offline, struct store *in, void *data) {
    struct order *order = data;
    order->offline = offline;
    user_list_all(in, &order->arena, on_list, order);
}

static int run(const struct config *config, struct order *order,
               offline_work *work) {
    arena_init(&order->arena);
    bool ok = offline_run(config, work, order);
    arena_finish(&order->arena);
    sodium_memzero(order->hash, sizeof(order->hash));
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int user_command(const struct config *config, int argc, char **argv) {
    struct order order = {.display = ""};
    const char *word = argc > 1 ? argv[1] : "";
    if (strcmp(word, "list") == 0 && argc == 2)
        return run(config, &order, list);
    for (int deed = 0; deed < DEEDS; deed++) {
        if (strcmp(word, words[deed]) != 0)
            continue;
        order.deed = (enum deed)deed;
        if (!parse(&order, argc - 1, argv + 1))
            return NOT_UNDERSTOOD;
        bool needs_password = deed == ADD || deed == PASSWORD;
        if (!check(&order) || (needs_password && !read_password(&order)))
            return EXIT_FAILURE;
        return run(config, &order, do_deed);
    }
    return NOT_UNDERSTOOD;
}
