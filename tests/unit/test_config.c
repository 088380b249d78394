#define LOG_MODULE "test"
#include "base/log.h"
#include "base/mem.h"
#include "bot/config.h"
#include "bot/config_parts.h"

#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char *no_env[] = {NULL};

/* What the log says meanwhile. */
static int log_fd, stderr_fd;
static char log_text[64 * 1024];

static void begin_log(void) {
    log_fd = memfd_create("log", MFD_CLOEXEC);
    assert_true(log_fd >= 0);
    stderr_fd = dup(STDERR_FILENO);
    assert_int_equal(dup2(log_fd, STDERR_FILENO), STDERR_FILENO);
}

static const char *end_log(void) {
    ssize_t n = pread(log_fd, log_text, sizeof(log_text) - 1, 0);

    dup2(stderr_fd, STDERR_FILENO);
    close(stderr_fd);
    close(log_fd);
    assert_true(n >= 0);
    log_text[n] = '\0';
    return log_text;
}

static enum err parse_len(const char *text, size_t len, char *const *env,
                          struct config **out) {
    begin_log();
    enum err err = config_parse("x.conf", text, len, env, out);
    end_log();
    return err;
}

static struct config *parse(const char *text, char *const *env) {
    struct config *config = NULL;

    if (parse_len(text, strlen(text), env, &config) != OK)
        fail_msg("%s", log_text);
    return config;
}

/* The text is refused, and the log says why. */
static void assert_refused_env(const char *text, char *const *env,
                               const char *why) {
    struct config *config = NULL;

    if (parse_len(text, strlen(text), env, &config) != ERR_INVALID)
        fail_msg("taken: %s", text);
    assert_null(config);
    if (strstr(log_text, why) == NULL)
        fail_msg("\"%s\" is not in: %s", why, log_text);
}

static void assert_refused(const char *text, const char *why) {
    assert_refused_env(text, no_env, why);
}

static size_t count(const char *text, const char *word) {
    size_t n = 0;

    for (; (text = strstr(text, word)) != NULL; text++)
        n++;
    return n;
}

/* A directory for a test's files. */
static char dir[] = "/tmp/xiaofeng-config-XXXXXX";

static int make_dir(void **state) {
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state) {
    (void)state;
    return rmdir(dir);
}

