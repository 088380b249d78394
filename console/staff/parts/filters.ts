// Which tickets the list shows: tabs with counts, words to search, and filters
// that fold away.

import m from 'mithril';
import { number } from '../format';
import { t, word } from '../lang';
import { STATES } from '../model';
import { Counts } from '../model';
import { Filters, openCount, queue, Tab, TABS } from '../queue';
import { Button } from './button';
import { Check, Choice, Select } from './field';
import { icon } from './icon';
import { categoryChoices, communityChoices, levelChoices } from './pickers';

const TYPING_MS = 300;

function countOf(tab: Tab, counts: Counts): number {
    return tab === 'all' ? openCount(counts) : counts[tab];
}

function tabs(): m.Children {
    return m(
        '.tabs',
        { role: 'group', 'aria-label': t('queue.tabs') },
        TABS.map((tab) =>
            m(
                'button.tab',
                {
                    type: 'button',
                    'aria-pressed': String(queue.filters.tab === tab),
                    'data-test': `tab-${tab}`,
                    class: tab === 'overdue' ? 'hot' : '',
                    onclick: () => queue.set({ tab }),
                },
                t(`queue.${tab}`),
                queue.counts &&
                    m('span.count', number(countOf(tab, queue.counts))),
            ),
        ),
    );
}

/** "" stands for any of them. */
function filter(name: keyof Filters, choices: Choice[]): m.Children {
    const label = word('field', name);
    return m(Select, {
        label,
        value: queue.filters[name],
        test: `filter-${name}`,
        choices: [{ value: '', title: t('filter.any') }, ...choices],
        set: (value: string) => queue.set({ [name]: value }),
    });
}

function named(space: string, ids: string[]): Choice[] {
    return ids.map((value) => ({ value, title: word(space, value) }));
}

const ORDERS: [string, string][] = [
    ['due', 'asc'],
    ['created', 'desc'],
    ['created', 'asc'],
    ['updated', 'desc'],
];

function sorting(): m.Children {
    const { sort, order } = queue.filters;
    return m(Select, {
        label: t('filter.sort'),
        value: `${sort} ${order}`,
        test: 'filter-sort',
        choices: ORDERS.map(([by, way]) => ({
            value: `${by} ${way}`,
            title: word('sort', `${by}_${way}`),
        })),
        set: (value: string) => {
            const [by, way] = value.split(' ');
            queue.set({ sort: by ?? 'due', order: way ?? 'asc' });
        },
    });
}

function panel(): m.Children {
    const { filters } = queue;
    return m(
        '.filter-panel#filters',
        { 'data-test': 'filters' },
        filter('kind', named('kind', ['request', 'report'])),
        filter('state', named('state', STATES)),
        filter('community', communityChoices()),
        filter('category', categoryChoices(filters.kind)),
        filter('level', levelChoices()),
        filter('urgency', named('urgency', ['urgent', 'normal'])),
        sorting(),
        filters.tab === 'all' &&
            m(Check, {
                label: t('filter.ended'),
                on: filters.ended === '1',
                test: 'filter-ended',
                set: (on: boolean) => queue.set({ ended: on ? '1' : '' }),
            }),
        queue.narrowed() > 0 &&
            m(Button, {
                label: t('filter.none'),
                icon: 'close',
                test: 'filter-none',
                onclick: () => queue.widen(),
            }),
    );
}

export const FilterBar: m.Component = () => {
    let open = false;
    let typed: string | null = null;
    let timer = 0;
    const search = (text: string) => {
        typed = text;
        clearTimeout(timer);
        timer = setTimeout(() => {
            typed = null;
            queue.set({ q: text.trim() });
            m.redraw();
        }, TYPING_MS);
    };
    return {
        onremove: () => clearTimeout(timer),
        view() {
            const n = queue.narrowed();
            return m(
                '.filter-bar',
                tabs(),
                m(
                    '.search-line',
                    m(
                        'label.search',
                        icon('search'),
                        m('span.unseen', t('queue.search')),
                        m('input#search', {
                            type: 'search',
                            'data-test': 'search',
                            placeholder: t('queue.search'),
                            value: typed ?? queue.filters.q,
                            maxlength: 100,
                            autocomplete: 'off',
                            oninput: (event: Event) =>
                                search((event.target as HTMLInputElement).value),
                            onkeydown: (event: KeyboardEvent) => {
                                if (event.key === 'Escape')
                                    (event.target as HTMLElement).blur();
                            },
                        }),
                    ),
                    m(Button, {
                        label: n ? t('filter.some', { n }) : t('filter.act'),
                        icon: 'filter',
                        look: n ? 'soft' : 'quiet',
                        expanded: open,
                        test: 'filter-open',
                        onclick: () => {
                            open = !open;
                        },
                    }),
                ),
                open && panel(),
            );
        },
    };
};
