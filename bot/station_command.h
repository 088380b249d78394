#pragma once

struct config;

/*
 * `xiaofeng station …`: adds, imports and removes stations, by the daemon's
 * Redis, or its files when it is not running. argv[0] is "station". Returns
 * the exit status of the process; 2 when the words were not understood.
 */
int station_command(const struct config *config, int argc, char **argv);
