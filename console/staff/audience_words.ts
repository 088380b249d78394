// An audience in plain words, and the choices of its conditions.

import { Branch, Field, isBranch, Leaf, Node } from './audience';
import { Target } from './broadcasts';
import { LANGS, t, word } from './lang';
import {
    broadcastChoices, groupChoices, options, stationChoices, tagChoices,
} from './options';
import { Choice } from './parts/field';
import { unitChoices } from './parts/pickers';
import { unitName } from './policy';

const PLATFORMS = ['qq', 'wecom', 'feishu', 'dingtalk', 'web'];
const AUDIENCE_ROLES = ['rider', 'staff', 'organiser', 'admin'];

/** Which conditions there are for what is written to. */
export function fieldsFor(target: Target): Field[] {
    return target === 'groups'
        ? ['group', 'unit', 'station', 'tag', 'lang', 'platform', 'read',
            'unread']
        : ['unit', 'station', 'role', 'tag', 'lang', 'platform', 'consent',
            'event', 'read', 'unread'];
}

function named(space: string, ids: string[]): Choice[] {
    return ids.map((value) => ({ value, title: word(space, value) }));
}

function eventChoices(): Choice[] {
    return options.events.flatMap(({ id, title }) =>
        ['', ':attended', ':waiting'].map((how) => ({
            value: id + how,
            title: t('aud.eventHow', {
                event: `${id} ${title}`,
                how: word('eventhow', how.slice(1) || 'signed'),
            }),
        })));
}

export function valueChoices(field: Field): Choice[] {
    switch (field) {
        case 'group':
            return groupChoices();
        case 'unit':
            return unitChoices();
        case 'station':
            return stationChoices();
        case 'role':
            return named('aurole', AUDIENCE_ROLES);
        case 'tag':
            return tagChoices();
        case 'lang':
            return LANGS.map(([value, title]) => ({ value, title }));
        case 'platform':
            return named('platform', PLATFORMS);
        case 'consent':
            return named('consent', ['yes', 'no']);
        case 'event':
            return eventChoices();
        case 'read':
        case 'unread':
            return broadcastChoices();
    }
}

function valueName(field: Field, value: string): string {
    if (field === 'unit') return unitName(value);
    const known = valueChoices(field).find((c) => c.value === value);
    return known?.title.trim() ?? value;
}

function leafWords(leaf: Leaf): string {
    const names = leaf.values.map((value) => valueName(leaf.field, value));
    const shown = names.slice(0, 4).join(t('aud.or'));
    const what = names.length > 4
        ? t('aud.andMore', { names: shown, n: names.length - 4 })
        : shown;
    return word('audsay', leaf.field).replace('{what}', what);
}

function nodeWords(node: Node, inside: boolean): string {
    if (!isBranch(node)) return node.values.length ? leafWords(node) : '';
    const said = node.of.map((one) => nodeWords(one, true)).filter(Boolean);
    if (said.length === 0) return '';
    const text = said.join(t(node.how === 'all' ? 'aud.andWords' : 'aud.orWords'));
    if (node.not) return t('aud.notWords', { what: text });
    return inside && said.length > 1 ? t('aud.brackets', { what: text }) : text;
}

/** One sentence, for people who never saw the cards. */
export function sentence(root: Branch, target: Target): string {
    const what = nodeWords(root, false);
    if (!what) return t(`aud.everybody_${target}`);
    return t(`aud.those_${target}`, { what });
}
