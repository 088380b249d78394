// One event: what it is, who comes, and, at its door, who has come.

import m from 'mithril';
import * as api from '../api';
import { moment } from '../format';
import { t } from '../lang';
import { Event } from '../model_events';
import { Button } from '../parts/button';
import { Contest } from '../parts/contest';
import { confirm } from '../parts/dialog';
import { eventDialog } from '../parts/event_form';
import { Area, Input } from '../parts/field';
import { formDialog } from '../parts/form_dialog';
import { Loaded } from '../parts/loaded';
import { photoStrip } from '../parts/photos';
import { Signups } from '../parts/signups';
import { say } from '../parts/toast';
import { eventPill, fullness } from './events';

function path(event: Event): string {
    return `/events/${api.part(event.id)}`;
}

/** By what somebody shows or says at the door. */
const CheckIn: m.Component<{ event: Event; changed: () => void }> = () => {
    let code = '';
    let last = '';
    return {
        view: ({ attrs: { event, changed } }) => {
            const send = async () => {
                const who = await api.post<{ who: string; n: number }>(
                    `${path(event)}/checkin`, { code: code.trim() });
                last = t('event.cameIn', { name: who.who, n: who.n });
                code = '';
                changed();
            };
            return m('section.card', { 'data-test': 'check-in' },
                m('h2', t('event.checkIn')),
                m('p.hint', t('event.checkInHint')),
                m('.columns',
                    m('.fields',
                        m('.row.low',
                            m(Input, { label: t('event.personalCode'),
                                value: code, most: 64,
                                test: 'check-in-code',
                                set: (v: string) => (code = v) }),
                            m('.acts', m(Button, { label: t('event.cameInAct'),
                                icon: 'check', look: 'main',
                                disabled: code.trim() === '',
                                test: 'check-in-send', onclick: send }))),
                        last && m('p.verdict.good', { role: 'status',
                            'data-test': 'checked-in' }, last)),
                    m('figure.qr-figure',
                        m('img', { src: api.address(`${path(event)}/qr.svg`),
                            alt: t('event.qr'), width: 200, height: 200 }),
                        m('figcaption', t('event.qrHint',
                            { code: event.code ?? '—' })))));
        },
    };
};

export const EventPage: m.Component<{ id: string }> = ({ attrs: { id } }) => {
    const event = new Loaded(() =>
        api.get<Event>(`/events/${api.part(id)}`));
    void event.load();
    const reload = () => void event.load();
    const move = async (now: Event, name: string, note?: string) => {
        try {
            await api.post(`${path(now)}/moves`, {
                move: name, version: now.version, ...(note ? { note } : {}),
            });
        } finally {
            await event.load();
        }
    };
    const ask = async (now: Event, name: 'publish' | 'close' | 'finish') => {
        if (await confirm(t(`event.${name}Ask`), t(`event.${name}`), 'main'))
            await move(now, name);
    };
    const cancel = (now: Event) => {
        let note = '';
        formDialog(t('event.cancel'), () => [
            m('p.banner', t('event.cancelAsk', { n: now.counts.signed +
                now.counts.waiting })),
            m(Area, { label: t('field.reason'), value: note, rows: 2,
                most: 200, required: true, focus: true,
                test: 'event-cancel-note', set: (v: string) => (note = v) }),
        ], () => move(now, 'cancel', note), t('event.cancel'));
    };
    const push = async (now: Event) => {
        const draft = await api.post<{ id: string }>(
            `${path(now)}/broadcast`, {});
        m.route.set(`/broadcasts/${draft.id}`);
    };
    const acts = (now: Event) => m('.acts',
        now.state === 'draft' &&
            m(Button, { label: t('event.publish'), icon: 'check', look: 'main',
                test: 'event-publish', onclick: () => ask(now, 'publish') }),
        now.state === 'open' &&
            m(Button, { label: t('event.push'), icon: 'bell', look: 'soft',
                test: 'event-push', onclick: () => push(now) }),
        now.state === 'open' &&
            m(Button, { label: t('event.close'), icon: 'lock',
                test: 'event-close', onclick: () => ask(now, 'close') }),
        (now.state === 'open' || now.state === 'closed') &&
            m(Button, { label: t('event.finish'), icon: 'star',
                test: 'event-finish', onclick: () => ask(now, 'finish') }),
        m(Button, { label: t('act.edit'), icon: 'edit', test: 'event-edit',
            onclick: () => eventDialog(now, async () => {
                say(t('saved'));
                await event.load();
            }) }),
        now.state !== 'cancelled' && now.state !== 'finished' &&
            m(Button, { label: t('event.cancel'), icon: 'trash',
                test: 'event-cancel', onclick: () => cancel(now) }));
    const facts = (now: Event) => m('ul.inline',
        now.starts_ms !== null && m('li', moment(now.starts_ms)),
        now.place && m('li', now.place),
        now.deadline_ms !== null && m('li', t('event.until',
            { time: moment(now.deadline_ms) })),
        m('li', m('a', { href: api.address(`${path(now)}/event.ics`) },
            t('event.ics'))),
        m('li', m('a', { href: api.address(`${path(now)}/export.csv`),
            'data-test': 'event-export' }, t('event.export'))));
    const page = (now: Event) => [
        m('.title-line',
            m('h1', { tabindex: -1 }, now.title), eventPill(now.state),
            acts(now)),
        facts(now),
        fullness(now),
        now.text && m('p.words', now.text),
        now.photo && photoStrip([now.photo], t('event.photo')),
        now.state !== 'draft' && [
            m(CheckIn, { event: now, changed: reload }),
            m('section', m('h2', t('signup.title')),
                m(Signups, { event: now, changed: reload,
                    key: `signups ${now.counts.attended}` })),
        ],
        m(Contest, { event: now, changed: reload }),
    ];
    return {
        view: () =>
            m('.sheet', { 'data-test': 'event', 'data-id': id },
                m('a.back', { href: '#!/events' }, t('act.back')),
                event.show(page, 8)),
    };
};
