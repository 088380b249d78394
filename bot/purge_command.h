#pragma once

struct config;

/*
 * `xiaofeng purge [--dry-run]`, argv[0] being "purge". The exit status; 2 when
 * it was not understood.
 */
int purge_command(const struct config *config, int argc, char **argv);
