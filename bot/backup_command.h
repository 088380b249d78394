#pragma once

struct config;

/*
 * `xiaofeng backup DIR [--with-keys]` and `xiaofeng restore DIR`, argv[0] being
 * the word. The exit status; 2 when it was not understood.
 */
int backup_command(const struct config *config, int argc, char **argv);
int restore_command(const struct config *config, int argc, char **argv);
