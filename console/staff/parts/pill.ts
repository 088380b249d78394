// Small labels: the state of a ticket, its time, its level. Colour never says
// anything alone.

import m from 'mithril';
import { exact, span } from '../format';
import { t, word } from '../lang';
import { Item, State } from '../model';
import { icon } from './icon';

export function statePill(state: State): m.Children {
    return m(`span.pill.state-${state}`, word('state', state));
}

/** Only what is more than usual. */
export function urgentPill(item: Pick<Item, 'urgency'>): m.Children {
    return item.urgency === 'urgent'
        ? m('span.pill.urgent', icon('fire'), t('urgency.urgent'))
        : null;
}

export function duePill(
    item: Pick<Item, 'due_ms' | 'due_what' | 'overdue'>,
    now = Date.now(),
): m.Children {
    if (item.due_ms === null) return null;
    const left = item.due_ms - now;
    const late = item.overdue || left < 0;
    const look = late ? 'late' : left < 2 * 3600 * 1000 ? 'soon' : 'calm';
    const what = item.due_what ? word('due', item.due_what) : '';
    const text = late
        ? t('due.late', { what, span: span(left) })
        : t('due.left', { what, span: span(left) });
    return m(
        `span.due.${look}`,
        { title: exact(item.due_ms) },
        icon('clock'),
        text,
    );
}

export function stars(n: number): m.Children {
    return m(
        'span.stars',
        { role: 'img', 'aria-label': t('rating.of', { n }) },
        '★'.repeat(n) + '☆'.repeat(Math.max(0, 5 - n)),
    );
}
