#include "bot/connectors/onebot11_codec.h"

#include "base/arena.h"
#include "base/mem.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/*
 * What real implementations said, recorded between programs that are not ours
 * (see README.md beside the recordings): every frame that came from a OneBot 11
 * implementation is scanned and decoded. The folder is not part of this
 * repository: XIAOFENG_CAPTURES names it, else ../shared/captures is tried.
 */
#define SKIPPED 77 /* to meson */

struct seen {
    unsigned frames, messages, mentions, images, own, heartbeats, lifecycles;
    unsigned sent, refused, unknown; /* answers */
    unsigned other;                  /* anything else: there is none */
};

static const struct capture {
    const char *file;
    bool reverse; /* the implementation opened the connection */
    struct seen expected;
} captures[] = {
    {"napcat-onebot11-forward-array",
     false,
     {20, 4, 1, 1, 1, 1, 2, 7, 4, 1, 0}},
    {"napcat-onebot11-forward-string",
     false,
     {20, 4, 1, 1, 1, 1, 2, 7, 4, 1, 0}},
    {"napcat-onebot11__node-napcat-ts",
     false,
     {7, 2, 0, 0, 0, 2, 1, 1, 0, 1, 0}},
    {"napcat-onebot11-reverse__koishi-adapter-onebot",
     true,
     {7, 2, 0, 1, 0, 1, 1, 1, 2, 0, 0}},
    {"napcat-onebot11-reverse__koishi-adapter-onebot-2-reconnect",
     true,
     {7, 1, 0, 0, 0, 2, 1, 1, 2, 0, 0}},
    {"onebots-v11-forward", false, {20, 4, 1, 1, 0, 2, 2, 8, 4, 0, 0}},
    {"onebots-v11__koishi-adapter-onebot-forward",
     false,
     {15, 4, 1, 1, 0, 5, 1, 3, 2, 0, 0}},
    {"onebots-v11-reverse__koishi-adapter-onebot",
     true,
     {6, 1, 0, 0, 0, 1, 1, 2, 1, 0, 0}},
    {"onebots-v11-reverse__koishi-adapter-onebot-2-reconnect",
     true,
     {2, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0}},
};

static char *folder;

static void see_message(const struct onebot11_frame *frame, struct arena *arena,
                        struct seen *seen) {
    struct onebot11_oddities odd;
    struct onebot11_glance glance;
    struct message message;

    assert_int_equal(onebot11_decode(frame, "10001000", arena, &message, &odd),
                     OK);
    assert_true(onebot11_glance(frame, "10001000", arena, &glance));
    assert_int_equal(odd.wrong + odd.unknown, 0);
    assert_string_equal(glance.glance.chat, message.chat);
    assert_string_equal(glance.glance.rider, message.rider);
    assert_int_equal(glance.glance.mentioned, message.mentioned);
    assert_true(*message.nick && message.time_ms > 0);
    if (message.n_segments == 1)
        assert_int_equal(strncmp(message.segments[0].text, glance.glance.text,
                                 glance.glance.text_len),
                         0);
    seen->messages++;
    seen->mentions += message.mentioned;
    for (size_t i = 0; i < message.n_segments; i++) {
        if (message.segments[i].type == SEGMENT_IMAGE) {
            assert_non_null(strstr(message.segments[i].url, "rkey="));
            seen->images++;
        } else if (message.segments[i].type == SEGMENT_TEXT) {
            assert_null(strstr(message.segments[i].text, "&#"));
            assert_null(strstr(message.segments[i].text, "[CQ"));
        }
    }
}

static void see_answer(const struct onebot11_frame *frame, struct arena *arena,
                       struct seen *seen) {
    struct onebot11_answer answer;

    onebot11_decode_answer(frame, arena, &answer);
    seen->sent += answer.outcome == OUTCOME_SENT;
    seen->refused += answer.outcome == OUTCOME_REFUSED;
    seen->unknown += answer.outcome == OUTCOME_UNKNOWN;
    assert_int_equal(answer.outcome != OUTCOME_SENT, answer.reason != NULL);
}

static void see_frame(const char *text, size_t len, struct seen *seen) {
    struct onebot11_frame frame;
    struct arena arena;

    arena_init(&arena);
    onebot11_scan(&frame, text, len);
    seen->frames++;
    switch (frame.kind) {
    case ONEBOT11_MESSAGE:
        see_message(&frame, &arena, seen);
        break;
    case ONEBOT11_ANSWER:
        see_answer(&frame, &arena, seen);
        break;
    case ONEBOT11_OWN:
        seen->own++;
        break;
    case ONEBOT11_HEARTBEAT:
        seen->heartbeats++;
        break;
    case ONEBOT11_LIFECYCLE:
        seen->lifecycles++;
        break;
    default:
        seen->other++;
    }
    arena_finish(&arena);
}

static void see_line(const char *line, const struct capture *capture,
                     struct seen *seen) {
    const char *dir = NULL;
    const char *kind = NULL;
    const char *data = NULL;
    json_t *root = json_loads(line, 0, NULL);
    size_t len = 0;

    assert_int_equal(json_unpack(root, "{s:s, s:s, s?s%}", "dir", &dir, "kind",
                                 &kind, "data", &data, &len),
                     0);
    if (strcmp(kind, "ws-text") == 0 &&
        strcmp(dir, capture->reverse ? "c>s" : "s>c") == 0)
        see_frame(data, len, seen);
    json_decref(root);
}

static void test_capture(void **state) {
    const struct capture *capture = *state;
    const struct seen *expected = &capture->expected;
    char *path = xasprintf("%s/%s.jsonl", folder, capture->file);
    FILE *file = fopen(path, "r");
    struct seen seen = {0};
    char *line = NULL;
    size_t size = 0;

    if (!file)
        fail_msg("%s is not there", path);
    while (getline(&line, &size, file) > 0)
        see_line(line, capture, &seen);
    fclose(file);
    free(line);
    free(path);
    if (memcmp(&seen, expected, sizeof(seen)) == 0)
        return;
    fail_msg("%s: saw {%u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u}",
             capture->file, seen.frames, seen.messages, seen.mentions,
             seen.images, seen.own, seen.heartbeats, seen.lifecycles, seen.sent,
             seen.refused, seen.unknown, seen.other);
}

int main(void) {
    struct CMUnitTest tests[ARRAY_LEN(captures)];
    const char *named = getenv("XIAOFENG_CAPTURES");
    const char *source = getenv("XIAOFENG_SOURCE");
    int failed;

    folder = named ? xstrdup(named)
                   : xasprintf("%s/../shared/captures", source ? source : ".");
    if (access(folder, R_OK) != 0) {
        printf("skipped: no recordings in %s (XIAOFENG_CAPTURES)\n", folder);
        free(folder);
        return SKIPPED;
    }
    for (size_t i = 0; i < ARRAY_LEN(captures); i++)
        tests[i] = (struct CMUnitTest){
            .name = captures[i].file,
            .test_func = test_capture,
            .initial_state = (void *)(uintptr_t)&captures[i],
        };
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(folder);
    return failed;
}
