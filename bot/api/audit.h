#pragma once

struct bot;

/* GET /audit and GET /audit/verification. */
void audit_add_routes(struct bot *bot);
