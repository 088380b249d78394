// One move with all that are selected, after a question; what did not go is told
// one by one and stays selected.

import m from 'mithril';
import * as api from '../api';
import { Draft, draftOf, dropDraft } from '../drafts';
import { errorText } from '../errors';
import { isoDay } from '../format';
import { t, word } from '../lang';
import { BULK, MoveBody, moveName, MOVES } from '../moves';
import { queue } from '../queue';
import { Button } from './button';
import { closeDialog, confirm, openDialog } from './dialog';
import { FormOfMove } from './move_form';
import { say } from './toast';

interface Result {
    id: string;
    ok: boolean;
    version?: number;
    code?: string;
}

const ALL = 'bulk'; // whose draft it is

function tellFailures(failures: Result[]): void {
    openDialog(t('bulk.failed', { n: failures.length }), () => [
        m('p.ask', t('bulk.failedHint')),
        m(
            'ul.results',
            failures.map((one) =>
                m('li', m('b', one.id), ' ', word('code', one.code ?? ''))),
        ),
        m('.actions', m(Button, {
            label: t('act.understood'), look: 'main', onclick: closeDialog,
        })),
    ]);
}

async function send(move: string, body: MoveBody): Promise<void> {
    const tickets = [...queue.selected]
        .map((id) => queue.find(id))
        .flatMap((item) => (item ? [{ id: item.id, version: item.version }] : []));
    const n = tickets.length;
    const ask = t('ask.bulk', { n, move: moveName(move) });
    const look = MOVES[move]?.look === 'danger' ? 'danger' : 'main';
    if (n === 0 || !(await confirm(ask, moveName(move), look))) return;
    const { results } = await api.post<{ results: Result[] }>('/moves', {
        move,
        tickets,
        ...body,
    });
    const failures = results.filter((one) => !one.ok);
    queue.selected = new Set(failures.map((one) => one.id));
    dropDraft(ALL, move);
    if (n > failures.length)
        say(t('bulk.done', { n: n - failures.length, move: moveName(move) }));
    if (failures.length) tellFailures(failures);
    await queue.list.load();
}

function askMore(move: string, draft: Draft): void {
    openDialog(moveName(move), () =>
        m(FormOfMove, {
            move,
            draft,
            kind: queue.filters.kind,
            values: { date: isoDay(new Date()), name: '' },
            busy: false,
            send: (body: MoveBody) => {
                closeDialog();
                send(move, body).catch((error: unknown) =>
                    say(errorText(error), 'bad'),
                );
            },
            cancel: closeDialog,
        }),
    );
}

function begin(move: string): Promise<void> | undefined {
    const form = MOVES[move];
    if (form && !form.text && !form.unit && !form.sort) return send(move, {});
    askMore(move, draftOf(ALL, move));
    return undefined;
}

export function bulkBar(): m.Children {
    const n = queue.selected.size;
    if (n === 0) return null;
    return m(
        '.bulk-bar',
        { role: 'group', 'aria-label': t('bulk.title'), 'data-test': 'bulk' },
        m('b', t('bulk.selected', { n })),
        m('.moves',
            BULK.map((move) =>
                m(Button, {
                    label: moveName(move),
                    look: MOVES[move]?.look === 'danger' ? 'danger' : 'soft',
                    test: `bulk-${move}`,
                    onclick: () => begin(move),
                }),
            ),
            m(Button, {
                label: t('bulk.none'),
                icon: 'close',
                onclick: () => queue.selected.clear(),
            }),
        ),
    );
}
