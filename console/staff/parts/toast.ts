// Short words over the page, where no button is: what was done, with a way back for a
// few seconds, or what went wrong.

import m from 'mithril';
import { t } from '../lang';
import { Button } from './button';

const SHOWN_MS = 5000;
const BAD_MS = 9000;
const MOST = 3;

interface Toast {
    id: number;
    text: string;
    look: 'good' | 'bad';
    undo?: () => Promise<unknown>;
}

let toasts: Toast[] = [];
let last = 0;

function drop(id: number): void {
    toasts = toasts.filter((toast) => toast.id !== id);
    m.redraw();
}

export function say(
    text: string,
    look: 'good' | 'bad' = 'good',
    undo?: () => Promise<unknown>,
): void {
    const id = ++last;
    const toast: Toast = { id, text, look };
    if (undo) toast.undo = undo;
    toasts = [...toasts.filter((one) => one.text !== text), toast].slice(-MOST);
    setTimeout(() => drop(id), look === 'bad' ? BAD_MS : SHOWN_MS);
    m.redraw();
}

const OneToast: m.Component<{ toast: Toast }> = () => ({
    view({ attrs: { toast } }) {
        const back = toast.undo;
        return m(
            `.toast.${toast.look}`,
            {
                role: toast.look === 'bad' ? 'alert' : 'status',
                'data-test': 'toast',
            },
            m('span', toast.text),
            back &&
                m(Button, {
                    label: t('act.undo'),
                    test: 'undo',
                    onclick: () => {
                        const undone = back();
                        void undone.finally(() => drop(toast.id));
                        return undone;
                    },
                }),
            m(Button, {
                label: t('act.close'),
                icon: 'close',
                bare: true,
                onclick: () => drop(toast.id),
            }),
            back && m('.countdown', { 'aria-hidden': 'true' }),
        );
    },
});

export const Toasts: m.Component = () => ({
    view: () =>
        m(
            '.toasts',
            toasts.map((toast) => m(OneToast, { key: toast.id, toast })),
        ),
});
