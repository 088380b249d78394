// Who comes to an event, who waits, and what they answered. What is known of
// children is shown to whoever says why, and that is written down.

import m from 'mithril';
import * as api from '../api';
import { moment } from '../format';
import { t } from '../lang';
import { Page } from '../model';
import { Event, Signup, SignupState } from '../model_events';
import { Button } from './button';
import { confirm, openDialog } from './dialog';
import { Area } from './field';
import { formDialog } from './form_dialog';
import { List, More } from './more';
import { empty } from './waiting';

const PAGE = 100;

interface Child {
    name: string;
    age: number;
    consent_ms?: number;
}

function path(event: Event, signup: Signup): string {
    return `/events/${api.part(event.id)}/signups/${api.part(signup.id)}`;
}

function unmask(event: Event, signup: Signup): void {
    let reason = '';
    let found: Child[] = [];
    formDialog(t('signup.children'), () => [
        m('p.banner', t('signup.childrenHint')),
        m(Area, { label: t('field.reason'), value: reason, rows: 2, most: 200,
            required: true, focus: true, test: 'unmask-reason',
            set: (v: string) => (reason = v) }),
    ], async () => {
        const answer = await api.post<{ children: Child[] }>(
            `${path(event, signup)}/unmask`, { reason });
        found = answer.children;
        setTimeout(() => openDialog(t('signup.children'), () =>
            m('ul.people', found.map((child) =>
                m('li.person', m('b', child.name),
                    t('signup.age', { n: child.age }))))));
        return t('signup.looked');
    }, t('signup.look'));
}

export const Signups: m.Component<{ event: Event; changed: () => void }> = ({
    attrs: first,
}) => {
    const list = new List<Signup>((cursor) =>
        api.get<Page<Signup>>(`/events/${api.part(first.event.id)}/signups`,
            { cursor, limit: PAGE }));
    void list.load();
    const move = async (event: Event, signup: Signup, name: string,
        changed: () => void) => {
        if (name === 'cancel' && !(await confirm(
            t('signup.cancelAsk', { name: signup.who }),
            t('signup.cancel')))) return;
        try {
            await api.post(`${path(event, signup)}/moves`,
                { move: name, version: signup.version });
        } finally {
            await list.load();
            changed();
        }
    };
    const acts = (event: Event, signup: Signup, changed: () => void) => {
        const is = (...states: SignupState[]) => states.includes(signup.state);
        return [
            is('waiting') &&
                m(Button, { label: t('signup.promote'), icon: 'up',
                    look: 'soft', test: 'signup-promote',
                    onclick: () => move(event, signup, 'promote', changed) }),
            is('signed') &&
                m(Button, { label: t('signup.attend'), icon: 'check',
                    look: 'soft', test: 'signup-attend',
                    onclick: () => move(event, signup, 'attend', changed) }),
            signup.children > 0 &&
                m(Button, { label: t('signup.children'), icon: 'eye',
                    bare: true, onclick: () => unmask(event, signup) }),
            is('signed', 'waiting', 'offered') &&
                m(Button, { label: t('signup.cancel'), icon: 'close',
                    bare: true, test: 'signup-cancel',
                    onclick: () => move(event, signup, 'cancel', changed) }),
        ];
    };
    const answers = (event: Event, signup: Signup) =>
        event.questions
            .filter((one) => signup.answers[one.id])
            .map((one) => m('li', `${one.text} ${signup.answers[one.id]}`));
    const row = (event: Event, signup: Signup, changed: () => void) =>
        m('li.person', { 'data-test': 'signup', 'data-id': signup.id,
            'data-state': signup.state },
        m('.main', m('b', signup.who),
            m(`span.pill.signup-${signup.state}`,
                t(`signup.state_${signup.state}`)),
            m('ul.inline',
                m('li', t('signup.people', { n: signup.n })),
                signup.children > 0 &&
                    m('li', t('signup.withChildren', { n: signup.children })),
                signup.offer_until_ms
                    ? m('li', t('signup.until',
                        { time: moment(signup.offer_until_ms) }))
                    : null,
                answers(event, signup))),
        m('.acts', acts(event, signup, changed)));
    return {
        view: ({ attrs: { event, changed } }) =>
            list.first.show(() => list.items.length
                ? [m('ul.people', list.items.map((signup) =>
                    row(event, signup, changed))),
                m(More, { next: list.next, load: () => list.loadMore() })]
                : empty(t('signup.none'))),
    };
};
