// Working time: the hours of each weekday, and a year in which days off and
// make-up working days are set by a click.

import m from 'mithril';
import { Draft } from '../document';
import { isoDay, locale } from '../format';
import { Key, t } from '../lang';
import { Button } from '../parts/button';
import { Input } from '../parts/field';

const WEEK = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];

interface Year {
    holidays?: string[];
    workdays?: string[];
}

interface Calendar {
    hours: Record<string, string>;
    years: Record<string, Year>;
}

type Look = 'work' | 'rest' | 'holiday' | 'workday';

function weekday(day: Date): number {
    return (day.getDay() + 6) % 7; // Monday is 0
}

function lookOf(json: Calendar, year: Year, day: Date): Look {
    const iso = isoDay(day);
    if (year.holidays?.includes(iso)) return 'holiday';
    if (year.workdays?.includes(iso)) return 'workday';
    return json.hours[WEEK[weekday(day)] ?? ''] ? 'work' : 'rest';
}

/** A day off becomes a working day, and a working day a day off; once more
 * makes it usual again. */
function turn(json: Calendar, year: Year, day: Date): void {
    const iso = isoDay(day);
    json.years[day.getFullYear()] = year;
    const look = lookOf(json, year, day);
    const without = (list: string[] | undefined) =>
        (list ?? []).filter((one) => one !== iso);
    year.holidays = without(year.holidays);
    year.workdays = without(year.workdays);
    if (look === 'work') year.holidays = [...year.holidays, iso].sort();
    if (look === 'rest') year.workdays = [...year.workdays, iso].sort();
}

function dayLabel(day: Date, look: Look): string {
    const date = day.toLocaleDateString(locale(), {
        month: 'long', day: 'numeric', weekday: 'long',
    });
    return `${date}, ${t(`calendar.${look}` as Key)}`;
}

export const CalendarForm: m.Component<{ draft: Draft<Calendar> }> = () => {
    let shown = new Date().getFullYear();
    const hours = (json: Calendar) =>
        m('fieldset.hours', m('legend', t('calendar.hours')),
            WEEK.map((name, at) =>
                m(Input, {
                    label: new Date(2024, 0, 1 + at).toLocaleDateString(locale(),
                        { weekday: 'long' }),
                    value: json.hours[name] ?? '',
                    placeholder: t('calendar.off'),
                    most: 60,
                    test: `hours-${name}`,
                    set: (v: string) => (json.hours[name] = v.trim()),
                })),
            m('p.hint', t('calendar.hoursHint')));
    const dayButton = (json: Calendar, year: Year, day: Date) => {
        const look = lookOf(json, year, day);
        const today = isoDay(day) === isoDay(new Date());
        return m(`button.day-${look}`, {
            type: 'button',
            class: today ? 'today' : '',
            'data-day': isoDay(day),
            'data-look': look,
            'aria-label': dayLabel(day, look),
            title: t(`calendar.${look}` as Key),
            onclick: () => turn(json, year, day),
        }, day.getDate());
    };
    const month = (json: Calendar, year: Year, n: number) => {
        const first = new Date(shown, n, 1);
        const days = new Date(shown, n + 1, 0).getDate();
        return m('section.month',
            m('h3', first.toLocaleDateString(locale(), { month: 'long' })),
            m('.days',
                WEEK.map((_, at) => m('span.weekday', { 'aria-hidden': 'true' },
                    new Date(2024, 0, 1 + at).toLocaleDateString(locale(),
                        { weekday: 'narrow' }))),
                Array.from({ length: weekday(first) }, () => m('span')),
                Array.from({ length: days }, (_, at) =>
                    dayButton(json, year, new Date(shown, n, at + 1)))));
    };
    const steps = () =>
        m('.title-line',
            m(Button, { label: String(shown - 1), icon: 'back',
                onclick: () => {
                    shown--;
                } }),
            m('h2', { 'data-test': 'year' }, shown),
            m(Button, { label: String(shown + 1), icon: 'next', test: 'year-next',
                onclick: () => {
                    shown++;
                } }));
    const legend = () =>
        m('ul.legend', (['work', 'rest', 'holiday', 'workday'] as Look[]).map(
            (look) => m('li', m(`span.dot.day-${look}`),
                t(`calendar.${look}` as Key))));
    return {
        view({ attrs: { draft } }) {
            const json = draft.json;
            json.hours ??= {};
            json.years ??= {};
            const year = json.years[shown] ?? {}; // kept once a day is turned
            const count = (year.holidays?.length ?? 0) +
                (year.workdays?.length ?? 0);
            return [
                hours(json),
                steps(),
                !count && m('p.banner', t('calendar.empty', { year: shown })),
                legend(),
                m('.year', { 'data-test': 'calendar' }, Array.from({ length: 12 }, (_, n) => month(json, year, n))),
            ];
        },
    };
};
