// What staff write for each other. It looks like nothing that a rider gets.

import m from 'mithril';
import * as api from '../api';
import { draftOf, dropDraft } from '../drafts';
import { exact, moment } from '../format';
import { t } from '../lang';
import { Ticket } from '../model';
import { Button } from './button';
import { Area } from './field';
import { icon } from './icon';

const MOST = 2000;

export const Notes: m.Component<{
    ticket: Ticket;
    write: boolean;
    added: () => void;
}> = () => {
    const send = async (ticket: Ticket, added: () => void) => {
        const text = draftOf(ticket.id, 'note').text.trim();
        if (!text) return;
        await api.post(`/tickets/${api.part(ticket.id)}/notes`, { text });
        dropDraft(ticket.id, 'note');
        added();
    };
    return {
        view({ attrs: { ticket, write, added } }) {
            const draft = draftOf(ticket.id, 'note');
            return m(
                'section.notes',
                { 'aria-labelledby': 'notes-title', 'data-test': 'notes' },
                m(
                    'h3#notes-title',
                    icon('lock'),
                    t('notes.title'),
                    m('span.unseen-by', t('notes.unseen')),
                ),
                ticket.notes.map((note) =>
                    m(
                        '.note',
                        { 'data-test': 'note' },
                        m(
                            '.by',
                            m('b', note.who),
                            m('time', { title: exact(note.at_ms) },
                                moment(note.at_ms)),
                        ),
                        m('p.words', note.text),
                    ),
                ),
                write && [
                    m(Area, {
                        label: t('notes.write'),
                        unseen: true,
                        placeholder: t('notes.write'),
                        value: draft.text,
                        set: (text: string) => (draft.text = text),
                        rows: 2,
                        most: MOST,
                        test: 'note-text',
                    }),
                    m(Button, {
                        label: t('notes.add'),
                        look: 'soft',
                        test: 'note-add',
                        disabled: !draft.text.trim(),
                        onclick: () => send(ticket, added),
                    }),
                ],
            );
        },
    };
};
