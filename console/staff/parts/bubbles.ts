// How a broadcast will look in chat: by platform and language, as the daemon
// writes it. Drawn as a small phone.

import m from 'mithril';
import { Preview, PreviewPart, preview, Words } from '../broadcasts';
import { errorText } from '../errors';
import { t, word } from '../lang';
import { langName } from '../options';
import { settings } from '../settings';

const TYPING_MS = 450;

/** An address in a text is blue, as phones show it; it leads nowhere here. */
function linked(text: string): m.Children {
    return text.split(/(https?:\/\/[^\s，。；、）)]+)/).map((piece, at) =>
        at % 2 ? m('span.url', piece) : piece);
}

function part(one: PreviewPart): m.Children {
    if (one.type === 'text') return m('p.words', linked(one.text));
    return m('img', {
        src: `/photos/${encodeURIComponent(one.photo)}/thumb`,
        alt: t('push.photo'),
    });
}

function phone(one: Preview, private_: boolean): m.Children {
    return m('.phone', {
        class: one.platform, lang: one.lang, 'data-test': 'phone',
    },
    m('.phone-top', { 'aria-hidden': 'true' },
        m('span', private_ ? t('app.bot') : settings.district || t('app.bot'))),
    m('.phone-screen',
        m('img.face', { src: '/console/bee.svg', alt: '' }),
        m('.says',
            m('small', t('app.bot')),
            m('.chat-bubble', { 'data-test': 'bubble' }, one.parts.map(part)))));
}

/** Tabs for what there is more than one of. */
function tabs(
    names: string[],
    now: string,
    title: (name: string) => string,
    set: (name: string) => void,
    test: string,
): m.Children {
    return names.length > 1 && m('.tabs', names.map((name) =>
        m('button.tab', {
            type: 'button',
            'aria-pressed': String(name === now),
            'data-test': `${test}-${name}`,
            onclick: () => set(name),
        }, title(name))));
}

export const LivePreview: m.Component<{ words: Words }> = () => {
    let asked = '';
    let timer = 0;
    let shown: Preview[] = [];
    let error: unknown = null;
    let platform = '';
    let lang = '';
    const ask = async (key: string, words: Words) => {
        try {
            const answer = await preview(words);
            if (key !== asked) return;
            shown = answer.previews;
            error = null;
        } catch (problem) {
            if (key === asked) error = problem;
        }
        m.redraw();
    };
    const unique = (of: (one: Preview) => string) => [...new Set(shown.map(of))];
    return {
        onremove: () => clearTimeout(timer),
        view({ attrs: { words } }) {
            // When and to whom it goes changes nothing of how it looks.
            const looks = {
                ...words, at_ms: null, rrule: null, workday: null, audience: {},
            };
            const key = JSON.stringify(looks);
            if (key !== asked) {
                asked = key;
                clearTimeout(timer);
                timer = setTimeout(() => void ask(key, looks), TYPING_MS);
            }
            const platforms = unique((one) => one.platform);
            const langs = unique((one) => one.lang);
            const on = platforms.includes(platform) ? platform : platforms[0] ?? '';
            const inLang = langs.includes(lang) ? lang : langs[0] ?? '';
            const one = shown.find((p) => p.platform === on && p.lang === inLang);
            return m('.live-preview', { 'data-test': 'preview' },
                m('h2', t('push.preview')),
                tabs(platforms, on, (name) => word('platform', name),
                    (name) => (platform = name), 'preview'),
                tabs(langs, inLang, langName, (name) => (lang = name), 'preview'),
                error !== null && m('p.error', { role: 'alert' }, errorText(error)),
                one && phone(one, words.target === 'riders'));
        },
    };
};
