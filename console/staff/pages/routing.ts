// Who gets what: the community and the category of a ticket lead to a unit, the
// most exact rule first, and a default that nothing falls past.

import m from 'mithril';
import { Draft } from '../document';
import { t } from '../lang';
import { Button } from '../parts/button';
import { Choice, Select } from '../parts/field';
import { categoryChoices, communityChoices, UnitPicker } from '../parts/pickers';
import { empty } from '../parts/waiting';

interface Rule {
    community: string;
    category: string;
    unit: string;
}

interface Routing {
    default: string;
    rules: Rule[];
}

function cell(
    label: string,
    value: string,
    choices: Choice[],
    set: (value: string) => void,
): m.Children {
    const any = { value: '*', title: t('filter.any') };
    return m('td', m(Select, { label, unseen: true, value, set,
        choices: [any, ...choices] }));
}

export const RoutingForm: m.Component<{ draft: Draft<Routing> }> = () => {
    const row = (rules: Rule[], rule: Rule, at: number) =>
        m('tr', { 'data-test': 'route' },
            cell(t('field.community'), rule.community, communityChoices(),
                (v) => (rule.community = v)),
            cell(t('field.category'), rule.category, categoryChoices(''),
                (v) => (rule.category = v)),
            m('td', m(UnitPicker, { label: t('routing.to'), value: rule.unit,
                set: (v: string) => (rule.unit = v) })),
            m('td', m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                onclick: () => {
                    rules.splice(at, 1);
                } })));
    return {
        view({ attrs: { draft } }) {
            const json = draft.json;
            const rules = (json.rules ??= []);
            return [
                m(UnitPicker, { label: t('routing.default'), value: json.default,
                    test: 'route-default',
                    set: (v: string) => (json.default = v) }),
                m('p.hint', t('routing.order')),
                rules.length
                    ? m('table.cardy.editing',
                        m('thead', m('tr',
                            m('th', t('field.community')),
                            m('th', t('field.category')),
                            m('th', t('routing.to')), m('th'))),
                        m('tbody', rules.map((rule, at) => row(rules, rule, at))))
                    : empty(t('routing.none')),
                m(Button, { label: t('routing.add'), icon: 'plus', look: 'soft',
                    test: 'route-add',
                    onclick: () => {
                        rules.push({ community: '*', category: '*', unit: '' });
                    } }),
            ];
        },
    };
};
