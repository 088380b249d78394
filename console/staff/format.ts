// Times, spans and numbers as people read them in the language of the page.

import { lang, t } from './lang';

const MINUTE = 60000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const locales = { 'zh-CN': 'zh-CN', 'zh-TW': 'zh-TW', en: 'en-GB' };

export function locale(): string {
    return locales[lang()];
}

/** "3 分钟", "2 小时", "5 天": rounded down, never "0". */
export function span(ms: number): string {
    const length = Math.abs(ms);
    if (length < HOUR)
        return t('span.minutes', { n: Math.max(1, Math.floor(length / MINUTE)) });
    if (length < 2 * DAY)
        return t('span.hours', { n: Math.floor(length / HOUR) });
    return t('span.days', { n: Math.floor(length / DAY) });
}

export function ago(ms: number, now = Date.now()): string {
    if (now - ms < MINUTE) return t('span.now');
    if (now - ms > 14 * DAY) return date(ms);
    return t('span.ago', { span: span(now - ms) });
}

export function clock(ms: number): string {
    return new Date(ms).toLocaleTimeString(locale(), {
        hour: '2-digit',
        minute: '2-digit',
        hour12: false,
    });
}

export function date(ms: number): string {
    const then = new Date(ms);
    const same = then.getFullYear() === new Date().getFullYear();
    return then.toLocaleDateString(locale(), {
        month: 'short',
        day: 'numeric',
        ...(same ? {} : { year: 'numeric' }),
    });
}

export function moment(ms: number): string {
    return `${date(ms)} ${clock(ms)}`;
}

/** All of it, for titles and lists that are held as proof. */
export function exact(ms: number): string {
    const then = new Date(ms);
    const two = (n: number) => String(n).padStart(2, '0');
    const day = [then.getFullYear(), two(then.getMonth() + 1), two(then.getDate())];
    const time = [then.getHours(), then.getMinutes(), then.getSeconds()];
    return `${day.join('-')} ${time.map(two).join(':')}`;
}

export function isoDay(then: Date): string {
    return exact(then.getTime()).slice(0, 10);
}

export function hours(h: number | null): string {
    if (h === null) return '—';
    if (h < 1) return t('span.minutes', { n: Math.max(1, Math.round(h * 60)) });
    if (h < 48) return t('span.hours', { n: Math.round(h * 10) / 10 });
    return t('span.days', { n: Math.round((h / 24) * 10) / 10 });
}

export function percent(ratio: number): string {
    return `${Math.round(ratio * 1000) / 10}%`;
}

export function number(n: number): string {
    return n.toLocaleString(locale());
}
