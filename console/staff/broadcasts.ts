// Broadcasts as the API speaks of them (docs/openapi.yaml), and its calls.

import * as api from './api';
import { Audience } from './audience';
import { Page } from './model';

export type BroadcastState =
    | 'draft' | 'submitted' | 'scheduled' | 'sending' | 'paused' | 'done'
    | 'cancelled';

export const BROADCAST_STATES: BroadcastState[] = [
    'draft', 'submitted', 'scheduled', 'sending', 'paused', 'done', 'cancelled',
];

export type Lane = 'notice' | 'study';
export type Target = 'groups' | 'riders';

/** The letters of the outcomes, as the API names them. */
export const OUTCOMES = [
    'waiting', 'sending', 'sent', 'refused', 'unknown', 'recalling', 'recalled',
    'too_late',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type DeliveryCounts = Partial<Record<Outcome | 'delivered' | 'read', number>>;

export interface FileRef {
    id: string;
    name: string;
    bytes?: number;
}

export interface LinkCard {
    url: string;
    title: string;
}

/** What a person writes of a broadcast. */
export interface Words {
    lane: Lane;
    title: string;
    text: string;
    translations: Record<string, string>;
    photo: string | null;
    file: FileRef | null;
    link: LinkCard | null;
    ask_read: boolean;
    target: Target;
    audience: Audience;
    hours: 'hold' | 'ignore';
    missed: 'late' | 'skip';
    at_ms: number | null;
    rrule: string | null;
    workday: number | null;
    quiz: string | null;
    material: string | null;
    event: string | null;
}

export interface BroadcastItem {
    id: string;
    version: number;
    state: BroadcastState;
    lane: Lane;
    title: string;
    text: string;
    target: Target;
    total: number | null;
    at_ms: number | null;
    rrule: string | null;
    workday?: number | null;
    next_ms: number | null;
    parent: string | null;
    by: string;
    by_name: string | null;
    approved_by: string | null;
    created_ms: number;
    updated_ms: number;
    fired_ms: number | null;
    ended_ms: number | null;
    note?: string | null;
    counts: DeliveryCounts;
    moves: string[];
}

export type Broadcast = BroadcastItem & Words;

export interface AccountShare {
    id: string;
    online: boolean;
    parked: boolean;
    reason: string | null;
    since_ms: number | null;
    sent: number;
    waiting: number;
}

export interface Progress {
    state: BroadcastState;
    version: number;
    total: number;
    counts: DeliveryCounts;
    accounts: AccountShare[];
    reads: { at_ms: number; n: number }[];
    silent: number; // have it, and nobody there has read it
    eta_ms: number | null;
    next_open_ms: number | null;
}

export interface TargetRow {
    chat: string;
    title: string | null;
    account: string | null;
    state: Outcome;
    reason: string | null;
    reads: number;
}

export interface Account {
    id: string;
    platform: string;
    online: boolean;
    parked: boolean;
    reason: string | null;
    since_ms: number | null;
    rate: number | null; // messages a minute; null: as fast as it goes
    waiting: number;
}

export interface Group {
    chat: string;
    title: string;
    platform: string;
    accounts: string[];
    lang: string | null;
    units: string[];
    stations: string[];
    tags: string[];
    muted: boolean;
    version: number;
}

export interface Count {
    n: number;
    excluded: {
        muted?: number;
        no_account?: number;
        no_consent?: number;
        nopush?: number;
    };
    sample: string[];
}

export interface Options {
    groups: { chat: string; title: string }[];
    stations: { id: string; name: string }[];
    tags: string[];
    langs: string[];
    events: { id: string; title: string }[];
    broadcasts: { id: string; title: string }[];
}

export type PreviewPart =
    | { type: 'text'; text: string }
    | { type: 'image'; photo: string };

export interface Preview {
    platform: 'qq' | 'web';
    lang: string;
    parts: PreviewPart[];
}

export interface Planned {
    kind: 'broadcast' | 'event' | 'plan' | 'daily' | 'holiday';
    id: string;
    title: string;
    at_ms: number;
    end_ms?: number | null;
    state?: string | null;
}

export interface Imported {
    changed: number;
    unknown: number;
    problems: { line: number; text: string }[];
}

const path = (id: string) => `/broadcasts/${api.part(id)}`;

export function read(id: string): Promise<Broadcast> {
    return api.get<Broadcast>(path(id));
}

/** Only what is set: the daemon tells "none" by a member that is not there. */
function body(words: Words): Record<string, unknown> {
    const { text, ...rest } = words;
    const said: Record<string, unknown> = { text };
    for (const [name, value] of Object.entries(rest))
        if (value !== null && value !== '') said[name] = value;
    if (words.file) said['file'] = words.file.id;
    if (words.link && !words.link.url.trim()) delete said['link'];
    return said;
}

export function create(words: Words): Promise<Broadcast> {
    return api.post<Broadcast>('/broadcasts', body(words));
}

export function update(
    id: string,
    version: number,
    words: Words,
): Promise<Broadcast> {
    return api.put<Broadcast>(path(id), { version, ...body(words) });
}

export function drop(id: string, version: number): Promise<void> {
    return api.remove<void>(`${path(id)}?version=${version}`);
}

export function copy(id: string): Promise<Broadcast> {
    return api.post<Broadcast>(`${path(id)}/copy`, {});
}

export function move(
    id: string,
    version: number,
    name: string,
    note = '',
): Promise<Broadcast> {
    const said = note ? { move: name, version, note } : { move: name, version };
    return api.post<Broadcast>(`${path(id)}/moves`, said);
}

export function preview(words: Words): Promise<{ previews: Preview[] }> {
    return api.post('/broadcasts/preview', body(words));
}

export function targets(
    id: string,
    state: string,
    cursor: string | null,
): Promise<Page<TargetRow>> {
    return api.get(`${path(id)}/targets`, { state, limit: 50, cursor });
}

export function count(target: Target, audience: Audience): Promise<Count> {
    return api.post('/audience/count', { target, audience });
}

/** Is it one that goes out again and again? */
export function isSeries(b: Pick<BroadcastItem, 'rrule' | 'workday'>): boolean {
    return !!b.rrule || !!b.workday;
}

/** How many have an outcome, of those it is for. */
export function donePart(counts: DeliveryCounts, total: number): number {
    if (total === 0) return 1;
    const left = (counts.waiting ?? 0) + (counts.sending ?? 0);
    return Math.max(0, Math.min(1, (total - left) / total));
}
