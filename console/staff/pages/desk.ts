// The daily page: the queue, and the ticket that is open. Beside each other
// where there is room, else one at a time.

import m from 'mithril';
import { number } from '../format';
import { t } from '../lang';
import { live } from '../live';
import { bulkBar } from '../parts/bulk';
import { Button } from '../parts/button';
import { isDialogOpen, openDialog } from '../parts/dialog';
import { exportButtons } from '../parts/export';
import { FilterBar } from '../parts/filters';
import { More } from '../parts/more';
import { TicketRow } from '../parts/ticket_row';
import { empty, failed, waiting } from '../parts/waiting';
import { apiQuery, queue } from '../queue';
import { may } from '../session';
import { TicketPage } from './ticket';

const KEYS: [string, () => string][] = [
    ['J', () => t('keys.next')],
    ['K', () => t('keys.previous')],
    ['Enter', () => t('keys.open')],
    ['X', () => t('keys.select')],
    ['/', () => t('keys.search')],
    ['Esc', () => t('keys.back')],
    ['?', () => t('keys.help')],
];

function help(): void {
    openDialog(t('keys.title'), () =>
        m('dl.keys', KEYS.map(([key, what]) => [
            m('dt', m('kbd', key)),
            m('dd', what()),
        ])),
    );
}

function open(id: string): void {
    m.route.set(`/ticket/${encodeURIComponent(id)}`);
}

function toSearch(): void {
    document.getElementById('search')?.focus();
}

/** Where somebody types, letters are letters. */
function typing(event: KeyboardEvent): boolean {
    const target = event.target as HTMLElement | null;
    return (
        event.ctrlKey || event.altKey || event.metaKey || isDialogOpen() ||
        !!target?.closest('input:not([type=checkbox]), textarea, select')
    );
}

function onKey(event: KeyboardEvent): void {
    if (typing(event)) return;
    const acts: Record<string, () => void> = {
        j: () => queue.step(1),
        k: () => queue.step(-1),
        x: () => {
            if (queue.at && may('tickets:bulk')) queue.select(queue.at);
        },
        '/': toSearch,
        '?': help,
        Escape: () => m.route.set('/queue'),
    };
    if (!(event.target as HTMLElement | null)?.closest('a, button'))
        acts['Enter'] = () => {
            if (queue.at) open(queue.at);
        };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
    m.redraw();
    requestAnimationFrame(() =>
        document
            .querySelector('.ticket-row.at')
            ?.scrollIntoView({ block: 'nearest' }),
    );
}

function listView(openId: string): m.Children {
    const { list, filters } = queue;
    if (list.first.error !== null)
        return failed(list.first.error, () => list.load());
    if (!list.first.value) return waiting(8);
    if (list.items.length === 0 && !list.first.busy)
        return empty(
            queue.narrowed() || filters.q
                ? t('queue.nothingFits')
                : t(`queue.empty_${filters.tab}`),
            queue.narrowed() || filters.q
                ? m(Button, {
                      label: t('filter.none'),
                      look: 'soft',
                      onclick: () => queue.widen(),
                  })
                : null,
        );
    const bulk = may('tickets:bulk');
    return m(
        'ul.ticket-list',
        { class: list.first.busy ? 'busy' : '', 'data-test': 'queue-list' },
        list.items.map((item) =>
            m(TicketRow, {
                key: item.id,
                item,
                open: item.id === openId,
                at: item.id === queue.at,
                changed: queue.changed.has(item.id),
                fits: queue.fits(item),
                selected: queue.selected.has(item.id),
                ...(bulk ? { select: () => queue.select(item.id) } : {}),
            }),
        ),
    );
}

function underList(): m.Children {
    const all = queue.list.items.length > 0;
    return m(
        '.under-list',
        m('span.total', { role: 'status', 'data-test': 'total' },
            queue.list.first.value
                ? t('queue.total', { n: number(queue.total) }) : ''),
        all && may('tickets:bulk') &&
            m(Button, {
                label: t('bulk.all'),
                test: 'select-all',
                onclick: () => queue.selectAll(),
            }),
        may('export') && exportButtons(apiQuery(queue.filters)),
        m('.keys-hint', m(Button, {
            label: t('keys.title'), icon: 'keys', bare: true, onclick: help,
        })),
    );
}

function offline(): m.Children {
    return live.state === 'away'
        ? m('p.offline', { role: 'status', 'data-test': 'offline' },
            t('live.away'))
        : null;
}

export const Desk: m.Component<{ id: string }> = () => ({
    oncreate() {
        document.addEventListener('keydown', onKey);
    },
    onremove() {
        document.removeEventListener('keydown', onKey);
    },
    view: ({ attrs: { id } }) =>
        m(
            '.desk',
            { class: id ? 'has-ticket' : '' },
            m(
                'section.queue',
                { 'aria-label': t('nav.queue'), 'data-test': 'queue' },
                m('h1.unseen', { tabindex: -1 }, t('nav.queue')),
                offline(),
                m(FilterBar),
                underList(),
                m('.scroll', listView(id), m(More, {
                    next: queue.list.next,
                    load: () => queue.list.loadMore(),
                })),
                bulkBar(),
            ),
            m('.pane', id
                ? m(TicketPage, { key: id, id })
                : m('.nothing', { key: '' },
                    m('img', { src: '/console/bee.svg', alt: '', width: 96, height: 96 }),
                    m('p', t('desk.pick')))),
        ),
});
