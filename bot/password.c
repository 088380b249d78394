#include "bot/password.h"

#include "base/mem.h"
#include "base/metrics.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

_Static_assert(PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "of libsodium");

static struct metric m_full = METRIC_COUNTER(
    "xiaofeng_passwords_refused_total",
    "Passwords that were not looked at because too many waited.");

struct job {
    uv_work_t work;
    struct passwords *passwords; /* NULL: nobody waits any more */
    char password[PASSWORD_BYTES_MAX + 1];
    char hash[PASSWORD_HASH_SIZE];
    bool check;
    enum err err;
    password_hashed *hashed;
    password_checked *checked;
    void *data;
    struct job *prev, *next;
};

struct passwords {
    uv_loop_t *loop;
    struct job *running, *waiting;
    unsigned n_running, n_waiting;
};

struct passwords *passwords_new(uv_loop_t *loop) {
    struct passwords *passwords = xcalloc(1, sizeof(*passwords));
    passwords->loop = loop;
    return passwords;
}

static void job_free(struct job *job) {
    sodium_memzero(job, sizeof(*job));
    free(job);
}

static void job_end(struct job *job, enum err err) {
    if (job->checked != NULL)
        job->checked(job->data, err);
    else
        job->hashed(job->data, err, err == OK ? job->hash : NULL);
}

void passwords_free(struct passwords *passwords) {
    struct job *job, *next;
    if (passwords == NULL)
        return;
    DL_FOREACH_SAFE(passwords->waiting, job, next) {
        DL_DELETE(passwords->waiting, job);
        job_end(job, ERR_AWAY);
        job_free(job);
    }
    /* The pool cannot be stopped; its last word goes to nobody. */
    DL_FOREACH_SAFE(passwords->running, job, next) {
        DL_DELETE(passwords->running, job);
        job->passwords = NULL;
        job_end(job, ERR_AWAY);
    }
    free(passwords);
}

static bool hash_it(char out[static PASSWORD_HASH_SIZE], const char *password) {
    return crypto_pwhash_str(out, password, strlen(password),
                             crypto_pwhash_OPSLIMIT_INTERACTIVE,
                             crypto_pwhash_MEMLIMIT_INTERACTIVE) == 0;
}

void password_hash_now(char out[static PASSWORD_HASH_SIZE],
                       const char *password) {
    if (!hash_it(out, password))
        out[0] = '\0';
}

/* In the pool. */
static void do_work(uv_work_t *work) {
    struct job *job = work->data;
    char unused[PASSWORD_HASH_SIZE];
    if (!job->check) {
        job->err = hash_it(job->hash, job->password) ? OK : ERR_IO;
    } else if (job->hash[0] == '\0') {
        job->err = hash_it(unused, job->password) ? ERR_DENIED : ERR_IO;
    } else {
        job->err = crypto_pwhash_str_verify(job->hash, job->password,
                                            strlen(job->password)) == 0
                       ? OK
                       : ERR_DENIED;
    }
}

static void run_next(struct passwords *passwords);

static void on_done(uv_work_t *work, int status) {
    struct job *job = work->data;
    struct passwords *passwords = job->passwords;
    if (passwords != NULL) {
        DL_DELETE(passwords->running, job);
        passwords->n_running--;
        run_next(passwords);
        job_end(job, status == 0 ? job->err : ERR_AWAY);
    }
    job_free(job);
}

static void run_next(struct passwords *passwords) {
    struct job *job = passwords->waiting;
    if (job == NULL || passwords->n_running >= PASSWORDS_AT_ONCE)
        return;
    DL_DELETE(passwords->waiting, job);
    passwords->n_waiting--;
    DL_APPEND(passwords->running, job);
    passwords->n_running++;
    uv_queue_work(passwords->loop, &job->work, do_work, on_done);
}

/* An answer that needs no work is still given later. */
static void do_nothing(uv_work_t *work) {
    (void)work;
}

static void start(struct passwords *passwords, struct job *job,
                  const char *password) {
    size_t len = strlen(password);
    bool fits =
        len <= PASSWORD_BYTES_MAX && (job->check || len >= PASSWORD_BYTES_MIN);
    job->work.data = job;
    job->passwords = passwords;
    if (!fits || passwords->n_waiting >= PASSWORDS_WAITING) {
        /* A wrong one that is too long may be told from others: whoever sends
         * it has chosen its length. */
        job->err = fits ? ERR_LIMIT : job->check ? ERR_DENIED : ERR_INVALID;
        if (fits)
            metric_add(&m_full, 1);
        DL_APPEND(passwords->running, job);
        passwords->n_running++;
        uv_queue_work(passwords->loop, &job->work, do_nothing, on_done);
        return;
    }
    memcpy(job->password, password, len + 1);
    DL_APPEND(passwords->waiting, job);
    passwords->n_waiting++;
    run_next(passwords);
}

void password_hash(struct passwords *passwords, const char *password,
                   password_hashed *done, void *data) {
    struct job *job = xcalloc(1, sizeof(*job));
    job->hashed = done;
    job->data = data;
    start(passwords, job, password);
}

void password_check(struct passwords *passwords, const char *hash,
                    const char *password, password_checked *done, void *data) {
    struct job *job = xcalloc(1, sizeof(*job));
    job->check = true;
    job->checked = done;
    job->data = data;
    if (hash != NULL && strlen(hash) < sizeof(job->hash))
        memcpy(job->hash, hash, strlen(hash) + 1);
    start(passwords, job, password);
}
