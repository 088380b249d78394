// One ticket: the conversation, what is known of it, and what may be done now.

import m from 'mithril';
import * as api from '../api';
import { draftOf, dropDraft } from '../drafts';
import { errorText } from '../errors';
import { exact, isoDay, moment } from '../format';
import { t, word } from '../lang';
import { live } from '../live';
import { Item, Ticket } from '../model';
import { makeMove, MoveBody, moveName, MOVES, offered, sayMoved } from '../moves';
import { Button } from '../parts/button';
import { Conversation } from '../parts/conversation';
import { confirm } from '../parts/dialog';
import { icon } from '../parts/icon';
import { Loaded } from '../parts/loaded';
import { MapView } from '../parts/map';
import { FormOfMove } from '../parts/move_form';
import { Notes } from '../parts/notes';
import { duePill, stars, statePill, urgentPill } from '../parts/pill';
import { staleBox } from '../parts/stale';
import { assigneeName } from '../parts/ticket_row';
import { say } from '../parts/toast';
import { unmask } from '../parts/unmask';
import { unitName } from '../policy';
import { queue } from '../queue';
import { may, session } from '../session';

const AGAIN_MS = 300;
const SHOWN_FIRST = 4; // buttons before "more"

/** What was just done is the last thing of the conversation. */
function showLast(): void {
    const said = document.querySelectorAll('.conversation > .bubble, .event');
    said[said.length - 1]?.scrollIntoView({ block: 'nearest' });
}

