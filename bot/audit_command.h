#pragma once

struct config;

/*
 * `xiaofeng audit verify` and `xiaofeng audit list …`, argv[0] being "audit".
 * The exit status; 2 when it was not understood.
 */
int audit_command(const struct config *config, int argc, char **argv);
