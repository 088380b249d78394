// Tokens of other systems. The secret is shown once, when it is made.

import m from 'mithril';
import * as api from '../api';
import { errorText } from '../errors';
import { date } from '../format';
import { t, word } from '../lang';
import { SCOPES, Token } from '../model';
import { Button } from '../parts/button';
import { CopyText } from '../parts/copy';
import { closeDialog, confirm, openDialog } from '../parts/dialog';
import { Check, Input } from '../parts/field';
import { Loaded } from '../parts/loaded';
import { UnitPicker } from '../parts/pickers';
import { empty } from '../parts/waiting';
import { unitName } from '../policy';

function scopeWords(scopes: unknown): string[] {
    return Array.isArray(scopes) ? scopes : String(scopes ?? '').split(' ');
}

export const TokensPage: m.Component = () => {
    const tokens = new Loaded(() => api.get<{ items: Token[] }>('/tokens'));
    void tokens.load();

    const add = () => {
        let name = '';
        let unit = '*';
        let days = '365';
        let secret = '';
        let error = '';
        const scopes = new Set<string>(['tickets:read']);
        const send = async () => {
            error = '';
            try {
                const made = await api.post<{ id: string; token: string }>(
                    '/tokens',
                    { name: name.trim(), scopes: [...scopes], unit,
                        days: Number(days) },
                );
                secret = made.token;
                await tokens.load();
            } catch (problem) {
                error = errorText(problem);
            }
        };
        const form = () => [
            m(Input, { label: t('tokens.name'), value: name, most: 60,
                hint: t('tokens.nameHint'), test: 'token-name', focus: true,
                set: (v: string) => (name = v) }),
            m('fieldset.checks', m('legend', t('tokens.scopes')),
                SCOPES.map((scope) =>
                    m(Check, { label: word('scope', scope), on: scopes.has(scope),
                        test: `scope-${scope}`,
                        set: (on: boolean) =>
                            on ? scopes.add(scope) : scopes.delete(scope) }))),
            m('.row',
                m(UnitPicker, { label: t('tokens.unit'), value: unit, any: true,
                    set: (v: string) => (unit = v) }),
                m(Input, { label: t('tokens.days'), type: 'number', value: days,
                    min: '1', max: '3650', set: (v: string) => (days = v) })),
            error && m('p.error', { role: 'alert' }, error),
            m('.actions',
                m(Button, { label: t('act.cancel'), onclick: closeDialog }),
                m(Button, { label: t('tokens.make'), look: 'main',
                    disabled: !name.trim() || scopes.size === 0 ||
                        Number(days) < 1,
                    test: 'token-make', onclick: send })),
        ];
        const once = () => [
            m('p.banner', t('tokens.once')),
            m(CopyText, { label: t('nav.tokens'), text: secret,
                test: 'token-secret' }),
            m('.actions', m(Button, { label: t('act.understood'), look: 'main',
                onclick: closeDialog })),
        ];
        openDialog(t('tokens.add'), () => m('.fields', secret ? once() : form()),
            { wide: true });
    };
    const drop = async (token: Token) => {
        const text = t('tokens.dropAsk', { name: token.name || token.id });
        if (!(await confirm(text, t('act.revoke')))) return;
        await api.remove(`/tokens/${api.part(token.id)}`);
        await tokens.load();
    };
    const until = (token: Token) => {
        if (!token.expires_ms) return t('tokens.endless');
        return t(token.expires_ms < Date.now() ? 'tokens.ended' : 'tokens.until',
            { date: date(token.expires_ms) });
    };
    const row = (token: Token) =>
        m('li.person', { 'data-test': 'token' },
            m('.main', m('b', token.name || token.id), m('code', token.id),
                m('ul.inline',
                    m('li', unitName(token.unit)), m('li', until(token)),
                    scopeWords(token.scopes).map((scope) =>
                        m('li', word('scope', scope))))),
            m('.acts', m(Button, { label: t('act.revoke'), icon: 'trash',
                onclick: () => drop(token) })));
    return {
        view: () =>
            m('.sheet', { 'data-test': 'tokens' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.tokens')),
                    m(Button, { label: t('tokens.add'), icon: 'plus',
                        look: 'main', test: 'token-add', onclick: add })),
                m('p.hint', t('tokens.hint')),
                tokens.show(({ items }) => items.length
                    ? m('ul.people', items.map(row))
                    : empty(t('tokens.none')))),
    };
};
