// The language of the page, its texts, and the names of what the API says by
// words of its own. The three tables have the same keys: tsc holds them to that.
// What belongs to one area of the console is in a file of its own.

import m from 'mithril';
import { zh_CN } from './texts/zh_CN';
import { zh_TW } from './texts/zh_TW';
import { en } from './texts/en';
import { en_broadcasts } from './texts/en_broadcasts';
import { en_study } from './texts/en_study';
import { zh_CN_broadcasts } from './texts/zh_CN_broadcasts';
import { zh_CN_study } from './texts/zh_CN_study';
import { zh_TW_broadcasts } from './texts/zh_TW_broadcasts';
import { zh_TW_study } from './texts/zh_TW_study';

const first = { ...zh_CN, ...zh_CN_broadcasts, ...zh_CN_study };

export type Lang = 'zh-CN' | 'zh-TW' | 'en';
export type Key = keyof typeof first;

export const LANGS: [Lang, string][] = [
    ['zh-CN', '简体中文'],
    ['zh-TW', '繁體中文'],
    ['en', 'English'],
];

const KEPT = 'xiaofeng.lang';
const tables: Record<Lang, Record<Key, string>> = {
    'zh-CN': first,
    'zh-TW': { ...zh_TW, ...zh_TW_broadcasts, ...zh_TW_study },
    en: { ...en, ...en_broadcasts, ...en_study },
};
let current: Lang = 'zh-CN';

export function isLang(tag: unknown): tag is Lang {
    return tag === 'zh-CN' || tag === 'zh-TW' || tag === 'en';
}

function browserLang(): Lang {
    for (const tag of navigator.languages || [navigator.language]) {
        const low = tag.toLowerCase();
        if (/^zh-(tw|hk|mo|hant)/.test(low)) return 'zh-TW';
        if (low.startsWith('zh')) return 'zh-CN';
        if (low.startsWith('en')) return 'en';
    }
    return 'zh-CN';
}

export function lang(): Lang {
    return current;
}

export function setLang(tag: Lang): void {
    current = tag;
    document.documentElement.lang = tag;
    document.title = t('app.title');
    try {
        localStorage.setItem(KEPT, tag);
    } catch {
        // A browser that keeps nothing: only this visit is in the language.
    }
    m.redraw();
}

/** What was chosen in this browser, else what the browser asks for. */
export function startLang(): void {
    let kept: string | null = null;
    try {
        kept = localStorage.getItem(KEPT);
    } catch {
        // As above.
    }
    setLang(isLang(kept) ? kept : browserLang());
}

export function t(
    key: Key,
    params: Record<string, string | number> = {},
): string {
    return tables[current][key].replace(/\{(\w+)\}/g, (whole, name) =>
        String(params[name] ?? whole),
    );
}

/** The name of a word of the API ("state", "closed"); itself if it has none. */
export function word(space: string, id: string | number | null): string {
    if (id === null || id === '') return '';
    const key = `${space}.${id}`;
    return key in first ? t(key as Key) : String(id);
}
