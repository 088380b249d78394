#pragma once

struct config;

/*
 * `xiaofeng token add|list|remove`, argv[0] being "token". The exit status; 2
 * when it was not understood.
 */
int token_command(const struct config *config, int argc, char **argv);
