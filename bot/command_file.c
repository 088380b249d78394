#include "bot/command_file.h"

#include "base/arena.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool command_file_parse(int argc, char **argv, const char *flag, char **path,
                        bool *flagged) {
    *path = NULL;
    *flagged = false;
    for (int i = 1; i < argc; i++) {
        if (flag != NULL && strcmp(argv[i], flag) == 0)
            *flagged = true;
        else if (*path == NULL && argv[i][0] != '-')
            *path = argv[i];
        else
            return false;
    }
    return *path != NULL;
}

char *command_file_read(struct arena *arena, const char *path, size_t max,
                        size_t *len) {
    char *bytes = arena_alloc(arena, max + 1);
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return NULL;
    }
    *len = fread(bytes, 1, max + 1, file);
    bool bad = ferror(file) != 0;
    fclose(file);
    if (bad)
        fprintf(stderr, "%s: it cannot be read\n", path);
    return bad ? NULL : bytes;
}
