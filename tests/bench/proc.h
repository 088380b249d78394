#pragma once

#include <sys/types.h>

/* Seconds that never go back. */
double proc_now_s(void);
/* Processor time of a process with all its threads, in seconds. */
double proc_cpu_s(pid_t pid);
/* Resident memory of a process in KB; of which its own, not of files. */
long proc_rss_kb(pid_t pid, long *own_kb);
