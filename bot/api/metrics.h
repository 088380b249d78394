#pragma once

struct bot;

/* /metrics: what base/metrics.h counts, and what the process itself costs, in
 * Prometheus' text format. Call once, at start: the uptime counts from then. */
void metrics_add_routes(struct bot *bot);
