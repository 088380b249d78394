// The chat accounts that carry what is sent: which are there, which are not, and
// what the platform has said.

import m from 'mithril';
import * as api from '../api';
import { Account } from '../broadcasts';
import { ago, number } from '../format';
import { t, word } from '../lang';
import { Button } from '../parts/button';
import { Loaded } from '../parts/loaded';
import {
    accountPill, accountState, accountWhy, unpark,
} from '../parts/progress';
import { empty } from '../parts/waiting';

const AGAIN_MS = 5000;

export const AccountsPage: m.Component = () => {
    const accounts = new Loaded(() =>
        api.get<{ items: Account[] }>('/accounts'));
    void accounts.load();
    const timer = setInterval(() => {
        if (!document.hidden) void accounts.load();
    }, AGAIN_MS);
    const row = (one: Account) => {
        const state = accountState(one);
        return m('li.account', { key: one.id, class: state,
            'data-test': 'account', 'data-id': one.id },
        m('.main',
            m('b', one.id), accountPill(one),
            m('.facts',
                m('span', word('platform', one.platform)),
                one.rate !== null &&
                    m('span', t('account.rate', { n: one.rate })),
                one.waiting > 0 &&
                    m('span', t('account.waiting', { n: number(one.waiting) })),
                !!one.since_ms && state !== 'good' &&
                    m('span', t('account.since', { ago: ago(one.since_ms) }))),
            accountWhy(one)),
        one.parked && m(Button, {
            label: t('account.unpark'), icon: 'play', look: 'soft',
            test: 'unpark',
            onclick: async () => {
                if (await unpark(one.id)) await accounts.load();
            },
        }));
    };
    return {
        onremove: () => clearInterval(timer),
        view: () =>
            m('.sheet', { 'data-test': 'accounts' },
                m('h1', { tabindex: -1 }, t('nav.accounts')),
                m('p.hint', t('account.hint')),
                accounts.show(({ items }) => items.length
                    ? [m('ul.accounts', { key: 'list' }, items.map(row))]
                    : [m('.none', { key: 'none' }, empty(t('account.none')))])),
    };
};
