// Somebody was faster: what they did, told kindly. What was written is kept.

import m from 'mithril';
import { ago } from '../format';
import { t, word } from '../lang';
import { Ticket } from '../model';
import { unitName } from '../policy';
import { Button } from './button';
import { whoName } from './conversation';
import { icon } from './icon';
import { assigneeName } from './ticket_row';

function changes(before: Ticket, now: Ticket): string[] {
    const said: string[] = [];
    const since = now.log.slice(before.log.length);
    for (const entry of since)
        said.push(
            t('stale.did', {
                who: whoName(entry.who, now),
                what: word('done', entry.move),
                ago: ago(entry.at_ms),
            }),
        );
    const change = (what: string, old: string, is: string) => {
        if (old !== is) said.push(t('stale.change', { what, old, is }));
    };
    change(t('field.state'), word('state', before.state), word('state', now.state));
    change(t('field.assignee'), assigneeName(before), assigneeName(now));
    change(t('field.unit'), unitName(before.unit), unitName(now.unit));
    change(
        t('field.level'),
        word('level', before.level),
        word('level', now.level),
    );
    return said.length ? said : [t('stale.something')];
}

export function staleBox(
    before: Ticket,
    now: Ticket,
    done: () => void,
): m.Children {
    return m(
        '.stale',
        { role: 'alert', 'data-test': 'stale' },
        m('h3', icon('people'), t('stale.title')),
        m('ul', changes(before, now).map((text) => m('li', text))),
        m('p', t('stale.kept')),
        m(Button, { label: t('act.understood'), look: 'soft', onclick: done }),
    );
}
