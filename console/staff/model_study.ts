// Materials, questions and quizzes; the names are those of docs/openapi.yaml.

export type MaterialState = 'new' | 'approved' | 'rejected';

export interface Material {
    id: string;
    version: number;
    state: MaterialState;
    title: string;
    source: string | null;
    cover: string | null; // a photo's id
    url: string | null;
    summary: string | null;
    body: string | null;
    category: string | null;
    minutes: number | null;
    published_ms: number | null;
    feed: string | null;
    pushed: string[]; // the broadcasts it went out with
}

export interface Feed {
    id: string;
    version: number;
    url: string;
    name: string;
    category: string | null;
    every_h: number;
    enabled: boolean;
    last_ms: number | null;
    last_status: number | null;
    last_error: string | null;
    next_ms: number | null;
}

export interface Plan {
    week: string; // "2026-W48"
    version: number;
    materials: string[];
    quiz: string | null;
}

export type QuestionKind = 'single' | 'multiple' | 'truth';

export interface Question {
    id: string;
    version: number;
    kind: QuestionKind;
    text: string;
    photo: string | null;
    options: string[];
    correct: number[]; // from 1
    explanation: string | null;
    category: string | null;
    material: string | null;
}

export type QuizKind = 'quiz' | 'daily' | 'arena';

export interface Quiz {
    id: string;
    version: number;
    kind: QuizKind;
    title: string;
    questions: string[] | { category: string; n: number };
    opens_ms: number | null;
    closes_ms: number | null;
    seconds: number | null;
    points: number | null; // null: as the rules say
    at: string | null; // of a daily one: "08:00"
    state: 'draft' | 'planned' | 'open' | 'closed';
    moves: string[];
}

export interface QuizResults {
    riders: number;
    through: number;
    questions: {
        id: string;
        text: string;
        answered: number;
        right: number;
        chosen: number[];
    }[];
    items: {
        rank: number;
        name: string | null;
        score: number;
        ms: number;
        finished: boolean;
    }[];
}

export interface Rank {
    rank: number;
    name: string | null; // null: would rather not be named
    points: number;
}
