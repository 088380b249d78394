// What was said and done about a ticket, as a chat: the rider on the left, staff
// on the right, moves as quiet lines between them. Internal notes are never here.

import m from 'mithril';
import { clock, date, exact } from '../format';
import { t, word } from '../lang';
import { LogEntry, Ticket } from '../model';
import { unitName, unitOf } from '../policy';
import { icon } from './icon';
import { photoStrip } from './photos';
import { stars } from './pill';

const RIDERS = ['file', 'reply', 'join'];
const SAID = ['answer', 'ask', 'close', 'reject'];
const HIDDEN = ['note'];

/** Who a log entry is by; names of staff are theirs. */
export function whoName(who: string, ticket: Pick<Ticket, 'who'>): string {
    if (who === 'rider') return ticket.who ?? t('who.rider');
    return who === 'system' ? t('who.system') : who;
}

function nameOfDetail(value: unknown): string {
    const id = String(value);
    if (unitOf(id)) return unitName(id);
    for (const space of ['category', 'urgency', 'kind', 'due']) {
        const name = word(space, id);
        if (name !== id) return name;
    }
    return id;
}

/** Units, categories and the like of a move, in words. */
function detailText(detail: unknown): string {
    if (detail === null || detail === undefined || detail === '') return '';
    if (typeof detail !== 'object') return nameOfDetail(detail);
    return Object.entries(detail as Record<string, unknown>)
        .filter(([key, v]) => v !== null && v !== '' && key !== 'rating')
        .map(([, value]) => nameOfDetail(value))
        .join(' · ');
}

function ratingOf(entry: LogEntry): number {
    const detail = entry.detail as Record<string, unknown> | null | undefined;
    const value =
        detail && typeof detail === 'object' ? detail['rating'] : detail;
    const n = Number(value);
    return entry.move === 'confirm' && n >= 1 && n <= 5 ? n : 0;
}

function bubble(entry: LogEntry, ticket: Ticket, side: string): m.Children {
    const detail = ratingOf(entry) ? '' : detailText(entry.detail);
    const what = RIDERS.includes(entry.move) && entry.move !== 'join'
        ? ''
        : word('done', entry.move);
    return m(
        `.bubble.${side}`,
        { class: `move-${entry.move}`, 'data-test': 'said' },
        m(
            '.by',
            m('b', whoName(entry.who, ticket)),
            what && m('span.what', what),
            m('time', { title: exact(entry.at_ms) }, clock(entry.at_ms)),
        ),
        entry.text && m('p.words', entry.text),
        ratingOf(entry) > 0 && stars(ratingOf(entry)),
        detail && m('small', detail),
        entry.photos && photoStrip(entry.photos, t('photo.title')),
    );
}

function line(entry: LogEntry, ticket: Ticket): m.Children {
    const detail = detailText(entry.detail);
    return m(
        '.event',
        { class: `move-${entry.move}`, 'data-test': 'event' },
        m(
            'span',
            m('b', whoName(entry.who, ticket)),
            ` ${word('done', entry.move)}`,
            detail && ` · ${detail}`,
        ),
        m('time', { title: exact(entry.at_ms) }, clock(entry.at_ms)),
        entry.text && m('p.words', entry.text),
    );
}

/** The first word of the rider, which the ticket itself has. */
function opening(ticket: Ticket): m.Children {
    return m(
        '.bubble.rider.first',
        { 'data-test': 'said' },
        m(
            '.by',
            m('b', whoName('rider', ticket)),
            ticket.anonymous && m('span.what', icon('lock'), t('ticket.anonymous')),
            m('time', { title: exact(ticket.created_ms) }, clock(ticket.created_ms)),
        ),
        m('p.words', ticket.text),
        photoStrip(ticket.photos, t('photo.before')),
        ticket.place && m('small.where', icon('place'), ticket.place),
    );
}

function entryView(entry: LogEntry, ticket: Ticket): m.Children {
    if (RIDERS.includes(entry.move) || (entry.who === 'rider' && entry.text))
        return bubble(entry, ticket, 'rider');
    if (ratingOf(entry)) return bubble(entry, ticket, 'rider');
    if (SAID.includes(entry.move) && entry.text)
        return bubble(entry, ticket, 'staff');
    return line(entry, ticket);
}

export const Conversation: m.Component<{ ticket: Ticket }> = () => ({
    view({ attrs: { ticket } }) {
        const rows: m.Children[] = [
            m('.day', date(ticket.created_ms)),
            opening(ticket),
        ];
        let day = date(ticket.created_ms);
        for (const entry of ticket.log) {
            if (entry.move === 'file' || HIDDEN.includes(entry.move)) continue;
            if (date(entry.at_ms) !== day) {
                day = date(entry.at_ms);
                rows.push(m('.day', day));
            }
            rows.push(entryView(entry, ticket));
        }
        const { after_photos: after } = ticket;
        return m(
            '.conversation',
            { role: 'log', 'aria-label': t('ticket.conversation') },
            rows,
            after.length > 0 &&
                m(
                    '.compare',
                    m('div', m('h4', t('photo.before')),
                        photoStrip(ticket.photos, t('photo.before'))),
                    m('div', m('h4', t('photo.after')),
                        photoStrip(after, t('photo.after'))),
                ),
        );
    },
});
