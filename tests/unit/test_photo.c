/* Photos through the real child, its real sandbox, and real files. */
#include "bot/photo.h"

#include "base/limits.h"
#include "base/token.h"
#include "bot/loop.h"
#include "bot/photo_sandbox.h"
#include "tests/unit/photo_samples.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define HANG_SECONDS 60 /* a test that takes longer has hung */

struct fixture {
    struct loop loop;
    struct photos *photos;
    char base[64]; /* a directory for this test alone */
    char *dir;     /* of the photos */
    char *child;   /* the program of this build */
};

/* The callbacks wake the loop: uv_run(ONCE) may call them and then still wait
 * for something else. */
static uv_loop_t *current;

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *at) {
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int setup(void **state) {
    struct fixture *fix = xcalloc(1, sizeof(*fix));
    const char *build = getenv("XIAOFENG_BUILD");
    strcpy(fix->base, "/tmp/xiaofeng-photo-XXXXXX");
    if (!build || !mkdtemp(fix->base))
        return -1;
    fix->dir = xasprintf("%s/photos", fix->base);
    fix->child = xasprintf("%s/xiaofeng-photo", build);
    uv_loop_init(&fix->loop.uv);
    current = &fix->loop.uv;
    *state = fix;
    alarm(HANG_SECONDS);
    return 0;
}

static void run_out(struct fixture *fix) {
    while (uv_run(&fix->loop.uv, UV_RUN_DEFAULT) != 0)
        ; /* a callback stopped it */
}

static int teardown(void **state) {
    struct fixture *fix = *state;
    photos_free(fix->photos);
    run_out(fix);
    assert_int_equal(uv_loop_close(&fix->loop.uv), 0);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* no zombie is left */
    assert_int_equal(errno, ECHILD);
    nftw(fix->base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(fix->dir);
    free(fix->child);
    free(fix);
    alarm(0);
    return 0;
}

static void use(struct fixture *fix, const char *child, int64_t timeout_ms) {
    const struct photo_options options = {
        .dir = fix->dir,
        .child_path = child,
        .max_children = 2,
        .timeout_ms = timeout_ms,
    };
    photos_free(fix->photos);
    fix->photos = photos_new(&fix->loop, &options);
}

struct outcome {
    bool done;
    enum err err;
    struct photo photo;
};

static void on_done(void *data, enum err err, const struct photo *photo) {
    struct outcome *outcome = data;
    assert_false(outcome->done);
    outcome->done = true;
    outcome->err = err;
    assert_true((photo != NULL) == (err == OK));
    if (photo)
        outcome->photo = *photo;
    uv_stop(current);
}

static void wait_for(struct fixture *fix, const struct outcome *outcome) {
    while (!outcome->done)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
}

static struct outcome store_bytes(struct fixture *fix, const char *bytes,
                                  size_t len) {
    struct outcome outcome = {0};
    photo_store(fix->photos, bytes, len, on_done, &outcome);
    assert_false(outcome.done);
    wait_for(fix, &outcome);
    return outcome;
}

static struct outcome store(struct fixture *fix, struct buf sample) {
    struct outcome outcome = store_bytes(fix, sample.data, sample.len);
    buf_finish(&sample);
    return outcome;
}

static void expect(struct fixture *fix, struct buf sample, enum err expected) {
    struct outcome outcome = store(fix, sample);
    if (outcome.err != expected)
        fail_msg("%s, expected %s", err_str(outcome.err), err_str(expected));
}

/* How many files lie below a directory. */
static int n_files;

static int count_one(const char *path, const struct stat *st, int type,
                     struct FTW *at) {
    (void)path;
    (void)st;
    (void)at;
    n_files += type == FTW_F;
    return 0;
}

static int files_below(const char *dir) {
    n_files = 0;
    nftw(dir, count_one, 16, FTW_PHYS);
    return n_files;
}

static struct buf read_file(const char *path) {
    struct buf out;
    char block[4096];
    size_t n;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    buf_init(&out);
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        buf_add(&out, block, n);
    fclose(file);
    return out;
}

static void expect_size(struct fixture *fix, const char *id, bool thumb,
                        unsigned width, unsigned height) {
    char *path = photo_path(fix->photos, id, thumb);
    struct buf bytes = read_file(path);
    struct looked looked = look_at(bytes.data, bytes.len);
    assert_int_equal(looked.width, width);
    assert_int_equal(looked.height, height);
    free(looked.rgb);
    buf_finish(&bytes);
    free(path);
}

static mode_t mode_of(const char *path) {
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* ---- storing ---- */

static void test_stores_both_pictures(void **state) {
    struct fixture *fix = *state;
    use(fix, fix->child, 30000);
    struct outcome outcome = store(fix, plain_jpeg(3000, 1500));
    const char *id = outcome.photo.id;
    assert_int_equal(outcome.err, OK);
    assert_int_equal(strlen(id), PHOTO_ID_SIZE - 1);
    assert_false(outcome.photo.has_position);
    expect_size(fix, id, false, 2048, 1024);
    expect_size(fix, id, true, 320, 160);
    assert_int_equal(files_below(fix->dir), 2);

    char *path = photo_path(fix->photos, id, false);
    char *expected = xasprintf("%s/%.2s/%s.jpg", fix->dir, id, id);
    assert_string_equal(path, expected);
    assert_int_equal(mode_of(path), 0600);
    *strrchr(path, '/') = '\0';
    assert_int_equal(mode_of(path), 0700);
    assert_int_equal(mode_of(fix->dir), 0700);
    free(path);
    free(expected);
}

static void test_tells_the_position(void **state) {
    struct fixture *fix = *state;
    struct sample_jpeg sample = {.width = 80, .height = 60, .exif = &nanjing};
    use(fix, fix->child, 30000);
    struct outcome outcome = store(fix, sample_jpeg(sample));
    assert_int_equal(outcome.err, OK);
    assert_true(outcome.photo.has_position);
    assert_true(fabs(outcome.photo.lat - NANJING_LAT) < 1e-6);
    assert_true(fabs(outcome.photo.lon - NANJING_LON) < 1e-6);
    char *path = photo_path(fix->photos, outcome.photo.id, false);
    struct buf bytes = read_file(path);
    assert_null(memmem(bytes.data, bytes.len, "Exif", 4));
    buf_finish(&bytes);
    free(path);
}

static void test_takes_all_three_formats(void **state) {
    struct fixture *fix = *state;
    use(fix, fix->child, 30000);
    expect(fix, plain_jpeg(60, 60), OK);
    expect(fix, sample_png(60, 60, 0, false, NULL), OK);
    expect(fix, sample_webp(60, 60, 0, true), OK);
    assert_int_equal(files_below(fix->dir), 6);
}

static void test_refuses_the_rest(void **state) {
    struct fixture *fix = *state;
    use(fix, fix->child, 30000);
    assert_int_equal(store_bytes(fix, "GIF89a", 6).err, ERR_INVALID);
    assert_int_equal(store_bytes(fix, "<html>", 6).err, ERR_INVALID);
    assert_int_equal(store_bytes(fix, "", 0).err, ERR_INVALID);
    struct buf cut = plain_jpeg(200, 200);
    cut.len /= 2;
    expect(fix, cut, ERR_INVALID);
    struct buf bomb = plain_jpeg(16, 16);
    char *frame = memmem(bomb.data, bomb.len, "\xff\xc0", 2);
    memcpy(frame + 5, "\xff\xdc\xff\xdc", 4);
    expect(fix, bomb, ERR_TOO_LARGE);
    assert_int_equal(files_below(fix->dir), 0);
    expect(fix, plain_jpeg(20, 20), OK);
}

static void test_bytes_are_capped(void **state) {
    struct fixture *fix = *state;
    struct buf sample = plain_jpeg(20, 20);
    use(fix, fix->child, 30000);
    /* What follows the end of a picture is nobody's business. */
    memset(buf_reserve(&sample, LIMIT_UPLOAD_BYTES), 0, LIMIT_UPLOAD_BYTES);
    struct outcome most = store_bytes(fix, sample.data, LIMIT_UPLOAD_BYTES);
    assert_int_equal(most.err, OK);
    struct outcome more = store_bytes(fix, sample.data, LIMIT_UPLOAD_BYTES + 1);
    assert_int_equal(more.err, ERR_TOO_LARGE);
    buf_finish(&sample);
}

static void test_many_at_once(void **state) {
    struct fixture *fix = *state;
    struct outcome outcomes[30] = {0};
    struct buf sample = plain_jpeg(40, 40);
    use(fix, fix->child, 30000);
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++)
        photo_store(fix->photos, sample.data, sample.len, on_done,
                    &outcomes[i]);
    buf_finish(&sample); /* it was copied */
    for (size_t i = 0; i < ARRAY_LEN(outcomes); i++) {
        wait_for(fix, &outcomes[i]);
        assert_int_equal(outcomes[i].err, OK);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(outcomes[i].photo.id, outcomes[k].photo.id);
    }
    assert_int_equal(files_below(fix->dir), 2 * ARRAY_LEN(outcomes));
}

static void count_done(void *data, enum err err, const struct photo *photo) {
    (void)photo;
    unsigned *counts = data;
    counts[err]++;
    uv_stop(current);
}

static void test_the_queue_is_capped(void **state) {
    struct fixture *fix = *state;
    unsigned counts[ERR_COUNT] = {0};
    use(fix, fix->child, 30000);
    for (int i = 0; i < PHOTO_WAITING_MAX + 3; i++)
        photo_store(fix->photos, "x", 1, count_done, counts);
    while (counts[ERR_LIMIT] < 3)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
    photos_free(fix->photos);
    fix->photos = NULL;
    assert_int_equal(counts[ERR_LIMIT], 3);
    assert_int_equal(counts[ERR_AWAY] + counts[ERR_INVALID], PHOTO_WAITING_MAX);

    memset(counts, 0, sizeof(counts));
    char *large = xcalloc(1, LIMIT_UPLOAD_BYTES);
    use(fix, fix->child, 30000);
    const unsigned fit = PHOTO_WAITING_BYTES / LIMIT_UPLOAD_BYTES;
    for (unsigned i = 0; i < fit + 1; i++)
        photo_store(fix->photos, large, LIMIT_UPLOAD_BYTES, count_done, counts);
    while (counts[ERR_LIMIT] + counts[ERR_INVALID] < fit + 1)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
    assert_int_equal(counts[ERR_LIMIT], 1);
    free(large);
}

/* ---- children that misbehave ---- */

static char *script(struct fixture *fix, const char *text) {
    char *path = xasprintf("%s/child.sh", fix->base);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s\n", text);
    assert_int_equal(fchmod(fileno(file), 0700), 0);
    fclose(file);
    return path;
}

static void expect_of_script(struct fixture *fix, const char *text,
                             int64_t timeout_ms, enum err expected) {
    char *path = script(fix, text);
    struct buf sample = plain_jpeg(20, 20);
    /* More than a pipe holds, so that some of it stays unread. */
    memset(buf_reserve(&sample, 1000000), 0, 1000000);
    sample.len += 1000000;
    use(fix, path, timeout_ms);
    expect(fix, sample, expected);
    assert_int_equal(files_below(fix->dir), 0);
    free(path);
}

static void test_a_child_that_fails(void **state) {
    struct fixture *fix = *state;
    expect_of_script(fix, "exit 0", 30000, ERR_INVALID);
    expect_of_script(fix, "exit 1", 30000, ERR_INVALID);
    expect_of_script(fix, "exit 3", 30000, ERR_IO); /* PHOTO_EXIT_UNCONFINED */
    expect_of_script(fix, "kill -SEGV $$", 30000, ERR_INVALID);
    expect_of_script(fix, "kill -XCPU $$", 30000, ERR_TIMEOUT);
}

static void test_a_child_that_lies(void **state) {
    struct fixture *fix = *state;
    char text[400];
    expect_of_script(fix, "cat", 30000, ERR_INVALID);
    expect_of_script(fix, "exec yes", 30000, ERR_INVALID);
    /* magic, OK, lengths that do not add up; then lengths that do, with
     * something else than pictures */
    static const char *const heads[] = {
        "1RfX\\0\\0\\0\\0\\377\\377\\377\\377\\5\\0\\0\\0",
        "1RfX\\0\\0\\0\\0\\5\\0\\0\\0\\377\\377\\377\\377",
        "1RfX\\0\\0\\0\\0\\5\\0\\0\\0\\5\\0\\0\\0",
        "1RfX\\7\\0\\0\\0\\5\\0\\0\\0\\5\\0\\0\\0",
    };
    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        snprintf(text, sizeof(text),
                 "printf '%s\\1\\0\\0\\0\\0\\0\\0\\0"
                 "\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0<svg><svg>'",
                 heads[i]);
        expect_of_script(fix, text, 30000, ERR_INVALID);
    }
}

static void test_a_child_that_hangs(void **state) {
    struct fixture *fix = *state;
    expect_of_script(fix, "exec sleep 600", 100, ERR_TIMEOUT);
    expect_of_script(fix, "cat >/dev/null; exec sleep 600", 100, ERR_TIMEOUT);
    /* It is gone, but somebody else holds its pipe. */
    expect_of_script(fix, "sleep 2 & exit 0", 100, ERR_TIMEOUT);
}

/* The first child hangs, the next does its work. */
static void test_recovers_after_a_timeout(void **state) {
    struct fixture *fix = *state;
    char *text = xasprintf(
        "if mkdir '%s/once' 2>/dev/null; then exec sleep 600; fi\n"
        "exec '%s'",
        fix->base, fix->child);
    char *path = script(fix, text);
    use(fix, path, 2000);
    expect(fix, plain_jpeg(20, 20), ERR_TIMEOUT);
    expect(fix, plain_jpeg(20, 20), OK);
    free(path);
    free(text);
}

static void test_no_child_at_all(void **state) {
    struct fixture *fix = *state;
    use(fix, "/nonexistent/xiaofeng-photo", 30000);
    expect(fix, plain_jpeg(20, 20), ERR_IO);
    expect(fix, plain_jpeg(20, 20), ERR_IO);
}

/* ---- files ---- */

static void test_a_disk_that_refuses(void **state) {
    struct fixture *fix = *state;
    int fd = open(fix->dir, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    use(fix, fix->child, 30000);
    expect(fix, plain_jpeg(20, 20), ERR_IO);
    unlink(fix->dir);
    mkdir(fix->dir, 0700);
    expect(fix, plain_jpeg(20, 20), OK);
}

static void test_removes_both_pictures(void **state) {
    struct fixture *fix = *state;
    use(fix, fix->child, 30000);
    struct outcome kept = store(fix, plain_jpeg(20, 20));
    struct outcome gone = store(fix, plain_jpeg(20, 20));
    assert_int_equal(kept.err, OK);
    assert_int_equal(gone.err, OK);
    photo_remove(fix->photos, gone.photo.id);
    photo_remove(fix->photos, gone.photo.id);
    photo_remove(fix->photos, "../../../../../../../x");
    photos_free(fix->photos); /* does not hinder it */
    fix->photos = NULL;
    run_out(fix);
    assert_int_equal(files_below(fix->dir), 2);
    use(fix, fix->child, 30000);
    expect_size(fix, kept.photo.id, false, 20, 20);
    expect_size(fix, kept.photo.id, true, 20, 20);
}

static void test_ids_are_checked(void **state) {
    struct fixture *fix = *state;
    static const char *const bad[] = {
        "",
        "a",
        "AAAAAAAAAAAAAAAAAAAAA",
        "AAAAAAAAAAAAAAAAAAAAAAA",
        "../../../../etc/passwd",
        "AAAAAAAAAAAAAAAAAAAA/A",
        "AAAAAAAAAAAAAAAAAAAA.A",
        "AAAAAAAAAAAAAAAAAAAA\nA",
        "AAAAAAAAAAAAAAAAAAAA%A",
        "AAAAAAAAAAAAAAAAAAA\xe4\xb8\xad",
        "AAAAAAAAAAAAAAAAAAAA+=",
    };
    use(fix, fix->child, 30000);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        assert_null(photo_path(fix->photos, bad[i], false));
    char *path = photo_path(fix->photos, "aZ09-_AAAAAAAAAAAAAAAA", true);
    char *expected = xasprintf("%s/aZ/aZ09-_AAAAAAAAAAAAAAAA_t.jpg", fix->dir);
    assert_string_equal(path, expected);
    free(path);
    free(expected);
}

static void touch(const char *path, time_t age_s) {
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    struct timespec when = {.tv_sec = time(NULL) - age_s};
    futimens(fd, (struct timespec[]){when, when});
    close(fd);
}

static void test_leftovers_are_swept(void **state) {
    struct fixture *fix = *state;
    use(fix, fix->child, 30000);
    char *old = xasprintf("%s/tmp/old.jpg", fix->dir);
    char *fresh = xasprintf("%s/tmp/fresh.jpg", fix->dir);
    touch(old, 7200);
    touch(fresh, 60);
    use(fix, fix->child, 30000);
    assert_int_equal(access(old, F_OK), -1);
    assert_int_equal(access(fresh, F_OK), 0);
    free(old);
    free(fresh);
}

/* ---- the end ---- */

static void test_free_cancels_all(void **state) {
    struct fixture *fix = *state;
    unsigned counts[ERR_COUNT] = {0};
    struct outcome first = {0};
    struct buf sample = plain_jpeg(400, 400);
    use(fix, fix->child, 30000);
    photo_store(fix->photos, sample.data, sample.len, on_done, &first);
    for (int i = 0; i < 9; i++)
        photo_store(fix->photos, sample.data, sample.len, count_done, counts);
    wait_for(fix, &first); /* others are in a child, or being written, now */
    unsigned done = counts[OK];
    photos_free(fix->photos);
    fix->photos = NULL;
    assert_int_equal(counts[OK], done);
    assert_int_equal(counts[ERR_AWAY], 9 - done);
    run_out(fix);
    assert_int_equal(files_below(fix->dir), 2 * (1 + done));
    buf_finish(&sample);
}

static void free_on_done(void *data, enum err err, const struct photo *photo) {
    struct fixture *fix = data;
    assert_int_equal(err, OK);
    photos_free(fix->photos);
    fix->photos = NULL;
    uv_stop(current);
    assert_int_equal(strlen(photo->id), PHOTO_ID_SIZE - 1); /* still there */
}

static void test_free_inside_a_callback(void **state) {
    struct fixture *fix = *state;
    unsigned counts[ERR_COUNT] = {0};
    struct buf sample = plain_jpeg(40, 40);
    use(fix, fix->child, 30000);
    photo_store(fix->photos, sample.data, sample.len, free_on_done, fix);
    for (int i = 0; i < 5; i++)
        photo_store(fix->photos, "x", 1, count_done, counts);
    while (fix->photos)
        uv_run(&fix->loop.uv, UV_RUN_ONCE);
    assert_int_equal(counts[ERR_AWAY] + counts[ERR_INVALID], 5);
    buf_finish(&sample);
}

/* ---- the walls ---- */

static void do_nothing(void) {
}
static void do_allocate(void) {
    void *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        _exit(1);
}
static void do_open(void) {
    (void)!open("/etc/passwd", O_RDONLY | O_CLOEXEC);
}
static void do_socket(void) {
    (void)!socket(AF_INET, SOCK_STREAM, 0);
}
static void do_fork(void) {
    if (fork() == 0)
        _exit(0);
}
static void do_exec(void) {
    execl("/bin/true", "true", (char *)NULL);
}
static void do_executable_memory(void) {
    (void)!mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
}
static void do_write_elsewhere(void) {
    (void)!write(7, "x", 1);
}
static void do_read_elsewhere(void) {
    char c;
    (void)!read(7, &c, 1);
}
static void do_kill(void) {
    kill(getppid(), 0);
}
static void do_raise_limit(void) {
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){16, 16});
}

