#include "base/seal.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"

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

#define DIGITS                                                                 \
    "00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define OTHER "ff112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"
#define CONTEXT "ticket:S12:place"
#define TEXT "新街口地铁站7号口"

static char dir[64], path[96];
static struct arena arena;

static int setup(void **state) {
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/xiaofeng-seal-XXXXXX");
    arena_init(&arena);
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(path, sizeof(path), "%s/keys/field.key", dir);
    return 0;
}

static int remove_one(const char *name, const struct stat *st, int type,
                      struct FTW *ftw) {
    (void)st;
    (void)type;
    (void)ftw;
    return remove(name);
}

static int teardown(void **state) {
    (void)state;
    arena_finish(&arena);
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void write_keys(const char *text, mode_t mode) {
    char keys[80];
    snprintf(keys, sizeof(keys), "%s/keys", dir);
    mkdir(keys, 0700);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static struct seal *load(void) {
    struct seal *seal = NULL;
    assert_int_equal(seal_load(path, &seal), OK);
    return seal;
}

static struct seal *load_text(const char *text) {
    write_keys(text, 0600);
    return load();
}

static void refuses(const char *text, enum err err) {
    struct seal *seal;
    write_keys(text, 0600);
    if (seal_load(path, &seal) != err)
        fail_msg("not refused as %s: %s", err_str(err), text);
}

static size_t file_lines(void) {
    FILE *file = fopen(path, "r");
    size_t n = 0;
    assert_non_null(file);
    for (int c; (c = getc(file)) != EOF;)
        n += c == '\n';
    fclose(file);
    return n;
}

/* ---- the file --------------------------------------------------------- */

static void test_a_file_is_made(void **state) {
    struct stat st;
    (void)state;
    struct seal *seal = load();
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(seal_count(seal), 1);
    char *sealed = seal_text(seal, &arena, CONTEXT, TEXT);
    char *id = arena_strdup(&arena, seal_current(seal));
    seal_free(seal);

    seal = load(); /* the same one again */
    assert_string_equal(seal_current(seal), id);
    assert_string_equal(seal_open(seal, &arena, CONTEXT, sealed), TEXT);
    seal_free(seal);
}

static void test_who_may_read_the_file(void **state) {
    static const mode_t wrong[] = {0640, 0604, 0660, 0610, 0601, 0644};
    struct seal *seal;
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        write_keys("k1 " DIGITS "\n", wrong[i]);
        assert_int_equal(seal_load(path, &seal), ERR_DENIED);
    }
    write_keys("k1 " DIGITS "\n", 0400);
    seal_free(load());
}

static void test_bad_lines(void **state) {
    (void)state;
    refuses("", ERR_INVALID);
    refuses("\n\n", ERR_INVALID);
    refuses("k1\n", ERR_INVALID);
    refuses("k1 \n", ERR_INVALID);
    refuses(" " DIGITS "\n", ERR_INVALID);
    refuses("k1  " DIGITS "\n", ERR_INVALID);
    refuses("k1 " DIGITS " \n", ERR_INVALID);
    refuses("k1 " DIGITS "0\n", ERR_INVALID);
    refuses("k1 0" DIGITS "\n", ERR_INVALID);
    refuses("k1 x" DIGITS "\n", ERR_INVALID);
    refuses("K1 " DIGITS "\n", ERR_INVALID);
    refuses("k:1 " DIGITS "\n", ERR_INVALID);
    refuses("k12345678 " DIGITS "\n", ERR_INVALID);
    refuses("k1 " DIGITS "\nk1 " OTHER "\n", ERR_INVALID);
    refuses("k1 " DIGITS "\nrubbish\n", ERR_INVALID);
    char *digits = xstrdup("k1 " DIGITS "\n");
    digits[20] = 'g';
    refuses(digits, ERR_INVALID);
    free(digits);
    /* A damaged file is never replaced by a new key. */
    assert_int_equal(file_lines(), 1);
}

static void test_good_lines(void **state) {
    (void)state;
    struct seal *seal = load_text("a " DIGITS "\r\n\nb2345678 " OTHER);
    assert_int_equal(seal_count(seal), 2);
    assert_string_equal(seal_current(seal), "b2345678");
    seal_free(seal);
}

static void test_too_many_keys(void **state) {
    char text[2048] = "";
    (void)state;
    for (int i = 0; i < 16; i++)
        sprintf(text + strlen(text), "k%d " DIGITS "\n", i);
    struct seal *seal = load_text(text);
    assert_int_equal(seal_count(seal), 16);
    assert_int_equal(seal_add_key(seal), ERR_LIMIT);
    seal_free(seal);
    strcat(text, "last " DIGITS "\n");
    refuses(text, ERR_INVALID);
    memset(text, 'x', sizeof(text) - 1);
    refuses(text, ERR_INVALID);
}

static void test_what_is_no_file(void **state) {
    struct seal *seal;
    (void)state;
    assert_int_equal(seal_load(dir, &seal), ERR_IO);
    assert_int_equal(seal_load("/proc/none/key", &seal), ERR_IO);
    snprintf(path, sizeof(path), "%s/pipe", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(seal_load(path, &seal), ERR_IO);
}

/* ---- sealed texts ----------------------------------------------------- */

static void test_a_text_comes_back(void **state) {
    char *large = xcalloc(1, 20001);
    (void)state;
    struct seal *seal = load();
    memset(large, 'x', 20000);
    const char *const texts[] = {"?", TEXT, "a:b c\n", large};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char *sealed = seal_text(seal, &arena, CONTEXT, texts[i]);
        assert_null(strstr(sealed, texts[i]));
        assert_string_equal(seal_open(seal, &arena, CONTEXT, sealed), texts[i]);
        assert_false(seal_is_old(seal, sealed));
        /* Twice the same is not seen to be. */
        assert_string_not_equal(seal_text(seal, &arena, CONTEXT, texts[i]),
                                sealed);
    }
    assert_string_equal(seal_text(seal, &arena, CONTEXT, ""), "");
    assert_string_equal(seal_open(seal, &arena, CONTEXT, ""), "");
    assert_false(seal_is_old(seal, ""));
    seal_free(seal);
    free(large);
}

/* Ends that fill the last digit and ends that do not. */
static void test_texts_of_every_length_come_back(void **state) {
    char text[64] = "";
    (void)state;
    struct seal *seal = load();
    for (size_t len = 1; len < sizeof(text); len++) {
        text[len - 1] = (char)('A' + len % 26);
        char *sealed = seal_text(seal, &arena, CONTEXT, text);
        assert_string_equal(seal_open(seal, &arena, CONTEXT, sealed), text);
    }
    seal_free(seal);
}

static void test_every_altered_letter_is_noticed(void **state) {
    (void)state;
    struct seal *seal = load();
    char *sealed = seal_text(seal, &arena, CONTEXT, TEXT);
    size_t len = strlen(sealed);
    for (size_t i = 0; i < len; i++) {
        char was = sealed[i];
        sealed[i] = was == 'A' ? 'B' : 'A';
        assert_null(seal_open(seal, &arena, CONTEXT, sealed));
        sealed[i] = '\0'; /* a cut end */
        if (i > 0)
            assert_null(seal_open(seal, &arena, CONTEXT, sealed));
        sealed[i] = was;
    }
    assert_null(seal_open(seal, &arena, CONTEXT,
                          arena_printf(&arena, "%sAAAA", sealed)));
    assert_null(seal_open(seal, &arena, CONTEXT, TEXT));
    assert_string_equal(seal_open(seal, &arena, CONTEXT, sealed), TEXT);
    seal_free(seal);
}

static void test_a_moved_value_does_not_open(void **state) {
    (void)state;
    struct seal *seal = load();
    char *sealed = seal_text(seal, &arena, CONTEXT, TEXT);
    assert_null(seal_open(seal, &arena, "ticket:S13:place", sealed));
    assert_null(seal_open(seal, &arena, "ticket:S12:text", sealed));
    assert_null(seal_open(seal, &arena, "", sealed));
    seal_free(seal);
}

static void test_unknown_and_old_keys(void **state) {
    (void)state;
    struct seal *seal = load_text("one " DIGITS "\n");
    char *sealed = seal_text(seal, &arena, CONTEXT, TEXT);
    assert_memory_equal(sealed, "one:", 4);
    seal_free(seal);

    seal = load_text("one " DIGITS "\ntwo " OTHER "\n");
    assert_string_equal(seal_open(seal, &arena, CONTEXT, sealed), TEXT);
    assert_true(seal_is_old(seal, sealed));
    assert_memory_equal(seal_text(seal, &arena, CONTEXT, TEXT), "two:", 4);
    seal_free(seal);

    seal = load_text("two " OTHER "\n");
    assert_null(seal_open(seal, &arena, CONTEXT, sealed));
    assert_true(seal_is_old(seal, sealed));
    seal_free(seal);

    seal = load_text("one " OTHER "\n"); /* the name alone is not enough */
    assert_null(seal_open(seal, &arena, CONTEXT, sealed));
    seal_free(seal);
}

/* ---- macs ------------------------------------------------------------- */

static void test_macs(void **state) {
    char mac[SEAL_MAC_SIZE], again[SEAL_MAC_SIZE];
    (void)state;
    struct seal *seal = load_text("one " DIGITS "\ntwo " OTHER "\n");
    seal_mac(seal, "anchor", "12 abc", mac);
    seal_mac(seal, "anchor", "12 abc", again);
    assert_string_equal(mac, again);
    assert_memory_equal(mac, "two:", 4);
    assert_true(seal_mac_ok(seal, "anchor", "12 abc", mac));
    assert_false(seal_mac_ok(seal, "anchor", "13 abc", mac));
    assert_false(seal_mac_ok(seal, "anchor1", "2 abc", mac));
    assert_false(seal_mac_ok(seal, "anchor", "12 abc", ""));
    for (size_t i = 0; mac[i] != '\0'; i++) {
        char was = mac[i];
        mac[i] = was == '0' ? '1' : '0';
        assert_false(seal_mac_ok(seal, "anchor", "12 abc", mac));
        mac[i] = was;
    }
    memcpy(mac, "one", 3); /* another key's */
    assert_false(seal_mac_ok(seal, "anchor", "12 abc", mac));
    seal_free(seal);
}

/* ---- turning keys ----------------------------------------------------- */

static void test_turning_keys(void **state) {
    bool changed;
    (void)state;
    struct seal *seal = load(), *other = load();
    char *old = seal_text(seal, &arena, CONTEXT, TEXT);
    assert_int_equal(seal_refresh(other, &changed), OK);
    assert_false(changed);

    assert_int_equal(seal_add_key(seal), OK);
    assert_int_equal(seal_count(seal), 2);
    assert_int_equal(file_lines(), 2);
    char *new = seal_text(seal, &arena, CONTEXT, TEXT);
    assert_true(seal_is_old(seal, old));
    assert_false(seal_is_old(seal, new));
    assert_null(seal_open(other, &arena, CONTEXT, new));
    assert_int_equal(seal_refresh(other, &changed), OK);
    assert_true(changed);
    assert_string_equal(seal_open(other, &arena, CONTEXT, new), TEXT);
    assert_string_equal(seal_open(other, &arena, CONTEXT, old), TEXT);

    assert_int_equal(seal_drop_old(other), OK);
    assert_int_equal(file_lines(), 1);
    assert_null(seal_open(other, &arena, CONTEXT, old));
    assert_string_equal(seal_open(other, &arena, CONTEXT, new), TEXT);
    seal_free(seal);
    seal_free(other);
}

/* The running program keeps what it has. */
static void test_a_file_that_went_wrong(void **state) {
    bool changed;
    (void)state;
    struct seal *seal = load_text("one " DIGITS "\n");
    char *sealed = seal_text(seal, &arena, CONTEXT, TEXT);
    write_keys("rubbish\n", 0600);
    assert_int_equal(seal_refresh(seal, &changed), ERR_INVALID);
    assert_string_equal(seal_open(seal, &arena, CONTEXT, sealed), TEXT);
    unlink(path);
    assert_int_equal(seal_refresh(seal, &changed), ERR_NOT_FOUND);
    assert_int_equal(seal_add_key(seal), ERR_NOT_FOUND);
    assert_string_equal(seal_open(seal, &arena, CONTEXT, sealed), TEXT);
    seal_free(seal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_a_file_is_made),
        TEST(test_who_may_read_the_file),
        TEST(test_bad_lines),
        TEST(test_good_lines),
        TEST(test_too_many_keys),
        TEST(test_what_is_no_file),
        TEST(test_a_text_comes_back),
        TEST(test_texts_of_every_length_come_back),
        TEST(test_every_altered_letter_is_noticed),
        TEST(test_a_moved_value_does_not_open),
        TEST(test_unknown_and_old_keys),
        TEST(test_macs),
        TEST(test_turning_keys),
        TEST(test_a_file_that_went_wrong),
    };

    log_init(LOG_ERROR, false);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
