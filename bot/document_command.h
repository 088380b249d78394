#pragma once

struct config;

/*
 * `xiaofeng document get|put …`: reads and writes a document of the policy.
 * argv[0] is "document". Returns the exit status of the process; 2 when the
 * words were not understood.
 */
int document_command(const struct config *config, int argc, char **argv);
