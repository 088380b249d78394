/*
 * The other side of ./dev demo: a simulated OneBot 11 implementation that plays
 * a scripted day of a rider group through the daemon's real WebSocket and
 * prints it as a chat.
 *
 *   demo PORT TOKEN PHOTO [STAFF_CODE ORGANISER_CODE]
 */
#include "tests/peer/onebot_peer.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define GROUP "20010001"
#define GROUP_TITLE "秦淮区外卖站点"
#define ANSWER_MS 4000 /* for the first answer to a line */
#define MORE_MS 500    /* for further ones */

/* ---- a picture for the daemon to fetch, as from a platform's server ---- */

static void serve(int listener, const char *path) {
    static char bytes[256 * 1024];
    FILE *file = fopen(path, "rb");
    size_t len = file == NULL ? 0 : fread(bytes, 1, sizeof(bytes), file);
    for (;;) {
        char request[2048], head[160];
        int peer = accept(listener, NULL, NULL);
        if (peer < 0 || read(peer, request, sizeof(request)) <= 0)
            _exit(1);
        int n = snprintf(head, sizeof(head),
                         "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
                         "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                         len);
        if (write(peer, head, (size_t)n) != n ||
            write(peer, bytes, len) != (ssize_t)len)
            _exit(1);
        close(peer);
    }
}

/* Returns the port; the server is a child that ends with us. */
static int start_pictures(const char *path) {
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, size) != 0 ||
        listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) != 0)
        return 0;
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener, path);
    }
    close(listener);
    return ntohs(at.sin_port);
}

/* ---- printing ---- */

static bool colours;

static const char *colour(const char *code) {
    return colours ? code : "";
}

static void print_text(const char *text, const char *indent) {
    for (const char *c = text; *c != '\0'; c++) {
        putchar(*c);
        if (*c == '\n')
            fputs(indent, stdout);
    }
    putchar('\n');
}

