/* When a ticket must be taken up, warned of and solved. */
#include "bot/desk_parts.h"
#include "bot/policy.h"

static const struct clock_rule *rule_of(const struct policy *policy,
                                        const struct ticket *ticket) {
    return policy_clock(policy, ticket->category, ticket->urgent);
}

/* A span of 0 in a rule: no such clock. */
static int64_t due(const struct policy *policy, const struct clock_rule *rule,
                   int64_t from_ms, int64_t span_ms) {
    return span_ms <= 0 ? 0 : policy_due(policy, rule, from_ms, span_ms);
}

void desk_clock_hand_over(const struct policy *policy, struct ticket *ticket,
                          int64_t now_ms) {
    const struct clock_rule *rule = rule_of(policy, ticket);
    ticket->acknowledge_ms = due(policy, rule, now_ms, rule->acknowledge_ms);
}

void desk_clock_start(const struct policy *policy, struct ticket *ticket,
                      int64_t now_ms) {
    const struct clock_rule *rule = rule_of(policy, ticket);
    desk_clock_hand_over(policy, ticket, now_ms);
    ticket->resolve_ms = due(policy, rule, now_ms, rule->resolve_ms);
    ticket->left_ms = 0;
}

void desk_clock_stop(const struct policy *policy, struct ticket *ticket,
                     int64_t now_ms) {
    if (ticket->resolve_ms != 0) {
        int64_t left = policy_left(policy, rule_of(policy, ticket), now_ms,
                                   ticket->resolve_ms);
        ticket->left_ms = left > 0 ? left : 1; /* 0 would be no clock */
    }
    ticket->acknowledge_ms = ticket->resolve_ms = ticket->due_ms = 0;
    ticket->due = DUE_NOTHING;
}

void desk_clock_resume(const struct policy *policy, struct ticket *ticket,
                       int64_t now_ms) {
    if (ticket->left_ms == 0)
        return;
    ticket->resolve_ms =
        policy_due(policy, rule_of(policy, ticket), now_ms, ticket->left_ms);
    ticket->left_ms = 0;
}

void desk_clock_end(struct ticket *ticket) {
    ticket->acknowledge_ms = ticket->resolve_ms = ticket->left_ms = 0;
    ticket->due_ms = 0;
    ticket->due = DUE_NOTHING;
}

/* When the warning is due: the rule may have changed since the clock began, so
 * it is reckoned from what is left. 0: there is none. */
static int64_t warn_ms(const struct policy *policy, const struct ticket *ticket,
                       int64_t now_ms) {
    const struct clock_rule *rule = rule_of(policy, ticket);
    if (ticket->warned || ticket->resolve_ms == 0 || rule->warn_ms <= 0 ||
        rule->warn_ms >= rule->resolve_ms)
        return 0;
    int64_t left = policy_left(policy, rule, now_ms, ticket->resolve_ms);
    if (left > rule->warn_ms)
        return policy_due(policy, rule, now_ms, left - rule->warn_ms);
    return now_ms < ticket->resolve_ms ? now_ms : ticket->resolve_ms;
}

static void sooner(struct ticket *ticket, int64_t at_ms, enum ticket_due due) {
    if (at_ms == 0 || (ticket->due_ms != 0 && ticket->due_ms <= at_ms))
        return;
    ticket->due_ms = at_ms;
    ticket->due = due;
}

void desk_clock_next(const struct policy *policy, struct ticket *ticket,
                     int64_t now_ms) {
    ticket->due_ms = 0;
    ticket->due = DUE_NOTHING;
    if (ticket->state == TICKET_WAITING)
        return;
    sooner(ticket, warn_ms(policy, ticket, now_ms), DUE_WARN);
    sooner(ticket, ticket->acknowledge_ms, DUE_ACKNOWLEDGE);
    sooner(ticket, ticket->resolve_ms, DUE_RESOLVE);
}
