// The numbers of a period: what came, what ended, how long it took, where.

import m from 'mithril';
import * as api from '../api';
import { date, hours, isoDay, number } from '../format';
import { Key, t, word } from '../lang';
import { Statistics, Tally } from '../model';
import { Plot } from '../parts/chart';
import { Input, Select } from '../parts/field';
import { Loaded } from '../parts/loaded';
import { UnitPicker } from '../parts/pickers';
import { unitName } from '../policy';

const DAY_MS = 86400000;
const PERIODS = ['7', '30', '90', '365', 'own'];

function daysAgo(n: number): string {
    return isoDay(new Date(Date.now() - n * DAY_MS));
}

/** The first moment of a day of the calendar, here. */
function startOf(day: string): number {
    return new Date(`${day}T00:00:00`).getTime();
}

function card(title: Key, value: string, look = '', hint = ''): m.Children {
    return m('.card-number', { class: look, 'data-test': `n-${title.slice(6)}` },
        m('b', value), m('span', t(title)), hint && m('small', hint));
}

function rows<T extends Tally>(list: T[], name: (row: T) => string) {
    return {
        labels: list.map(name),
        series: [
            { name: t('stats.closed'), colour: 'plot-good',
                values: list.map((row) => Math.max(0, row.n - row.open)) },
            { name: t('stats.inTime'), colour: 'plot-mid',
                values: list.map((row) => Math.max(0, row.open - row.overdue)) },
            { name: t('stats.overdue'), colour: 'plot-bad',
                values: list.map((row) => row.overdue) },
        ],
    };
}

function bars(stats: Statistics): m.Children {
    const across = { kind: 'bar' as const, across: true, stacked: true };
    return [
        m(Plot, { ...across, title: t('plot.category'), what: t('field.category'),
            test: 'plot-category',
            ...rows(stats.by_category,
                (row) => word('category', row.category || 'none')) }),
        m(Plot, { ...across, title: t('plot.community'), what: t('field.community'),
            test: 'plot-community',
            ...rows(stats.by_community,
                (row) => unitName(row.community) || t('who.nobody')) }),
        m(Plot, { ...across, title: t('plot.level'), what: t('field.level'),
            test: 'plot-level',
            ...rows(stats.by_level, (row) => word('level', row.level)) }),
    ];
}

function lines(stats: Statistics): m.Children {
    const { buckets } = stats.time_to_answer;
    return [
        m(Plot, {
            title: t('plot.days'), what: t('plot.day'), kind: 'line',
            test: 'plot-days',
            labels: stats.days.map((one) => date(startOf(one.day))),
            series: [
                { name: t('stats.new'), colour: 'plot-new',
                    values: stats.days.map((one) => one.new) },
                { name: t('stats.closed'), colour: 'plot-good',
                    values: stats.days.map((one) => one.closed) },
            ],
        }),
        m(Plot, {
            title: t('plot.answer'), what: t('plot.within'), kind: 'bar',
            test: 'plot-answer',
            labels: buckets.map((one) =>
                one.le_h === null ? t('plot.longer') : `≤ ${hours(one.le_h)}`),
            series: [{ name: t('stats.tickets'), colour: 'plot-mid',
                values: buckets.map((one) => one.n) }],
        }),
    ];
}

function ratings(stats: Statistics): m.Children {
    return m(Plot, {
        title: t('plot.rating'), what: t('field.rating'), kind: 'bar',
        test: 'plot-rating',
        labels: [1, 2, 3, 4, 5].map((n) => '★'.repeat(n)),
        series: [{ name: t('stats.tickets'), colour: 'plot-new',
            values: stats.rating.counts }],
    });
}

export const Dashboard: m.Component = () => {
    let period = '30';
    let from = daysAgo(29);
    let until = daysAgo(0);
    let unit = '*';
    let kind = '';
    const stats = new Loaded(() =>
        api.get<Statistics>('/statistics', {
            from_ms: startOf(from),
            to_ms: startOf(until) + DAY_MS,
            unit: unit === '*' ? '' : unit,
            kind,
        }),
    );
    void stats.load();
    const choose = (act: () => void) => {
        act();
        if (from && until && from <= until) void stats.load();
    };
    const choosePeriod = (value: string) => {
        period = value;
        if (value === 'own') return;
        choose(() => {
            from = daysAgo(Number(value) - 1);
            until = daysAgo(0);
        });
    };
    const controls = () =>
        m('.controls',
            m(Select, {
                label: t('stats.period'), value: period, test: 'period',
                choices: PERIODS.map((value) => ({
                    value, title: word('period', value),
                })),
                set: choosePeriod,
            }),
            period === 'own' && [
                m(Input, { label: t('stats.from'), type: 'date', value: from,
                    max: until, set: (day: string) => choose(() => (from = day)) }),
                m(Input, { label: t('stats.until'), type: 'date', value: until,
                    min: from, set: (day: string) => choose(() => (until = day)) }),
            ],
            m(UnitPicker, { label: t('field.unit'), value: unit, any: true,
                set: (id: string) => choose(() => (unit = id)) }),
            m(Select, {
                label: t('field.kind'), value: kind,
                choices: [
                    { value: '', title: t('filter.any') },
                    { value: 'request', title: t('kind.request') },
                    { value: 'report', title: t('kind.report') },
                ],
                set: (value: string) => choose(() => (kind = value)),
            }));
    const view = (now: Statistics) => {
        const sum = (of: 'new' | 'closed') =>
            number(now.days.reduce((n, day) => n + day[of], 0));
        const { median_h, p90_h } = now.time_to_answer;
        const mean = now.rating.mean;
        return [
            m('.cards',
                card('stats.new', sum('new')),
                card('stats.closed', sum('closed'), 'good'),
                card('stats.open', number(now.open)),
                card('stats.overdue', number(now.overdue),
                    now.overdue ? 'bad' : ''),
                card('stats.median', hours(median_h), '',
                    t('stats.p90', { time: hours(p90_h) })),
                card('stats.rating', mean === null ? '—' : mean.toFixed(1), '',
                    t('stats.ratings', { n: now.rating.n }))),
            m('.plots', lines(now), bars(now), ratings(now)),
        ];
    };
    return {
        view: () =>
            m('.sheet.wide', { 'data-test': 'dashboard' },
                m('h1', { tabindex: -1 }, t('nav.dashboard')),
                controls(),
                m('.fading', { class: stats.busy ? 'busy' : '' },
                    stats.show(view, 8))),
    };
};
