// A text to be taken elsewhere, a secret shown once say.

import m from 'mithril';
import { t } from '../lang';
import { Button } from './button';
import { say } from './toast';

async function copy(text: string, field: HTMLInputElement | null): Promise<void> {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        // Without TLS there is no clipboard but that of a selection.
        field?.select();
        if (!document.execCommand('copy')) return;
    }
    say(t('copy.done'));
}

export const CopyText: m.Component<{
    label: string;
    text: string;
    test?: string;
}> = () => {
    let field: HTMLInputElement | null = null;
    return {
        oncreate({ dom }) {
            field = dom.querySelector('input');
        },
        view: ({ attrs }) =>
            m(
                '.copy',
                m('input', {
                    readonly: true,
                    value: attrs.text,
                    'aria-label': attrs.label,
                    'data-test': attrs.test,
                    onfocus: () => field?.select(),
                }),
                m(Button, {
                    label: t('act.copy'),
                    icon: 'copy',
                    onclick: () => copy(attrs.text, field),
                }),
            ),
    };
};
