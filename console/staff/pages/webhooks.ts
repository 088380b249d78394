// Other systems that are told of tickets, and what did not reach them.

import m from 'mithril';
import * as api from '../api';
import { errorText } from '../errors';
import { exact } from '../format';
import { t, word } from '../lang';
import { Delivery, Webhook } from '../model';
import { Button } from '../parts/button';
import { CopyText } from '../parts/copy';
import { closeDialog, confirm, openDialog } from '../parts/dialog';
import { Check, Input } from '../parts/field';
import { Loaded } from '../parts/loaded';
import { UnitPicker } from '../parts/pickers';
import { say } from '../parts/toast';
import { empty } from '../parts/waiting';
import { unitName } from '../policy';

const EVENTS = [
    'filed', 'routed', 'claimed', 'released', 'answered', 'handed_back',
    'escalated', 'asked', 'replied', 'closed', 'confirmed', 'reopened',
    'merged', 'joined', 'withdrawn', 'rejected', 'sorted', 'warned', 'overdue',
].map((name) => `ticket.${name}`);

function eventName(event: string): string {
    return event === '*' ? t('hooks.all') : word('event', event);
}

/** What waits, and what is given up until a person sends it again. */
const Deliveries: m.Component<{ hook: Webhook }> = ({ attrs: { hook } }) => {
    const path = `/webhooks/${api.part(hook.id)}`;
    let state = 'dead';
    const picked = new Set<string>();
    const list = new Loaded(() =>
        api.get<{ items: Delivery[] }>(`${path}/deliveries`, { state }),
    );
    void list.load();
    const replay = async () => {
        const ids = [...picked];
        await api.post(`${path}/replay`, ids.length ? { ids } : {});
        picked.clear();
        say(t('hooks.replayed'));
        await list.load();
    };
    const row = (one: Delivery) =>
        m('li', { 'data-test': 'delivery' },
            m(Check, {
                label: `${eventName(one.type)} ${one.ticket ?? ''}`,
                on: picked.has(one.id),
                set: (on: boolean) =>
                    on ? picked.add(one.id) : picked.delete(one.id),
            }),
            m('small', exact(one.at_ms), ' · ',
                one.tries ? t('hooks.tries', { n: one.tries }) : '',
                one.why ? ` · ${one.why}` : ''));
    return {
        view: () => [
            m('.tabs', ['dead', 'waiting'].map((which) =>
                m('button.tab', {
                    type: 'button',
                    'aria-pressed': String(state === which),
                    'data-test': `deliveries-${which}`,
                    onclick: () => {
                        state = which;
                        picked.clear();
                        void list.load();
                    },
                }, word('hooks', which)))),
            list.show(({ items }) => items.length
                ? [m('ul.results', items.map(row)),
                    m('.actions', m(Button, {
                        label: picked.size
                            ? t('hooks.replaySome', { n: picked.size })
                            : t('hooks.replayAll'),
                        look: 'main', test: 'replay', onclick: replay,
                    }))]
                : empty(t('hooks.noDeliveries'))),
        ],
    };
};

export const WebhooksPage: m.Component = () => {
    const hooks = new Loaded(() => api.get<{ items: Webhook[] }>('/webhooks'));
    void hooks.load();

    const add = () => {
        let url = '';
        let unit = '*';
        let secret = '';
        let error = '';
        const events = new Set(EVENTS);
        const send = async () => {
            error = '';
            try {
                const made = await api.post<{ secret: string }>('/webhooks', {
                    url: url.trim(), unit,
                    events: events.size === EVENTS.length ? ['*'] : [...events],
                });
                secret = made.secret;
                await hooks.load();
            } catch (problem) {
                error = errorText(problem);
            }
        };
        const form = () => [
            m(Input, { label: t('hooks.url'), type: 'url', value: url, most: 500,
                placeholder: 'https://', hint: t('hooks.urlHint'), focus: true,
                test: 'hook-url', set: (v: string) => (url = v) }),
            m('fieldset.checks', m('legend', t('hooks.events')),
                EVENTS.map((event) =>
                    m(Check, { label: eventName(event), on: events.has(event),
                        set: (on: boolean) =>
                            on ? events.add(event) : events.delete(event) }))),
            m(UnitPicker, { label: t('tokens.unit'), value: unit, any: true,
                set: (v: string) => (unit = v) }),
            error && m('p.error', { role: 'alert' }, error),
            m('.actions',
                m(Button, { label: t('act.cancel'), onclick: closeDialog }),
                m(Button, { label: t('hooks.add'), look: 'main',
                    disabled: !/^https?:\/\/./.test(url.trim()) ||
                        events.size === 0,
                    test: 'hook-make', onclick: send })),
        ];
        const once = () => [
            m('p.banner', t('hooks.once')),
            m(CopyText, { label: t('hooks.secret'), text: secret,
                test: 'hook-secret' }),
            m('.actions', m(Button, { label: t('act.understood'), look: 'main',
                onclick: closeDialog })),
        ];
        openDialog(t('hooks.add'), () => m('.fields', secret ? once() : form()),
            { wide: true });
    };
    const drop = async (hook: Webhook) => {
        const text = t('hooks.dropAsk', { url: hook.url });
        if (!(await confirm(text, t('act.remove')))) return;
        await api.remove(`/webhooks/${api.part(hook.id)}`);
        await hooks.load();
    };
    const row = (hook: Webhook) =>
        m('li.person', { 'data-test': 'hook', 'data-id': hook.id },
            m('.main', m('b.url', hook.url),
                m('ul.inline', m('li', unitName(hook.unit)),
                    hook.events.length >= EVENTS.length
                        ? m('li', t('hooks.all'))
                        : hook.events.map((event) => m('li', eventName(event))))),
            m('.acts',
                m(Button, { label: t('hooks.deliveries'), icon: 'inbox',
                    test: 'hook-deliveries',
                    onclick: () => openDialog(t('hooks.deliveries'),
                        () => m(Deliveries, { hook }), { wide: true }) }),
                m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                    onclick: () => drop(hook) })));
    return {
        view: () =>
            m('.sheet', { 'data-test': 'webhooks' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.webhooks')),
                    m(Button, { label: t('hooks.add'), icon: 'plus',
                        look: 'main', test: 'hook-add', onclick: add })),
                m('p.hint', t('hooks.hint')),
                hooks.show(({ items }) => items.length
                    ? m('ul.people', items.map(row))
                    : empty(t('hooks.none')))),
    };
};
