#pragma once

struct config;

/*
 * `xiaofeng user add|list|roles|password|disable|enable|remove`, argv[0] being
 * "user". The exit status; 2 when it was not understood.
 */
int user_command(const struct config *config, int argc, char **argv);
