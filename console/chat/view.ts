// Messages as elements. Nothing here reads markup: every text of a stranger or
// of the bot becomes a text node.

import { Message } from './wire';
import { Lang, lang, t } from './texts';

export type State = 'sending' | 'sent' | 'failed';

export interface Shown extends Message {
    state?: State; // of a message of mine
    why?: string; // it failed
    preview?: HTMLCanvasElement; // my photo until the daemon shows it
}

export interface Acts {
    choose(text: string): void; // a numbered option was tapped
    retry(message: Shown): void;
    open(message: Shown): void; // a photo
}

type Child = Node | string | null | undefined | false;

export function el<K extends keyof HTMLElementTagNameMap>(
    tag: K,
    className: string,
    ...children: Child[]
): HTMLElementTagNameMap[K] {
    const element = document.createElement(tag);
    if (className) element.className = className;
    for (const child of children) if (child) element.append(child);
    return element;
}

export function image(src: string, className: string, size: number) {
    const img = el('img', className);
    img.src = src;
    img.alt = '';
    img.width = img.height = size;
    return img;
}

// ---- the text of a message ----

/** Addresses of this very site become links; nothing else does. */
function withLinks(text: string): Child[] {
    const parts: Child[] = [];
    let at = 0;
    for (const match of text.matchAll(/https?:\/\/[\w\-.~:/?#@!$&*+;=%]+/g)) {
        const url = match[0] ?? '';
        let origin = '';
        try {
            origin = new URL(url).origin;
        } catch {
            continue;
        }
        if (origin !== location.origin) continue;
        const link = el('a', '', url);
        link.href = url;
        parts.push(text.slice(at, match.index), link);
        at = (match.index ?? 0) + url.length;
    }
    parts.push(text.slice(at));
    return parts;
}

interface Option {
    line: number;
    number: string;
    title: string;
}

/** The lines "1. …", "2. …" of a text, when they count up in order. */
export function findOptions(lines: string[]): Option[] {
    const found: Option[] = [];
    lines.forEach((line, i) => {
        const match = /^\s*(\d{1,2})(?:[.．、)）:：]\s*|\s+)(\S.*)$/.exec(line);
        if (!match) return;
        const last = found[found.length - 1];
        const number = Number(match[1]);
        const follows = last
            ? number === Number(last.number) + 1 || number === 0
            : number === 1;
        if (follows)
            found.push({ line: i, number: match[1] ?? '', title: match[2] ?? '' });
    });
    return found.length > 1 ? found : [];
}

function optionButton(option: Option, acts: Acts): HTMLElement {
    const button = el(
        'button',
        'option',
        el('span', 'number', option.number),
        el('span', '', option.title),
    );
    button.type = 'button';
    button.onclick = () => acts.choose(option.number);
    return button;
}

function body(message: Shown, live: boolean, acts: Acts): HTMLElement {
    const box = el('div', 'text');
    if (!message.bot) {
        box.append(message.text);
        return box;
    }
    if (message.to) box.append(el('span', 'to', `@${message.to}`), ' ');
    const lines = message.text.split('\n');
    const options = live ? findOptions(lines) : [];
    let words: string[] = [];
    const flush = () => {
        const text = words.join('\n').replace(/^\n+|\n+$/g, '');
        for (const part of text ? withLinks(text) : [])
            if (part) box.append(part);
        words = [];
    };
    lines.forEach((line, i) => {
        const option = options.find((o) => o.line === i);
        if (!option) {
            words.push(line);
            return;
        }
        flush();
        box.append(optionButton(option, acts));
    });
    flush();
    return box;
}

// ---- place, photo, time, state ----

function place(message: Shown): HTMLElement | null {
    if (message.lat === undefined || message.lon === undefined) return null;
    const where = `${message.lat.toFixed(4)}, ${message.lon.toFixed(4)}`;
    return el(
        'div',
        'place',
        image('/chat/place.svg', '', 24),
        el('span', '', message.text || t('placeShared')),
        el('small', '', where),
    );
}

function photo(message: Shown, acts: Acts): HTMLElement | null {
    if (message.photo) {
        const img = el('img', '');
        img.src = `${message.photo}/thumb`;
        img.alt = t('photoOf', { nick: message.mine ? t('mine') : message.from });
        const button = el('button', 'photo', img);
        button.type = 'button';
        button.onclick = () => acts.open(message);
        return button;
    }
    return message.preview ? el('div', 'photo', message.preview) : null;
}

const locales: Record<Lang, string> = {
    'zh-CN': 'zh-CN',
    'zh-TW': 'zh-TW',
    en: 'en-GB',
};

/** "10:32", "昨天 10:32", "11月3日 10:32". */
export function timeText(ms: number, now: number): string {
    const then = new Date(ms);
    const tag = locales[lang()];
    const clock = then.toLocaleTimeString(tag, {
        hour: '2-digit',
        minute: '2-digit',
        hour12: false,
    });
    const day = (at: number) => new Date(at).toDateString();
    if (day(ms) === day(now)) return clock;
    if (day(ms) === day(now - 86400000)) return `${t('yesterday')} ${clock}`;
    const date = then.toLocaleDateString(tag, { month: 'long', day: 'numeric' });
    return `${date} ${clock}`;
}

function state(message: Shown, acts: Acts): HTMLElement | null {
    if (message.state === 'failed') {
        const again = el('button', 'retry', t('retry'));
        again.type = 'button';
        again.onclick = () => acts.retry(message);
        const why = message.why || t('stateFailed');
        return el('div', 'failed', el('span', '', why), again);
    }
    if (!message.state) return null;
    const key = message.state === 'sent' ? 'stateSent' : 'stateSending';
    const mark = el('span', `mark ${message.state}`);
    mark.setAttribute('role', 'img');
    mark.setAttribute('aria-label', t(key));
    return mark;
}

/** One of a few quiet colours for a name, always the same one. */
function hue(name: string): number {
    let sum = 0;
    for (const char of name) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 997;
    return sum % 6;
}

function face(message: Shown): HTMLElement {
    if (message.bot) return image('/chat/bee.svg', 'face', 40);
    const first = Array.from(message.from)[0] ?? '·';
    const box = el('span', `face hue${hue(message.from)}`, first);
    box.setAttribute('aria-hidden', 'true');
    return box;
}

/**
 * A message. first: it begins a run of one sender; live: its options can be
 * tapped.
 */
export function messageItem(
    message: Shown,
    first: boolean,
    live: boolean,
    acts: Acts,
): HTMLLIElement {
    const kind = message.mine ? 'mine' : message.bot ? 'bot' : 'other';
    const item = el('li', `message ${kind}${first ? ' first' : ''}`);
    const isPlace = message.lat !== undefined;
    const bubble = el(
        'div',
        'bubble',
        photo(message, acts),
        isPlace ? place(message) : message.text && body(message, live, acts),
    );
    if (!message.mine) {
        const name = message.bot ? t('bot') : message.from;
        item.append(first ? face(message) : el('span', 'face none'));
        bubble.prepend(el('span', first ? 'name' : 'unseen', name));
    }
    const status = state(message, acts);
    if (message.state === 'failed')
        item.append(el('div', 'stack', bubble, status));
    else item.append(bubble, ...(status ? [status] : []));
    return item;
}
