// The people who work in the console: who they are and what they may do.

import m from 'mithril';
import * as api from '../api';
import { t } from '../lang';
import { Page, User } from '../model';
import { Button } from '../parts/button';
import { confirm } from '../parts/dialog';
import { Check, Input } from '../parts/field';
import { formDialog } from '../parts/form_dialog';
import { Grants, grantText } from '../parts/grants';
import { Loaded } from '../parts/loaded';
import { empty } from '../parts/waiting';
import { session } from '../session';

const SHORTEST = 10; // characters of a password
const PAGE = 200;
const MOST = 2000; // the daemon has no more

function passwordField(value: string, set: (text: string) => void): m.Children {
    return m(Input, {
        label: t('account.newPassword'), type: 'password', value, set,
        complete: 'new-password', most: 256, test: 'user-password',
        hint: t('account.passwordHint', { n: SHORTEST }),
    });
}

export const UsersPage: m.Component = () => {
    let words = '';
    const users = new Loaded(async () => {
        const items: User[] = [];
        let cursor: string | null = null;
        do {
            const page: Page<User> = await api.get('/users', {
                cursor, limit: PAGE,
            });
            items.push(...page.items);
            cursor = page.next;
        } while (cursor !== null && items.length < MOST);
        return { items };
    });
    void users.load();

    const add = () => {
        const made = {
            name: '', display: '', password: '',
            grants: [{ role: 'staff', unit: '*', category: '*' }],
        };
        formDialog(t('users.add'), () => [
            m('.row',
                m(Input, { label: t('sign.name'), value: made.name, most: 32,
                    required: true, hint: t('users.nameHint'), test: 'user-name',
                    set: (v: string) => (made.name = v.trim().toLowerCase()) }),
                m(Input, { label: t('users.display'), value: made.display,
                    most: 40, required: true, test: 'user-display',
                    set: (v: string) => (made.display = v) })),
            passwordField(made.password, (v) => (made.password = v)),
            m(Grants, { grants: made.grants }),
        ], async () => {
            const { password, ...rest } = made;
            await api.post('/users', password ? made : rest);
            await users.load();
        });
    };
    const edit = (user: User) => {
        const now = {
            display: user.display,
            disabled: user.disabled,
            grants: user.grants.map((grant) => ({ ...grant })),
        };
        formDialog(t('users.edit', { name: user.name }), () => [
            m(Input, { label: t('users.display'), value: now.display, most: 40,
                required: true, test: 'user-display',
                set: (v: string) => (now.display = v) }),
            m(Grants, { grants: now.grants }),
            user.name !== session.user?.name &&
                m(Check, { label: t('users.disabled'), on: now.disabled,
                    hint: t('users.disabledHint'), test: 'user-disabled',
                    set: (on: boolean) => (now.disabled = on) }),
        ], async () => {
            const path = `/users/${api.part(user.name)}`;
            await api.patch(path, { ...now, version: user.version });
            await users.load();
        });
    };
    const setPassword = (user: User) => {
        let password = '';
        formDialog(t('users.password', { name: user.name }), () => [
            m('p.hint', t('users.passwordHint')),
            passwordField(password, (v) => (password = v)),
        ], () => api.post(`/users/${api.part(user.name)}/password`, { password }));
    };
    const drop = async (user: User) => {
        const text = t('users.dropAsk', { name: user.display });
        if (!(await confirm(text, t('act.remove')))) return;
        await api.remove(`/users/${api.part(user.name)}`);
        await users.load();
    };
    const row = (user: User) =>
        m('li.person', { class: user.disabled ? 'off' : '', 'data-test': 'user',
            'data-id': user.name },
            m('.main',
                m('b', user.display || user.name), m('code', user.name),
                user.totp && m('span.pill', t('users.totp')),
                user.disabled && m('span.pill.urgent', t('users.off')),
                m('ul.inline', user.grants.map((grant) =>
                    m('li', grantText(grant))))),
            m('.acts',
                m(Button, { label: t('act.edit'), icon: 'edit', test: 'user-edit',
                    onclick: () => edit(user) }),
                m(Button, { label: t('users.passwordAct'), icon: 'key',
                    onclick: () => setPassword(user) }),
                user.name !== session.user?.name &&
                    m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                        onclick: () => drop(user) })));
    const list = (all: User[]) => {
        const low = words.toLowerCase();
        const found = all.filter((user) =>
            `${user.name} ${user.display}`.toLowerCase().includes(low));
        return found.length
            ? m('ul.people', found.map(row))
            : empty(t('users.none'));
    };
    return {
        view: () =>
            m('.sheet', { 'data-test': 'users' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.users')),
                    m(Button, { label: t('users.add'), icon: 'plus',
                        look: 'main', test: 'user-add', onclick: add })),
                m(Input, { label: t('act.search'), unseen: true, type: 'search',
                    placeholder: t('users.search'), value: words,
                    set: (v: string) => (words = v) }),
                users.show(({ items }) => list(items), 6)),
    };
};
