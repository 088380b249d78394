// Signing in: name and password, then the code of the authenticator if this
// account has one.

import m from 'mithril';
import { Problem } from '../api';
import { errorText } from '../errors';
import { t } from '../lang';
import { Button } from '../parts/button';
import { Input } from '../parts/field';
import { langPicker } from '../parts/frame';
import { session, signIn, startSession } from '../session';
import { settings } from '../settings';

function problemText(error: unknown, withCode: boolean): string {
    if (!(error instanceof Problem)) return errorText(error);
    if (error.status === 401)
        return t(withCode ? 'sign.wrongCode' : 'sign.wrong');
    return errorText(error);
}

export const SignIn: m.Component<{ started: () => void }> = () => {
    let name = '';
    let password = '';
    let code = '';
    let asked = false; // for the code
    let error = '';
    let busy = false;
    const send = async () => {
        if (busy) return;
        busy = true;
        error = '';
        try {
            await signIn(name.trim().toLowerCase(), password, code.trim());
        } catch (problem) {
            if (problem instanceof Problem && problem.code === 'totp_needed')
                asked = true;
            else error = problemText(problem, asked);
            code = '';
        } finally {
            busy = false;
            m.redraw();
        }
    };
    const first = () => [
        m(Input, {
            label: t('sign.name'),
            value: name,
            set: (value: string) => (name = value),
            complete: 'username',
            required: true,
            focus: true,
            most: 32,
            test: 'name',
        }),
        m(Input, {
            label: t('sign.password'),
            type: 'password',
            value: password,
            set: (value: string) => (password = value),
            complete: 'current-password',
            required: true,
            most: 256,
            test: 'password',
        }),
    ];
    const second = () => [
        m('p.hint', t('sign.codeWhy')),
        m(Input, {
            label: t('sign.code'),
            value: code,
            set: (value: string) => (code = value),
            complete: 'one-time-code',
            mode: 'numeric',
            required: true,
            focus: true,
            most: 6,
            test: 'code',
        }),
    ];
    return {
        view: ({ attrs }) =>
            m(
                'main.sign-in',
                m(
                    'form.card',
                    {
                        'data-test': 'sign-in',
                        onsubmit: (event: Event) => {
                            event.preventDefault();
                            void send();
                        },
                    },
                    m('img', {
                        src: '/console/bee.svg', alt: '', width: 72, height: 72,
                    }),
                    m('h1', t('app.name')),
                    m('p.hint', settings.operator || settings.district),
                    session.lost && m('p.banner', t('sign.lost')),
                    session.away &&
                        m('p.banner', t('error.away'), m(Button, {
                            label: t('act.again'),
                            onclick: () => startSession(attrs.started),
                        })),
                    m('.slot', m('.step', { key: asked ? 2 : 1 },
                        asked ? second() : first())),
                    error && m('p.error', { role: 'alert', 'data-test': 'sign-error' },
                        error),
                    m(Button, {
                        label: t('sign.in'),
                        look: 'main',
                        submit: true,
                        busy,
                        test: 'sign-in-send',
                    }),
                    asked &&
                        m(Button, {
                            label: t('act.back'),
                            onclick: () => {
                                asked = false;
                                code = '';
                            },
                        }),
                ),
                langPicker(),
            ),
    };
};
