// All broadcasts: what waits for a yes, what is planned, on its way, and done.

import m from 'mithril';
import * as api from '../api';
import {
    BROADCAST_STATES, BroadcastItem, donePart, isSeries,
} from '../broadcasts';
import { ago, exact, moment, number } from '../format';
import { t, word } from '../lang';
import { Page } from '../model';
import { Button } from '../parts/button';
import { Input } from '../parts/field';
import { icon } from '../parts/icon';
import { List, More } from '../parts/more';
import { empty } from '../parts/waiting';
import { ruleWords } from '../recurrence';

const TYPING_MS = 300;
const AGAIN_MS = 3000;

export function broadcastPill(state: BroadcastItem['state']): m.Children {
    return m(`span.pill.push-${state}`, word('push', state));
}

/** When it goes or went, in the words that fit its state. */
function when(one: BroadcastItem): string {
    if (one.fired_ms) return t('push.went', { time: moment(one.fired_ms) });
    if (isSeries(one)) {
        const rule = ruleWords(one.rrule, one.workday ?? null);
        return one.next_ms && one.state === 'scheduled'
            ? t('push.againNext', { rule, time: moment(one.next_ms) })
            : rule;
    }
    const at = one.next_ms ?? one.at_ms;
    return at ? t('push.goes', { time: moment(at) }) : t('push.atOnce');
}

/** A thin bar, and what it says in words. */
export function thinBar(one: Pick<BroadcastItem, 'counts' | 'total'>): m.Children {
    const total = one.total ?? 0;
    const done = donePart(one.counts, total);
    const bad = (one.counts.refused ?? 0) + (one.counts.unknown ?? 0);
    return m('.thin-bar', { 'aria-hidden': 'true' },
        m('span.good', { style: { width: `${done * 100}%` } }),
        bad > 0 && m('span.bad', {
            style: { width: `${Math.min(100, (bad / total) * 100)}%` },
        }));
}

function outcome(one: BroadcastItem): m.Children {
    const { counts } = one;
    if (!one.fired_ms || !one.total) return null;
    const bad = (counts.refused ?? 0) + (counts.unknown ?? 0);
    return [
        thinBar(one),
        m('.facts',
            m('span', t('push.sentOf', {
                n: number(counts.delivered ?? counts.sent ?? 0),
                of: number(one.total),
            })),
            !!counts.recalled && m('span', t('push.recalledN',
                { n: number(counts.recalled) })),
            m('span', t('push.readN', { n: number(counts.read ?? 0) })),
            bad > 0 && m('span.late', t('push.failedN', { n: number(bad) }))),
    ];
}

export function broadcastRow(one: BroadcastItem): m.Children {
    return m('li.push-row',
        { key: one.id, 'data-test': 'broadcast', 'data-id': one.id },
        m('a.main', { href: `#!/broadcasts/${encodeURIComponent(one.id)}` },
            m('.head',
                m('span.id', one.id),
                broadcastPill(one.state),
                one.lane !== 'notice' && m('span.pill.quiet', word('lane', one.lane)),
                isSeries(one) && m('span.pill.quiet', icon('again'),
                    t('push.series')),
                m('time', { title: exact(one.updated_ms) }, ago(one.updated_ms))),
            m('b.title', one.title || one.text.slice(0, 60) || t('push.untitled')),
            m('.facts',
                m('span', icon('clock'), when(one)),
                one.total !== null && one.total > 0 &&
                    m('span', icon('people'), t(`push.total_${one.target}`,
                        { n: number(one.total) })),
                m('span.who', one.by_name ?? one.by)),
            outcome(one)));
}

export const BroadcastsPage: m.Component = () => {
    let state = m.route.param('state') ?? '';
    let q = '';
    let typing = 0;
    const list = new List<BroadcastItem>((cursor) =>
        api.get<Page<BroadcastItem>>('/broadcasts',
            { state, q, limit: 30, cursor }));
    void list.load();
    // What is on its way changes by itself; more than the first page is left.
    const timer = setInterval(() => {
        const moving = list.items.some((one) => one.state === 'sending');
        if (moving && list.items.length <= 30 && !document.hidden)
            void list.load();
    }, AGAIN_MS);
    const choose = (word: string) => {
        state = word;
        void list.load();
    };
    const search = (text: string) => {
        q = text;
        clearTimeout(typing);
        typing = setTimeout(() => void list.load(), TYPING_MS);
    };
    const tab = (name: string) =>
        m('button.tab', {
            type: 'button',
            'aria-pressed': String(state === name),
            'data-test': `push-${name || 'all'}`,
            onclick: () => choose(name),
        }, name ? word('push', name) : t('push.all'));
    return {
        onremove() {
            clearInterval(timer);
            clearTimeout(typing);
        },
        view: () =>
            m('.sheet', { 'data-test': 'broadcasts' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.broadcasts')),
                    m('a.button.main', {
                        href: '#!/broadcasts/new', 'data-test': 'compose',
                    }, icon('plus'), m('span', t('push.new')))),
                m('.tabs', { role: 'group', 'aria-label': t('field.state') },
                    ['', ...BROADCAST_STATES].map(tab)),
                m(Input, {
                    label: t('push.search'), placeholder: t('push.search'),
                    unseen: true, type: 'search', value: q, most: 100,
                    test: 'push-search', set: search,
                }),
                list.first.show(() => list.items.length
                    ? [m('ul.push-list', { key: 'list' }, list.items.map(broadcastRow)),
                        m('.more-here', { key: 'more' }, m(More, {
                            next: list.next, load: () => list.loadMore(),
                        }))]
                    : [m('.none', { key: 'none' },
                        empty(t(state || q ? 'queue.nothingFits' : 'push.none'),
                            m(Button, {
                                label: t('push.new'), icon: 'plus', look: 'soft',
                                onclick: () => m.route.set('/broadcasts/new'),
                            })))])),
    };
};
