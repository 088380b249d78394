// One question at a time over the page, in the browser's own modal dialog.

import m from 'mithril';
import { t } from '../lang';
import { Button } from './button';

interface Shown {
    title: string;
    wide: boolean;
    body: () => m.Children;
    closed: () => void;
}

let shown: Shown | null = null;

export function closeDialog(): void {
    const was = shown;
    shown = null;
    was?.closed();
    m.redraw();
}

/** body is drawn again at every redraw, like any view. */
export function openDialog(
    title: string,
    body: () => m.Children,
    options: { wide?: boolean; closed?: () => void } = {},
): void {
    if (shown) closeDialog();
    shown = {
        title,
        body,
        wide: options.wide ?? false,
        closed: options.closed ?? (() => undefined),
    };
    m.redraw();
}

export function isDialogOpen(): boolean {
    return shown !== null;
}

/** Asks before what cannot be taken back. */
export function confirm(
    text: string,
    yes: string,
    look: 'main' | 'danger' = 'danger',
): Promise<boolean> {
    return new Promise((done) => {
        let answer = false;
        const answerWith = (value: boolean) => {
            answer = value;
            closeDialog();
        };
        openDialog(
            t('ask.title'),
            () => [
                m('p.ask', text),
                m(
                    '.actions',
                    m(Button, {
                        label: t('act.cancel'),
                        test: 'confirm-no',
                        onclick: () => answerWith(false),
                    }),
                    m(Button, {
                        label: yes,
                        look,
                        test: 'confirm-yes',
                        onclick: () => answerWith(true),
                    }),
                ),
            ],
            { closed: () => done(answer) },
        );
    });
}

const Box: m.Component<{ shown: Shown }> = () => ({
    oncreate({ dom }) {
        (dom as HTMLDialogElement).showModal();
    },
    view({ attrs: { shown: now } }) {
        return m(
            'dialog.dialog',
            {
                class: now.wide ? 'wide' : '',
                'aria-labelledby': 'dialog-title',
                'data-test': 'dialog',
                oncancel: (event: Event) => {
                    event.preventDefault();
                    closeDialog();
                },
                onclick: (event: Event & { redraw?: boolean }) => {
                    // The backdrop is the dialog itself. A redraw between the
                    // click on a box and its change would undo the click.
                    if (event.target === event.currentTarget) closeDialog();
                    else event.redraw = false;
                },
            },
            m(
                '.box',
                m(
                    'header',
                    m('h2#dialog-title', now.title),
                    m(Button, {
                        label: t('act.close'),
                        icon: 'close',
                        bare: true,
                        test: 'dialog-close',
                        onclick: () => closeDialog(),
                    }),
                ),
                now.body(),
            ),
        );
    },
});

let serial = 0;
let serialOf: Shown | null = null;

export const Dialogs: m.Component = () => ({
    view() {
        if (shown !== serialOf) {
            serialOf = shown;
            serial++;
        }
        return m('.dialogs', shown ? [m(Box, { key: serial, shown })] : []);
    },
});
