#define LOG_MODULE "main"
#include "base/log.h"
#include "base/mem.h"
#include "base/token.h"
#include "bot/api/token_command.h"
#include "bot/audit_command.h"
#include "bot/backup_command.h"
#include "bot/config.h"
#include "bot/daemon.h"
#include "bot/document_command.h"
#include "bot/key_command.h"
#include "bot/organisation_command.h"
#include "bot/purge_command.h"
#include "bot/station_command.h"
#include "bot/user_command.h"
#include "handlers/handlers.h"
#include "i18n/catalog.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *out) {
    fputs(
        "usage: xiaofeng [-c FILE] [run]\n"
        "       xiaofeng [-c FILE] --check-config\n"
        "       xiaofeng [-c FILE] code staff|organiser|admin [NAME]\n"
        "       xiaofeng [-c FILE] station add NAME --lat LAT --lon LON\n"
        "                [--address TEXT] [--hours HOURS] [--offers WORDS]\n"
        "       xiaofeng [-c FILE] station import FILE.csv [--dry-run]\n"
        "       xiaofeng [-c FILE] station remove NAME\n"
        "       xiaofeng [-c FILE] user add NAME --role ROLE[:UNIT[:CATEGORY]]\n"
        "                [--display TEXT] [--password-file FILE]\n"
        "       xiaofeng [-c FILE] user roles NAME --role ROLE[...]...\n"
        "       xiaofeng [-c FILE] user password NAME [--password-file FILE]\n"
        "       xiaofeng [-c FILE] user disable|enable|remove NAME\n"
        "       xiaofeng [-c FILE] user list\n"
        "       xiaofeng [-c FILE] token add NAME --scopes WORDS [--unit UNIT]\n"
        "                [--days N]\n"
        "       xiaofeng [-c FILE] token list\n"
        "       xiaofeng [-c FILE] token remove ID\n"
        "       xiaofeng [-c FILE] organisation import FILE.csv [--dry-run]\n"
        "       xiaofeng [-c FILE] document get NAME\n"
        "       xiaofeng [-c FILE] document put NAME FILE.json [--check]\n"
        "       xiaofeng [-c FILE] audit verify\n"
        "       xiaofeng [-c FILE] audit list [--actor WHO] [--action WHAT]\n"
        "                [--subject ID] [--limit N]\n"
        "       xiaofeng [-c FILE] key rotate [--finish]\n"
        "       xiaofeng [-c FILE] backup DIR [--with-keys]\n"
        "       xiaofeng [-c FILE] restore DIR\n"
        "       xiaofeng [-c FILE] purge [--dry-run]\n"
        "       xiaofeng --version | --help\n"
        "See xiaofeng(1) and xiaofeng.conf(5).\n",
        out);
}

static unsigned parse_role(const char *word) {
    return strcmp(word, "staff") == 0       ? ROLE_STAFF
           : strcmp(word, "organiser") == 0 ? ROLE_ORGANISER
           : strcmp(word, "admin") == 0     ? ROLE_ADMIN
                                            : 0;
}

static int run_command(const struct config *config, int argc, char **argv) {
    if (argc == 0 || (argc == 1 && strcmp(argv[0], "run") == 0))
        return daemon_run(config, handlers, n_handlers);
    if (strcmp(argv[0], "code") == 0 && (argc == 2 || argc == 3)) {
        unsigned role = parse_role(argv[1]);
        if (role != 0)
            return daemon_make_code(config, role, argc == 3 ? argv[2] : "");
    }
    int status = 2;
    if (strcmp(argv[0], "station") == 0)
        status = station_command(config, argc, argv);
    else if (strcmp(argv[0], "user") == 0)
        status = user_command(config, argc, argv);
    else if (strcmp(argv[0], "token") == 0)
        status = token_command(config, argc, argv);
    else if (strcmp(argv[0], "organisation") == 0)
        status = organisation_command(config, argc, argv);
    else if (strcmp(argv[0], "document") == 0)
        status = document_command(config, argc, argv);
    else if (strcmp(argv[0], "audit") == 0)
        status = audit_command(config, argc, argv);
    else if (strcmp(argv[0], "backup") == 0)
        status = backup_command(config, argc, argv);
    else if (strcmp(argv[0], "restore") == 0)
        status = restore_command(config, argc, argv);
    else if (strcmp(argv[0], "purge") == 0)
        status = purge_command(config, argc, argv);
    else if (strcmp(argv[0], "key") == 0)
        status = key_command(config, argc, argv);
    if (status == 2)
        usage(stderr);
    return status;
}

int main(int argc, char **argv) {
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'},
        {"check-config", no_argument, NULL, 'C'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    const char *path = NULL;
    bool check = false;
    int option;
    /* '+': what comes behind a command is its own. */
    while ((option = getopt_long(argc, argv, "+c:h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'C':
            check = true;
            break;
        case 'v':
            puts("xiaofeng " XIAOFENG_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            usage(stdout);
            return EXIT_SUCCESS;
        default:
            usage(stderr);
            return 2;
        }
    }
    struct config *config;
    log_init(LOG_INFO, false);
    if (!token_init() || !catalog_init()) {
        LOG_ERR("the built-in texts or the random source do not work");
        return EXIT_FAILURE;
    }
    if (config_load(path, &config) != OK)
        return EXIT_FAILURE;
    log_init(config->log_level, config->log_json);
    int status = EXIT_SUCCESS;
    if (check)
        puts("the settings are in order");
    else
        status = run_command(config, argc - optind, argv + optind);
    config_free(config);
    return status;
}
