// Choices that are the same on many pages: units by their tree, categories,
// levels, permissions.

import m from 'mithril';
import { t, word } from '../lang';
import { CATEGORIES, Kind, LEVELS } from '../model';
import { communities, policy, tree, unitName } from '../policy';
import { Choice, Input, Select } from './field';

export function unitChoices(): Choice[] {
    return tree(policy.units).map(({ unit, depth }) => ({
        value: unit.id,
        title: '\u2003'.repeat(depth) + unit.name,
    }));
}

export function communityChoices(): Choice[] {
    return communities().map((u) => ({ value: u.id, title: u.name }));
}

/** Of one kind, or of both with the kind said where both have the word. */
export function categoryChoices(kind: string): Choice[] {
    const kinds: Kind[] =
        kind === 'request' || kind === 'report' ? [kind] : ['request', 'report'];
    const seen = new Map<string, string>();
    for (const one of kinds)
        for (const id of CATEGORIES[one])
            if (!seen.has(id)) seen.set(id, word('category', id));
    return [...seen].map(([value, title]) => ({ value, title }));
}

export function levelChoices(): Choice[] {
    return LEVELS.map((level) => ({
        value: String(level),
        title: t('level.of', { n: level, name: word('level', level) }),
    }));
}

interface UnitAttrs {
    label: string;
    value: string;
    set: (id: string) => void;
    any?: boolean; // "*" may be chosen
    test?: string;
}

/** Small trees are a list; large ones are searched first. */
export const UnitPicker: m.Component<UnitAttrs> = () => {
    let words = '';
    const MANY = 24;
    return {
        view({ attrs }) {
            const all = unitChoices();
            const found = words
                ? all.filter((c) => c.title.includes(words) || c.value === words)
                : all;
            const none = attrs.any
                ? { value: '*', title: t('unit.all') }
                : { value: '', title: t('pick.unit') };
            const kept = attrs.value && !found.some((c) => c.value === attrs.value)
                ? [{ value: attrs.value, title: unitName(attrs.value) }]
                : [];
            const choices = [
                none,
                ...kept.filter((choice) => choice.value !== none.value),
                ...found,
            ];
            return m(
                '.unit-picker',
                all.length > MANY &&
                    m(Input, {
                        label: t('pick.search'),
                        placeholder: t('pick.search'),
                        unseen: true,
                        type: 'search',
                        value: words,
                        set: (value: string) => (words = value.trim()),
                    }),
                m(Select, {
                    label: attrs.label,
                    choices,
                    value: attrs.value,
                    set: attrs.set,
                    test: attrs.test ?? 'unit',
                }),
            );
        },
    };
};
