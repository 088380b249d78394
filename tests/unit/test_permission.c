#include "bot/permission.h"

#include "bot/command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool allows(unsigned has, unsigned wants) {
    return permission_allows(&(struct rider){.roles = has},
                             &(struct command){.roles = wants});
}

static void test_roles(void **state) {
    static const unsigned all[] = {ROLE_RIDER, ROLE_STAFF, ROLE_ORGANISER,
                                   ROLE_ADMIN};
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_true(allows(all[i], 0)); /* everybody's command */
        assert_true(allows(ROLE_ADMIN, all[i]));
    }
    assert_false(allows(ROLE_RIDER, ROLE_STAFF));
    assert_false(allows(ROLE_ORGANISER, ROLE_STAFF));
    assert_false(allows(ROLE_STAFF, ROLE_ORGANISER));
    assert_false(allows(ROLE_STAFF | ROLE_ORGANISER, ROLE_ADMIN));
    assert_true(allows(ROLE_STAFF, ROLE_STAFF | ROLE_ORGANISER));
    assert_true(allows(ROLE_STAFF | ROLE_ORGANISER, ROLE_ORGANISER));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_roles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