export const TicketPage: m.Component<{ id: string }> = ({ attrs: { id } }) => {
    const path = `/tickets/${api.part(id)}`;
    const ticket = new Loaded(() => api.get<Ticket>(path));
    const similar = new Loaded(() =>
        api.get<{ items: Item[] }>(`${path}/similar`),
    );
    let names: string[] | null = null; // who looks, as told live
    let move = ''; // the one whose form is open
    let sending = '';
    let stale: { before: Ticket; now: Ticket } | null = null;
    let allMoves = false;
    let timer = 0;

    const take = (now: Ticket) => {
        ticket.value = now;
        names = now.looking;
    };
    const load = async () => {
        await ticket.load();
        if (ticket.value) names = ticket.value.looking;
        if (ticket.value && ticket.value.similar_hint > 0 && !similar.value)
            void similar.load();
    };
    const loadSoon = () => {
        clearTimeout(timer);
        timer = setTimeout(() => void load(), AGAIN_MS);
    };
    const stop = live.listen({
        ticket: (item) => {
            const newer = item.version > (ticket.value?.version ?? 0);
            if (item.id === id && newer && !sending) loadSoon();
        },
        looking: (which, now) => {
            if (which === id) names = now;
        },
        again: loadSoon,
    });
    void load();

    const failedMove = (error: unknown, before: Ticket) => {
        const current =
            error instanceof api.Problem && error.status === 409
                ? (error.current as Ticket | null)
                : null;
        if (current && current.id) {
            stale = { before, now: current };
            take(current);
            queue.takeTicket(current);
            if (!current.moves.includes(move)) allMoves = true;
        } else {
            say(errorText(error), 'bad');
            if (error instanceof api.Problem && error.status === 409) loadSoon();
        }
    };
    const send = async (which: string, body: MoveBody) => {
        const before = ticket.value;
        if (!before || sending) return;
        const sure = t('ask.move', { id, move: moveName(which) });
        if (MOVES[which]?.sure && !(await confirm(sure, moveName(which))))
            return;
        sending = which;
        m.redraw();
        try {
            const now = await makeMove(id, before.version, which, body);
            take(now);
            dropDraft(id, which);
            stale = null;
            move = '';
            allMoves = false;
            sayMoved(now, which, take);
            requestAnimationFrame(showLast);
        } catch (error) {
            failedMove(error, before);
        } finally {
            sending = '';
            m.redraw();
        }
    };
    const begin = (which: string) => {
        const form = MOVES[which];
        const bare = form && !form.text && !form.unit && !form.sort && !form.into;
        if (bare) return send(which, {});
        move = move === which ? '' : which;
        return undefined;
    };

    // ---- views ----

    const looking = () => {
        const others = (names ?? []).filter(
            (name) => name !== session.user?.display,
        );
        return others.length
            ? m('.looking', { role: 'status', 'data-test': 'looking' },
                icon('eye'),
                t('looking', { names: others.join(t('list.comma')) }))
            : null;
    };
    const head = (now: Ticket) =>
        m(
            'header.ticket-head',
            m(Button, {
                label: t('act.back'),
                icon: 'back',
                bare: true,
                test: 'back',
                onclick: () => m.route.set('/queue'),
            }),
            m('h1', { tabindex: -1 }, now.id),
            statePill(now.state),
            urgentPill(now),
            duePill(now),
            looking(),
        );
    const fact = (name: string, value: m.Children, test?: string) =>
        value
            ? m('.fact', m('dt', name), m('dd', { 'data-test': test }, value))
            : null;
    const merged = (now: Ticket) =>
        now.merged_into &&
        m('a', { href: `#!/ticket/${encodeURIComponent(now.merged_into)}` },
            now.merged_into);
    const person = (now: Ticket) =>
        now.anonymous
            ? [
                  t('ticket.anonymous'),
                  may('unmask') &&
                      m(Button, {
                          label: t('unmask.act'),
                          icon: 'eye',
                          test: 'unmask',
                          onclick: () => unmask(id),
                      }),
              ]
            : now.who;
    const facts = (now: Ticket) =>
        m(
            'dl.facts-list',
            fact(t('field.kind'), word('kind', now.kind)),
            fact(t('field.category'), word('category', now.category || 'none'),
                'category'),
            fact(t('field.unit'), unitName(now.unit), 'unit'),
            fact(t('field.community'), unitName(now.community)),
            fact(t('field.level'),
                t('level.of', { n: now.level, name: word('level', now.level) }),
                'level'),
            fact(t('field.assignee'), assigneeName(now), 'assignee'),
            fact(t('field.rider'), person(now)),
            fact(t('field.group'), now.group),
            fact(t('field.created'), exact(now.created_ms)),
            fact(t('field.due'), now.due_ms !== null && exact(now.due_ms)),
            fact(t('field.closed'),
                now.closed_ms !== null && exact(now.closed_ms)),
            fact(t('field.followers'), now.followers || null),
            fact(t('field.rating'), now.rating !== null && stars(now.rating)),
            fact(t('field.points'), now.points),
            fact(t('field.mergedInto'), merged(now)),
        );
    const where = (now: Ticket) => {
        if (now.lat === null || now.lon === null) return null;
        const point = {
            id, lat: now.lat, lon: now.lon, label: now.place ?? id,
            look: `state-${now.state}`,
        };
        return m('section.where-map',
            m('h3', icon('place'), t('ticket.where')),
            now.place && m('p', now.place),
            m(MapView, {
                label: t('ticket.where'),
                points: [point],
                fit: `${now.lat},${now.lon}`,
                small: true,
                test: 'small-map',
            }));
    };
    const similarList = (now: Ticket) => {
        if (!now.similar_hint || !similar.value?.items.length) return null;
        return m(
            'section.similar',
            { 'data-test': 'similar' },
            m('h3', icon('merge'),
                t('similar.title', { n: similar.value.items.length })),
            m('ul', similar.value.items.map((item) =>
                m('li',
                    m('a', { href: `#!/ticket/${encodeURIComponent(item.id)}` },
                        m('b', item.id), ' ', item.excerpt),
                    statePill(item.state),
                    now.moves.includes('merge') &&
                        m(Button, {
                            label: t('similar.merge', { id: item.id }),
                            test: 'merge-into',
                            onclick: () => {
                                draftOf(id, 'merge').into = item.id;
                                move = 'merge';
                            },
                        }))),
            ),
        );
    };
    const values = (now: Ticket) => ({
        id: now.id,
        unit: unitName(now.unit),
        date: isoDay(new Date()),
        name: now.who ?? '',
    });
    const buttons = (now: Ticket) => {
        const all = offered(now);
        const some = allMoves ? all : all.slice(0, SHOWN_FIRST);
        return m(
            '.moves',
            { role: 'group', 'aria-label': t('ticket.moves') },
            some.map((which, at) =>
                m(Button, {
                    key: which,
                    label: moveName(which),
                    icon: MOVES[which]?.icon ?? 'next',
                    look: at === 0 ? 'main' : MOVES[which]?.look === 'danger'
                        ? 'danger' : 'soft',
                    test: `move-${which}`,
                    busy: sending === which,
                    expanded: move === which,
                    onclick: () => begin(which),
                }),
            ),
            all.length > some.length || allMoves
                ? m(Button, {
                      key: 'more',
                      label: t(allMoves ? 'act.fewer' : 'act.moreMoves'),
                      icon: allMoves ? 'down' : 'more',
                      test: 'moves-more',
                      expanded: allMoves,
                      onclick: () => {
                          allMoves = !allMoves;
                      },
                  })
                : m('span', { key: 'more' }),
        );
    };
    const desk = (now: Ticket) => {
        const kept = move && !now.moves.includes(move) ? draftOf(id, move) : null;
        return m(
            '.desk-bar',
            { 'data-test': 'moves' },
            stale && staleBox(stale.before, stale.now, () => {
                stale = null;
            }),
            kept?.text && m('.kept', m('b', t('stale.yours')), m('p', kept.text)),
            m('.slot', move && now.moves.includes(move)
                ? m(FormOfMove, {
                      key: move,
                      move,
                      draft: draftOf(id, move),
                      kind: now.kind,
                      values: values(now),
                      similar: (similar.value?.items ?? []).map((item) => ({
                          value: item.id,
                          title: `${item.id} ${item.excerpt}`,
                      })),
                      busy: sending !== '',
                      send: (body: MoveBody) => void send(move, body),
                      cancel: () => {
                          move = '';
                      },
                  })
                : m('.choice', { key: '' }, offered(now).length > 0
                    ? buttons(now)
                    : m('p.hint', t('ticket.noMoves')))),
        );
    };
    return {
        oncreate() {
            live.look(id);
        },
        onremove() {
            stop();
            clearTimeout(timer);
            live.look(null);
        },
        view: () =>
            m('article.ticket', { 'data-test': 'ticket', 'data-id': id },
                ticket.show((now) => [
                    head(now),
                    m('.ticket-body',
                        m('.ticket-main',
                            m(Conversation, { ticket: now }),
                            m(Notes, {
                                ticket: now,
                                write: may('tickets:move'),
                                added: loadSoon,
                            })),
                        m('aside.ticket-side', { 'aria-label': t('ticket.facts') },
                            facts(now),
                            similarList(now),
                            where(now),
                            m('p.hint', t('ticket.updated',
                                { time: moment(now.updated_ms) })))),
                    desk(now),
                ], 6)),
    };
};
