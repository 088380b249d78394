#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int setup(void **state) {
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/xiaofeng-file-XXXXXX");
    return mkdtemp(dir) == NULL ? -1 : 0;
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const char *in_dir(const char *name) {
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static void test_making_directories(void **state) {
    struct stat st;

    (void)state;
    assert_true(file_make_dirs(in_dir("a/b/c")));
    assert_true(file_make_dirs(in_dir("a/b/c/")));
    assert_int_equal(stat(in_dir("a/b"), &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    assert_int_equal(st.st_mode & 077, 0);
    assert_true(file_make_dirs_of(in_dir("d/e/file")));
    assert_int_equal(stat(in_dir("d/e"), &st), 0);
    assert_int_equal(access(in_dir("d/e/file"), F_OK), -1);
    assert_false(file_make_dirs(""));
    assert_false(file_make_dirs("/proc/no/such"));
}

static void test_reading_and_writing(void **state) {
    char bytes[16] = {0};
    int fd = open(in_dir("file"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    (void)state;
    assert_true(fd >= 0);
    assert_true(file_write(fd, "a bee", 5));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(file_read(fd, bytes, sizeof(bytes)), 5);
    assert_string_equal(bytes, "a bee");
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    assert_int_equal(file_read(fd, bytes, 2), 2);
    close(fd);
    assert_int_equal(file_read(fd, bytes, sizeof(bytes)), -1);
    assert_false(file_write(fd, "x", 1));
}

static void test_syncing_directories(void **state) {
    (void)state;
    assert_true(file_sync_dir(dir));
    assert_true(file_sync_dir_of(in_dir("file")));
    assert_false(file_sync_dir(in_dir("none")));
    assert_int_equal(errno, ENOENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_making_directories),
        cmocka_unit_test(test_reading_and_writing),
        cmocka_unit_test(test_syncing_directories),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
