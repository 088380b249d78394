// One ticket in a list.

import m from 'mithril';
import { ago, exact } from '../format';
import { t, word } from '../lang';
import { Item } from '../model';
import { unitName } from '../policy';
import { session } from '../session';
import { icon } from './icon';
import { duePill, statePill, urgentPill } from './pill';

interface RowAttrs {
    item: Item;
    open: boolean; // it is the one shown beside
    at: boolean; // the keyboard is here
    changed: boolean;
    fits: boolean;
    selected: boolean;
    select?: () => void;
}

export function assigneeName(
    item: Pick<Item, 'assignee' | 'assignee_name'>,
): string {
    if (item.assignee === null) return t('who.nobody');
    if (item.assignee === session.user?.name) return t('who.me');
    return item.assignee_name || item.assignee;
}

function facts(item: Item): m.Children {
    return m(
        '.facts',
        m('span', word('category', item.category || 'none')),
        item.community && m('span', unitName(item.community)),
        item.level > 1 && m('span', t('level.short', { n: item.level })),
        item.assignee !== null && m('span.who', assigneeName(item)),
        item.photos > 0 &&
            m('span', { title: t('photo.count', { n: item.photos }) },
                icon('photo'), item.photos),
        item.followers > 0 &&
            m('span', { title: t('followers.count', { n: item.followers }) },
                icon('people'), item.followers),
    );
}

export const TicketRow: m.Component<RowAttrs> = () => ({
    onbeforeupdate: () => true,
    view({ attrs }) {
        const { item } = attrs;
        const classes = [
            attrs.open && 'open',
            attrs.at && 'at',
            attrs.changed && 'changed',
            !attrs.fits && 'passed',
            item.overdue && 'overdue',
        ].filter(Boolean);
        return m(
            'li.ticket-row',
            {
                class: classes.join(' '),
                'data-test': 'ticket-row',
                'data-id': item.id,
            },
            attrs.select &&
                m(
                    'label.pick',
                    m('input[type=checkbox]', {
                        checked: attrs.selected,
                        'data-test': 'select',
                        'aria-label': t('bulk.select', { id: item.id }),
                        onchange: attrs.select,
                    }),
                ),
            m(
                'a.main',
                {
                    href: `#!/ticket/${encodeURIComponent(item.id)}`,
                    'aria-current': attrs.open ? 'true' : false,
                },
                m(
                    '.head',
                    m('span.id', item.id),
                    statePill(item.state),
                    urgentPill(item),
                    m('time', { title: exact(item.created_ms) },
                        ago(item.created_ms)),
                ),
                m('p.excerpt', item.excerpt || t('ticket.noText')),
                m('.foot', facts(item), duePill(item)),
            ),
        );
    },
});
