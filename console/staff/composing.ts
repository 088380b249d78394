// A broadcast while it is written: kept in this browser at every change, on the
// daemon when it is saved, and what somebody else has written meanwhile.

import m from 'mithril';
import * as api from './api';
import { Branch, expression, fromJson } from './audience';
import {
    Broadcast, create, FileRef, move, update, Words,
} from './broadcasts';
import { ofCode } from './errors';
import { session } from './session';

const KEEP_MS = 400;

export function noWords(): Words {
    return {
        lane: 'notice', title: '', text: '', translations: {}, photo: null,
        file: null, link: null, ask_read: true, target: 'groups', audience: {},
        hours: 'hold', missed: 'late', at_ms: null, rrule: null, workday: null,
        quiz: null, material: null, event: null,
    };
}

/** What is not set may be null, empty or not there. */
export function wordsOf(b: Broadcast): Words {
    const none = noWords();
    const file: unknown = b.file;
    return {
        lane: b.lane === 'study' ? 'study' : 'notice',
        title: b.title ?? '',
        text: b.text ?? '',
        translations: { ...(b.translations ?? {}) },
        photo: b.photo || null,
        file: typeof file === 'string'
            ? file ? { id: file, name: file } : null
            : (file as FileRef | null) ?? null,
        link: b.link && b.link.url ? { ...b.link } : null,
        ask_read: b.ask_read ?? none.ask_read,
        target: b.target === 'riders' ? 'riders' : 'groups',
        audience: b.audience ?? {},
        hours: b.hours === 'ignore' ? 'ignore' : 'hold',
        missed: b.missed === 'skip' ? 'skip' : 'late',
        at_ms: b.at_ms || null,
        rrule: b.rrule || null,
        workday: b.workday || null,
        quiz: b.quiz || null,
        material: b.material || null,
        event: b.event || null,
    };
}

interface Kept {
    version: number;
    at_ms: number;
    words: Words;
}

export class Composing {
    words: Words;
    root: Branch;
    id: string | null;
    version: number;
    /** What was kept here and is not what the daemon has. */
    kept: Kept | null = null;
    conflict: Broadcast | null = null;
    errors: Record<string, string> = {};
    keptAt = 0;
    private saved: string;
    private timer = 0;

    constructor(readonly of: Broadcast | null) {
        this.id = of?.id ?? null;
        this.version = of?.version ?? 0;
        this.words = of ? wordsOf(of) : noWords();
        this.root = fromJson(this.words.audience);
        this.saved = JSON.stringify(this.words);
        this.kept = this.recall();
    }

    isChanged(): boolean {
        return JSON.stringify(this.words) !== this.saved;
    }

    /** Called after every change of words or root. */
    changed(): void {
        this.words.audience = expression(this.root);
        this.errors = {};
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.keep(), KEEP_MS);
    }

    retarget(target: Words['target']): void {
        this.words.target = target;
        this.root = fromJson({});
        this.changed();
    }

    takeKept(): void {
        if (!this.kept) return;
        this.words = { ...noWords(), ...this.kept.words };
        this.root = fromJson(this.words.audience);
        this.kept = null;
    }

    dropKept(): void {
        this.kept = null;
        this.forget();
    }

    /** False when it could not be: then errors or conflict say why. */
    async save(): Promise<boolean> {
        this.errors = {};
        try {
            const now = this.id
                ? await update(this.id, this.version, this.words)
                : await create(this.words);
            this.took(now);
            return true;
        } catch (error) {
            return this.refused(error);
        }
    }

    async submit(): Promise<Broadcast | null> {
        if (!(await this.save()) || !this.id) return null;
        try {
            const now = await move(this.id, this.version, 'submit');
            this.forget();
            return now;
        } catch (error) {
            this.refused(error);
            return null;
        }
    }

    /** Theirs instead of mine. */
    yield(): void {
        if (!this.conflict) return;
        const theirs = this.conflict;
        this.words = wordsOf(theirs);
        this.root = fromJson(this.words.audience);
        this.took(theirs);
    }

    /** Mine over theirs, which was seen. */
    async insist(): Promise<boolean> {
        if (!this.conflict) return false;
        this.version = this.conflict.version;
        this.conflict = null;
        return this.save();
    }

    stop(): void {
        clearTimeout(this.timer);
        if (this.isChanged()) this.keep();
    }

    private refused(error: unknown): boolean {
        if (!(error instanceof api.Problem)) throw error;
        if (error.status === 409 && isBroadcast(error.current)) {
            this.conflict = error.current;
        } else if (error.status === 422 && error.field) {
            const [field] = error.field.split(/[.[]/);
            this.errors[field ?? ''] = ofCode(error);
        } else throw error;
        m.redraw();
        return false;
    }

    private took(now: Broadcast): void {
        this.forget();
        this.id = now.id;
        this.version = now.version;
        this.conflict = null;
        this.saved = JSON.stringify(this.words);
    }

    private place(): string {
        return `xiaofeng.push.${session.user?.name ?? ''}.${this.id ?? 'new'}`;
    }

    private keep(): void {
        const kept: Kept = {
            version: this.version, at_ms: Date.now(), words: this.words,
        };
        try {
            localStorage.setItem(this.place(), JSON.stringify(kept));
            this.keptAt = kept.at_ms;
            m.redraw();
        } catch {
            // Nothing is kept here; the daemon keeps what is saved.
        }
    }

    private forget(): void {
        clearTimeout(this.timer);
        try {
            localStorage.removeItem(this.place());
        } catch {
            // As above.
        }
    }

    private recall(): Kept | null {
        try {
            const text = localStorage.getItem(this.place());
            if (!text) return null;
            const kept = JSON.parse(text) as Kept;
            return kept.words && JSON.stringify(kept.words) !== this.saved
                ? kept : null;
        } catch {
            return null;
        }
    }
}

function isBroadcast(thing: unknown): thing is Broadcast {
    return typeof thing === 'object' && thing !== null && 'version' in thing &&
        'text' in thing;
}

/** The fields in which two differ, with both sides. */
export function differences(
    mine: Words,
    theirs: Words,
): { field: string; mine: unknown; theirs: unknown }[] {
    return (Object.keys(mine) as (keyof Words)[])
        .filter((name) =>
            JSON.stringify(mine[name]) !== JSON.stringify(theirs[name]))
        .map((field) => ({ field, mine: mine[field], theirs: theirs[field] }));
}

