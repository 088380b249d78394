// Several of many: chips of what is chosen, and a list to search that opens
// below. Words of one's own, too, where they are allowed.

import m from 'mithril';
import { t } from '../lang';
import { Button } from './button';
import { Choice } from './field';
import { icon } from './icon';

const SHOWN = 60;

interface ChooserAttrs {
    label: string;
    unseen?: boolean; // the label is only for those who cannot see
    values: string[];
    choices: Choice[];
    set: (values: string[]) => void;
    free?: boolean; // words that are not in the list may be added
    one?: boolean; // the list closes after a choice
    most?: number;
    add?: string; // what the button says
    test: string;
}

let last = 0;

export const Chooser: m.Component<ChooserAttrs> = () => {
    const id = `c${++last}`;
    let open = false;
    let words = '';
    const titleOf = (attrs: ChooserAttrs, value: string) =>
        attrs.choices.find((c) => c.value === value)?.title.trim() ?? value;
    const turn = (attrs: ChooserAttrs, value: string) => {
        const on = attrs.values.includes(value);
        if (!on && attrs.values.length >= (attrs.most ?? 500)) return;
        attrs.set(on
            ? attrs.values.filter((one) => one !== value)
            : [...attrs.values, value]);
        if (attrs.one) open = false;
    };
    const addWords = (attrs: ChooserAttrs) => {
        const value = words.trim().replace(/,/g, ' ');
        words = '';
        if (value && !attrs.values.includes(value)) turn(attrs, value);
    };
    const chip = (attrs: ChooserAttrs, value: string) => {
        const title = titleOf(attrs, value);
        return m('li.chip', { key: value, 'data-value': value },
            m('span', title),
            m('button', {
                type: 'button',
                'aria-label': t('choose.drop', { name: title }),
                onclick: () => turn(attrs, value),
            }, icon('close')));
    };
    const found = (attrs: ChooserAttrs) => {
        const low = words.trim().toLowerCase();
        return attrs.choices.filter((c) =>
            !low || c.title.toLowerCase().includes(low) ||
            c.value.toLowerCase().includes(low));
    };
    const option = (attrs: ChooserAttrs, choice: Choice) =>
        m('label.option', { key: choice.value },
            m('input[type=checkbox]', {
                checked: attrs.values.includes(choice.value),
                'data-value': choice.value,
                onchange: () => turn(attrs, choice.value),
            }),
            m('span', choice.title));
    const listOf = (attrs: ChooserAttrs) => {
        const choices = found(attrs);
        return m('.options', {
            id: `${id}-list`, role: 'group', 'aria-label': attrs.label,
            'data-test': `${attrs.test}-options`,
        },
        m('input', {
            type: 'search',
            'aria-label': t('choose.search'),
            placeholder: t(attrs.free ? 'choose.write' : 'choose.search'),
            'data-test': `${attrs.test}-search`,
            value: words,
            maxlength: 64,
            oncreate: ({ dom }: m.VnodeDom<unknown>) =>
                (dom as HTMLElement).focus({ preventScroll: true }),
            oninput: (event: Event) => {
                words = (event.target as HTMLInputElement).value;
            },
            onkeydown: (event: KeyboardEvent) => {
                if (event.key === 'Escape') open = false;
                if (event.key !== 'Enter') return;
                event.preventDefault();
                const only = choices[0];
                if (choices.length === 1 && only) {
                    turn(attrs, only.value);
                    words = '';
                } else if (attrs.free) addWords(attrs);
            },
        }),
        attrs.free && words.trim() &&
            !attrs.choices.some((c) => c.value === words.trim()) &&
            m(Button, {
                label: t('choose.add', { name: words.trim() }),
                icon: 'plus',
                look: 'soft',
                test: `${attrs.test}-own`,
                onclick: () => addWords(attrs),
            }),
        m('.scroll', choices.slice(0, SHOWN).map((c) => option(attrs, c))),
        choices.length === 0 && m('p.hint', t('choose.none')),
        choices.length > SHOWN &&
            m('p.hint', t('choose.more', { n: choices.length - SHOWN })),
        m(Button, {
            label: t('act.done'), look: 'soft', test: `${attrs.test}-done`,
            onclick: () => {
                open = false;
            },
        }));
    };
    return {
        view: ({ attrs }) =>
            m('.chooser', { 'data-test': attrs.test },
                m('span.label', { class: attrs.unseen ? 'unseen' : '' },
                    attrs.label),
                m('.chosen',
                    m('ul.chips', attrs.values.map((v) => chip(attrs, v))),
                    m('button.add', {
                        type: 'button',
                        'aria-expanded': String(open),
                        'aria-controls': `${id}-list`,
                        'data-test': `${attrs.test}-open`,
                        onclick: () => {
                            open = !open;
                            words = '';
                        },
                    }, icon('plus'), attrs.add ?? t('choose.pick'))),
                open && listOf(attrs)),
    };
};
