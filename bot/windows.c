#include "bot/windows.h"

int64_t windows_open_ms(const struct policy *policy, int64_t now_ms) {
    (void)policy;
    (void)now_ms;
    return 0;
}
