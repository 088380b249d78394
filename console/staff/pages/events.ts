// Events: what is planned, how full it is.

import m from 'mithril';
import * as api from '../api';
import { moment, number } from '../format';
import { t } from '../lang';
import { Page } from '../model';
import { Event, EventState } from '../model_events';
import { Button } from '../parts/button';
import { eventDialog } from '../parts/event_form';
import { icon } from '../parts/icon';
import { List, More } from '../parts/more';
import { tabs } from '../parts/tabs';
import { empty } from '../parts/waiting';

const PAGE = 50;
const STATES: ('' | EventState)[] =
    ['', 'draft', 'open', 'closed', 'finished', 'cancelled'];

export function eventPill(state: EventState): m.Children {
    return m(`span.pill.event-${state}`, t(`event.state_${state}`));
}

/** How many of how many, as a bar that also says it. */
export function fullness(event: Event): m.Children {
    const { people, waiting } = event.counts;
    const most = event.capacity;
    return m('.fullness',
        m('span', most > 0
            ? t('event.of', { n: number(people), most: number(most) })
            : t('event.signed', { n: number(people) }),
        waiting > 0 && ` · ${t('event.waiting', { n: number(waiting) })}`),
        most > 0 && m('progress', { max: most, value: Math.min(people, most),
            'aria-label': t('event.of', { n: people, most }) }));
}

export const EventsPage: m.Component = () => {
    let state: '' | EventState = '';
    const list = new List<Event>((cursor) =>
        api.get<Page<Event>>('/events', { state, cursor, limit: PAGE }));
    void list.load();
    const row = (event: Event) =>
        m('li', m('a.person.event', { href: `#!/event/${event.id}`,
            'data-test': 'event', 'data-id': event.id },
        m('.main', m('b', event.title), m('code', event.id),
            eventPill(event.state),
            m('ul.inline',
                event.starts_ms !== null &&
                    m('li', icon('clock'), moment(event.starts_ms)),
                event.place && m('li', icon('place'), event.place))),
        fullness(event)));
    return {
        view: () =>
            m('.sheet', { 'data-test': 'events' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.events')),
                    m(Button, { label: t('event.add'), icon: 'plus',
                        look: 'main', test: 'event-add',
                        onclick: () => eventDialog(null, async (made) => {
                            m.route.set(`/event/${made.id}`);
                        }) })),
                tabs(t('event.states'), STATES.map((id) => ({
                    id: id || 'all', title: t(`event.state_${id || 'all'}`),
                })), state || 'all', (id) => {
                    state = id === 'all' ? '' : id as EventState;
                    void list.load();
                }),
                list.first.show(() => list.items.length
                    ? [m('ul.people', list.items.map(row)),
                        m(More, { next: list.next,
                            load: () => list.loadMore() })]
                    : empty(t('event.none')), 6)),
    };
};
