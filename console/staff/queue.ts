// The list of tickets: its filters, what is loaded of it, what is selected, and
// how it follows what others do. There is one, whichever page is shown.

import m from 'mithril';
import * as api from './api';
import { live } from './live';
import { Counts, isOpen, Item, Page, Ticket } from './model';
import { List } from './parts/more';
import { session } from './session';

export type Tab = 'unassigned' | 'mine' | 'overdue' | 'all';
export const TABS: Tab[] = ['unassigned', 'mine', 'overdue', 'all'];

export interface Filters {
    tab: Tab;
    ended: string; // "1": those that have ended, too
    kind: string;
    state: string;
    community: string;
    category: string;
    level: string;
    urgency: string;
    q: string;
    sort: string; // due created updated
    order: string; // asc desc
}

const DEFAULTS: Filters = {
    tab: 'unassigned',
    ended: '',
    kind: '',
    state: '',
    community: '',
    category: '',
    level: '',
    urgency: '',
    q: '',
    sort: 'due',
    order: 'asc',
};

const NARROWING: (keyof Filters)[] = [
    'kind', 'state', 'community', 'category', 'level', 'urgency',
];
const PAGE = 50;
const MOST_SHOWN = 500; // of those that come by themselves
const SELECT_MAX = 200; // of one bulk move
const COUNT_PAUSE_MS = 4000;

/** What the API is asked with; also for exports. */
export function apiQuery(f: Filters): Record<string, string> {
    const query: Record<string, string> = {};
    for (const name of NARROWING) if (f[name]) query[name] = f[name];
    if (f.q) query['q'] = f.q;
    if (f.tab === 'unassigned') query['assignee'] = 'none';
    if (f.tab === 'mine') query['assignee'] = 'me';
    if (f.tab === 'overdue') query['overdue'] = '1';
    if (f.tab !== 'all' || (!f.ended && !f.state)) query['open'] = '1';
    query['sort'] = f.sort;
    query['order'] = f.order;
    return query;
}

/** What the address of the page says: all that is not as usual. */
export function pageQuery(f: Filters): Record<string, string> {
    const query: Record<string, string> = {};
    for (const name of Object.keys(DEFAULTS) as (keyof Filters)[])
        if (f[name] !== DEFAULTS[name]) query[name] = f[name];
    return query;
}

function fromPage(query: Record<string, string>): Filters {
    const filters = { ...DEFAULTS };
    for (const name of Object.keys(DEFAULTS) as (keyof Filters)[]) {
        const value = query[name];
        if (typeof value === 'string' || typeof value === 'number')
            (filters as Record<string, string>)[name] = String(value);
    }
    if (!TABS.includes(filters.tab)) filters.tab = DEFAULTS.tab;
    return filters;
}

/** Whether the list would have it. Texts are searched by the daemon only. */
function belongs(item: Item, f: Filters): boolean {
    if (f.q) return false;
    if (f.tab === 'unassigned' && item.assignee !== null) return false;
    if (f.tab === 'mine' && item.assignee !== session.user?.name) return false;
    if (f.tab === 'overdue' && !item.overdue) return false;
    if (apiQuery(f)['open'] && !isOpen(item.state)) return false;
    return NARROWING.every(
        (name) => !f[name] || String(item[name as keyof Item]) === f[name],
    );
}

function rank(item: Item, sort: string): number {
    if (sort === 'created') return item.created_ms;
    if (sort === 'updated') return item.updated_ms;
    return item.due_ms ?? Infinity;
}

class Queue {
    filters: Filters = { ...DEFAULTS };
    counts: Counts | null = null;
    total = 0;
    selected = new Set<string>();
    at = ''; // where the keyboard is
    changed = new Set<string>(); // by others, while it was shown
    readonly list = new List<Item>((cursor) => this.ask(cursor));
    private countTimer = 0;

    private async ask(cursor: string | null): Promise<Page<Item>> {
        const page = await api.get<Page<Item>>('/tickets', {
            ...apiQuery(this.filters),
            limit: PAGE,
            cursor,
        });
        if (cursor === null) {
            this.counts = page.counts ?? this.counts;
            this.total = page.total;
            this.changed.clear();
            const here = new Set(page.items.map((item) => item.id));
            for (const id of this.selected)
                if (!here.has(id)) this.selected.delete(id);
        }
        return page;
    }

    /** A new district, a new person: nothing of before is kept. */
    reset(): void {
        this.filters = { ...DEFAULTS };
        this.counts = null;
        this.list.items = [];
        this.list.next = null;
        this.list.first.value = null;
        this.selected.clear();
        this.at = '';
    }