static char *write_file(const char *name, const char *bytes, size_t len,
                        mode_t mode) {
    char *path = xasprintf("%s/%s", dir, name);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void remove_file(char *path) {
    unlink(path);
    free(path);
}

static void test_defaults(void **state) {
    struct config *c = parse("", no_env);

    (void)state;
    assert_string_equal(c->district, "default");
    assert_string_equal(c->operator_name, "");
    assert_string_equal(c->contact, "");
    assert_null(c->public_url);
    assert_string_equal(c->data_dir, "./var");
    assert_int_equal(c->lang, LANG_ZH_CN);
    assert_int_equal(c->utc_offset_minutes, 480);
    assert_int_equal(c->log_level, LOG_INFO);
    assert_false(c->log_json);
    assert_string_equal(c->address, "127.0.0.1");
    assert_int_equal(c->port, 8080);
    assert_null(c->tls_cert);
    assert_null(c->redis_url);
    assert_string_equal(c->redis_server, "redis-server");
    assert_int_equal(c->seen_ttl_ms, 24 * 3600 * 1000);
    assert_null(c->onebot11_token);
    assert_int_equal(c->onebot11_deadline_ms, 20000);
    assert_int_equal(c->n_forwards, 0);
    assert_true(c->account_rate == 2 && c->account_burst == 6);
    assert_true(c->group_rate == 0.5 && c->group_burst == 4);
    assert_int_equal(c->broadcast_jitter_ms, 800);
    assert_true(c->rider_rate == 0.5 && c->rider_burst == 10);
    assert_int_equal(c->form_private_ms, 30 * 60 * 1000);
    assert_int_equal(c->form_group_ms, 5 * 60 * 1000);
    assert_int_equal(c->photo_children, 1);
    assert_false(c->photo_private_urls);
    assert_int_equal(c->photo_timeout_ms, 15000);
    assert_true(c->web);
    assert_int_equal(c->n_web_groups, 0);
    config_free(c);
}

static const char whole_text[] =
    "\xef\xbb\xbf; everything once\r\n"
    "[xiaofeng]\r\n"
    "district = qinhuai\r\n"
    "  operator_name = 秦淮区宁小蜂驿站 ; who else\r\n"
    "\tcontact: 025-12345\n"
    "public_url = https://bee.example/\n"
    "data_dir = /srv/bee\n"
    "language = en\n"
    "utc_offset_minutes = -60\n"
    "log_level = debug\n"
    "log_json = on\n"
    "\n"
    "# the network\n"
    "[server] ; a comment\n"
    "address = *\n"
    "port = 0\n"
    "tls_cert = /etc/c.pem\n"
    "tls_key = /etc/k.pem\n"
    "[redis]\n"
    "url = redis://:pw@127.0.0.1:6379/2\n"
    "server = /usr/bin/redis-server\n"
    "seen = 2d\n"
    "[onebot11]\n"
    "token = s3cret\n"
    "deadline = 1.5s\n"
    "[onebot11.forward home]\n"
    "url = ws://127.0.0.1:3001/\n"
    "token = t1\n"
    "[onebot11.forward  other-one ]\n"
    "url = wss://bot.example/ws?access_token=abc\n"
    "[pace]\n"
    "account_rate = 0\n"
    "account_burst = 1\n"
    "group_rate = 1.25\n"
    "group_burst = 1000\n"
    "broadcast_jitter = 0s\n"
    "[rider]\n"
    "rate = 3\n"
    "burst = 7.5\n"
    "[form]\n"
    "private = 1h\n"
    "group = 90s\n"
    "[photo]\n"
    "children = 2\n"
    "private_urls = TRUE\n"
    "timeout = 2000ms\n"
    "child = ./xiaofeng-photo\n"
    "[web]\n"
    "enabled = off\n"
    "dir = /srv/chat\n"
    "[web.group qinhuai]\n"
    "title = 秦淮区外卖站点\n"
    "[web.group b]\n"
    "[redis]";

static void check_parts(const struct config *c) {
    assert_int_equal(c->n_forwards, 2);
    assert_string_equal(c->forwards[0].name, "home");
    assert_string_equal(c->forwards[0].url, "ws://127.0.0.1:3001/");
    assert_string_equal(c->forwards[0].token, "t1");
    assert_string_equal(c->forwards[1].name, "other-one");
    assert_string_equal(c->forwards[1].url,
                        "wss://bot.example/ws?access_token=abc");
    assert_null(c->forwards[1].token);
    assert_int_equal(c->n_web_groups, 2);
    assert_string_equal(c->web_groups[0].name, "qinhuai");
    assert_string_equal(c->web_groups[0].title, "秦淮区外卖站点");
    assert_string_equal(c->web_groups[1].name, "b");
    assert_string_equal(c->web_groups[1].title, "b");
}

static void test_each_setting_is_taken(void **state) {
    struct config *c = parse(whole_text, no_env);

    (void)state;
    assert_string_equal(c->district, "qinhuai");
    assert_string_equal(c->operator_name, "秦淮区宁小蜂驿站");
    assert_string_equal(c->contact, "025-12345");
    assert_string_equal(c->public_url, "https://bee.example");
    assert_string_equal(c->data_dir, "/srv/bee");
    assert_int_equal(c->lang, LANG_EN);
    assert_int_equal(c->utc_offset_minutes, -60);
    assert_int_equal(c->log_level, LOG_DEBUG);
    assert_true(c->log_json);
    assert_null(c->address);
    assert_int_equal(c->port, 0);
    assert_string_equal(c->tls_cert, "/etc/c.pem");
    assert_string_equal(c->tls_key, "/etc/k.pem");
    assert_string_equal(c->redis_url, "redis://:pw@127.0.0.1:6379/2");
    assert_string_equal(c->redis_server, "/usr/bin/redis-server");
    assert_int_equal(c->seen_ttl_ms, 2 * 86400000);
    assert_string_equal(c->onebot11_token, "s3cret");
    assert_int_equal(c->onebot11_deadline_ms, 1500);
    assert_true(c->account_rate == 0 && c->account_burst == 1);
    assert_true(c->group_rate == 1.25 && c->group_burst == 1000);
    assert_int_equal(c->broadcast_jitter_ms, 0);
    assert_true(c->rider_rate == 3 && c->rider_burst == 7.5);
    assert_int_equal(c->form_private_ms, 3600000);
    assert_int_equal(c->form_group_ms, 90000);
    assert_int_equal(c->photo_children, 2);
    assert_true(c->photo_private_urls);
    assert_int_equal(c->photo_timeout_ms, 2000);
    assert_string_equal(c->photo_child, "./xiaofeng-photo");
    assert_false(c->web);
    assert_string_equal(c->web_dir, "/srv/chat");
    check_parts(c);
    config_free(c);
}

static void test_an_empty_value_is_the_default(void **state) {
    char *env[] = {"XIAOFENG_SERVER_PORT=", NULL};
    struct config *c = parse(
        "[server]\nport = 99\naddress =\n"
        "[onebot11]\ntoken = ; none\n",
        env);

    (void)state;
    assert_int_equal(c->port, 99);
    assert_string_equal(c->address, "127.0.0.1");
    assert_null(c->onebot11_token);
    config_free(c);
}

static void test_the_environment_wins(void **state) {
    char *env[] = {
        "PATH=/bin",
        "XIAOFENG_XIAOFENG_DISTRICT=jianye",
        "XIAOFENG_REDIS_URL=unix:///run/r.sock",
        "XIAOFENG_ONEBOT11_FORWARD_OTHER_ONE_TOKEN=t2",
        "XIAOFENG_ONEBOT11_FORWARD_NEW_URL=ws://127.0.0.1:1/",
        "XIAOFENG_WEB_GROUP_Z_TITLE=last",
        "XIAOFENG_WEB_GROUP_C_TITLE=third",
        "XIAOFENG_WEB_GROUP_B_TITLE=second",
        "XIAOFENG_PACE_ACCOUNT_RATE=5",
        NULL,
    };
    struct config *c = parse(whole_text, env);

    (void)state;
    assert_string_equal(c->district, "jianye");
    assert_string_equal(c->redis_url, "unix:///run/r.sock");
    assert_int_equal(c->n_forwards, 3);
    assert_string_equal(c->forwards[1].name, "other-one");
    assert_string_equal(c->forwards[1].token, "t2");
    assert_string_equal(c->forwards[2].name, "new");
    assert_string_equal(c->forwards[2].url, "ws://127.0.0.1:1/");
    assert_int_equal(c->n_web_groups, 4);
    assert_string_equal(c->web_groups[1].title, "second");
    assert_string_equal(c->web_groups[2].title, "third");
    assert_string_equal(c->web_groups[3].name, "z");
    assert_true(c->account_rate == 5);
    assert_true(c->account_burst == 1);
    config_free(c);
}

static void test_mistakes_of_the_environment(void **state) {
    char *port[] = {"XIAOFENG_SERVER_PORT=x", NULL};
    char *forward[] = {"XIAOFENG_ONEBOT11_FORWARD_A_TOKEN=t", NULL};
    char *name[] = {"XIAOFENG_WEB_GROUP_A.B_TITLE=t", NULL};
    char *twice[] = {"XIAOFENG_ONEBOT11_TOKEN=a",
                     "XIAOFENG_ONEBOT11_TOKEN_FILE=/nowhere", NULL};
    char *lines[] = {"XIAOFENG_XIAOFENG_CONTACT=a\nb", NULL};
    char *bytes[] = {"XIAOFENG_XIAOFENG_CONTACT=\xff", NULL};

    (void)state;
    assert_refused_env("", port, "XIAOFENG_SERVER_PORT: port must be a whole");
    assert_refused_env("", forward, "[onebot11.forward a] wants a url");
    assert_refused_env("", name, "XIAOFENG_WEB_GROUP_A.B_TITLE: [web.group");
    assert_refused_env("", twice, "token is already in another variable");
    assert_refused_env("", lines, "contact must be one line");
    assert_refused_env("", bytes, "contact must be one line of UTF-8");
}

static void test_unknown_variables_only_warn(void **state) {
    char *env[] = {"XIAOFENG_SERVER_PROT=80",
                   "XIAOFENG_WEB_GROUP_TITLE=x",
                   "XIAOFENG_SERVER_PORT_FILE=x",
                   "XIAOFENG_BUILD=/x",
                   "XIAOFENGX=1",
                   NULL};
    struct config *c = parse("", env);

    (void)state;
    assert_int_equal(c->port, 8080);
    assert_int_equal(c->n_web_groups, 0);
    assert_int_equal(count(log_text, "there is no such setting"), 4);
    assert_non_null(strstr(log_text, "XIAOFENG_SERVER_PROT: there"));
    config_free(c);
}

static void test_mistakes_have_a_line(void **state) {
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"[server]\n\nprot = 1\n", "x.conf:3: [server] has no setting prot"},
        {"[servre]\nport = 1\n", "x.conf:1: there is no section [servre]"},
        {"[server x]\n", "x.conf:1: there is no section [server x]"},
        {"[]\n", "x.conf:1: there is no section []"},
        {"port = 1\n", "x.conf:1: a setting before the first [section]"},
        {"[server\nport = 1\n", "x.conf:1: not a [section]"},
        {"[server] port = 1\n", "x.conf:1: not a [section]"},
        {"[server]\nport 1\n", "x.conf:2: neither a [section] nor"},
        {"[server]\nport = 1\nport = 2\n",
         "x.conf:3: port is already in line 2"},
        {"[server]\nport = 1\n[web]\n[server]\nport = 1\n",
         "x.conf:5: port is already in line 2"},
        {"[web.group a]\ntitle = 1\n[web.group a]\ntitle = 1\n",
         "x.conf:4: title is already in line 2"},
        {"[onebot11]\ntoken_file = /nowhere\ntoken = x\n",
         "x.conf:3: token is already in line 2"},
        {"[server]\nport_file = /x\n", "[server] has no setting port_file"},
        {"[server]\nport = 65536\n",
         "2: port must be a whole number from 0 "
         "to 65535"},
        {"[server]\nport = -1\n", "port must be a whole number"},
        {"[server]\nport = 0x50\n", "port must be a whole number"},
        {"[server]\nport = 80.0\n", "port must be a whole number"},
        {"[server]\nport = 99999999999999999999\n", "port must be"},
        {"[server]\nport = 80 # web\n", "port must be a whole number"},
        {"[server]\naddress = localhost\n", "address must be an IP address"},
        {"[server]\ntls_cert = /a\n", "x.conf: [server] wants both tls_cert"},
        {"[xiaofeng]\ndistrict = {a}\n", "2: district must be a name"},
        {"[xiaofeng]\ndistrict = -a\n", "2: district must be a name"},
        {"[xiaofeng]\nlanguage = fr\n", "language must be zh-CN, zh-TW or en"},
        {"[xiaofeng]\nlog_level = all\n", "log_level must be error, warn"},
        {"[xiaofeng]\nlog_json = 1\n", "log_json must be yes or no"},
        {"[xiaofeng]\nutc_offset_minutes = 841\n", "from -720 to 840"},
        {"[xiaofeng]\npublic_url = bee.example\n", "public_url must be an"},
        {"[xiaofeng]\npublic_url = https:///\n", "public_url must be an"},
        {"[redis]\nurl = http://x\n", "url must be a redis:// or unix://"},
        {"[redis]\nurl = unix://x\n", "url must be a redis:// or unix://"},
        {"[redis]\nseen = 59s\n",
         "seen must be a duration such as 500ms, "
         "30s, 5m or 24h, from 1m to 30d"},
        {"[redis]\nseen = 31d\n", "from 1m to 30d"},
        {"[redis]\nseen = 60\n", "from 1m to 30d"},
        {"[form]\ngroup = 5 m\n", "group must be a duration"},
        {"[form]\ngroup = m\n", "group must be a duration"},
        {"[form]\ngroup = 1.00001s\n", "group must be a duration"},
        {"[pace]\ngroup_rate = 1e3\n", "group_rate must be a number"},
        {"[pace]\ngroup_rate = nan\n", "group_rate must be a number"},
        {"[pace]\ngroup_rate = .5\n", "group_rate must be a number"},
        {"[pace]\ngroup_rate = 5.\n", "group_rate must be a number"},
        {"[pace]\ngroup_rate = 1.2.3\n", "group_rate must be a number"},
        {"[pace]\ngroup_rate = 1000.1\n", "from 0 to 1000"},
        {"[onebot11]\ntoken = a b\n", "token must be printable ASCII"},
        {"[onebot11]\ntoken = 秘密\n", "token must be printable ASCII"},
        {"[onebot11.forward]\n", "x.conf:1: [onebot11.forward NAME] wants"},
        {"[onebot11.forward a b]\n", "[onebot11.forward NAME] wants a name"},
        {"[onebot11.forward A]\n", "[onebot11.forward NAME] wants a name"},
        {"[onebot11.forward a]\n", "x.conf: [onebot11.forward a] wants a url"},
        {"[onebot11.forward a]\nurl = http://x\n", "url must be a wss://"},
        {"[onebot11.forward a]\nurl = ws://\n", "url must be a wss://"},
        {"[web.group 秦淮]\n", "[web.group NAME] wants a name"},
        {"[web]\n\xff\xfe = 1\n", "x.conf:2: the line is not UTF-8"},
        {"[web]\ndir = a\x1b[2J\n", "x.conf:2: the line holds a control"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_refused(cases[i].text, cases[i].why);
}

static void test_all_mistakes_are_told(void **state) {
    struct buf text;

    (void)state;
    assert_refused(
        "[server]\nport = x\nadress = y\n[nosuch]\na = 1\nb = 2\n"
        "[web]\nenabled = maybe\n",
        "x.conf:2: ");
    assert_int_equal(count(log_text, "x.conf:"), 4);
    assert_non_null(strstr(log_text, "x.conf:3: "));
    assert_non_null(strstr(log_text, "x.conf:4: "));
    assert_non_null(strstr(log_text, "x.conf:8: "));

    buf_init(&text);
    for (int i = 0; i < 1000; i++)
        buf_adds(&text, "x\n");
    assert_refused(text.data, "x.conf: and 950 more");
    assert_int_equal(count(log_text, "\n"), 51);
    buf_finish(&text);
}

/* A line of len bytes that is a setting. */
static void add_long_line(struct buf *text, size_t len) {
    static const char key[] = "contact = ";

    buf_adds(text, key);
    for (size_t i = strlen(key); i < len; i++)
        buf_addc(text, 'x');
}

static void test_lines_are_bounded(void **state) {
    struct buf text;
    struct config *c;

    (void)state;
    buf_init(&text);
    buf_adds(&text, "[xiaofeng]\n");
    add_long_line(&text, CONFIG_LINE_BYTES);
    c = parse(text.data, no_env);
    assert_int_equal(strlen(c->contact), CONFIG_LINE_BYTES - 10);
    config_free(c);
    buf_addc(&text, 'x');
    assert_refused(text.data, "x.conf:2: the line is too long");
    buf_finish(&text);
}

static void test_nul_is_refused(void **state) {
    static const char text[] =
        "[server]\nport = 1\0"
        "2\n";
    struct config *c = NULL;

    (void)state;
    assert_int_equal(parse_len(text, sizeof(text) - 1, no_env, &c),
                     ERR_INVALID);
    assert_non_null(strstr(log_text, "x.conf:2: the line holds a control"));
}

static void test_huge_files_are_refused(void **state) {
    struct config *c = NULL;
    char *text = xmalloc(CONFIG_FILE_BYTES + 1);
    char *path;

    (void)state;
    memset(text, '\n', CONFIG_FILE_BYTES + 1);
    assert_int_equal(parse_len(text, CONFIG_FILE_BYTES, no_env, &c), OK);
    config_free(c);
    path = write_file("huge", text, CONFIG_FILE_BYTES + 1, 0600);
    begin_log();
    assert_int_equal(config_load(path, &c), ERR_IO);
    assert_non_null(strstr(end_log(), "is too large"));
    remove_file(path);
    free(text);
}

static void test_too_many_sections(void **state) {
    struct buf text;

    (void)state;
    buf_init(&text);
    for (int i = 0; i <= CONFIG_SECTIONS_MAX; i++)
        buf_addf(&text, "[web.group g%d]\ntitle = x\n", i);
    assert_refused(text.data, "x.conf:129: there are more than 64 of [web.");
    assert_int_equal(count(log_text, "x.conf"), 1);
    buf_finish(&text);
}

static void test_secrets_from_files(void **state) {
    char *token = write_file("token", "s3cret\r\n", 8, 0600);
    char *url = write_file("url", "redis://:pw@h/1", 15, 0604);
    char *text = xasprintf(
        "[onebot11]\ntoken_file = %s\n"
        "[redis]\nurl_file = %s\n",
        token, url);
    char *env[] = {
        xasprintf("XIAOFENG_REDIS_URL_FILE=%s", url),
        xasprintf("XIAOFENG_ONEBOT11_FORWARD_A_URL=ws://a"),
        xasprintf("XIAOFENG_ONEBOT11_FORWARD_A_TOKEN_FILE=%s", token), NULL};
    struct config *c = parse(text, no_env);

    (void)state;
    assert_string_equal(c->onebot11_token, "s3cret");
    assert_string_equal(c->redis_url, "redis://:pw@h/1");
    assert_int_equal(count(log_text, "may be read by everybody"), 1);
    assert_non_null(strstr(log_text, "the file of url_file may be"));
    config_free(c);

    c = parse("[redis]\nurl = redis://other\n", env);
    assert_string_equal(c->redis_url, "redis://:pw@h/1");
    assert_string_equal(c->forwards[0].token, "s3cret");
    config_free(c);

    for (size_t i = 0; env[i] != NULL; i++)
        free(env[i]);
    free(text);
    remove_file(token);
    remove_file(url);
}

static void assert_secret_refused(const char *path, const char *why) {
    struct buf text;

    buf_init(&text);
    buf_adds(&text, "[onebot11]\ntoken_file = ");
    buf_adds(&text, path);
    assert_refused(text.data, why);
    buf_finish(&text);
}

static void test_bad_files_of_secrets(void **state) {
    static char bytes[CONFIG_SECRET_BYTES + 1];
    char *path;

    (void)state;
    assert_secret_refused("/nowhere/at/all",
                          "2: the file of token_file does not exist");
    assert_secret_refused(dir, "is not a regular file");
    assert_secret_refused("/dev/zero", "is not a regular file");
    path = xasprintf("%s/fifo", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_secret_refused(path, "is not a regular file");
    remove_file(path);
    path = write_file("s", "\n\n", 2, 0600);
    assert_secret_refused(path, "is empty");
    free(path);
    path = write_file("s", "a\nb\n", 4, 0600);
    assert_secret_refused(path, "is not one line of text");
    free(path);
    path = write_file("s", "a\0b\n", 4, 0600);
    assert_secret_refused(path, "is not one line of text");
    free(path);
    path = write_file("s", "a b\n", 4, 0600);
    assert_secret_refused(path, "2: token must be printable ASCII");
    free(path);
    memset(bytes, 'x', sizeof(bytes));
    path = write_file("s", bytes, sizeof(bytes), 0600);
    assert_secret_refused(path, "is too large");
    remove_file(path);
}

static void test_secrets_are_never_logged(void **state) {
    char *env[] = {"XIAOFENG_ONEBOT11_TOKEN=hush 1",
                   "XIAOFENG_REDIS_URL=hush://2", NULL};
    char *path = write_file("hush", "hu sh-3", 7, 0600);
    char *text = xasprintf(
        "[onebot11]\ntoken_file = %s\nhush-4!x = y\n"
        "hush-5\n[redis]\nurl = redis:/:hush@6\n"
        "[xiaofeng]\npublic_url = hush7\n"
        "[server]\nport = hush8\n",
        path);

    (void)state;
    assert_refused_env(text, env, "token must be printable");
    assert_int_equal(count(log_text, "\n"), 8);
    assert_int_equal(count(log_text, "hush"), 0);
    assert_int_equal(count(log_text, "hu sh"), 0);
    free(text);
    remove_file(path);
}

static void test_a_file_with_a_secret_that_all_can_read(void **state) {
    static const char text[] = "[onebot11]\ntoken = s3cret\n";
    static const mode_t modes[] = {0600, 0644};

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        char *path = write_file("x", text, strlen(text), modes[i]);
        struct config *c = NULL;
        begin_log();
        enum err err = config_load(path, &c);
        end_log();
        assert_int_equal(err, OK);
        assert_string_equal(c->onebot11_token, "s3cret");
        assert_int_equal(count(log_text, "holds a secret and may be"), i);
        config_free(c);
        remove_file(path);
    }
}

static void test_the_file_is_missing(void **state) {
    struct config *c = NULL;

    (void)state;
    begin_log();
    assert_int_equal(config_load("/nowhere/x.conf", &c), ERR_IO);
    assert_non_null(strstr(end_log(), "/nowhere/x.conf: does not exist"));
    begin_log();
    assert_int_equal(config_load(dir, &c), ERR_IO);
    assert_non_null(strstr(end_log(), "is not a regular file"));
    assert_null(c);
}

static void test_no_file(void **state) {
    struct config *c = NULL;

    (void)state;
    begin_log();
    enum err err = config_load(NULL, &c);
    end_log();
    assert_int_equal(err, OK);
    assert_string_equal(c->district, "default");
    config_free(c);
}

static void assert_data_dir(char *const *env, const char *path) {
    struct config *c = parse("", env);

    assert_string_equal(c->data_dir, path);
    config_free(c);
}

static void test_the_data_directory(void **state) {
    char *systemd[] = {"XDG_STATE_HOME=/home/b/.s",
                       "STATE_DIRECTORY=/var/lib/xiaofeng:/var/lib/x", NULL};
    char *user[] = {"XDG_STATE_HOME=/home/b/.s", "STATE_DIRECTORY=", NULL};
    char *odd[] = {"XDG_STATE_HOME=s", NULL};
    char *ours[] = {"STATE_DIRECTORY=/var/lib/xiaofeng",
                    "XIAOFENG_XIAOFENG_DATA_DIR=/d", NULL};

    (void)state;
    assert_data_dir(systemd, "/var/lib/xiaofeng");
    assert_data_dir(user, "/home/b/.s/xiaofeng");
    assert_data_dir(odd, "./var");
    assert_data_dir(ours, "/d");
}

static void assert_key_file(char *const *env, const char *path) {
    struct config *c = parse("", env);

    assert_string_equal(c->key_file, path);
    config_free(c);
}

static void test_the_key_file(void **state) {
    char *beside[] = {"XIAOFENG_XIAOFENG_DATA_DIR=/d", NULL};
    char *apart[] = {"XIAOFENG_XIAOFENG_DATA_DIR=/d",
                     "XIAOFENG_PRIVACY_KEY_FILE=/etc/k", NULL};

    (void)state;
    assert_key_file(beside, "/d/field.key");
    assert_key_file(apart, "/etc/k");
}

static void test_parts_next_to_the_program(void **state) {
    char *exe_dir = config_exe_dir();
    char *console = xasprintf("%s/console", exe_dir);
    char *chat = xasprintf("%s/console/chat", exe_dir);
    struct config *c = parse("", no_env);

    (void)state;
    assert_int_equal(exe_dir[0], '/');
    assert_non_null(strstr(c->web_dir, "/share/xiaofeng/chat"));
    config_free(c);
    assert_int_equal(mkdir(console, 0700), 0);
    assert_int_equal(mkdir(chat, 0700), 0);
    c = parse("", no_env);
    assert_int_equal(rmdir(chat), 0);
    assert_int_equal(rmdir(console), 0);
    assert_string_equal(c->web_dir, chat);
    assert_non_null(strstr(c->photo_child, "/xiaofeng-photo"));
    config_free(c);
    free(chat);
    free(console);
    free(exe_dir);
}

/* Whatever is commented out in the example is a setting with its default; the
 * lint "settings" sees to that. Here: it is accepted, and changes nothing. */
static void test_the_example_is_accepted(void **state) {
    const char *source = getenv("XIAOFENG_SOURCE");
    char *path = xasprintf("%s/docs/xiaofeng.conf", source);
    struct config *c = NULL;

    (void)state;
    assert_non_null(source);
    begin_log();
    enum err err = config_load(path, &c);
    end_log();
    assert_int_equal(err, OK);
    assert_string_equal(c->district, "default");
    assert_int_equal(c->port, 8080);
    config_free(c);
    free(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_each_setting_is_taken),
        cmocka_unit_test(test_an_empty_value_is_the_default),
        cmocka_unit_test(test_the_environment_wins),
        cmocka_unit_test(test_mistakes_of_the_environment),
        cmocka_unit_test(test_unknown_variables_only_warn),
        cmocka_unit_test(test_mistakes_have_a_line),
        cmocka_unit_test(test_all_mistakes_are_told),
        cmocka_unit_test(test_lines_are_bounded),
        cmocka_unit_test(test_nul_is_refused),
        cmocka_unit_test(test_huge_files_are_refused),
        cmocka_unit_test(test_too_many_sections),
        cmocka_unit_test(test_secrets_from_files),
        cmocka_unit_test(test_bad_files_of_secrets),
        cmocka_unit_test(test_secrets_are_never_logged),
        cmocka_unit_test(test_a_file_with_a_secret_that_all_can_read),
        cmocka_unit_test(test_the_file_is_missing),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_the_data_directory),
        cmocka_unit_test(test_the_key_file),
        cmocka_unit_test(test_parts_next_to_the_program),
        cmocka_unit_test(test_the_example_is_accepted),
    };

    config_free(NULL);
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
