// What is around every page: where one can go, what is under way, the language.

import m from 'mithril';
import { isSlow } from '../api';
import { errorText } from '../errors';
import { isLang, Key, lang, LANGS, t } from '../lang';
import { live } from '../live';
import { queue } from '../queue';
import { chooseLang, may, session, signOut } from '../session';
import { settings } from '../settings';
import { Button } from './button';
import { icon, IconName } from './icon';
import { say } from './toast';

export interface Place {
    path: string;
    icon: IconName;
    title: Key;
    permission: string; // "": everybody who is signed in
    bar?: boolean; // also in the bar of a phone
}

export const PLACES: Place[] = [
    { path: '/queue', icon: 'inbox', title: 'nav.queue',
        permission: 'tickets:read', bar: true },
    { path: '/map', icon: 'map', title: 'nav.map',
        permission: 'tickets:read', bar: true },
    { path: '/dashboard', icon: 'chart', title: 'nav.dashboard',
        permission: 'statistics', bar: true },
    { path: '/roundtable', icon: 'round', title: 'nav.roundtable',
        permission: 'statistics' },
    { path: '/documents', icon: 'doc', title: 'nav.documents',
        permission: 'documents' },
    { path: '/users', icon: 'people', title: 'nav.users', permission: 'users' },
    { path: '/tokens', icon: 'key', title: 'nav.tokens', permission: 'tokens' },
    { path: '/webhooks', icon: 'plug', title: 'nav.webhooks',
        permission: 'webhooks' },
    { path: '/audit', icon: 'shield', title: 'nav.audit', permission: 'audit' },
    { path: '/account', icon: 'me', title: 'nav.account', permission: '' },
];

export function allowed(): Place[] {
    return PLACES.filter((p) => !p.permission || may(p.permission));
}

function isHere(place: Place): boolean {
    const now = m.route.get() ?? '';
    if (place.path === '/queue' && now.startsWith('/ticket')) return true;
    if (place.path === '/documents' && now.startsWith('/document/')) return true;
    return now.split('?')[0] === place.path;
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

function side(): m.Children {
    return m(
        'nav.side',
        { 'aria-label': t('nav.label') },
        m(
            'a.brand',
            { href: '#!/queue' },
            m('img', { src: '/console/bee.svg', alt: '', width: 34, height: 34 }),
            m('span', m('b', t('app.name')), m('small', settings.district)),
        ),
        m('.places', allowed().map(link)),
        m(
            '.who',
            liveMark(),
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
    const places = allowed().filter((place) => place.bar);
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
                    allowed().some((p) => !p.bar && isHere(p))
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
            m('.places', allowed().filter((place) => !place.bar).map(link)),
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
