#pragma once

struct bot;

/*
 * For whoever watches over the process:
 *   /healthz  200: it lives; not alive is no answer at all
 *   /readyz   200 when it can serve riders, else 503 and the reason as JSON:
 *             "store" (Redis is away) or "stopping"
 * An account that is offline is no reason: its notices wait, and a restart
 * would not help it.
 */
void health_add_routes(struct bot *bot);
