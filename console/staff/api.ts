// Calls of the API below /api/v1: the session's cookie and its CSRF word, errors
// as data, and one more try of what a bad connection swallowed. A write has an
// idempotency key, so that the second try can do no harm.

import m from 'mithril';
import { ProblemLine } from './model';

const BASE = '/api/v1';
const SLOW_MS = 300;
const AGAIN_MS = 900;
const DEADLINE_MS = 30000;
const FILE_MS = 120000; // for a list of many thousands to be made

/** What came instead of an answer. status 0: nothing came at all. */
export class Problem extends Error {
    constructor(
        public status: number,
        public code: string,
        public field: string,
        public detail: string,
        public current: unknown,
        public waitS: number,
        public problems: ProblemLine[],
    ) {
        super(`${status} ${code}`);
    }
}

type Query = Record<string, string | number | undefined | null>;

interface Extra {
    query?: Query;
    /** Called instead of losing the session: the sign-in itself. */
    open?: boolean;
}

let csrf = '';
let onLost: () => void = () => undefined;
let pending = 0;
let slow = false;

export function setCsrf(word: string): void {
    csrf = word;
}

export function whenSignedOut(act: () => void): void {
    onLost = act;
}

/** Has something been under way for longer than a moment? */
export function isSlow(): boolean {
    return slow;
}

export function queryText(query: Query): string {
    const words = new URLSearchParams();
    for (const [name, value] of Object.entries(query))
        if (value !== undefined && value !== null && value !== '')
            words.set(name, String(value));
    const text = words.toString();
    return text ? `?${text}` : '';
}

export function address(path: string, query: Query = {}): string {
    return BASE + path + queryText(query);
}

/** 128 random bits; crypto.randomUUID is not there without TLS. */
function randomKey(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

function begin(): void {
    pending++;
    setTimeout(() => {
        if (pending === 0 || slow) return;
        slow = true;
        m.redraw();
    }, SLOW_MS);
}

function end(): void {
    pending--;
    if (pending === 0) slow = false;
    m.redraw();
}

function noAnswer(): Problem {
    return new Problem(0, 'network', '', '', null, 0, []);
}

async function fetchOnce(
    url: string,
    init: RequestInit,
    deadlineMs = DEADLINE_MS,
): Promise<Response> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), deadlineMs);
    try {
        return await fetch(url, { ...init, signal: stop.signal });
    } catch {
        throw noAnswer();
    } finally {
        clearTimeout(timer);
    }
}

async function fetchTwice(url: string, init: RequestInit): Promise<Response> {
    try {
        return await fetchOnce(url, init);
    } catch {
        await new Promise((done) => setTimeout(done, AGAIN_MS));
        return fetchOnce(url, init);
    }
}

async function toProblem(answer: Response): Promise<Problem> {
    let json: Record<string, unknown> = {};
    try {
        json = (await answer.json()) as Record<string, unknown>;
    } catch {
        // A proxy's own page; the status says enough.
    }
    const text = (name: string) =>
        typeof json[name] === 'string' ? (json[name] as string) : '';
    return new Problem(
        answer.status,
        text('code'),
        text('field'),
        text('detail'),
        json['current'] ?? null,
        Number(answer.headers.get('Retry-After') ?? 0) || 0,
        Array.isArray(json['problems'])
            ? (json['problems'] as ProblemLine[])
            : [],
    );
}

/** A wrong password of somebody who is signed in is no end of the session. */
function isSignedOut(problem: Problem): boolean {
    return problem.status === 401 && problem.code !== 'wrong';
}

async function call<T>(
    method: string,
    path: string,
    body: BodyInit | undefined,
    type: string,
    extra: Extra,
): Promise<T> {
    const headers: Record<string, string> = { Accept: 'application/json' };
    if (body !== undefined) headers['Content-Type'] = type;
    if (method !== 'GET') {
        headers['X-CSRF-Token'] = csrf;
        headers['Idempotency-Key'] = randomKey();
    }
    begin();
    try {
        const url = address(path, extra.query);
        const init: RequestInit = {
            method,
            headers,
            credentials: 'same-origin',
            cache: 'no-store',
        };
        if (body !== undefined) init.body = body;
        const answer = await fetchTwice(url, init);
        if (!answer.ok) {
            const problem = await toProblem(answer);
            if (isSignedOut(problem) && !extra.open) onLost();
            throw problem;
        }
        if (answer.status === 204) return undefined as unknown as T;
        const text = await answer.text();
        return (text ? JSON.parse(text) : undefined) as T;
    } finally {
        end();
    }
}

export function get<T>(path: string, query?: Query, open = false): Promise<T> {
    return call('GET', path, undefined, '', query ? { query, open } : { open });
}

function write<T>(
    method: string,
    path: string,
    body?: unknown,
    open = false,
): Promise<T> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return call(method, path, text, 'application/json', { open });
}

export function post<T>(path: string, body: unknown, open = false): Promise<T> {
    return write('POST', path, body, open);
}

export function put<T>(path: string, body: unknown): Promise<T> {
    return write('PUT', path, body);
}

export function patch<T>(path: string, body: unknown): Promise<T> {
    return write('PATCH', path, body);
}

export function remove<T>(path: string, body?: unknown): Promise<T> {
    return write('DELETE', path, body);
}

export function upload(photo: Blob): Promise<{ id: string }> {
    return call('POST', '/photos', photo, photo.type || 'image/jpeg', {});
}

/** A file as it is, such as a table to be imported. */
export function postBytes<T>(path: string, bytes: Blob): Promise<T> {
    const type = bytes.type || 'application/octet-stream';
    return call('POST', path, bytes, type, {});
}

/** Any file that may go along with a broadcast. */
export function uploadFile(
    chosen: File,
): Promise<{ id: string; name: string; bytes: number }> {
    const type = chosen.type || 'application/octet-stream';
    const query = { name: chosen.name };
    return call('POST', '/files', chosen, type, { query });
}

/** A file, and the name the daemon gives it. */
export async function file(
    path: string,
    query: Query,
): Promise<{ name: string; bytes: Blob }> {
    begin();
    try {
        const init: RequestInit = { credentials: 'same-origin' };
        const answer = await fetchOnce(address(path, query), init, FILE_MS);
        if (!answer.ok) {
            const problem = await toProblem(answer);
            if (isSignedOut(problem)) onLost();
            throw problem;
        }
        const said = answer.headers.get('Content-Disposition') ?? '';
        const name = /filename="([\w.-]+)"/.exec(said)?.[1];
        return { name: name ?? path.slice(1), bytes: await answer.blob() };
    } finally {
        end();
    }
}

/** A part of a path that somebody else named. */
export function part(name: string): string {
    return encodeURIComponent(name);
}
