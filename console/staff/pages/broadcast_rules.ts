// What holds for all broadcasts: whether a second person looks at them, and when
// none are sent.

import m from 'mithril';
import { Draft } from '../document';
import { t, word } from '../lang';
import { Button } from '../parts/button';
import { Check, Input, Select } from '../parts/field';

interface Rules {
    approval?: boolean;
    quiet?: string[];
    peaks?: string[];
    holidays?: string;
}

const MOST = 8;

/** "21:30-07:30" as two fields; over midnight is fine. */
function spans(rules: Rules, name: 'quiet' | 'peaks'): m.Children {
    const list = rules[name] ?? [];
    const set = (at: number, from: string, until: string) => {
        rules[name] = list.map((one, i) => (i === at ? `${from}-${until}` : one));
    };
    const row = (span: string, at: number) => {
        const [from = '', until = ''] = span.split('-');
        return m('.row.span', { 'data-test': `span-${name}` },
            m(Input, { label: t('rule.from'), type: 'time', value: from,
                set: (v: string) => set(at, v, until) }),
            m(Input, { label: t('rule.until'), type: 'time', value: until,
                set: (v: string) => set(at, from, v) }),
            m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                onclick: () => {
                    rules[name] = list.filter((_, i) => i !== at);
                } }));
    };
    return m('fieldset.fields', m('legend', word('rule', name)),
        m('p.hint', word('rulehint', name)),
        list.map(row),
        list.length < MOST && m(Button, {
            label: t('rule.add'), icon: 'plus', look: 'soft',
            test: `span-add-${name}`,
            onclick: () => {
                rules[name] = [...list, '12:00-13:00'];
            },
        }));
}

export const BroadcastRulesForm: m.Component<{ draft: Draft<Rules> }> = () => ({
    view({ attrs: { draft } }) {
        const rules = draft.json;
        return m('.fields',
            m(Check, {
                label: t('rule.approval'), on: rules.approval === true,
                hint: t('rule.approvalHint'), test: 'rule-approval',
                set: (on: boolean) => (rules.approval = on),
            }),
            spans(rules, 'quiet'),
            spans(rules, 'peaks'),
            m(Select, {
                label: t('rule.holidays'), value: rules.holidays ?? 'send',
                test: 'rule-holidays',
                choices: ['send', 'hold'].map((value) => ({
                    value, title: word('ruleholiday', value),
                })),
                set: (v: string) => (rules.holidays = v),
            }));
    },
});
