// A thing of the API as a page sees it: asked for, here, or not to be had. An
// answer that comes after a newer question is dropped.

import m from 'mithril';
import { failed, waiting } from './waiting';

export class Loaded<T> {
    value: T | null = null;
    error: unknown = null;
    busy = false;
    private asked = 0;

    constructor(private ask: () => Promise<T>) {}

    async load(): Promise<void> {
        const mine = ++this.asked;
        this.busy = true;
        try {
            const value = await this.ask();
            if (mine !== this.asked) return;
            this.value = value;
            this.error = null;
        } catch (error) {
            if (mine !== this.asked) return;
            this.error = error;
        } finally {
            if (mine === this.asked) this.busy = false;
            m.redraw();
        }
    }

    /** What was there stays while it is asked for again. */
    show(view: (value: T) => m.Children, lines = 4): m.Children {
        return [
            this.error !== null && failed(this.error, () => this.load()),
            this.value !== null
                ? view(this.value)
                : this.error === null && waiting(lines),
        ];
    }
}
