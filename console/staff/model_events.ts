// Events, sign-ups and contests; the names are those of docs/openapi.yaml.

export type EventState =
    'draft' | 'open' | 'closed' | 'cancelled' | 'finished';

export interface EventQuestion {
    id: string;
    text: string;
    kind: 'text' | 'choice';
    options?: string[];
    required: boolean;
}

export interface Dimension {
    name: string;
    weight: number;
    max: number;
}

export interface Stage {
    id: string;
    name: string;
    dimensions: Dimension[];
    judges: string[]; // users' names
    advance: number; // how many go on
}

export interface EventFields {
    title: string;
    text: string;
    photo: string | null;
    place: string | null;
    lat: number | null;
    lon: number | null;
    starts_ms: number | null;
    ends_ms: number | null;
    deadline_ms: number | null;
    capacity: number;
    family_max: number;
    accept_h: number;
    questions: EventQuestion[];
    remind_h: number[];
    certificate: string | null;
    points: number;
}

export interface Event extends EventFields {
    id: string;
    version: number;
    state: EventState;
    code: string | null; // of the check-in
    stages?: Stage[];
    counts: {
        people: number; // who have a place, or are offered one
        signed: number;
        waiting: number;
        offered: number;
        attended: number;
        cancelled: number;
    };
}

export type SignupState =
    'signed' | 'waiting' | 'offered' | 'cancelled' | 'attended';

export interface Signup {
    id: string;
    version: number;
    state: SignupState;
    who: string;
    n: number;
    children: number;
    answers: Record<string, string>;
    created_ms: number;
    offer_until_ms?: number | null;
}

export interface Ranking {
    signup: string;
    who: string;
    rank: number;
    total: number;
    scores: Record<string, number>; // by dimension, the mean of the judges
    advances: boolean;
}
