// A form in a dialog: it stays open, with the reason, until what it sends is
// taken.

import m from 'mithril';
import { errorText } from '../errors';
import { t } from '../lang';
import { Button } from './button';
import { closeDialog, openDialog } from './dialog';
import { say } from './toast';

/** send throws what went wrong; what it gives is said, else "saved". */
export function formDialog(
    title: string,
    fields: () => m.Children,
    send: () => Promise<unknown>,
    act = t('act.save'),
): void {
    let busy = false;
    let error = '';
    const submit = async (event: Event) => {
        event.preventDefault();
        if (busy) return;
        busy = true;
        error = '';
        try {
            const said = await send();
            closeDialog();
            say(typeof said === 'string' ? said : t('saved'));
        } catch (problem) {
            error = errorText(problem);
        } finally {
            busy = false;
            m.redraw();
        }
    };
    openDialog(title, () =>
        m('form.fields', { onsubmit: submit },
            fields(),
            error && m('p.error', { role: 'alert' }, error),
            m('.actions',
                m(Button, { label: t('act.cancel'), onclick: closeDialog }),
                m(Button, { label: act, look: 'main', submit: true,
                    busy, test: 'dialog-save' }))),
        { wide: true });
}
