// When it goes out: at once, at a time, or again and again, with the next times
// as the daemon works them out after quiet hours and holidays.

import m from 'mithril';
import * as api from '../api';
import { Words } from '../broadcasts';
import { errorText } from '../errors';
import { exact, isoDay, locale } from '../format';
import { t, word } from '../lang';
import {
    Again, AGAIN, fromRule, Rule, toRule, WEEKDAYS, weekdayName,
} from '../recurrence';
import { Choice, Input, Select } from './field';
import { icon } from './icon';

const TYPING_MS = 350;
const HOUR_MS = 3600000;

type How = 'now' | 'at' | 'again';

/** "2026-11-22T09:30", as a field of a date and a time has it. */
function local(ms: number): string {
    return exact(ms).slice(0, 16).replace(' ', 'T');
}

function howOf(words: Words): How {
    if (words.rrule !== null || words.workday !== null) return 'again';
    return words.at_ms !== null ? 'at' : 'now';
}

/** The next full hour that is not just now. */
function soon(): number {
    return Math.ceil((Date.now() + HOUR_MS / 2) / HOUR_MS) * HOUR_MS;
}

function nths(name: 'day' | 'nth', most: number): Choice[] {
    const all = Array.from({ length: most }, (_, at) => ({
        value: String(at + 1), title: t(`again.${name}N`, { n: at + 1 }),
    }));
    return [...all, { value: '-1', title: t(`again.${name}Last`) }];
}

function moment(ms: number): string {
    return new Date(ms).toLocaleString(locale(), {
        month: 'short', day: 'numeric', weekday: 'short', hour: '2-digit',
        minute: '2-digit', hour12: false,
    });
}

const Upcoming: m.Component<{ words: Words }> = () => {
    let asked = '';
    let timer = 0;
    let times: number[] = [];
    let error: unknown = null;
    const ask = async (key: string, words: Words) => {
        try {
            const { at_ms, rrule, workday, hours } = words;
            const answer = await api.get<{ at_ms: number[] }>(
                '/broadcasts/upcoming', { at_ms, rrule, workday, hours });
            if (key !== asked) return;
            times = answer.at_ms;
            error = null;
        } catch (problem) {
            if (key === asked) error = problem;
        }
        m.redraw();
    };
    const moved = (words: Words) =>
        words.at_ms !== null && times[0] !== undefined &&
        times[0] - words.at_ms > 60000 && words.at_ms > Date.now();
    return {
        onremove: () => clearTimeout(timer),
        view({ attrs: { words } }) {
            const key = [words.at_ms, words.rrule, words.workday, words.hours].join();
            if (key !== asked) {
                asked = key;
                clearTimeout(timer);
                timer = setTimeout(() => void ask(key, words), TYPING_MS);
            }
            if (error !== null)
                return m('p.error', { role: 'alert', 'data-test': 'upcoming-error' },
                    errorText(error));
            return m('.upcoming', { 'data-test': 'upcoming', 'aria-live': 'polite' },
                times.length > 0 && [
                    m('h3', icon('clock'), t('when.next')),
                    m('ol', times.map((at) =>
                        m('li', m('time', { title: exact(at) }, moment(at))))),
                ],
                moved(words) && howOf(words) === 'at' &&
                    m('p.hint', t('when.moved')));
        },
    };
};

