// The organisation as a tree: who there is, below whom, on which level.

import m from 'mithril';
import { Draft } from '../document';
import { t, word } from '../lang';
import { Unit, UNIT_KINDS } from '../model';
import { Button } from '../parts/button';
import { Input, Select } from '../parts/field';
import { tree } from '../policy';

interface Organisation {
    units: Unit[];
}

/** The unit and all below it, which it cannot hang under. */
function subtree(units: Unit[], id: string): Set<string> {
    const found = new Set([id]);
    for (const { unit } of tree(units))
        if (unit.parent && found.has(unit.parent)) found.add(unit.id);
    return found;
}

function freshId(units: Unit[]): string {
    let n = units.length + 1;
    while (units.some((unit) => unit.id === `unit-${n}`)) n++;
    return `unit-${n}`;
}

export const OrganisationForm: m.Component<{ draft: Draft<Organisation> }> = () => {
    let open: Unit | null = null;
    let words = '';
    const add = (units: Unit[], parent: string | undefined) => {
        const unit: Unit = { id: freshId(units), name: '', kind: 'community' };
        if (parent) unit.parent = parent;
        units.push(unit);
        open = unit;
    };
    const drop = (units: Unit[], unit: Unit) => {
        units.splice(units.indexOf(unit), 1);
        open = null;
    };
    const rename = (units: Unit[], unit: Unit, id: string) => {
        for (const one of units) if (one.parent === unit.id) one.parent = id;
        unit.id = id;
    };
    const parentChoices = (units: Unit[], unit: Unit) => {
        const below = subtree(units, unit.id);
        return [
            { value: '', title: t('org.root') },
            ...tree(units)
                .filter((branch) => !below.has(branch.unit.id))
                .map((branch) => ({
                    value: branch.unit.id,
                    title: '\u2003'.repeat(branch.depth) +
                        (branch.unit.name || branch.unit.id),
                })),
        ];
    };
    const form = (units: Unit[], unit: Unit) => {
        const leaf = !units.some((one) => one.parent === unit.id);
        return m('.unit-form', { 'data-test': 'unit-form' },
            m('.row',
                m(Input, { label: t('org.name'), value: unit.name, most: 60,
                    focus: true, test: 'unit-name',
                    set: (v: string) => (unit.name = v) }),
                m(Input, { label: t('org.id'), value: unit.id, most: 64,
                    hint: t('org.idHint'), test: 'unit-id',
                    set: (v: string) => rename(units, unit,
                        v.toLowerCase().replace(/[^a-z0-9_-]/g, '')) })),
            m('.row',
                m(Select, { label: t('org.kind'), value: unit.kind,
                    test: 'unit-kind',
                    choices: UNIT_KINDS.map((value) => ({
                        value, title: word('unitkind', value),
                    })),
                    set: (v: string) => (unit.kind = v) }),
                m(Select, { label: t('org.level'), value: String(unit.level ?? 0),
                    hint: t('org.levelHint'), test: 'unit-level',
                    choices: [0, 2, 3, 4, 5].map((n) => ({
                        value: String(n),
                        title: n ? t('level.of', { n, name: word('level', n) })
                            : t('org.noLevel'),
                    })),
                    set: (v: string) => {
                        if (v === '0') delete unit.level;
                        else unit.level = Number(v);
                    } })),
            m('.row',
                m(Select, { label: t('org.parent'), value: unit.parent ?? '',
                    choices: parentChoices(units, unit), test: 'unit-parent',
                    set: (v: string) => {
                        if (v) unit.parent = v;
                        else delete unit.parent;
                    } }),
                m(Input, { label: t('org.contact'), value: unit.contact ?? '',
                    most: 100,
                    set: (v: string) => {
                        if (v) unit.contact = v;
                        else delete unit.contact;
                    } })),
            m('.actions',
                m(Button, { label: t('act.remove'), icon: 'trash',
                    disabled: !leaf,
                    title: t(leaf ? 'act.remove' : 'org.notLeaf'),
                    onclick: () => drop(units, unit) }),
                m(Button, { label: t('org.below'), icon: 'plus', look: 'soft',
                    test: 'unit-below', onclick: () => add(units, unit.id) }),
                m(Button, { label: t('act.done'), look: 'main',
                    test: 'unit-done',
                    onclick: () => {
                        open = null;
                    } })));
    };
    return {
        view({ attrs: { draft } }) {
            const units = (draft.json.units ??= []);
            const shown = tree(units).filter(({ unit }) =>
                unit === open || !words || unit.name.includes(words) ||
                unit.id.includes(words));
            return [
                m(Input, { label: t('pick.search'), unseen: true, type: 'search',
                    placeholder: t('pick.search'), value: words,
                    set: (v: string) => (words = v.trim()) }),
                m('ul.tree', { 'data-test': 'tree' }, shown.map(({ unit, depth }) =>
                    m('li', { class: `depth-${Math.min(depth, 6)}` },
                        m('button.unit', {
                            type: 'button',
                            'data-id': unit.id,
                            'aria-expanded': String(unit === open),
                            onclick: () => {
                                open = unit === open ? null : unit;
                            },
                        },
                        m('b', unit.name || t('org.unnamed')),
                        m('small', word('unitkind', unit.kind)),
                        unit.level
                            ? m('span.pill', t('level.short', { n: unit.level }))
                            : null),
                        unit === open && form(units, unit)))),
                m(Button, { label: t('org.add'), icon: 'plus', look: 'soft',
                    test: 'unit-add', onclick: () => add(units, undefined) }),
            ];
        },
    };
};
