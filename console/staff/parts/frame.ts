// What is around every page: where one can go, what is under way, the language.

import m from 'mithril';
import { isSlow } from '../api';
import { errorText } from '../errors';
import { isLang, Key, lang, LANGS, t, word } from '../lang';
import { live } from '../live';
import { queue } from '../queue';
import { chooseLang, may, session, signOut } from '../session';
import { settings } from '../settings';
import { Button } from './button';
import { icon, IconName } from './icon';
import { say } from './toast';

/** What belongs together is under one head: nav.area_<area>. */
export type Area = 'tickets' | 'broadcasts' | 'study' | 'events' | 'office';

export interface Place {
    path: string;
    area: Area;
    icon: IconName;
    title: Key;
    permission: string; // "": everybody who is signed in
    bar?: number; // on a phone: the four lowest are in the bar
    below?: string; // pages whose address begins so are of this place, too
    also?: string[]; // … and these
}

export const PLACES: Place[] = [
    { path: '/queue', area: 'tickets', icon: 'inbox', title: 'nav.queue',
        permission: 'tickets:read', bar: 1, below: '/ticket/' },
    { path: '/map', area: 'tickets', icon: 'map', title: 'nav.map',
        permission: 'tickets:read', bar: 4 },
    { path: '/dashboard', area: 'tickets', icon: 'chart',
        title: 'nav.dashboard', permission: 'statistics', bar: 5 },
    { path: '/roundtable', area: 'tickets', icon: 'round',
        title: 'nav.roundtable', permission: 'statistics' },
    { path: '/broadcasts', area: 'broadcasts', icon: 'horn',
        title: 'nav.broadcasts', permission: 'broadcasts', bar: 2,
        below: '/broadcasts/' },
    { path: '/calendar', area: 'broadcasts', icon: 'days',
        title: 'nav.calendar', permission: 'broadcasts', bar: 7 },
    { path: '/groups', area: 'broadcasts', icon: 'chats', title: 'nav.groups',
        permission: 'groups', bar: 8 },
    { path: '/accounts', area: 'broadcasts', icon: 'phone',
        title: 'nav.accounts', permission: 'broadcasts' },
    { path: '/materials', area: 'study', icon: 'book', title: 'nav.study',
        permission: 'study', bar: 6,
        also: ['/feeds', '/plan', '/questions', '/quizzes', '/ranking'] },
    { path: '/events', area: 'events', icon: 'flag', title: 'nav.events',
        permission: 'events', bar: 3, below: '/event/' },
    { path: '/documents', area: 'office', icon: 'doc', title: 'nav.documents',
        permission: 'documents', below: '/document/' },
    { path: '/users', area: 'office', icon: 'people', title: 'nav.users',
        permission: 'users' },
    { path: '/tokens', area: 'office', icon: 'key', title: 'nav.tokens',
        permission: 'tokens' },
    { path: '/webhooks', area: 'office', icon: 'plug', title: 'nav.webhooks',
        permission: 'webhooks' },
    { path: '/audit', area: 'office', icon: 'shield', title: 'nav.audit',
        permission: 'audit' },
    { path: '/account', area: 'office', icon: 'me', title: 'nav.account',
        permission: '' },
];

const IN_BAR = 4;

export function allowed(): Place[] {
    return PLACES.filter((p) => !p.permission || may(p.permission));
}

function inBar(): Place[] {
    return allowed()
        .filter((place) => place.bar)
        .sort((a, b) => (a.bar ?? 0) - (b.bar ?? 0))
        .slice(0, IN_BAR);
}

function isHere(place: Place): boolean {
    const now = m.route.get() ?? '';
    if (place.below && now.startsWith(place.below)) return true;
    const path = now.split('?')[0] ?? '';
    return path === place.path || (place.also?.includes(path) ?? false);
}