export const When: m.Component<{
    words: Words;
    changed: () => void;
    errors: Record<string, string>;
}> = () => {
    const setRule = (words: Words, rule: Rule) => {
        const { rrule, workday } = fromRule(rule);
        words.rrule = rrule;
        words.workday = workday;
        words.at_ms ??= soon();
    };
    const choose = (words: Words, how: How) => {
        words.rrule = words.workday = null;
        if (how === 'now') words.at_ms = null;
        else words.at_ms ??= soon();
        if (how === 'again') setRule(words, { ...toRule(null, null), again: 'daily' });
    };
    const days = (rule: Rule, set: (rule: Rule) => void) =>
        m('fieldset.weekdays', m('legend', t('again.days')),
            WEEKDAYS.map((day) => {
                const on = rule.days.includes(day);
                return m('button', {
                    type: 'button',
                    'aria-pressed': String(on),
                    'aria-label': weekdayName(day, true),
                    'data-test': `day-${day}`,
                    onclick: () => {
                        const now = on
                            ? rule.days.filter((one) => one !== day)
                            : [...rule.days, day];
                        if (now.length) set({ ...rule, days: now });
                    },
                }, weekdayName(day));
            }));
    const details = (rule: Rule, set: (rule: Rule) => void, error?: string) => {
        switch (rule.again) {
            case 'weekly':
                return days(rule, set);
            case 'monthly':
                return m(Select, { label: t('again.day'), value: String(rule.day),
                    choices: nths('day', 31), test: 'month-day',
                    set: (v: string) => set({ ...rule, day: Number(v) }) });
            case 'workday':
                return m(Select, { label: t('again.nth'), value: String(rule.nth),
                    choices: nths('nth', 23), test: 'workday',
                    set: (v: string) => set({ ...rule, nth: Number(v) }) });
            case 'custom':
                return m(Input, { label: 'RRULE', value: rule.custom, most: 200,
                    test: 'rrule', placeholder: 'FREQ=MONTHLY;BYDAY=1MO',
                    hint: t('again.customHint'), ...(error ? { error } : {}),
                    set: (v: string) => set({ ...rule, custom: v }) });
            default:
                return null;
        }
    };
    const again = (words: Words, changed: () => void, error?: string) => {
        const rule = toRule(words.rrule, words.workday);
        if (isCustom) {
            rule.again = 'custom';
            rule.custom = words.rrule ?? '';
        }
        const set = (now: Rule) => {
            isCustom = now.again === 'custom';
            setRule(words, now);
            changed();
        };
        return [
            m(Select, {
                label: t('again.how'), value: rule.again, test: 'again',
                choices: AGAIN.filter((one) => one !== 'never').map((value) => ({
                    value, title: word('again', value),
                })),
                set: (v: string) => set({
                    ...rule, again: v as Again,
                    custom: words.rrule ?? 'FREQ=MONTHLY;BYDAY=1MO',
                }),
            }),
            details(rule, set, error),
        ];
    };
    let isCustom = false; // a rule written by hand stays so
    const radio = (words: Words, how: How, changed: () => void) =>
        m('label.radio', { class: howOf(words) === how ? 'on' : '' },
            m('input[type=radio]', {
                name: 'when', checked: howOf(words) === how,
                'data-test': `when-${how}`,
                onchange: () => {
                    isCustom = false;
                    choose(words, how);
                    changed();
                },
            }),
            m('span', word('when', how)));
    return {
        view: ({ attrs: { words, changed, errors } }) => {
            const how = howOf(words);
            return m('.when',
                m('.radios', { role: 'radiogroup', 'aria-label': t('when.title') },
                    (['now', 'at', 'again'] as How[]).map((one) =>
                        radio(words, one, changed))),
                how !== 'now' && m('.row',
                    how === 'again' && again(words, changed, errors['rrule']),
                    m(Input, {
                        label: t(how === 'at' ? 'when.time' : 'when.from'),
                        type: 'datetime-local',
                        value: words.at_ms === null ? '' : local(words.at_ms),
                        min: `${isoDay(new Date())}T00:00`,
                        test: 'when-time',
                        ...(errors['at_ms'] ? { error: errors['at_ms'] } : {}),
                        set: (v: string) => {
                            const at = new Date(v).getTime();
                            if (!Number.isNaN(at)) words.at_ms = at;
                            changed();
                        },
                    })),
                m('.row',
                    m(Select, {
                        label: t('when.hours'), value: words.hours, test: 'hours',
                        hint: word('hourshint', words.hours),
                        choices: ['hold', 'ignore'].map((value) => ({
                            value, title: word('hours', value),
                        })),
                        set: (v: string) => {
                            words.hours = v === 'ignore' ? 'ignore' : 'hold';
                            changed();
                        },
                    }),
                    how !== 'now' && m(Select, {
                        label: t('when.missed'), value: words.missed,
                        test: 'missed',
                        choices: ['late', 'skip'].map((value) => ({
                            value, title: word('missed', value),
                        })),
                        set: (v: string) => {
                            words.missed = v === 'skip' ? 'skip' : 'late';
                            changed();
                        },
                    })),
                m(Upcoming, { words }));
        },
    };
};
