// A policy document while it is worked on: what was read, what is written now,
// what the daemon thinks of it, and who else has changed it meanwhile.

import m from 'mithril';
import * as api from './api';
import { t } from './lang';
import { Document, ProblemLine } from './model';
import { say } from './parts/toast';
import { loadPolicy } from './policy';

export class Draft<T> {
    json: T;
    problems: ProblemLine[] = [];
    conflict: Document<T> | null = null;
    by: string | null;
    at_ms: number | null;
    version: number; // 0: the built-in one
    private saved: string;

    constructor(readonly name: string, document: Document<T>) {
        this.json = document.json;
        this.version = document.version;
        this.by = document.by;
        this.at_ms = document.at_ms;
        this.saved = JSON.stringify(document.json);
    }

    static async read<T>(name: string): Promise<Draft<T>> {
        return new Draft<T>(name, await api.get(`/documents/${api.part(name)}`));
    }

    isChanged(): boolean {
        return JSON.stringify(this.json) !== this.saved;
    }

    async check(): Promise<boolean> {
        const path = `/documents/${api.part(this.name)}/check`;
        const answer = await api.post<{ ok: boolean; problems?: ProblemLine[] }>(
            path,
            { json: this.json },
        );
        this.problems = answer.problems ?? [];
        m.redraw();
        return answer.ok;
    }

    async save(): Promise<void> {
        if (!(await this.check())) return;
        try {
            const body = { version: this.version, json: this.json };
            const path = `/documents/${api.part(this.name)}`;
            this.took(await api.put<Document<T>>(path, body));
        } catch (error) {
            if (!(error instanceof api.Problem)) throw error;
            if (error.status === 409 && error.current)
                this.conflict = error.current as Document<T>;
            else if (error.problems.length) this.problems = error.problems;
            else throw error;
        }
    }

    /** Theirs instead of mine. */
    yield(): void {
        if (!this.conflict) return;
        this.json = this.conflict.json;
        this.took(this.conflict);
    }

    /** Mine over theirs, which was seen. */
    async insist(): Promise<void> {
        if (!this.conflict) return;
        this.version = this.conflict.version;
        this.conflict = null;
        await this.save();
    }

    private took(document: Document<T>): void {
        this.version = document.version;
        this.by = document.by ?? this.by;
        this.at_ms = document.at_ms ?? Date.now();
        this.saved = JSON.stringify(document.json ?? this.json);
        this.conflict = null;
        say(t('saved'));
        void loadPolicy();
    }
}