static void pause_ms(long ms) {
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

/* ---- who speaks ---- */

struct person {
    const char *id, *name;
};

static const struct person wang = {"90001", "骑手小王"};
static const struct person li = {"90002", "骑手老李"};
static const struct person chen = {"90003", "骑手小陈"};
static const struct person zhao = {"90101", "社区小赵"};
static const struct person zhou = {"90102", "组织者周老师"};
static const struct person *const people[] = {&wang, &li, &chen, &zhao, &zhou};

static const char *name_of(const char *id) {
    for (size_t i = 0; i < sizeof(people) / sizeof(people[0]); i++)
        if (strcmp(people[i]->id, id) == 0)
            return people[i]->name;
    return id;
}

static int answers; /* of the bot, in all */

/* Prints what the bot says; keeps the last ticket number it told. */
static void listen_to(struct peer *peer, char *ticket, size_t size) {
    struct peer_call *call;
    int wait = ANSWER_MS;
    while ((call = peer_wait_call(peer, wait)) != NULL) {
        wait = MORE_MS;
        answers++;
        printf("  %s小蜂 → %s%s ", colour("\033[33m"),
               call->group ? GROUP_TITLE : name_of(call->to),
               colour("\033[0m"));
        if (call->mention != NULL)
            printf("@%s ", name_of(call->mention));
        print_text(call->text, "       ");
        const char *at = strstr(call->text, "编号 ");
        if (ticket != NULL && at != NULL)
            snprintf(ticket, size, "%.*s",
                     (int)strspn(at + strlen("编号 "), "SP0123456789"),
                     at + strlen("编号 "));
        peer_call_free(call);
    }
}

struct line {
    const struct person *who;
    bool private;
    const char *text;
    const char *photo; /* url */
    bool place;
    bool silence; /* no answer is expected */
};

static void speak(struct peer *peer, const struct line *line, char *ticket,
                  size_t size) {
    const char *const photos[] = {line->photo, NULL};
    pause_ms(600);
    printf("%s%s%s%s ", colour("\033[36m"), line->who->name,
           line->private ? " (私聊)" : "", colour("\033[0m"));
    if (line->photo != NULL)
        printf("[照片] ");
    if (line->place)
        printf("[位置]");
    print_text(line->text == NULL ? "" : line->text, "  ");
    peer_send(peer, &(struct peer_message){
                        .group = line->private ? NULL : GROUP,
                        .user = line->who->id,
                        .nick = line->who->name,
                        .text = line->text,
                        .images = line->photo == NULL ? NULL : photos,
                        .place = line->place,
                        .lat = 32.0433,
                        .lon = 118.7898,
                        .place_name = "科巷新寓 12 号",
                    });
    if (line->silence)
        peer_run(peer, MORE_MS, false);
    else
        listen_to(peer, ticket, size);
}

static void say(struct peer *peer, const struct person *who, bool private,
                const char *text) {
    speak(peer, &(struct line){.who = who, .private = private, .text = text},
          NULL, 0);
}

/* ---- the script ---- */

static void riders(struct peer *peer, const char *photo, char *request,
                   char *report, size_t size) {
    speak(peer,
          &(struct line){.who = &chen, .text = "今天单子真多", .silence = true},
          NULL, 0);
    speak(peer,
          &(struct line){.who = &wang, .text = "诉求 科巷的换电柜坏了两天了"},
          request, size);
    speak(peer,
          &(struct line){.who = &li,
                         .text = "随手拍 消防通道被电动车堵了",
                         .photo = photo},
          NULL, 0);
    speak(peer, &(struct line){.who = &li, .place = true}, report, size);
}

static void stations(struct peer *peer) {
    speak(peer,
          &(struct line){
              .who = &chen, .private = true, .text = "驿站", .place = true},
          NULL, 0);
}

static void staff(struct peer *peer, const char *request, const char *report) {
    char text[256];
    say(peer, &zhao, true, "待办");
    snprintf(text, sizeof(text), "看 %s", report);
    say(peer, &zhao, true, text);
    snprintf(text, sizeof(text), "回复 %s 换电柜今天下午换新，三点后能用。",
             request);
    say(peer, &zhao, true, text);
    snprintf(text, sizeof(text), "办结 %s 车已挪走，通道畅通，谢谢！", report);
    say(peer, &zhao, true, text);
}

static void organiser(struct peer *peer) {
    say(peer, &zhou, true,
        "通知 周六上午 9 点科巷驿站义诊，骑手免费，欢迎带家人。");
    say(peer, &zhou, true, "全部");
    say(peer, &zhou, true, "1");
}

/* What riders make of it: it is read, a quiz is answered, somebody signs up. */
static void take_part(struct peer *peer) {
    say(peer, &chen, true, "答题");
    for (int i = 0; i < 3; i++)
        say(peer, &chen, true, "2");
    say(peer, &wang, true, "活动");
    say(peer, &wang, true, "1");
    say(peer, &wang, true, "1");
    say(peer, &wang, true, "0");
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 6) {
        fputs("usage: demo PORT TOKEN PHOTO [STAFF_CODE ORGANISER_CODE]\n",
              stderr);
        return 2;
    }
    colours = isatty(STDOUT_FILENO);
    setvbuf(stdout, NULL, _IOLBF, 0);
    char photo[64], request[24] = "", report[24] = "", text[64];
    snprintf(photo, sizeof(photo), "http://127.0.0.1:%d/photo.png",
             start_pictures(argv[3]));
    struct peer *peer = peer_connect(
        &(struct peer_options){.port = atoi(argv[1]),
                               .token = argv[2],
                               .groups =
                                   "[{\"group_id\":" GROUP
                                   ",\"group_name\":\"" GROUP_TITLE "\"}]"},
        NULL);
    if (peer == NULL) {
        fputs("demo: the daemon takes no OneBot connection\n", stderr);
        return 1;
    }
    printf("%s── 群聊「%s」 ──%s\n", colour("\033[1m"), GROUP_TITLE,
           colour("\033[0m"));
    riders(peer, photo, request, report, sizeof(request));
    stations(peer);
    if (argc == 6) {
        snprintf(text, sizeof(text), "绑定 %s", argv[4]);
        say(peer, &zhao, true, text);
        snprintf(text, sizeof(text), "绑定 %s", argv[5]);
        say(peer, &zhou, true, text);
    }
    staff(peer, request, report);
    organiser(peer);
    take_part(peer);
    snprintf(text, sizeof(text), "进度 %s", request);
    say(peer, &wang, true, text);
    printf("%s──%s\n", colour("\033[1m"), colour("\033[0m"));
    peer_close(peer);
    if (answers < 21 || request[0] != 'S' || report[0] != 'P') {
        fputs("demo: some answers are missing\n", stderr);
        return 1;
    }
    return 0;
}
