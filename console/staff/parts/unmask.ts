// Learning who sent an anonymous ticket: with a reason, which the audit log
// keeps. The answer is shown once and not kept.

import m from 'mithril';
import * as api from '../api';
import { errorText } from '../errors';
import { t } from '../lang';
import { Button } from './button';
import { closeDialog, openDialog } from './dialog';
import { Area } from './field';

interface Person {
    rider: string;
    nick: string | null;
    account: string | null;
    chat: string | null;
}

export function unmask(id: string): void {
    let reason = '';
    let person: Person | null = null;
    let error = '';
    const ask = async () => {
        error = '';
        try {
            const path = `/tickets/${api.part(id)}/unmask`;
            person = await api.post<Person>(path, { reason: reason.trim() });
        } catch (problem) {
            error = errorText(problem);
        }
    };
    const answer = (known: Person) => [
        m(
            'dl.facts-list',
            Object.entries(known)
                .filter(([, value]) => value)
                .map(([name, value]) =>
                    m('.fact', m('dt', name), m('dd', String(value)))),
        ),
        m('.actions', m(Button, {
            label: t('act.close'), look: 'main', onclick: closeDialog,
        })),
    ];
    const question = () => [
        m('p.ask', t('unmask.why')),
        m(Area, {
            label: t('unmask.reason'),
            value: reason,
            set: (text: string) => (reason = text),
            error,
            most: 500,
            test: 'unmask-reason',
        }),
        m('.actions',
            m(Button, { label: t('act.cancel'), onclick: closeDialog }),
            m(Button, {
                label: t('unmask.act'),
                look: 'danger',
                disabled: !reason.trim(),
                test: 'unmask-send',
                onclick: ask,
            })),
    ];
    openDialog(t('unmask.title', { id }), () =>
        person ? answer(person) : question(),
    );
}
