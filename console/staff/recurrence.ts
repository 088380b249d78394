// When a broadcast goes out again: the few rules that people ask for, as RFC 5545
// writes them, and any other rule as it is. The first day and the time of day are
// those of at_ms.

import { locale } from './format';
import { t } from './lang';

export type Again =
    | 'never' | 'daily' | 'weekly' | 'monthly' | 'workday' | 'custom';

export const AGAIN: Again[] = [
    'never', 'daily', 'weekly', 'monthly', 'workday', 'custom',
];

export const WEEKDAYS = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'];

export interface Rule {
    again: Again;
    days: string[]; // weekly: MO, TU …
    day: number; // monthly: 1..31, or -1 for the last
    nth: number; // workday: 1..23, or -1 for the last
    custom: string;
}

function parts(rrule: string): Map<string, string> {
    const found = new Map<string, string>();
    for (const part of rrule.replace(/^RRULE:/i, '').split(';')) {
        const [name, value] = part.split('=');
        if (name) found.set(name.toUpperCase(), value ?? '');
    }
    return found;
}

function only(known: Map<string, string>, ...names: string[]): boolean {
    return [...known.keys()].every((name) => names.includes(name));
}

function readRule(rrule: string, rule: Rule): void {
    const known = parts(rrule);
    const freq = known.get('FREQ');
    const days = (known.get('BYDAY') ?? '').split(',').filter(Boolean);
    const day = Number(known.get('BYMONTHDAY') ?? '');
    rule.custom = rrule;
    rule.again = 'custom';
    if (freq === 'DAILY' && only(known, 'FREQ')) rule.again = 'daily';
    if (
        freq === 'WEEKLY' && only(known, 'FREQ', 'BYDAY') &&
        days.length > 0 && days.every((one) => WEEKDAYS.includes(one))
    ) {
        rule.again = 'weekly';
        rule.days = days;
    }
    if (
        freq === 'MONTHLY' && only(known, 'FREQ', 'BYMONTHDAY') &&
        Number.isInteger(day) && (day === -1 || (day >= 1 && day <= 31))
    ) {
        rule.again = 'monthly';
        rule.day = day;
    }
}

export function toRule(rrule: string | null, workday: number | null): Rule {
    const rule: Rule = {
        again: 'never', days: ['MO'], day: 1, nth: workday ?? 1, custom: '',
    };
    if (workday) rule.again = 'workday';
    else if (rrule) readRule(rrule, rule);
    return rule;
}

export function fromRule(rule: Rule): {
    rrule: string | null;
    workday: number | null;
} {
    const none = { rrule: null, workday: null };
    switch (rule.again) {
        case 'never':
            return none;
        case 'daily':
            return { ...none, rrule: 'FREQ=DAILY' };
        case 'weekly': {
            const days = WEEKDAYS.filter((day) => rule.days.includes(day));
            return { ...none, rrule: `FREQ=WEEKLY;BYDAY=${days.join(',')}` };
        }
        case 'monthly':
            return { ...none, rrule: `FREQ=MONTHLY;BYMONTHDAY=${rule.day}` };
        case 'workday':
            return { ...none, workday: rule.nth };
        case 'custom':
            return { ...none, rrule: rule.custom.trim() };
    }
}

export function weekdayName(day: string, long = false): string {
    const at = WEEKDAYS.indexOf(day);
    return new Date(2024, 0, 1 + at).toLocaleDateString(locale(), {
        weekday: long ? 'long' : 'short',
    });
}

/** "每周一、周三", "Each month on its last working day". */
export function ruleWords(
    rrule: string | null,
    workday: number | null,
): string {
    const rule = toRule(rrule, workday);
    switch (rule.again) {
        case 'never':
            return t('again.never');
        case 'daily':
            return t('again.dailyWords');
        case 'weekly':
            return t('again.weeklyWords', {
                days: rule.days.map((day) => weekdayName(day)).join(t('list.comma')),
            });
        case 'monthly':
            return rule.day === -1
                ? t('again.lastDayWords')
                : t('again.monthlyWords', { n: rule.day });
        case 'workday':
            return rule.nth === -1
                ? t('again.lastWorkdayWords')
                : t('again.workdayWords', { n: rule.nth });
        case 'custom':
            return rule.custom;
    }
}
