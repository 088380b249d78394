// A month of what is planned: broadcasts, events, study, and the days off.

import m from 'mithril';
import * as api from '../api';
import { Planned } from '../broadcasts';
import { clock, isoDay, locale } from '../format';
import { t, word } from '../lang';
import { Button } from '../parts/button';
import { Check } from '../parts/field';
import { icon } from '../parts/icon';
import { Loaded } from '../parts/loaded';
import { empty } from '../parts/waiting';
import { may } from '../session';

const KINDS: Planned['kind'][] = [
    'broadcast', 'event', 'plan', 'daily', 'holiday',
];
const IN_CELL = 3;
const DAY_MS = 86400000;

function addressOf(one: Planned): string | null {
    const id = encodeURIComponent(one.id);
    if (one.kind === 'broadcast') return `#!/broadcasts/${id}`;
    if (one.kind === 'event' && may('events')) return `#!/event/${id}`;
    if (one.kind === 'daily' && may('study')) return '#!/quizzes';
    if (one.kind === 'plan' && may('study')) return '#!/plan';
    return null;
}

/** Monday is the first. */
function weekday(day: Date): number {
    return (day.getDay() + 6) % 7;
}

/** Whole weeks around a month. */
function daysOf(month: Date): Date[] {
    const first = new Date(month.getFullYear(), month.getMonth(), 1);
    const days = new Date(month.getFullYear(), month.getMonth() + 1, 0).getDate();
    const before = weekday(first);
    const weeks = Math.ceil((before + days) / 7);
    return Array.from({ length: weeks * 7 }, (_, at) =>
        new Date(month.getFullYear(), month.getMonth(), at + 1 - before));
}

/** All day: what has no time of its own. */
function isAllDay(one: Planned): boolean {
    return one.kind === 'holiday' || one.kind === 'plan';
}

function byDay(items: Planned[]): Map<string, Planned[]> {
    const found = new Map<string, Planned[]>();
    for (const one of items) {
        // The end of a day off is the first moment that is none of it.
        const last = one.end_ms && one.end_ms > one.at_ms
            ? Math.min(one.end_ms - 1, one.at_ms + 40 * DAY_MS) : one.at_ms;
        const day = new Date(one.at_ms);
        for (let n = 0; n < 42; n++) {
            const key = isoDay(day);
            found.set(key, [...(found.get(key) ?? []), one]);
            day.setDate(day.getDate() + 1);
            day.setHours(0, 0, 0, 0);
            if (day.getTime() > last) break;
        }
    }
    for (const list of found.values())
        list.sort((a, b) =>
            Number(isAllDay(b)) - Number(isAllDay(a)) || a.at_ms - b.at_ms);
    return found;
}

function titleOf(one: Planned): string {
    if (one.kind === 'plan') return t('planned.week', { week: one.title });
    return one.title || word('planned', one.kind);
}

function time(one: Planned): string {
    return isAllDay(one) ? '' : clock(one.at_ms);
}

function short(one: Planned): m.Children {
    const inner = [time(one) && m('small', time(one)), m('span', titleOf(one))];
    const href = addressOf(one);
    const how = { title: `${time(one)} ${titleOf(one)}`, 'data-id': one.id,
        'data-test': 'planned' };
    return m(`li.kind-${one.kind}`, { class: one.state ?? '' },
        href ? m('a', { href, ...how }, inner) : m('span', how, inner));
}

function line(one: Planned): m.Children {
    const href = addressOf(one);
    const title = titleOf(one);
    return m(`li.kind-${one.kind}`,
        m('span.dot'), m('time', time(one) || t('planned.allDay')),
        m('span.pill', word('planned', one.kind)),
        href ? m('a', { href }, title) : m('span', title),
        one.state && one.kind === 'broadcast' &&
            m('small', word('push', one.state)));
}

