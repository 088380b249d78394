// The audience as cards in cards, the sentence it makes, and how many it is.

import m from 'mithril';
import {
    branch, Branch, depth, expression, Field, isBranch, leaf, Leaf, leaves,
    MOST_DEEP, MOST_LEAVES, Node,
} from '../audience';
import { fieldsFor, sentence, valueChoices } from '../audience_words';
import { count, Count, Target } from '../broadcasts';
import { errorText } from '../errors';
import { number } from '../format';
import { t, word } from '../lang';
import { loadOptions } from '../options';
import { Button } from './button';
import { Chooser } from './chooser';
import { Select } from './field';
import { icon } from './icon';

const TYPING_MS = 350;

interface AudienceAttrs {
    root: Branch; // changed in place
    target: Target;
    changed: () => void;
}

interface Context extends AudienceAttrs {
    deep: number;
    n: number; // leaves, all together
}

function condition(node: Leaf, parent: Branch, at: Context): m.Children {
    return m('.condition',
        { key: node.key, 'data-test': 'condition', 'data-field': node.field },
        m(Select, {
            label: t('aud.field'),
            unseen: true,
            value: node.field,
            test: 'condition-field',
            choices: fieldsFor(at.target).map((value) => ({
                value, title: word('audfield', value),
            })),
            set: (value: string) => {
                node.field = value as Field;
                node.values = [];
                at.changed();
            },
        }),
        m(Chooser, {
            label: word('audfield', node.field),
            unseen: true,
            values: node.values,
            choices: valueChoices(node.field),
            free: node.field === 'tag' || node.field === 'group',
            test: 'condition-values',
            set: (values: string[]) => {
                node.values = values;
                at.changed();
            },
        }),
        m(Button, {
            label: t('aud.dropCondition'), icon: 'trash', bare: true,
            test: 'condition-drop',
            onclick: () => {
                parent.of = parent.of.filter((one) => one !== node);
                at.changed();
            },
        }));
}

function hows(node: Branch, at: Context): m.Children {
    const now = node.not ? 'none' : node.how;
    return m('.hows', { role: 'group', 'aria-label': t('aud.how') },
        (['all', 'any', 'none'] as const).map((how) =>
            m('button', {
                type: 'button',
                'aria-pressed': String(now === how),
                'data-test': `how-${how}`,
                onclick: () => {
                    node.not = how === 'none';
                    node.how = how === 'all' ? 'all' : 'any';
                    at.changed();
                },
            }, word('audhow', how))));
}

function card(node: Branch, parent: Branch | null, at: Context): m.Children {
    const inner = { ...at, deep: at.deep + 1 };
    const add = (one: Node) => {
        node.of = [...node.of, one];
        at.changed();
    };
    const full = at.n >= MOST_LEAVES;
    return m('.aud-card',
        {
            key: node.key,
            class: `${node.not ? 'none' : node.how} deep-${at.deep % 3}`,
            'data-test': 'aud-card',
        },
        (parent || node.of.length > 0) && m('.card-head',
            node.of.length > 0 && hows(node, at),
            parent && m(Button, {
                label: t('aud.dropCard'), icon: 'trash', bare: true,
                test: 'card-drop',
                onclick: () => {
                    parent.of = parent.of.filter((one) => one !== node);
                    at.changed();
                },
            })),
        m('.card-body', node.of.map((one) =>
            isBranch(one) ? card(one, node, inner) : condition(one, node, inner))),
        m('.card-add',
            m(Button, {
                label: t('aud.addCondition'), icon: 'plus', look: 'soft',
                test: 'add-condition', disabled: full,
                onclick: () => add(leaf('unit')),
            }),
            at.deep + 2 < MOST_DEEP && m(Button, {
                label: t('aud.addCard'), icon: 'plus', test: 'add-card',
                disabled: full,
                onclick: () => add(branch('any', [leaf('unit')])),
            })));
}

const EXCLUDED = ['muted', 'no_account', 'no_consent', 'nopush'] as const;

export function countView(now: Count, target: Target): m.Children {
    const out = EXCLUDED.filter((why) => (now.excluded[why] ?? 0) > 0);
    return [
        m('p.count-line',
            m('b', { 'data-test': 'count' }, number(now.n)),
            t(target === 'groups' ? 'aud.groups' : 'aud.riders')),
        out.length > 0 && m('ul.excluded', { 'data-test': 'excluded' },
            out.map((why) => m('li',
                word('excluded', `${target}_${why}`)
                    .replace('{n}', number(now.excluded[why] ?? 0))))),
        now.sample.length > 0 && m('details.sample',
            m('summary', t('aud.sample')),
            m('ul.chips', now.sample.map((title) =>
                m('li.chip.still', title))),
            now.n > now.sample.length &&
                m('p.hint', t('aud.sampleMore',
                    { n: number(now.n - now.sample.length) }))),
    ];
}

/** Asks how many again whenever the expression is another. */
export const LiveCount: m.Component<{
    root: Branch;
    target: Target;
    took?: (n: number | null) => void;
}> = () => {
    let asked = '';
    let timer = 0;
    let now: Count | null = null;
    let error: unknown = null;
    let busy = false;
    const ask = async (key: string, root: Branch, target: Target,
        took?: (n: number | null) => void) => {
        try {
            const answer = await count(target, expression(root));
            if (key !== asked) return;
            now = answer;
            error = null;
            took?.(answer.n);
        } catch (problem) {
            if (key !== asked) return;
            error = problem;
            took?.(null);
        } finally {
            if (key === asked) busy = false;
            m.redraw();
        }
    };
    return {
        onremove: () => clearTimeout(timer),
        view({ attrs: { root, target, took } }) {
            const key = target + JSON.stringify(expression(root));
            if (key !== asked) {
                asked = key;
                busy = true;
                clearTimeout(timer);
                timer = setTimeout(() => void ask(key, root, target, took),
                    TYPING_MS);
            }
            return m('.live-count',
                { 'aria-live': 'polite', class: busy ? 'busy' : '',
                    'data-test': 'live-count', 'data-busy': String(busy) },
                error !== null
                    ? m('p.error', errorText(error))
                    : now ? countView(now, target) : m('p.hint', t('aud.counting')));
        },
    };
};

export const AudienceBuilder: m.Component<AudienceAttrs & {
    took?: (n: number | null) => void;
}> = () => {
    void loadOptions();
    return {
        view({ attrs }) {
            const n = leaves(attrs.root);
            return m('.audience', { 'data-test': 'audience' },
                m('p.sentence', { 'data-test': 'sentence', role: 'status' },
                    icon('people'), sentence(attrs.root, attrs.target)),
                m('.cards-in', [card(attrs.root, null, { ...attrs, deep: 0, n })]),
                (n >= MOST_LEAVES || depth(attrs.root) > MOST_DEEP) &&
                    m('p.banner', t('aud.full', { n: MOST_LEAVES })),
                m(LiveCount, {
                    root: attrs.root, target: attrs.target,
                    ...(attrs.took ? { took: attrs.took } : {}),
                }));
        },
    };
};
