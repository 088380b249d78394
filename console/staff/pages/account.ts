// My own account: password, the authenticator, the language.

import m from 'mithril';
import * as api from '../api';
import { errorText } from '../errors';
import { t } from '../lang';
import { Button } from '../parts/button';
import { CopyText } from '../parts/copy';
import { Input } from '../parts/field';
import { langPicker } from '../parts/frame';
import { grantText } from '../parts/grants';
import { qrCode } from '../parts/qr';
import { say } from '../parts/toast';
import { Answer, changed, session, signOut } from '../session';

function ownForm(send: () => Promise<void>, fields: m.Children): m.Children {
    return m('form.fields', {
        onsubmit: (event: Event) => {
            event.preventDefault();
            void send();
        },
    }, fields);
}

const Password: m.Component = () => {
    let old = '';
    let next = '';
    let again = '';
    let error = '';
    let busy = false;
    const send = async () => {
        error = next === again ? '' : t('account.differ');
        if (error || busy) return;
        busy = true;
        try {
            changed(await api.put<Answer>('/session/password', {
                old, new: next,
            }));
            old = next = again = '';
            say(t('account.passwordDone'));
        } catch (problem) {
            error = errorText(problem);
        } finally {
            busy = false;
        }
    };
    const field = (
        label: string, value: string, set: (v: string) => void, test: string,
        complete = 'new-password',
    ) => m(Input, { label, type: 'password', value, set, complete, most: 256,
        required: true, test });
    return {
        view: () =>
            m('section.card',
                m('h2', t('account.password')),
                ownForm(send, [
                    m('input.unseen', { type: 'text', autocomplete: 'username',
                        tabindex: -1, 'aria-hidden': 'true', readonly: true,
                        value: session.user?.name }),
                    field(t('account.old'), old, (v) => (old = v), 'old',
                        'current-password'),
                    field(t('account.newPassword'), next, (v) => (next = v), 'new'),
                    field(t('account.again'), again, (v) => (again = v), 'again'),
                    m('p.hint', t('account.passwordHint', { n: 10 })),
                    error && m('p.error', { role: 'alert' }, error),
                    m(Button, { label: t('account.change'), look: 'main',
                        submit: true, busy, test: 'password-send' }),
                ])),
    };
};

const Authenticator: m.Component = () => {
    let begun: { secret: string; uri: string } | null = null;
    let code = '';
    let password = '';
    let error = '';
    const attempt = async (act: () => Promise<void>) => {
        error = '';
        try {
            await act();
        } catch (problem) {
            error = errorText(problem);
        }
        m.redraw();
    };
    const became = (answer: Answer) => {
        const totp = answer.user.totp;
        changed(answer);
        begun = null;
        code = password = '';
        say(t(totp ? 'totp.on' : 'totp.off'));
    };
    const begin = () => attempt(async () => {
        begun = await api.post('/session/totp', {});
    });
    const finish = () => attempt(async () => {
        became(await api.put<Answer>('/session/totp', { code: code.trim() }));
    });
    const end = () => attempt(async () => {
        became(await api.remove<Answer>('/session/totp', { password }));
    });
    const steps = (now: { secret: string; uri: string }) => [
        m('p', t('totp.scan')),
        qrCode(now.uri, t('totp.qr')),
        m('p.hint', t('totp.byHand')),
        m(CopyText, { label: t('totp.secret'), text: now.secret,
            test: 'totp-secret' }),
        m('details', m('summary', t('totp.uri')),
            m(CopyText, { label: t('totp.uri'), text: now.uri, test: 'totp-uri' })),
        ownForm(finish, [
            m(Input, { label: t('sign.code'), value: code, mode: 'numeric',
                complete: 'one-time-code', most: 6, required: true,
                test: 'totp-code', set: (v: string) => (code = v) }),
            m(Button, { label: t('totp.finish'), look: 'main', submit: true,
                test: 'totp-finish' }),
        ]),
    ];
    const off = () => ownForm(end, [
        m('p', t('totp.isOn')),
        m(Input, { label: t('sign.password'), type: 'password', value: password,
            complete: 'current-password', most: 256, required: true,
            test: 'totp-password', set: (v: string) => (password = v) }),
        m(Button, { label: t('totp.end'), look: 'danger', submit: true,
            test: 'totp-end' }),
    ]);
    const on = () => [
        m('p', t('totp.why')),
        m(Button, { label: t('totp.begin'), look: 'main', test: 'totp-begin',
            onclick: begin }),
    ];
    return {
        view: () =>
            m('section.card',
                m('h2', t('totp.title')),
                m('.slot', m('.step', {
                    key: begun ? 'steps' : session.user?.totp ? 'off' : 'on',
                }, begun ? steps(begun) : session.user?.totp ? off() : on())),
                error && m('p.error', { role: 'alert' }, error)),
    };
};

export const AccountPage: m.Component = () => ({
    view: () =>
        m('.sheet', { 'data-test': 'account' },
            m('h1', { tabindex: -1 }, t('nav.account')),
            m('section.card',
                m('h2', session.user?.display, ' ',
                    m('code', session.user?.name)),
                m('ul.inline', session.user?.grants.map((grant) =>
                    m('li', grantText(grant)))),
                langPicker(),
                m(Button, { label: t('sign.out'), icon: 'out', look: 'soft',
                    onclick: () => signOut() })),
            m(Password),
            m(Authenticator)),
});
