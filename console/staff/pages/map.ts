// Where the reports are, and the stations. Limited in number; the list beside
// it says the same in words.

import m from 'mithril';
import * as api from '../api';
import { t, word } from '../lang';
import { live } from '../live';
import { isOpen, Item, Page, State, Station } from '../model';
import { Check, Select } from '../parts/field';
import { Loaded } from '../parts/loaded';
import { MapView, Point } from '../parts/map';
import { categoryChoices } from '../parts/pickers';
import { statePill } from '../parts/pill';

const PAGE = 200;
const MOST = 1000;
const LEGEND: State[] = [
    'new', 'routed', 'claimed', 'answered', 'waiting', 'escalated',
    'handed_back', 'reopened',
];

function el(tag: string, className: string, text: string): HTMLElement {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
}

function ticketPopup(item: Item): HTMLElement {
    const box = el('div', 'map-popup', '');
    const link = el('a', '', t('map.open', { id: item.id })) as HTMLAnchorElement;
    link.href = `#!/ticket/${encodeURIComponent(item.id)}`;
    box.append(
        el('b', '', `${item.id} · ${word('category', item.category || 'none')}`),
        el('span', `pill state-${item.state}`, word('state', item.state)),
        el('p', '', item.excerpt),
        link,
    );
    return box;
}

function stationPopup(station: Station): HTMLElement {
    const box = el('div', 'map-popup', '');
    box.append(el('b', '', station.name));
    for (const text of [station.address, station.hours, station.offers])
        if (text) box.append(el('p', '', text));
    return box;
}

export const MapPage: m.Component = () => {
    let kind = '';
    let category = '';
    let withStations = true;
    let withTickets = true;
    let cut = false; // there are more than are shown
    const items = new Map<string, Item>();

    const tickets = new Loaded(async () => {
        items.clear();
        let cursor: string | null = null;
        do {
            const page: Page<Item> = await api.get('/tickets', {
                open: 1, kind, category, limit: PAGE, cursor,
                sort: 'updated', order: 'desc',
            });
            for (const item of page.items) items.set(item.id, item);
            cursor = page.next;
        } while (cursor !== null && items.size < MOST);
        cut = cursor !== null;
        return items;
    });
    const stations = new Loaded(() =>
        api.get<{ items: Station[] }>('/stations'),
    );
    void tickets.load();
    void stations.load();
    const stop = live.listen({
        ticket(item) {
            const fits =
                isOpen(item.state) &&
                (!kind || item.kind === kind) &&
                (!category || item.category === category);
            if (!fits) items.delete(item.id);
            else if (items.size < MOST || items.has(item.id))
                items.set(item.id, item);
        },
        gone: (id) => items.delete(id),
        again: () => void tickets.load(),
    });

    const placed = () =>
        [...items.values()].filter((item) => item.lat !== null && item.lon !== null);
    const points = (): Point[] => [
        ...(withStations ? stations.value?.items ?? [] : []).flatMap((one) =>
            one.lat === null || one.lon === null ? [] : [{
                id: `station ${one.id}`, lat: one.lat, lon: one.lon,
                look: 'station', label: one.name,
            }]),
        ...(withTickets ? placed() : []).map((item) => ({
            id: item.id, lat: item.lat ?? 0, lon: item.lon ?? 0,
            look: `state-${item.state}`,
            label: `${item.id} ${word('state', item.state)}`,
        })),
    ];
    const popup = (id: string) => {
        const item = items.get(id);
        if (item) return ticketPopup(item);
        const station = stations.value?.items.find(
            (one) => `station ${one.id}` === id,
        );
        return station ? stationPopup(station) : null;
    };
    const choose = (act: () => void) => {
        act();
        void tickets.load();
    };
    const controls = () =>
        m('.map-controls',
            m(Select, {
                label: t('field.kind'),
                value: kind,
                choices: [
                    { value: '', title: t('filter.any') },
                    { value: 'request', title: t('kind.request') },
                    { value: 'report', title: t('kind.report') },
                ],
                set: (value: string) => choose(() => (kind = value)),
            }),
            m(Select, {
                label: t('field.category'),
                value: category,
                choices: [
                    { value: '', title: t('filter.any') },
                    ...categoryChoices(kind),
                ],
                set: (value: string) => choose(() => (category = value)),
            }),
            m(Check, {
                label: t('map.tickets'),
                on: withTickets,
                set: (on: boolean) => (withTickets = on),
            }),
            m(Check, {
                label: t('map.stations'),
                on: withStations,
                set: (on: boolean) => (withStations = on),
            }));
    const legend = () =>
        m('ul.legend', { 'aria-label': t('map.legend') },
            LEGEND.map((state) =>
                m('li', m(`span.dot.state-${state}`), word('state', state))),
            m('li', m('span.dot.station'), t('map.stations')));
    const list = () => {
        const shown = placed();
        return m('details.map-list',
            m('summary', t('map.list', { n: shown.length })),
            m('ul', shown.slice(0, 200).map((item) =>
                m('li',
                    m('a', { href: `#!/ticket/${encodeURIComponent(item.id)}` },
                        m('b', item.id), ' ', item.excerpt),
                    statePill(item.state)))));
    };
    return {
        onremove: stop,
        view: () =>
            m('.map-page', { 'data-test': 'map-page' },
                m('h1', { tabindex: -1 }, t('nav.map')),
                controls(),
                cut && m('p.banner', t('map.cut', { n: MOST })),
                tickets.error !== null && tickets.show(() => null),
                m(MapView, {
                    label: t('nav.map'),
                    points: points(),
                    fit: tickets.busy ? 'wait' : `${kind} ${category}`,
                    popup,
                    test: 'map',
                }),
                legend(),
                list()),
    };
};