function link(place: Place): m.Children {
    const waits = place.path === '/queue' ? queue.counts?.unassigned ?? 0 : 0;
    return m(
        'a.place',
        {
            href: `#!${place.path}`,
            'aria-current': isHere(place) ? 'page' : false,
            'data-test': `nav-${place.path.slice(1)}`,
        },
        icon(place.icon),
        m('span', t(place.title)),
        waits > 0 &&
            m('span.badge', { 'aria-label': t('nav.waiting', { n: waits }) },
                waits > 99 ? '99+' : waits),
    );
}

export function langPicker(): m.Children {
    return m(
        'label.lang',
        m('span.unseen', t('lang.label')),
        m(
            'select',
            {
                'data-test': 'lang',
                onchange: (event: Event) => {
                    const tag = (event.target as HTMLSelectElement).value;
                    if (isLang(tag))
                        chooseLang(tag).catch((error: unknown) =>
                            say(errorText(error), 'bad'),
                        );
                },
            },
            LANGS.map(([tag, name]) =>
                m('option', { value: tag, lang: tag, selected: tag === lang() },
                    name),
            ),
        ),
    );
}

function liveMark(): m.Children {
    const open = live.state === 'open';
    return m(
        'span.live',
        {
            class: open ? 'on' : '',
            'data-test': 'live',
            'data-state': live.state,
            title: t(open ? 'live.on' : 'live.off'),
        },
        m('span.unseen', t(open ? 'live.on' : 'live.off')),
    );
}

/** Places under the heads of their areas; a head alone would say nothing. */
function areas(places: Place[]): m.Children {
    const names = [...new Set(places.map((place) => place.area))];
    return m('.places', names.map((area) =>
        m('.area', { role: 'group', 'aria-label': word('nav', `area_${area}`) },
            names.length > 1 &&
                m('.area-head', { 'aria-hidden': 'true' },
                    word('nav', `area_${area}`)),
            places.filter((place) => place.area === area).map(link))));
}

function side(): m.Children {
    return m(
        'nav.side',
        { 'aria-label': t('nav.label') },
        m(
            'a.brand',
            { href: '#!/' },
            m('img', { src: '/console/bee.svg', alt: '', width: 34, height: 34 }),
            m('span', m('b', t('app.name')), m('small', settings.district)),
        ),
        areas(allowed()),
        m(
            '.who',
            live.state !== 'off' && liveMark(),
            m('b', session.user?.display ?? ''),
            m(Button, {
                label: t('sign.out'),
                icon: 'out',
                bare: true,
                test: 'sign-out',
                onclick: () => signOut(),
            }),
            langPicker(),
        ),
    );
}

function bar(): m.Children {
    const places = inBar();
    return m(
        'nav.bar',
        { 'aria-label': t('nav.label') },
        places.map(link),
        m(
            'a.place',
            {
                href: '#!/more',
                'data-test': 'nav-more',
                'aria-current':
                    m.route.get() === '/more' ||
                    allowed().some((p) => !places.includes(p) && isHere(p))
                        ? 'page' : false,
            },
            icon('more'),
            m('span', t('nav.more')),
        ),
    );
}

export const Frame: m.Component<{ name: string }> = () => ({
    view: ({ attrs, children }) =>
        m(
            '.frame',
            { class: `page-${attrs.name}` },
            m(
                'button.skip',
                {
                    type: 'button',
                    onclick: () => document.getElementById('main')?.focus(),
                },
                t('nav.skip'),
            ),
            m('.progress', {
                class: isSlow() ? 'on' : '',
                role: 'progressbar',
                'aria-label': t('wait.loading'),
                'aria-hidden': String(!isSlow()),
            }),
            side(),
            m('main#main', { tabindex: -1 }, children),
            bar(),
        ),
});

/** The rest of the places, for phones. */
export const MorePage: m.Component = () => ({
    view: () =>
        m(
            '.sheet.more-page',
            m('h1', t('nav.more')),
            areas(allowed().filter((place) => !inBar().includes(place))),
            m(
                '.row.spread',
                langPicker(),
                m(Button, {
                    label: t('sign.out'),
                    icon: 'out',
                    look: 'soft',
                    test: 'sign-out-phone',
                    onclick: () => signOut(),
                }),
            ),
        ),
});
