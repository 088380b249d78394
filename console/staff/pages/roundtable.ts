// What the quarterly round table (圆桌会议) needs, on paper too.

import m from 'mithril';
import * as api from '../api';
import { ago, date, number, percent } from '../format';
import { t, word } from '../lang';
import { Item, RoundTable, Tally } from '../model';
import { Button } from '../parts/button';
import { Select } from '../parts/field';
import { Loaded } from '../parts/loaded';
import { statePill } from '../parts/pill';
import { unitName } from '../policy';
import { settings } from '../settings';

const BACK = 8; // quarters to choose from

function quarterOf(then: Date): string {
    return `${then.getFullYear()}Q${Math.floor(then.getMonth() / 3) + 1}`;
}

function quarters(): string[] {
    const now = new Date();
    return Array.from({ length: BACK }, (_, n) =>
        quarterOf(new Date(now.getFullYear(), now.getMonth() - 3 * n, 1)),
    );
}

function quarterName(quarter: string): string {
    const [year, n] = quarter.split('Q');
    return t('round.quarter', { year: year ?? '', n: n ?? '' });
}

function tallies<T extends Tally>(
    title: string,
    what: string,
    list: T[],
    name: (row: T) => string,
): m.Children {
    return m('section',
        m('h2', title),
        m('table',
            m('thead', m('tr', m('th', what), m('th.n', t('stats.tickets')),
                m('th.n', t('stats.open')), m('th.n', t('stats.overdue')))),
            m('tbody', list.map((row) =>
                m('tr', m('th', { scope: 'row' }, name(row)),
                    m('td.n', number(row.n)), m('td.n', number(row.open)),
                    m('td.n', number(row.overdue)))))));
}

function items(title: string, list: Item[]): m.Children {
    return m('section',
        m('h2', title),
        list.length === 0
            ? m('p.hint', t('round.none'))
            : m('table.items', m('tbody', list.map((item) =>
                m('tr',
                    m('td', m('a', { href: `#!/ticket/${item.id}` }, item.id)),
                    m('td', item.excerpt),
                    m('td', unitName(item.unit)),
                    m('td', statePill(item.state)),
                    m('td', { title: ago(item.created_ms) },
                        date(item.created_ms)))))));
}

function paper(now: RoundTable): m.Children {
    const figure = (value: string, title: string) =>
        m('.card-number', m('b', value), m('span', title));
    const { rating } = now;
    return m('article.paper', { 'data-test': 'paper' },
        m('header',
            m('h1', { tabindex: -1 }, t('round.title')),
            m('p', settings.operator || settings.district, ' · ',
                quarterName(now.quarter))),
        m('.cards',
            figure(number(now.new), t('stats.new')),
            figure(number(now.closed), t('stats.closed')),
            figure(percent(now.rate), t('round.rate')),
            figure(number(now.reopened), t('round.reopened')),
            figure(rating.mean === null ? '—' : rating.mean.toFixed(1),
                t('stats.rating'))),
        m('.columns',
            tallies(t('plot.category'), t('field.category'), now.by_category,
                (row) => word('category', row.category || 'none')),
            tallies(t('plot.community'), t('field.community'), now.by_community,
                (row) => unitName(row.community) || t('who.nobody'))),
        items(t('round.longest'), now.longest_open),
        items(t('round.escalated'), now.escalated),
        m('section.signs',
            m('h2', t('round.notes')),
            m('.lines', [1, 2, 3, 4].map(() => m('.line'))),
            m('p', t('round.sign'))));
}

export const RoundTablePage: m.Component<{ quarter: string }> = ({ attrs }) => {
    let quarter = /^\d{4}Q[1-4]$/.test(attrs.quarter)
        ? attrs.quarter
        : quarterOf(new Date());
    const table = new Loaded(() =>
        api.get<RoundTable>('/roundtable', { quarter }),
    );
    void table.load();
    return {
        view: () =>
            m('.sheet.round', { 'data-test': 'roundtable' },
                m('.controls.no-print',
                    m(Select, {
                        label: t('round.pick'),
                        value: quarter,
                        test: 'quarter',
                        choices: quarters().map((value) => ({
                            value, title: quarterName(value),
                        })),
                        set: (value: string) => {
                            quarter = value;
                            m.route.set('/roundtable', { quarter },
                                { replace: true });
                            void table.load();
                        },
                    }),
                    m(Button, {
                        label: t('act.print'), icon: 'print', look: 'main',
                        test: 'print',
                        disabled: !table.value,
                        onclick: () => window.print(),
                    })),
                table.show(paper, 8)),
    };
};
