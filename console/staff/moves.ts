// The moves of staff: how each is asked for, and how it is made. What may be
// done with a ticket now comes from the daemon with the ticket.

import * as api from './api';
import { t, word } from './lang';
import { Ticket } from './model';
import { IconName } from './parts/icon';
import { say } from './parts/toast';
import { queue } from './queue';

export interface MoveForm {
    icon: IconName;
    look: 'main' | 'soft' | 'danger';
    text?: 'may' | 'must';
    templates?: boolean;
    unit?: boolean;
    sort?: boolean; // category and urgency
    photos?: boolean;
    into?: boolean;
    sure?: boolean; // asks once more
    undo?: string; // the opposite move
}

/** In the order they are offered. Others of the daemon's are not for hands. */
export const MOVES: Record<string, MoveForm> = {
    claim: { icon: 'check', look: 'main', undo: 'release' },
    answer: { icon: 'edit', look: 'main', text: 'must', templates: true },
    close: {
        icon: 'check', look: 'main', text: 'may', templates: true, photos: true,
    },
    ask: { icon: 'phone', look: 'soft', text: 'must', templates: true },
    escalate: { icon: 'up', look: 'soft', text: 'may' },
    hand_back: { icon: 'back', look: 'soft', text: 'must' },
    route: { icon: 'next', look: 'soft', text: 'may', unit: true },
    sort: { icon: 'filter', look: 'soft', sort: true },
    reopen: { icon: 'again', look: 'soft', text: 'may' },
    release: { icon: 'out', look: 'soft', undo: 'claim' },
    merge: { icon: 'merge', look: 'soft', into: true, sure: true },
    reject: {
        icon: 'close', look: 'danger', text: 'must', templates: true, sure: true,
    },
};

/** Those that can be made with many at once. */
export const BULK = [
    'claim', 'answer', 'close', 'route', 'escalate', 'sort', 'release', 'reject',
];

export interface MoveBody {
    text?: string;
    unit?: string;
    category?: string;
    urgency?: string;
    photos?: string[];
    into?: string;
}

export function offered(ticket: Pick<Ticket, 'moves'>): string[] {
    return Object.keys(MOVES).filter((move) => ticket.moves.includes(move));
}

export function moveName(move: string): string {
    return word('move', move);
}

export async function makeMove(
    id: string,
    version: number,
    move: string,
    body: MoveBody,
): Promise<Ticket> {
    const path = `/tickets/${api.part(id)}/moves`;
    const ticket = await api.post<Ticket>(path, { move, version, ...body });
    queue.takeTicket(ticket);
    return ticket;
}

/** Says what was done, with the way back where there is one. */
export function sayMoved(
    ticket: Ticket,
    move: string,
    undone: (ticket: Ticket) => void,
): void {
    const back = MOVES[move]?.undo;
    const text = t('moved', { id: ticket.id, move: moveName(move) });
    const undo = async () => {
        const now = await makeMove(ticket.id, ticket.version, back ?? '', {});
        undone(now);
    };
    say(text, 'good', back && ticket.moves.includes(back) ? undo : undefined);
}

/** The variables of a template that are known here. */
export function fillTemplate(
    text: string,
    values: Record<string, string>,
): string {
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}
