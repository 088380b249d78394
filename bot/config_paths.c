#include "bot/config_parts.h"

#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* systemd's own directory for us, that of the user, or one right here. */
static char *find_data_dir(char *const *env) {
    const char *state = config_env(env, "STATE_DIRECTORY");
    const char *home = config_env(env, "XDG_STATE_HOME");

    if (state != NULL) /* a list, when the unit names several */
        return xstrndup(state, strcspn(state, ":"));
    if (home != NULL && home[0] == '/') /* any other is to be ignored */
        return xasprintf("%s/xiaofeng", home);
    return xstrdup("./var");
}

/* In a build directory the parts lie next to the program. */
static char *find_part(const char *exe_dir, const char *built,
                       const char *installed) {
    char *path = xasprintf("%s/%s", exe_dir, built);

    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return xstrdup(installed);
}

char *config_exe_dir(void) {
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
    const char *slash = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;

    return slash != NULL ? xstrndup(path, (size_t)(slash - path))
                         : xstrdup(".");
}

void config_fill_paths(struct config *config, char *const *env) {
    char *exe_dir = config_exe_dir();

    if (config->data_dir == NULL)
        config->data_dir = find_data_dir(env);
    if (config->key_file == NULL)
        config->key_file = xasprintf("%s/field.key", config->data_dir);
    if (config->photo_child == NULL)
        config->photo_child = find_part(exe_dir, "xiaofeng-photo",
                                        XIAOFENG_LIBEXEC_DIR "/xiaofeng-photo");
    if (config->web_dir == NULL)
        config->web_dir =
            find_part(exe_dir, "console/chat", XIAOFENG_DATA_DIR "/chat");
    if (config->console_dir == NULL)
        config->console_dir =
            find_part(exe_dir, "console/staff", XIAOFENG_DATA_DIR "/console");
    free(exe_dir);
}
