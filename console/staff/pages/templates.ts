// Answers that are written again and again, with variables.

import m from 'mithril';
import { Draft } from '../document';
import { t } from '../lang';
import { Template } from '../model';
import { fillTemplate } from '../moves';
import { Button } from '../parts/button';
import { Area, Input } from '../parts/field';
import { empty } from '../parts/waiting';

interface Templates {
    templates: Template[];
}

function freshId(list: Template[]): string {
    let n = list.length + 1;
    while (list.some((one) => one.id === `t${n}`)) n++;
    return `t${n}`;
}

function move(list: Template[], at: number, by: number): void {
    const [one] = list.splice(at, 1);
    if (one) list.splice(at + by, 0, one);
}

export const TemplatesForm: m.Component<{ draft: Draft<Templates> }> = () => {
    const example = () => ({
        id: 'S12', unit: t('template.unit'), date: '2026-01-05',
        name: t('template.name'),
    });
    const one = (list: Template[], template: Template, at: number) =>
        m('li.template', { 'data-test': 'template' },
            m('.row',
                m(Input, { label: t('template.title'), value: template.title,
                    most: 60, test: 'template-title',
                    set: (v: string) => (template.title = v) }),
                m('.acts',
                    m(Button, { label: t('act.up'), icon: 'up', bare: true,
                        disabled: at === 0, onclick: () => move(list, at, -1) }),
                    m(Button, { label: t('act.down'), icon: 'down', bare: true,
                        disabled: at === list.length - 1,
                        onclick: () => move(list, at, 1) }),
                    m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                        onclick: () => {
                            list.splice(at, 1);
                        } }))),
            m(Area, { label: t('template.text'), value: template.text, most: 1000,
                test: 'template-text',
                set: (v: string) => (template.text = v) }),
            m('p.preview', m('b', t('template.preview')), ' ',
                fillTemplate(template.text, example())));
    return {
        view({ attrs: { draft } }) {
            const list = (draft.json.templates ??= []);
            return [
                m('p.hint', t('template.variables')),
                list.length
                    ? m('ol.templates', list.map((x, at) => one(list, x, at)))
                    : empty(t('template.none')),
                m(Button, { label: t('template.add'), icon: 'plus', look: 'soft',
                    test: 'template-add',
                    onclick: () => {
                        list.push({ id: freshId(list), title: '', text: '' });
                    } }),
            ];
        },
    };
};
