#include "bot/secret_input.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static bool read_line(FILE *file, char *out, size_t size) {
    if (fgets(out, (int)size, file) == NULL) {
        fputs("there is no password\n", stderr);
        return false;
    }
    size_t len = strcspn(out, "\r\n");
    if (out[len] == '\0' && len == size - 1) {
        fputs("the password is too long\n", stderr);
        return false;
    }
    out[len] = '\0';
    return true;
}

static bool ask(const char *prompt, char *out, size_t size) {
    struct termios before, quiet;
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return false;
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    fputs(prompt, stderr);
    fflush(stderr);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
        return false;
    bool read = read_line(stdin, out, size);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', stderr);
    return read;
}

static bool ask_twice(char *out, size_t size) {
    char again[512];
    bool same = size <= sizeof(again) && ask("Password: ", out, size) &&
                ask("Once more: ", again, size);
    if (same && strcmp(out, again) != 0) {
        fputs("these are two different ones\n", stderr);
        same = false;
    }
    sodium_memzero(again, sizeof(again));
    return same;
}

bool secret_input(const char *path, char *out, size_t size) {
    if (path == NULL)
        return isatty(STDIN_FILENO) ? ask_twice(out, size)
                                    : read_line(stdin, out, size);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    bool read = read_line(file, out, size);
    fclose(file);
    return read;
}
