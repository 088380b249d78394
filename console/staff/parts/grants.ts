// What a person may do: a role, for a part of the organisation, for a category.

import m from 'mithril';
import { t, word } from '../lang';
import { Grant, ROLES } from '../model';
import { unitName } from '../policy';
import { Button } from './button';
import { Select } from './field';
import { categoryChoices, UnitPicker } from './pickers';

const MOST = 16;

export function grantText(grant: Grant): string {
    const category =
        grant.category === '*' ? '' : ` · ${word('category', grant.category)}`;
    return `${word('role', grant.role)} · ${unitName(grant.unit)}${category}`;
}

/** Changes grants in place. */
export const Grants: m.Component<{ grants: Grant[] }> = () => ({
    view: ({ attrs: { grants } }) =>
        m(
            'fieldset.grants',
            m('legend', t('users.grants')),
            grants.map((grant, at) =>
                m('.grant', { 'data-test': 'grant' },
                    m(Select, {
                        label: t('users.role'),
                        value: grant.role,
                        test: 'grant-role',
                        choices: ROLES.map((value) => ({
                            value, title: word('role', value),
                        })),
                        set: (role: string) => (grant.role = role),
                    }),
                    m(UnitPicker, {
                        label: t('users.where'), value: grant.unit, any: true,
                        set: (unit: string) => (grant.unit = unit),
                    }),
                    m(Select, {
                        label: t('field.category'),
                        value: grant.category,
                        choices: [
                            { value: '*', title: t('filter.any') },
                            ...categoryChoices(''),
                        ],
                        set: (category: string) => (grant.category = category),
                    }),
                    m(Button, {
                        label: t('users.dropGrant'), icon: 'trash', bare: true,
                        onclick: () => {
                            grants.splice(at, 1);
                        },
                    }),
                    m('p.hint', word('rolehint', grant.role))),
            ),
            grants.length < MOST &&
                m(Button, {
                    label: t('users.addGrant'), icon: 'plus', test: 'grant-add',
                    onclick: () => {
                        grants.push({ role: 'staff', unit: '*', category: '*' });
                    },
                }),
        ),
});