    /** The address of the page was opened or changed. */
    adopt(query: Record<string, string>): void {
        const filters = Object.keys(query).length
            ? fromPage(query)
            : this.filters;
        const same =
            JSON.stringify(filters) === JSON.stringify(this.filters);
        const { value, busy, error } = this.list.first;
        // What failed is asked for again by a person, not at every redraw.
        if (same && (value || busy || error !== null)) return;
        this.filters = filters;
        void this.list.load();
    }

    set(change: Partial<Filters>): void {
        this.filters = { ...this.filters, ...change };
        void this.list.load();
        if (m.route.get().startsWith('/queue'))
            m.route.set('/queue', pageQuery(this.filters), { replace: true });
    }

    narrowed(): number {
        return NARROWING.filter((name) => this.filters[name]).length;
    }

    widen(): void {
        const none: Partial<Filters> = { q: '', ended: '' };
        for (const name of NARROWING) none[name] = '' as never;
        this.set(none);
    }

    find(id: string): Item | undefined {
        return this.list.items.find((item) => item.id === id);
    }

    select(id: string): void {
        if (this.selected.has(id)) this.selected.delete(id);
        else if (this.selected.size < SELECT_MAX) this.selected.add(id);
    }

    selectAll(): void {
        const all = this.list.items.slice(0, SELECT_MAX);
        const every = all.every((item) => this.selected.has(item.id));
        this.selected = new Set(every ? [] : all.map((item) => item.id));
    }

    step(by: number): void {
        const items = this.list.items;
        if (items.length === 0) return;
        const now = items.findIndex((item) => item.id === this.at);
        const next = Math.min(items.length - 1, Math.max(0, now + by));
        this.at = items[next]?.id ?? '';
        if (next >= items.length - 3) void this.list.loadMore();
    }

    /** A ticket as it is now, from the daemon's word or an answer. */
    take(item: Item, byOthers: boolean): void {
        const items = this.list.items;
        const at = items.findIndex((one) => one.id === item.id);
        const old = items[at];
        if (old && old.version > item.version) return;
        const fits = belongs(item, this.filters);
        if (at >= 0) {
            // It stays where it is, for nothing shall move under a finger.
            items[at] = item;
            if (byOthers || !fits) this.changed.add(item.id);
        } else if (fits && this.list.first.value && items.length < MOST_SHOWN) {
            this.insert(item);
            if (byOthers) this.changed.add(item.id);
        }
        this.countSoon();
    }

    takeTicket(ticket: Ticket): void {
        const excerpt = this.find(ticket.id)?.excerpt ?? ticket.text.slice(0, 80);
        const item = { ...ticket, excerpt, photos: ticket.photos.length };
        this.take(item, false);
    }

    drop(id: string): void {
        this.list.items = this.list.items.filter((item) => item.id !== id);
        this.selected.delete(id);
        this.countSoon();
    }

    fits(item: Item): boolean {
        return this.filters.q !== '' || belongs(item, this.filters);
    }

    private insert(item: Item): void {
        const { sort, order } = this.filters;
        const items = this.list.items;
        const sign = order === 'desc' ? -1 : 1;
        const mine = rank(item, sort) * sign;
        let at = items.findIndex((one) => rank(one, sort) * sign > mine);
        // After the end of what is loaded it would stand before its turn.
        if (at < 0 && this.list.next !== null) return;
        if (at < 0) at = items.length;
        items.splice(at, 0, item);
        this.total++;
    }

    /** Counts are asked for again, not more often than every few seconds. */
    private countSoon(): void {
        if (this.countTimer) return;
        const pause = COUNT_PAUSE_MS * (0.5 + Math.random());
        this.countTimer = setTimeout(() => void this.count(), pause);
    }

    private async count(): Promise<void> {
        this.countTimer = 0;
        if (!session.user) return;
        try {
            const query = { ...apiQuery(this.filters), limit: 1 };
            const page = await api.get<Page<Item>>('/tickets', query);
            this.counts = page.counts ?? this.counts;
            this.total = page.total;
            m.redraw();
        } catch {
            // The next change asks again.
        }
    }
}

export const queue = new Queue();

live.listen({
    ticket: (item) => queue.take(item, true),
    gone: (id) => queue.drop(id),
    again: () => {
        if (session.user && queue.list.first.value) void queue.list.load();
    },
});

/** How many of the scope are open, of all states that are. */
export function openCount(counts: Counts): number {
    let n = 0;
    for (const [state, count] of Object.entries(counts.by_state))
        if (isOpen(state as Item['state'])) n += count ?? 0;
    return n;
}
