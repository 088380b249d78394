// One by one: whom it was for, what became of it there, and why.

import m from 'mithril';
import { saveFile } from './export';
import { TargetRow, targets } from '../broadcasts';
import { number } from '../format';
import { t, word } from '../lang';
import { Button } from './button';
import { Select } from './field';
import { List, More } from './more';
import { empty } from './waiting';

const FILTERS = [
    '', 'waiting', 'sent', 'refused', 'unknown', 'recalled', 'too_late', 'unread',
];

interface TargetsAttrs {
    id: string;
    state: string;
    choose: (state: string) => void;
    stamp: string; // another one: something has changed
}

function view(row: TargetRow): m.Children {
    return m('li.target', { 'data-test': 'target',
        'data-id': row.chat, 'data-state': row.state },
    m('.main',
        m('b', row.title || row.chat),
        m(`span.pill.outcome-${row.state}`, word('outcome', row.state))),
    m('.facts',
        row.title && m('span', row.chat),
        row.account && m('span', t('target.by', { id: row.account })),
        row.reason && m('span.late', row.reason),
        row.reads > 0 && m('span', t('push.readN', { n: number(row.reads) }))));
}

export const Targets: m.Component<TargetsAttrs> = ({ attrs }) => {
    let state = attrs.state;
    let stamp = attrs.stamp;
    const list = new List<TargetRow>((cursor) =>
        targets(attrs.id, state, cursor));
    void list.load();
    return {
        onbeforeupdate({ attrs: now }) {
            const other = now.state !== state;
            // What a person has scrolled down is not taken away.
            const stale = now.stamp !== stamp && list.items.length <= 50;
            if (!other && (!stale || list.first.busy)) return true;
            state = now.state;
            stamp = now.stamp;
            void list.load();
            return true;
        },
        view: ({ attrs: { id, choose } }) =>
            m('section.targets', { 'aria-label': t('target.title') },
                m('.title-line',
                    m('h2', t('target.title')),
                    m(Select, {
                        label: t('field.state'), unseen: true, value: state,
                        test: 'target-state',
                        choices: FILTERS.map((value) => ({
                            value,
                            title: value ? word('outcome', value) : t('filter.any'),
                        })),
                        set: choose,
                    }),
                    m(Button, {
                        label: 'CSV', icon: 'save', test: 'export',
                        title: t('export.title'),
                        onclick: () => saveFile(
                            `/broadcasts/${encodeURIComponent(id)}/export.csv`,
                            {}, `${id}.csv`),
                    })),
                state === 'unread' && m('p.hint', t('target.unreadHint')),
                list.first.show((page) => [
                    m('.total', { key: 'total' }, t('target.total',
                        { n: number(page.total ?? list.items.length) })),
                    list.items.length
                        ? m('ul.target-list', { key: 'list' },
                            list.items.map(view))
                        : m('.none', { key: 'none' }, empty(t('target.none'))),
                    m('.more-here', { key: 'more' }, m(More, {
                        next: list.next, load: () => list.loadMore(),
                    })),
                ])),
    };
};
