// What is shown instead of a thing: it is coming, it could not be had, there is
// none.

import m from 'mithril';
import { errorText } from '../errors';
import { t } from '../lang';
import { Button } from './button';

export function waiting(lines = 4): m.Children {
    return m(
        '.waiting',
        { role: 'status', 'aria-label': t('wait.loading') },
        Array.from({ length: lines }, () => m('.bone')),
    );
}

export function failed(error: unknown, again?: () => unknown): m.Children {
    return m(
        '.failed',
        { role: 'alert', 'data-test': 'failed' },
        m('p', errorText(error)),
        again &&
            m(Button, {
                label: t('act.again'),
                icon: 'again',
                look: 'soft',
                onclick: again,
            }),
    );
}

export function empty(text: string, next?: m.Children): m.Children {
    return m('.empty', { 'data-test': 'empty' }, m('p', text), next);
}