/* How a process ends that does something inside. */
static int status_of(void (*act)(void)) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        if (!photo_sandbox_enter())
            _exit(2);
        act();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void test_the_sandbox_kills(void **state) {
    (void)state;
    static void (*const acts[])(void) = {
        do_open,           do_socket,
        do_fork,           do_exec,
        do_kill,           do_executable_memory,
        do_read_elsewhere, do_write_elsewhere,
        do_raise_limit,
    };
    assert_int_equal(status_of(do_nothing), 0);
    assert_int_equal(status_of(do_allocate), 0);
    for (size_t i = 0; i < ARRAY_LEN(acts); i++) {
        int status = status_of(acts[i]);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("act %zu ended with status %d", i, status);
    }
}

/* What the kernel says of the real child before it has read a byte. */
static void test_the_child_is_confined_first(void **state) {
    struct fixture *fix = *state;
    int to[2];
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[0], STDIN_FILENO);
        execl(fix->child, fix->child, (char *)NULL);
        _exit(1);
    }
    char *path = xasprintf("/proc/%d/status", (int)pid);
    bool confined = false;
    for (int tries = 0; tries < 5000 && !confined; tries++) {
        struct buf status = read_file(path);
        confined = strstr(status.data, "\nSeccomp:\t2\n") &&
                   strstr(status.data, "\nNoNewPrivs:\t1\n");
        buf_finish(&status);
        usleep(1000);
    }
    assert_true(confined);
    free(path);

    path = xasprintf("/proc/%d/limits", (int)pid);
    struct buf limits = read_file(path);
    assert_non_null(strstr(limits.data, "\nMax open files            0 "));
    assert_non_null(strstr(limits.data, "\nMax processes             0 "));
    assert_non_null(strstr(limits.data, "\nMax file size             0 "));
    assert_non_null(strstr(limits.data, "\nMax core file size        0 "));
    assert_non_null(strstr(limits.data, "\nMax cpu time              10 "));
#ifndef PHOTO_SANITIZED
    assert_null(strstr(limits.data, "\nMax address space         unlimited"));
#endif
    buf_finish(&limits);
    free(path);
    close(to[0]);
    close(to[1]); /* no input: it ends */
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_stores_both_pictures),
        TEST(test_tells_the_position),
        TEST(test_takes_all_three_formats),
        TEST(test_refuses_the_rest),
        TEST(test_bytes_are_capped),
        TEST(test_many_at_once),
        TEST(test_the_queue_is_capped),
        TEST(test_a_child_that_fails),
        TEST(test_a_child_that_lies),
        TEST(test_a_child_that_hangs),
        TEST(test_recovers_after_a_timeout),
        TEST(test_no_child_at_all),
        TEST(test_a_disk_that_refuses),
        TEST(test_removes_both_pictures),
        TEST(test_ids_are_checked),
        TEST(test_leftovers_are_swept),
        TEST(test_free_cancels_all),
        TEST(test_free_inside_a_callback),
        TEST(test_the_sandbox_kills),
        TEST(test_the_child_is_confined_first),
#undef TEST
    };
    token_init();
    return cmocka_run_group_tests_name("photo", tests, NULL, NULL);
}
