#include "bot/api/access.h"

#include "base/arena.h"
#include "base/mem.h"
#include "bot/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define TREE                                                                   \
    "{\"units\":[{\"id\":\"qinhuai\",\"name\":\"秦淮区\",\"kind\":"            \
    "\"district\"},"                                                           \
    "{\"id\":\"north\",\"name\":\"北\",\"kind\":\"community\",\"parent\":"     \
    "\"qinhuai\"},"                                                            \
    "{\"id\":\"south\",\"name\":\"南\",\"kind\":\"community\",\"parent\":"     \
    "\"qinhuai\"}]}"
#define ROUTING "{\"default\":\"qinhuai\",\"rules\":[]}"

struct fixture {
    struct arena arena;
    struct policy *policy;
};

static int setup(void **state) {
    static struct fixture f;
    struct document documents[POLICY_DOCUMENTS] = {0};
    struct problems problems = {0};
    arena_init(&f.arena);
    documents[POLICY_ORGANISATION] =
        (struct document){.version = 1, .json = TREE, .json_len = strlen(TREE)};
    documents[POLICY_ROUTING] = (struct document){
        .version = 1, .json = ROUTING, .json_len = strlen(ROUTING)};
    if (policy_parse(documents, 480, &f.arena, &problems, &f.policy) != OK)
        fail_msg("%s: %s", problems.items[0].path, problems.items[0].text);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    struct fixture *f = *state;
    policy_free(f->policy);
    arena_finish(&f->arena);
    return 0;
}

static struct caller caller_of(struct user *user) {
    struct caller caller = {.user = user};
    access_of_user(&caller);
    return caller;
}

static void each_role_has_what_it_needs(void **state) {
    static const char *const expected[USER_ROLES] = {
        [USER_STAFF] = "tickets:read tickets:move statistics",
        [USER_LEAD] =
            "tickets:read tickets:move tickets:bulk statistics "
            "export",
        [USER_DEPARTMENT] = "tickets:read tickets:move tickets:file",
        [USER_AUDITOR] = "tickets:read statistics export audit",
        [USER_ADMIN] =
            "tickets:read tickets:move tickets:file tickets:bulk "
            "statistics export audit users tokens documents "
            "webhooks open311 broadcasts approve study events groups",
        [USER_UNMASK] = "unmask",
        [USER_ORGANISER] = "broadcasts study events groups",
        [USER_APPROVER] = "broadcasts approve",
    };
    struct fixture *f = *state;
    for (int role = 0; role < USER_ROLES; role++) {
        unsigned permissions = access_of_role((enum user_role)role), parsed;
        assert_string_equal(access_print(&f->arena, permissions),
                            expected[role]);
        assert_true(access_parse(expected[role], &parsed));
        assert_int_equal(parsed, permissions);
    }
}

static void words_are_known_or_not(void **state) {
    const char *words[32];
    unsigned set = 77;
    (void)state;
    assert_true(access_parse("", &set));
    assert_int_equal(set, 0);
    assert_true(access_parse(" audit  export ", &set));
    assert_int_equal(set, PERM_AUDIT | PERM_EXPORT);
    assert_false(access_parse("audit everything", &set));
    assert_false(access_parse("audi", &set));
    assert_false(access_parse("auditx", &set));
    assert_int_equal(access_words(PERM_AUDIT | PERM_SIGNED_IN, words), 1);
    assert_string_equal(words[0], "audit");
    assert_int_equal(access_words(~0u, words), 18);
}

static void a_grant_covers_its_part(void **state) {
    struct fixture *f = *state;
    struct user user = {
        .grants = {{USER_STAFF, "north", "wage"}, {USER_AUDITOR, "*", "*"}},
        .n_grants = 2};
    struct caller caller = caller_of(&user);
    assert_int_equal(caller.permissions,
                     access_of_role(USER_STAFF) | access_of_role(USER_AUDITOR));
    const struct {
        enum permission permission;
        const char *unit, *community, *category;
        bool covers;
    } cases[] = {
        {PERM_TICKETS_MOVE, "north", "", "wage", true},
        {PERM_TICKETS_MOVE, "elsewhere", "north", "wage", true},
        {PERM_TICKETS_MOVE, "north", "north", "injury", false},
        {PERM_TICKETS_MOVE, "south", "south", "wage", false},
        {PERM_TICKETS_MOVE, "qinhuai", "", "wage", false}, /* above it */
        {PERM_TICKETS_MOVE, "*", "*", "wage", false},
        {PERM_TICKETS_MOVE, "", "", "wage", false},
        {PERM_AUDIT, "south", "", "fire", true},
        {PERM_AUDIT, "gone", "", "fire", true},
        {PERM_TICKETS_READ, "south", "", "fire", true},
        {PERM_USERS, "north", "", "wage", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(access_covers(&caller, f->policy, cases[i].permission,
                                       cases[i].unit, cases[i].community,
                                       cases[i].category),
                         cases[i].covers);
    /* One that says no unit is worth nothing. */
    user = (struct user){.grants = {{USER_STAFF, "", "*"}}, .n_grants = 1};
    caller = caller_of(&user);
    assert_false(access_covers(&caller, f->policy, PERM_TICKETS_READ, "north",
                               "north", "wage"));
}

static void a_token_has_its_scopes(void **state) {
    struct fixture *f = *state;
    struct caller caller = {.grants = {{USER_ADMIN, "north", "*"}},
                            .n_grants = 1,
                            .permissions = PERM_TICKETS_READ};
    assert_true(access_covers(&caller, f->policy, PERM_TICKETS_READ, "north",
                              "", "wage"));
    assert_false(access_covers(&caller, f->policy, PERM_TICKETS_MOVE, "north",
                               "", "wage"));
    assert_false(access_covers(&caller, f->policy, PERM_TICKETS_READ, "south",
                               "", "wage"));
}

static void nobody_gives_what_they_have_not(void **state) {
    struct fixture *f = *state;
    struct user user = {.grants = {{USER_ADMIN, "north", "*"},
                                   {USER_UNMASK, "north", "wage"},
                                   {USER_STAFF, "*", "*"}},
                        .n_grants = 3};
    struct caller caller = caller_of(&user);
    const struct {
        enum user_role role;
        const char *unit, *category;
        bool may;
    } cases[] = {
        {USER_ADMIN, "north", "*", true},
        {USER_LEAD, "north", "wage", true},
        {USER_UNMASK, "north", "wage", true},
        {USER_UNMASK, "north", "*", false},
        {USER_UNMASK, "qinhuai", "wage", false},
        {USER_ADMIN, "qinhuai", "*", false},
        {USER_ADMIN, "south", "*", false},
        {USER_ADMIN, "*", "*", false},
        {USER_STAFF, "*", "*", true},
        {USER_STAFF, "south", "fire", true},
        {USER_LEAD, "south", "fire", false},
        {USER_STAFF, "", "*", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(access_may_give(&caller, f->policy,
                                         access_of_role(cases[i].role),
                                         cases[i].unit, cases[i].category),
                         cases[i].may);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_role_has_what_it_needs),     TEST(words_are_known_or_not),
        TEST(a_grant_covers_its_part),         TEST(a_token_has_its_scopes),
        TEST(nobody_gives_what_they_have_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
