// Lists that come in pieces: by a button, which presses itself when it is seen.

import m from 'mithril';
import { t } from '../lang';
import { Page } from '../model';
import { Button } from './button';
import { Loaded } from './loaded';

export class List<T> {
    readonly first: Loaded<Page<T>>;
    items: T[] = [];
    next: string | null = null;
    private more: Promise<void> | null = null;
    private asked = 0;

    constructor(private ask: (cursor: string | null) => Promise<Page<T>>) {
        this.first = new Loaded(async () => {
            const mine = ++this.asked;
            const page = await this.ask(null);
            if (mine === this.asked) {
                this.items = page.items;
                this.next = page.next;
            }
            return page;
        });
    }

    load(): Promise<void> {
        this.next = null; // it belongs to the list of before
        return this.first.load();
    }

    loadMore(): Promise<void> {
        if (this.next === null || this.first.busy) return Promise.resolve();
        this.more ??= this.fetchMore(this.next).finally(() => {
            this.more = null;
        });
        return this.more;
    }

    private async fetchMore(cursor: string): Promise<void> {
        const page = await this.ask(cursor);
        if (this.next !== cursor) return; // the list was read anew meanwhile
        this.items = [...this.items, ...page.items];
        this.next = page.next;
        m.redraw();
    }
}

interface MoreAttrs {
    next: string | null;
    load: () => Promise<void>;
}

export const More: m.Component<MoreAttrs> = () => {
    let watcher: IntersectionObserver | null = null;
    let now: MoreAttrs | null = null;
    return {
        oncreate({ dom }) {
            watcher = new IntersectionObserver((seen) => {
                if (seen.some((one) => one.isIntersecting) && now?.next)
                    now.load().catch(() => undefined);
            });
            watcher.observe(dom);
        },
        onremove: () => watcher?.disconnect(),
        view({ attrs }) {
            now = attrs;
            return m(
                '.more',
                attrs.next !== null &&
                    m(Button, {
                        label: t('act.more'),
                        test: 'more',
                        onclick: () => attrs.load(),
                    }),
            );
        },
    };
};
