#include "tests/bench/proc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double proc_now_s(void) {
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double read_thread(pid_t pid, const char *thread) {
    unsigned long long ns = 0;
    char path[128];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", (int)pid,
             thread);
    file = fopen(path, "r");
    if (!file)
        return 0; /* it has just ended */
    if (fscanf(file, "%llu", &ns) != 1)
        ns = 0;
    fclose(file);
    return (double)ns / 1e9;
}

double proc_cpu_s(pid_t pid) {
    const struct dirent *entry;
    double sum = 0;
    char path[64];
    DIR *dir;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    dir = opendir(path);
    if (!dir) {
        perror(path);
        exit(1);
    }
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.')
            sum += read_thread(pid, entry->d_name);
    closedir(dir);
    return sum;
}

long proc_rss_kb(pid_t pid, long *own_kb) {
    long rss = 0;
    char line[256];
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    if (!file) {
        perror(path);
        exit(1);
    }
    *own_kb = 0;
    while (fgets(line, sizeof(line), file)) {
        if (strncmp(line, "VmRSS:", 6) == 0)
            rss = strtol(line + 6, NULL, 10);
        if (strncmp(line, "RssAnon:", 8) == 0)
            *own_kb = strtol(line + 8, NULL, 10);
    }
    fclose(file);
    return rss;
}
