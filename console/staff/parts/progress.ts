// How far a broadcast is: numbers by outcome, the bar, the accounts that carry
// it, and when it was read.

import m from 'mithril';
import * as api from '../api';
import {
    AccountShare, BroadcastItem, DeliveryCounts, Outcome, OUTCOMES, Progress,
} from '../broadcasts';
import { ago, clock, date, moment, number, percent, span } from '../format';
import { t, word } from '../lang';
import { Button } from './button';
import { Plot } from './chart';
import { confirm } from './dialog';
import { icon } from './icon';
import { say } from './toast';

/** The order of the bar's pieces; waiting is what is left of it. */
const PIECES: Outcome[] = [
    'sent', 'refused', 'unknown', 'recalling', 'recalled', 'too_late',
];

function of(counts: DeliveryCounts, name: keyof DeliveryCounts): number {
    return counts[name] ?? 0;
}

export function bigBar(counts: DeliveryCounts, total: number): m.Children {
    const most = Math.max(1, total);
    const left = of(counts, 'waiting') + of(counts, 'sending');
    const said = OUTCOMES.filter((name) => of(counts, name) > 0)
        .map((name) => `${word('outcome', name)} ${number(of(counts, name))}`)
        .join(t('list.comma'));
    return m('.big-bar', { role: 'img', 'aria-label': said, 'data-test': 'bar' },
        PIECES.map((name) => of(counts, name) > 0 &&
            m(`span.outcome-${name}`, {
                style: { flexGrow: String(of(counts, name) / most) },
                title: `${word('outcome', name)} ${number(of(counts, name))}`,
            })),
        left > 0 && m('span.outcome-waiting', {
            style: { flexGrow: String(left / most) },
        }));
}

/** A number, which is also the way to the list of them. */
export function outcomeCards(
    progress: Progress,
    now: string,
    choose: (state: string) => void,
): m.Children {
    const { counts, total } = progress;
    const card = (state: string, n: number, hint = '') =>
        m('button.card-number', {
            type: 'button',
            class: `outcome-${state}` + (n ? '' : ' nil'),
            'aria-pressed': String(now === state),
            'data-test': `n-${state}`,
            'data-n': n,
            onclick: () => choose(now === state ? '' : state),
        }, m('b', number(n)), m('span', word('outcome', state)),
        hint && m('small', hint));
    const reached = of(counts, 'sent');
    return m('.cards', { 'data-test': 'outcomes' },
        card('waiting', of(counts, 'waiting') + of(counts, 'sending')),
        card('sent', reached,
            total ? t('push.ofAll', { n: percent(reached / total) }) : ''),
        card('refused', of(counts, 'refused')),
        card('unknown', of(counts, 'unknown')),
        (['recalling', 'recalled', 'too_late'] as const)
            .filter((name) => of(counts, name) > 0)
            .map((name) => card(name, of(counts, name))),
        m('.card-number.good', { 'data-test': 'n-read',
            'data-n': of(counts, 'read') },
        m('b', number(of(counts, 'read'))), m('span', t('push.read'))),
        card('unread', progress.silent));
}

/** What holds it up, or when it will be through. */
export function paceLine(progress: Progress): m.Children {
    const line = (drawing: 'clock' | 'pause', text: string) =>
        m('p.pace', { 'data-test': 'pace', role: 'status' }, icon(drawing), text);
    if (progress.state === 'paused') return line('pause', t('push.isPaused'));
    if (progress.state !== 'sending') return null;
    const opens = progress.next_open_ms;
    if (opens && opens > Date.now())
        return line('clock', t('push.quiet', { time: moment(opens) }));
    if (!progress.eta_ms) return null;
    const left = progress.eta_ms - Date.now();
    return line('clock', left < 60000
        ? t('push.soonDone') : t('push.eta', { span: span(left) }));
}

interface Standing {
    online: boolean;
    parked: boolean;
    reason: string | null; // the platform's words, of one parked or slowed
    since_ms: number | null;
}

export function accountState(one: Standing): 'parked' | 'slow' | 'away' | 'good' {
    if (one.parked) return 'parked';
    if (!one.online) return 'away';
    return one.reason ? 'slow' : 'good';
}

/** What it means for the organiser, and what the platform has said. */
export function accountWhy(one: Standing): m.Children {
    const state = accountState(one);
    if (state === 'good') return null;
    return m('p.why', word('accountwhy', state),
        one.reason && state !== 'away' &&
            m('span.said', t('account.said', { words: one.reason })));
}

