#include "bot/connectors/onebot11_codec.h"

#include <ctype.h>
#include <string.h>

/*
 * Implementations have one retcode for everything that QQ refuses (NapCat 1200,
 * go-cqhttp and its kin 100 or -1), so their words decide. Seen with them:
 *   NapNeko/NapCatQQ issues 398, 901   a group in which the bot is muted
 *   Mrs4s/go-cqhttp issues 382, 2237   "账号可能被风控", some of which arrived
 *   Mrs4s/go-cqhttp issue 1838         too many in a short time
 */
struct word {
    const char *word;
    enum refusal refusal;
};

/* The first that is found counts. */
static const struct word words[] = {
    {"被封", REFUSAL_BANNED},
    {"封号", REFUSAL_BANNED},
    {"封禁", REFUSAL_BANNED},
    {"冻结", REFUSAL_BANNED},
    {"風控", REFUSAL_BANNED},
    {"风控", REFUSAL_BANNED},
    {"banned", REFUSAL_BANNED},
    {"频率", REFUSAL_TOO_FAST},
    {"頻率", REFUSAL_TOO_FAST},
    {"频繁", REFUSAL_TOO_FAST},
    {"頻繁", REFUSAL_TOO_FAST},
    {"过快", REFUSAL_TOO_FAST},
    {"過快", REFUSAL_TOO_FAST},
    {"太快", REFUSAL_TOO_FAST},
    {"限流", REFUSAL_TOO_FAST},
    {"rate limit", REFUSAL_TOO_FAST},
    {"too fast", REFUSAL_TOO_FAST},
    {"too many", REFUSAL_TOO_FAST},
    {"too frequent", REFUSAL_TOO_FAST},
    {"禁言", REFUSAL_GONE},
    {"不是群成员", REFUSAL_GONE},
    {"不在群", REFUSAL_GONE},
    {"未加入", REFUSAL_GONE},
    {"移出", REFUSAL_GONE},
    {"踢出", REFUSAL_GONE},
    {"解散", REFUSAL_GONE},
    {"群不存在", REFUSAL_GONE},
    {"群聊不存在", REFUSAL_GONE},
    {"GROUP_NOT_FOUND", REFUSAL_GONE},
    {"group not found", REFUSAL_GONE},
    {"not in group", REFUSAL_GONE},
    {"not in the group", REFUSAL_GONE},
    {"not a member", REFUSAL_GONE},
};

/* QQ's result of a send: 120 is muted, 110 is not in the group. */
static const struct word results[] = {
    {"110", REFUSAL_GONE},
    {"120", REFUSAL_GONE},
};

/* The digits behind a word for "result", as in "result": 120. */
static const char *result_of(const char *text) {
    static const char *const names[] = {"result", "error", "错误码"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *at = strcasestr(text, names[i]);

        if (!at)
            continue;
        at += strlen(names[i]);
        at += strspn(at, "\": =,");
        if (isdigit((unsigned char)*at))
            return at;
    }
    return NULL;
}

enum refusal onebot11_refusal(const char *text) {
    const char *result = result_of(text);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasestr(text, words[i].word))
            return words[i].refusal;
    for (size_t i = 0; result && i < sizeof(results) / sizeof(results[0]); i++)
        if (strspn(result, "0123456789") == strlen(results[i].word) &&
            strncmp(result, results[i].word, strlen(results[i].word)) == 0)
            return results[i].refusal;
    return REFUSAL_OTHER;
}

bool onebot11_suspects(const char *text) {
    return strstr(text, "风控") || strstr(text, "風控");
}
