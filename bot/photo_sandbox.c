#include "bot/photo_sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define MEMORY_BYTES ((rlim_t)1024 * 1024 * 1024)
#define CPU_SECONDS 10
#define NICE 10 /* the loop of the daemon comes first */

static bool limit(__rlimit_resource_t what, rlim_t value) {
    struct rlimit both = {.rlim_cur = value, .rlim_max = value};
    return setrlimit(what, &both) == 0;
}

static bool set_limits(void) {
#ifndef PHOTO_SANITIZED /* their shadow memory is terabytes of addresses */
    if (!limit(RLIMIT_AS, MEMORY_BYTES))
        return false;
#endif
    return limit(RLIMIT_CPU, CPU_SECONDS) && limit(RLIMIT_FSIZE, 0) &&
           limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0) &&
           limit(RLIMIT_NOFILE, 0);
}

/* What memory, time and an orderly end need. */
static const int plain_calls[] = {
    SCMP_SYS(brk),           SCMP_SYS(munmap),         SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(futex),          SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigaction),
    SCMP_SYS(clock_gettime), SCMP_SYS(exit),           SCMP_SYS(exit_group),
#ifdef PHOTO_SANITIZED
    SCMP_SYS(sigaltstack),   SCMP_SYS(sched_yield),    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
#endif
};

static bool allow(scmp_filter_ctx filter, int call, unsigned n,
                  struct scmp_arg_cmp arg) {
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, n, &arg) == 0;
}

static bool add_rules(scmp_filter_ctx filter) {
    const struct scmp_arg_cmp any = {0};
    const struct scmp_arg_cmp no_code =
        SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    for (size_t i = 0; i < sizeof(plain_calls) / sizeof(plain_calls[0]); i++)
        if (!allow(filter, plain_calls[i], 0, any))
            return false;
    return allow(filter, SCMP_SYS(mmap), 1, no_code) &&
           allow(filter, SCMP_SYS(mprotect), 1, no_code) &&
           allow(filter, SCMP_SYS(read), 1,
                 SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO, 0)) &&
           allow(filter, SCMP_SYS(write), 1,
                 SCMP_A0(SCMP_CMP_EQ, STDOUT_FILENO, 0)) &&
           allow(filter, SCMP_SYS(write), 1,
                 SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO, 0));
}

static bool forbid_calls(void) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    bool ok = filter && add_rules(filter) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok;
}

bool photo_sandbox_enter(void) {
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
        prctl(PR_SET_DUMPABLE, 0) != 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        close_range(STDERR_FILENO + 1, ~0u, 0) != 0)
        return false;
    if (nice(NICE) == -1 && errno != 0)
        errno = 0; /* as it was, then */
    return set_limits() && forbid_calls();
}
