#define LOG_MODULE "token"
#include "bot/api/token_command.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/token.h"
#include "base/utf8.h"
#include "bot/api/access.h"
#include "bot/api/auth.h"
#include "bot/offline.h"
#include "store/txn.h"
#include "store/user.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NOT_UNDERSTOOD 2
#define DAYS_DEFAULT 365
#define DAYS_MAX 3650
#define DAY_MS (24LL * 3600 * 1000)
#define NAME_CHARS 40
#define UNIT_CHARS 64
#define SECRET_BYTES 32

struct order {
    struct token_record token;
    char id[API_TOKEN_ID_SIZE], secret[64];
    struct arena arena;
    struct offline *offline;
};

/* ---- add ------------------------------------------------------------------
 */

static bool parse_days(const char *text, struct token_record *token) {
    char *end;
    long days = strtol(text, &end, 10);
    if (end == text || *end != '\0' || days < 0 || days > DAYS_MAX) {
        fprintf(stderr, "days are a number from 0, for ever, to %d\n",
                DAYS_MAX);
        return false;
    }
    token->expires_ms = days == 0 ? 0 : token->created_ms + days * DAY_MS;
    return true;
}

/* "tickets:read,open311": a blank will do, too. */
static bool parse_scopes(struct order *order, char *text) {
    unsigned permissions;
    for (char *at = text; *at != '\0'; at++)
        if (*at == ',')
            *at = ' ';
    if (!access_parse(text, &permissions) || permissions == 0) {
        fprintf(stderr, "these are no scopes: %s\n", text);
        return false;
    }
    order->token.scopes = access_print(&order->arena, permissions);
    return true;
}

static bool parse_unit(struct order *order, const char *unit) {
    size_t len = strspn(unit, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    order->token.unit = unit;
    if (strcmp(unit, "*") == 0 ||
        (len > 0 && len <= UNIT_CHARS && unit[len] == '\0'))
        return true;
    fprintf(stderr, "this is no unit: %s\n", unit);
    return false;
}

/* False when it was said what is wrong; *status is then what that means. */
static bool parse_add(struct order *order, int argc, char **argv, int *status) {
    static const struct option options[] = {
        {"scopes", required_argument, NULL, 's'},
        {"unit", required_argument, NULL, 'u'},
        {"days", required_argument, NULL, 'd'},
        {0},
    };
    int option;
    bool right = true;
    optind = 0;
    *status = EXIT_FAILURE;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 's')
            right &= parse_scopes(order, optarg);
        else if (option == 'u')
            right &= parse_unit(order, optarg);
        else if (option == 'd')
            right &= parse_days(optarg, &order->token);
        else
            *status = NOT_UNDERSTOOD;
    }
    if (argc - optind != 1 || order->token.scopes == NULL)
        *status = right ? NOT_UNDERSTOOD : EXIT_FAILURE;
    else
        order->token.name = argv[optind];
    return right && *status != NOT_UNDERSTOOD && order->token.name != NULL;
}

static bool name_valid(const char *name) {
    bool valid = name[0] != '\0' && utf8_valid(name, strlen(name)) &&
                 utf8_length(name) <= NAME_CHARS &&
                 strpbrk(name, "\r\n\t") == NULL;
    if (!valid)
        fprintf(stderr, "a name has 1 to %d characters in a line\n",
                NAME_CHARS);
    return valid;
}

static void on_done(void *data, const struct txn_result *result) {
    struct order *order = data;
    if (result->err == ERR_LIMIT)
        fprintf(stderr, "there would be more than %d tokens\n", TOKENS_MAX);
    else if (result->err == ERR_NOT_FOUND)
        fputs("there is no token of that id\n", stderr);
    else if (result->err != OK)
        LOG_ERR("not stored: %s", err_str(result->err));
    else if (order->secret[0] != '\0')
        printf("%s\n", order->secret); /* now and never again */
    offline_end(order->offline, result->err == OK);
}

static void add(struct offline *offline, struct store *store, void *data) {
    struct order *order = data;
    struct token_record *token = &order->token;
    struct txn *txn = txn_new(store);
    order->offline = offline;
    api_token_put(txn, order->secret, token);
    txn_audit(
        txn, "system", "token-add",
        arena_printf(&order->arena, "token:%s", order->id),
        arena_printf(&order->arena, "%s: %s", token->unit, token->scopes));
    txn_commit(txn, on_done, order);
}

static void make_secret(struct order *order) {
    size_t prefix = strlen(AUTH_TOKEN_PREFIX);
    strcpy(order->secret, AUTH_TOKEN_PREFIX);
    token_random(order->secret + prefix, sizeof(order->secret) - prefix,
                 SECRET_BYTES);
    api_token_id(order->id, order->secret);
}

/* ---- list, remove ----------------------------------------------------------
 */

static void print_token(const struct token_record *token, int64_t now_ms) {
    char until[32] = "-";
    time_t at = (time_t)(token->expires_ms / 1000);
    struct tm tm;
    if (token->expires_ms != 0 && gmtime_r(&at, &tm) != NULL)
        strftime(until, sizeof(until), "%Y-%m-%d", &tm);
    printf("%s\t%s\t%s\t%s\t%s%s\n", token->id, token->name, token->unit,
           token->scopes, until,
           auth_token_expired(token, now_ms) ? "\texpired" : "");
}

static void on_list(void *data, enum err err, const struct token_record *tokens,
                    size_t n) {
    struct order *order = data;
    for (size_t i = 0; i < n; i++)
        print_token(&tokens[i], order->token.created_ms);
    offline_end(order->offline, err == OK);
}

static void list(struct offline *offline, struct store *store, void *data) {
    struct order *order = data;
    order->offline = offline;
    api_token_list_all(store, &order->arena, on_list, order);
}

static void remove_it(struct offline *offline, struct store *store,
                      void *data) {
    struct order *order = data;
    struct txn *txn = txn_new(store);
    order->offline = offline;
    api_token_remove(txn, order->id);
    txn_audit(txn, "system", "token-remove",
              arena_printf(&order->arena, "token:%s", order->id), "");
    txn_commit(txn, on_done, order);
}

static int run(const struct config *config, struct order *order,
               offline_work *work) {
    return offline_run(config, work, order) ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int choose(const struct config *config, struct order *order, int argc,
                  char **argv) {
    const char *word = argc > 1 ? argv[1] : "";
    int status;
    if (strcmp(word, "list") == 0 && argc == 2)
        return run(config, order, list);
    if (strcmp(word, "remove") == 0 && argc == 3) {
        if (!api_token_id_valid(argv[2])) {
            fputs("there is no token of that id\n", stderr);
            return EXIT_FAILURE;
        }
        memcpy(order->id, argv[2], sizeof(order->id));
        return run(config, order, remove_it);
    }
    if (strcmp(word, "add") != 0)
        return NOT_UNDERSTOOD;
    if (!parse_add(order, argc - 1, argv + 1, &status))
        return status;
    if (!name_valid(order->token.name))
        return EXIT_FAILURE;
    make_secret(order);
    return run(config, order, add);
}

int token_command(const struct config *config, int argc, char **argv) {
    struct order order = {
        .token = {.unit = "*",
                  .by = "system",
                  .created_ms = clock_wall_ms(&clock_system)}};
    order.token.expires_ms = order.token.created_ms + DAYS_DEFAULT * DAY_MS;
    arena_init(&order.arena);
    int status = choose(config, &order, argc, argv);
    arena_finish(&order.arena);
    return status;
}