export async function unpark(id: string): Promise<boolean> {
    if (!(await confirm(t('account.unparkAsk', { id }), t('account.unpark'),
        'main'))) return false;
    await api.post(`/accounts/${api.part(id)}/unpark`, {});
    say(t('account.unparked', { id }));
    return true;
}

export function accountPill(one: Standing): m.Children {
    const state = accountState(one);
    return m(`span.pill.account-${state}`, { 'data-test': 'account-state',
        'data-state': state }, word('accountstate', state));
}

function accountRow(one: AccountShare, mayUnpark: boolean,
    again: () => unknown): m.Children {
    const state = accountState(one);
    return m('li.account', { key: one.id, class: state, 'data-test': 'account',
        'data-id': one.id },
    m('.main',
        m('b', one.id), accountPill(one),
        m('.facts',
            m('span', t('account.sent', { n: number(one.sent) })),
            one.waiting > 0 &&
                m('span', t('account.waiting', { n: number(one.waiting) })),
            one.since_ms !== null && one.since_ms > 0 && state !== 'good' &&
                m('span', t('account.since', { ago: ago(one.since_ms) }))),
        accountWhy(one)),
    one.parked && mayUnpark && m(Button, {
        label: t('account.unpark'), icon: 'play', look: 'soft', test: 'unpark',
        onclick: async () => {
            if (await unpark(one.id)) await again();
        },
    }));
}

export function accountsList(accounts: AccountShare[], mayUnpark: boolean,
    again: () => unknown): m.Children {
    if (accounts.length === 0) return null;
    return m('section', { 'aria-label': t('push.accounts') },
        m('h2', t('push.accounts')),
        m('ul.accounts', accounts.map((a) => accountRow(a, mayUnpark, again))));
}

/** Hour by hour, with the hours in between that nobody read in; together, too. */
export function readsPlot(reads: Progress['reads']): m.Children {
    const first = reads[0];
    const last = reads[reads.length - 1];
    if (!first || !last) return null;
    const HOUR = 3600000;
    const known = new Map(reads.map((one) =>
        [Math.floor(one.at_ms / HOUR), one.n]));
    const from = Math.floor(first.at_ms / HOUR);
    const until = Math.min(Math.floor(last.at_ms / HOUR), from + 24 * 14);
    const labels: string[] = [];
    const each: number[] = [];
    const all: number[] = [];
    let sum = 0;
    for (let hour = from; hour <= until; hour++) {
        const n = known.get(hour) ?? 0;
        sum += n;
        const at = hour * HOUR;
        labels.push(until - from > 24 ? `${date(at)} ${clock(at)}` : clock(at));
        each.push(n);
        all.push(sum);
    }
    return m(Plot, {
        title: t('push.readsOverTime'), what: t('push.hour'),
        kind: labels.length > 1 ? 'line' : 'bar', labels, test: 'plot-reads',
        series: [
            { name: t('push.readsAll'), colour: 'plot-good', values: all },
            { name: t('push.readsEach'), colour: 'plot-new', values: each },
        ],
    });
}

/** Buttons of what can be done now: each says how many it is about. */
export interface PushMove {
    name: string;
    look: 'main' | 'soft' | 'danger';
    icon: 'pause' | 'play' | 'close' | 'back' | 'again';
    n: number;
}

export function movesOf(one: BroadcastItem, counts: DeliveryCounts): PushMove[] {
    const left = of(counts, 'waiting') + of(counts, 'sending');
    const all: PushMove[] = [
        { name: 'retry', look: 'main', icon: 'again', n: of(counts, 'refused') },
        { name: 'retry_unknown', look: 'soft', icon: 'again',
            n: of(counts, 'unknown') },
        { name: 'resume', look: 'main', icon: 'play', n: left },
        { name: 'pause', look: 'soft', icon: 'pause', n: left },
        { name: 'recall', look: 'danger', icon: 'back', n: of(counts, 'sent') },
        { name: 'cancel', look: 'danger', icon: 'close',
            n: one.fired_ms ? left : one.total ?? 0 },
    ];
    const needsSome = ['retry', 'retry_unknown', 'recall'];
    return all.filter((move) => one.moves.includes(move.name) &&
        (move.n > 0 || !needsSome.includes(move.name)));
}
