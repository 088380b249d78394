#define LOG_MODULE "station"
#include "bot/station_command.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/utf8.h"
#include "bot/command_file.h"
#include "bot/offline.h"
#include "bot/station_file.h"
#include "store/txn.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOT_UNDERSTOOD 2

/* ---- writing --------------------------------------------------------------
 */

struct change {
    struct offline *offline;
    const struct station *stations;
    size_t n;
    const char *remove; /* a name, or NULL */
};

static void on_changed(void *data, const struct txn_result *result) {
    struct change *change = data;
    if (result->err == ERR_LIMIT)
        fprintf(stderr, "there would be more than %d stations\n", STATIONS_MAX);
    else if (result->err == ERR_NOT_FOUND)
        fputs("there is no station of that name\n", stderr);
    else if (result->err != OK)
        LOG_ERR("not stored: %s", err_str(result->err));
    offline_end(change->offline, result->err == OK);
}

static void make_change(struct offline *offline, struct store *store,
                        void *data) {
    struct change *change = data;
    char count[24];
    struct txn *txn = txn_new(store);
    change->offline = offline;
    if (change->remove != NULL)
        station_remove(txn, change->remove);
    else
        station_set(txn, change->stations, change->n);
    snprintf(count, sizeof(count), "%zu", change->n);
    txn_audit(txn, "system",
              change->remove != NULL ? "station-remove" : "station-set",
              change->remove != NULL ? change->remove : "", count);
    txn_commit(txn, on_changed, change);
}

/* ---- add, remove ------------------------------------------------------------
 */

static double degrees(const char *text) {
    char *end;
    double number = strtod(text, &end);
    return end == text || *end != '\0' ? (double)NAN : number;
}

/* The options of add. False when one is not known or has no value. */
static bool parse_options(int argc, char **argv, struct station *station) {
    static const struct option options[] = {
        {"lat", required_argument, NULL, 'a'},
        {"lon", required_argument, NULL, 'o'},
        {"address", required_argument, NULL, 'd'},
        {"hours", required_argument, NULL, 'h'},
        {"offers", required_argument, NULL, 'f'},
        {0},
    };
    int option;
    optind = 0; /* begins anew, behind main()'s own options */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'a':
            station->lat = degrees(optarg);
            break;
        case 'o':
            station->lon = degrees(optarg);
            break;
        case 'd':
            station->address = optarg;
            break;
        case 'h':
            station->hours = optarg;
            break;
        case 'f':
            station->offers = optarg;
            break;
        default:
            return false;
        }
    }
    if (argc - optind != 1)
        return false;
    station->name = argv[optind];
    return true;
}

static bool all_utf8(const struct station *station) {
    const char *const texts[] = {station->name, station->address,
                                 station->hours, station->offers};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (!utf8_valid(texts[i], strlen(texts[i])))
            return false;
    return true;
}

static int add(const struct config *config, struct arena *arena, int argc,
               char **argv) {
    struct station station = {.address = "",
                              .hours = "",
                              .offers = "",
                              .lat = (double)NAN,
                              .lon = (double)NAN};
    if (!parse_options(argc, argv, &station))
        return NOT_UNDERSTOOD;
    const char *fault = "it is not UTF-8";
    if (all_utf8(&station)) {
        station_tidy(arena, &station);
        fault = station_fault(&station);
    }
    if (fault != NULL) {
        fprintf(stderr, "the station cannot be added: %s\n", fault);
        return EXIT_FAILURE;
    }
    struct change change = {.stations = &station, .n = 1};
    return offline_run(config, make_change, &change) ? EXIT_SUCCESS
                                                     : EXIT_FAILURE;
}

static int remove_one(const struct config *config, const char *name) {
    struct change change = {.remove = name, .n = 1};
    return offline_run(config, make_change, &change) ? EXIT_SUCCESS
                                                     : EXIT_FAILURE;
}

/* ---- import ---- */

static void on_fault(void *data, size_t line, const char *what) {
    const char *path = data;
    if (line == 0)
        fprintf(stderr, "%s: %s\n", path, what);
    else
        fprintf(stderr, "%s:%zu: %s\n", path, line, what);
}

static int import(const struct config *config, struct arena *arena, char *path,
                  bool dry_run) {
    struct station *stations;
    size_t len, n;
    const char *bytes =
        command_file_read(arena, path, STATION_FILE_BYTES, &len);
    if (bytes == NULL)
        return EXIT_FAILURE;
    if (!station_file_read(arena, bytes, len, on_fault, path, &stations, &n)) {
        fputs("nothing was imported\n", stderr);
        return EXIT_FAILURE;
    }
    struct change change = {.stations = stations, .n = n};
    if (!dry_run && n > 0 && !offline_run(config, make_change, &change)) {
        fputs("nothing was imported\n", stderr);
        return EXIT_FAILURE;
    }
    printf(dry_run ? "%zu stations are in order; nothing was imported\n"
                   : "%zu stations\n",
           n);
    return EXIT_SUCCESS;
}

static int parse_import(const struct config *config, struct arena *arena,
                        int argc, char **argv) {
    char *path;
    bool dry_run;
    return command_file_parse(argc, argv, "--dry-run", &path, &dry_run)
               ? import(config, arena, path, dry_run)
               : NOT_UNDERSTOOD;
}

int station_command(const struct config *config, int argc, char **argv) {
    const char *word = argc > 1 ? argv[1] : "";
    int status = NOT_UNDERSTOOD;
    struct arena arena;
    arena_init(&arena);
    if (strcmp(word, "add") == 0)
        status = add(config, &arena, argc - 1, argv + 1);
    else if (strcmp(word, "import") == 0)
        status = parse_import(config, &arena, argc - 1, argv + 1);
    else if (strcmp(word, "remove") == 0 && argc == 3)
        status = remove_one(config, argv[2]);
    arena_finish(&arena);
    return status;
}