export const PlannedPage: m.Component = () => {
    const today = new Date();
    let month = new Date(today.getFullYear(), today.getMonth(), 1);
    let chosen = isoDay(today);
    const hidden = new Set<string>();
    const items = new Loaded(() => {
        const days = daysOf(month);
        const from = days[0] ?? month;
        const last = days[days.length - 1] ?? month;
        return api.get<{ items: Planned[] }>('/calendar', {
            from_ms: from.getTime(), to_ms: last.getTime() + DAY_MS,
        });
    });
    void items.load();
    const go = (by: number) => {
        month = by === 0
            ? new Date(today.getFullYear(), today.getMonth(), 1)
            : new Date(month.getFullYear(), month.getMonth() + by, 1);
        const isNow = month.getMonth() === today.getMonth() &&
            month.getFullYear() === today.getFullYear();
        chosen = isoDay(isNow ? today : month);
        void items.load();
    };
    const cell = (day: Date, list: Planned[]) => {
        const iso = isoDay(day);
        const name = day.toLocaleDateString(locale(), {
            month: 'long', day: 'numeric', weekday: 'long',
        });
        const off = list.some((one) => one.kind === 'holiday');
        return m('.cell', {
            key: iso,
            class: [
                day.getMonth() === month.getMonth() ? '' : 'other',
                iso === isoDay(today) ? 'today' : '',
                iso === chosen ? 'picked' : '', off ? 'off' : '',
            ].join(' '),
            'data-day': iso,
        },
        m('button.number', {
            type: 'button', 'aria-pressed': String(iso === chosen),
            'aria-label': `${name}, ${t('planned.n', { n: list.length })}`,
            onclick: () => (chosen = iso),
        }, day.getDate(),
        m('span.dots', { 'aria-hidden': 'true' }, list.slice(0, 4).map((one) =>
            m(`i.kind-${one.kind}`)))),
        m('ul', list.slice(0, IN_CELL).map(short),
            list.length > IN_CELL && m('li.rest',
                t('planned.more', { n: list.length - IN_CELL }))));
    };
    const grid = (found: Map<string, Planned[]>) =>
        m('.month-grid', { 'data-test': 'planned-grid' },
            Array.from({ length: 7 }, (_, at) =>
                m('.weekday', { key: `w${at}`, 'aria-hidden': 'true' },
                    new Date(2024, 0, 1 + at).toLocaleDateString(locale(),
                        { weekday: 'short' }))),
            daysOf(month).map((day) => cell(day, found.get(isoDay(day)) ?? [])));
    const agenda = (list: Planned[]) =>
        m('section.card', { 'aria-live': 'polite', 'data-test': 'agenda' },
            m('h2', new Date(`${chosen}T00:00:00`).toLocaleDateString(locale(), {
                month: 'long', day: 'numeric', weekday: 'long',
            })),
            list.length ? m('ul.agenda', list.map(line))
                : empty(t('planned.none')));
    const legend = () =>
        m('.legend-checks', KINDS.map((kind) =>
            m(`span.kind-${kind}`, m('span.dot'), m(Check, {
                label: word('planned', kind), on: !hidden.has(kind),
                test: `kind-${kind}`,
                set: (on: boolean) => on ? hidden.delete(kind) : hidden.add(kind),
            }))));
    return {
        view: () =>
            m('.sheet.wide', { 'data-test': 'planned-page' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.calendar')),
                    m(Button, { label: t('planned.before'), icon: 'back',
                        bare: true, test: 'month-before',
                        onclick: () => go(-1) }),
                    m('h2.month-name', { 'data-test': 'month' },
                        month.toLocaleDateString(locale(), {
                            year: 'numeric', month: 'long',
                        })),
                    m(Button, { label: t('planned.after'), icon: 'next',
                        bare: true, test: 'month-after', onclick: () => go(1) }),
                    m(Button, { label: t('planned.today'), look: 'soft',
                        test: 'month-today', onclick: () => go(0) }),
                    may('broadcasts') && m('a.button.main', {
                        href: '#!/broadcasts/new',
                    }, icon('plus'), m('span', t('push.new')))),
                legend(),
                m('.fading', { class: items.busy ? 'busy' : '' },
                    items.show((now) => {
                        const found = byDay(now.items.filter((one) =>
                            !hidden.has(one.kind)));
                        return [grid(found), agenda(found.get(chosen) ?? [])];
                    }, 6))),
    };
};
