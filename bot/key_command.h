#pragma once

struct config;

/*
 * `xiaofeng key rotate [--finish]`, argv[0] being "key". The exit status; 2
 * when it was not understood.
 */
int key_command(const struct config *config, int argc, char **argv);
