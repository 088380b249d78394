#pragma once

struct bot;

/*
 * Anchors the audit log while the daemon runs (bot/audit_anchors.h): at the
 * start, every thousand entries, and at the latest ten minutes after one.
 */
struct audit_keeper;

struct audit_keeper *audit_keeper_new(struct bot *bot);
/* The loop has to run once more after. Takes NULL. */
void audit_keeper_free(struct audit_keeper *keeper);
