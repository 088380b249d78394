#pragma once

struct config;

/*
 * `xiaofeng organisation import …`: adds and changes units of the organisation
 * by a table. argv[0] is "organisation". Returns the exit status of the
 * process; 2 when the words were not understood.
 */
int organisation_command(const struct config *config, int argc, char **argv);
