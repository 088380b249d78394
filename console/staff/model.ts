// What the API speaks of; the names are those of docs/openapi.yaml.

export type State =
    | 'new' | 'routed' | 'claimed' | 'answered' | 'handed_back' | 'escalated'
    | 'waiting' | 'closed' | 'confirmed' | 'reopened' | 'merged' | 'withdrawn'
    | 'rejected' | 'erased';

export const STATES: State[] = [
    'new', 'routed', 'claimed', 'answered', 'handed_back', 'escalated',
    'waiting', 'reopened', 'closed', 'confirmed', 'merged', 'withdrawn',
    'rejected', 'erased',
];

const ENDED: State[] = [
    'closed', 'confirmed', 'merged', 'withdrawn', 'rejected', 'erased',
];

export function isOpen(state: State): boolean {
    return !ENDED.includes(state);
}

export type Kind = 'request' | 'report';

export const CATEGORIES: Record<Kind, string[]> = {
    request: [
        'wage', 'injury', 'contract', 'platform', 'charge', 'parking', 'rest',
        'family', 'other',
    ],
    report: ['fire', 'safety', 'sanitation', 'damage', 'uncivil', 'other'],
};

export const LEVELS = [1, 2, 3, 4, 5];

export interface Item {
    id: string;
    version: number;
    state: State;
    kind: Kind;
    category: string;
    urgency: 'normal' | 'urgent';
    unit: string | null;
    community: string | null;
    level: number;
    assignee: string | null; // a user's name, or as somebody is called
    assignee_name: string | null;
    excerpt: string;
    photos: number;
    followers: number;
    lat: number | null;
    lon: number | null;
    created_ms: number;
    updated_ms: number;
    due_ms: number | null;
    due_what: 'acknowledge' | 'resolve' | null;
    overdue: boolean;
    anonymous: boolean;
    rating: number | null;
}

export interface LogEntry {
    move: string;
    at_ms: number;
    who: string;
    text: string | null;
    photos?: string[] | null;
    detail?: unknown;
}

export interface Note {
    at_ms: number;
    who: string;
    text: string;
}

export interface Ticket extends Omit<Item, 'photos'> {
    text: string;
    place: string | null;
    photos: string[];
    after_photos: string[];
    who: string | null;
    group: string | null;
    points: number | null;
    closed_ms: number | null;
    merged_into: string | null;
    similar_hint: number;
    moves: string[];
    log: LogEntry[];
    notes: Note[];
    looking: string[];
}

export interface Counts {
    by_state: Partial<Record<State, number>>;
    mine: number;
    unassigned: number;
    overdue: number;
}

export interface Page<T> {
    items: T[];
    next: string | null;
    total: number;
    counts?: Counts;
}

export const ROLES = [
    'staff', 'lead', 'department', 'auditor', 'admin', 'unmask',
    'organiser', 'approver',
];

export interface Grant {
    role: string;
    unit: string;
    category: string;
}

export interface User {
    name: string;
    display: string;
    lang: string | null;
    totp: boolean;
    grants: Grant[];
    permissions: string[];
    disabled: boolean;
    version: number;
}

export interface Token {
    id: string;
    name: string;
    scopes: string[];
    unit: string;
    by?: string;
    created_ms: number;
    expires_ms: number | null;
}

export const SCOPES = [
    'tickets:read', 'tickets:move', 'tickets:file', 'tickets:bulk',
    'statistics', 'export', 'audit', 'webhooks', 'documents', 'users',
    'tokens', 'open311', 'broadcasts', 'approve',
    'study', 'events', 'groups',
];

export interface Webhook {
    id: string;
    url: string;
    events: string[];
    unit: string;
}

export interface Delivery {
    id: string;
    type: string;
    ticket: string | null;
    at_ms: number;
    tries?: number; // of one that is given up, and why
    why?: string;
}

export interface AuditEntry {
    id: string;
    at_ms: number;
    actor: string;
    action: string;
    subject: string;
    detail: unknown;
}

export interface Tally {
    n: number;
    open: number;
    overdue: number;
}

export interface Statistics {
    days: { day: string; new: number; closed: number }[];
    time_to_answer: {
        median_h: number | null;
        p90_h: number | null;
        buckets: { le_h: number | null; n: number }[];
    };
    by_category: (Tally & { category: string })[];
    by_community: (Tally & { community: string })[];
    by_level: (Tally & { level: number })[];
    by_state: Partial<Record<State, number>>;
    open: number;
    overdue: number;
    rating: { n: number; mean: number | null; counts: number[] };
}

export interface RoundTable {
    quarter: string;
    new: number;
    closed: number;
    rate: number;
    by_category: (Tally & { category: string })[];
    by_community: (Tally & { community: string })[];
    longest_open: Item[];
    escalated: Item[];
    reopened: number;
    rating: { n: number; mean: number | null; counts: number[] };
}

export interface Station {
    id: string;
    name: string;
    address: string | null;
    hours: string | null;
    offers: string | null;
    lat: number | null;
    lon: number | null;
}

export interface Unit {
    id: string;
    name: string;
    kind: string;
    level?: number;
    parent?: string;
    contact?: string;
}

export const UNIT_KINDS = [
    'district', 'community', 'department', 'firm', 'member', 'branch',
    'enterprise', 'township', 'industry',
];

export interface Template {
    id: string;
    title: string;
    text: string;
}

export interface Document<T = unknown> {
    name: string;
    version: number;
    json: T;
    by: string | null;
    at_ms: number | null;
}

export interface ProblemLine {
    document?: string; // another one, which this one would break
    path: string;
    text: string;
}
