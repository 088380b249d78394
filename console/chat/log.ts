// The list of messages of the open chat. It grows at its end, so that a screen
// reader is told only what is new, and follows new messages unless the reader
// has scrolled up.

import { t } from './texts';
import { Acts, el, messageItem, Shown, timeText } from './view';

const PAUSE_MS = 5 * 60 * 1000; // a time is shown after such a pause
const RUN_MS = 3 * 60 * 1000; // one sender's messages belong together

export class Log {
    private messages: Shown[] = [];
    private items = new Map<Shown, HTMLLIElement>();
    private live: Shown | null = null;
    private following = true;

    constructor(
        private list: HTMLElement,
        private latest: HTMLElement,
        private acts: Acts,
    ) {
        latest.onclick = () => this.toEnd();
        list.addEventListener('scroll', () => {
            this.following = this.atEnd();
            if (this.following) latest.hidden = true;
        });
        // A photo that loads, or a keyboard that opens, must not hide the end.
        const follow = () => {
            if (this.following) this.toEnd();
        };
        list.addEventListener('load', follow, true);
        new ResizeObserver(follow).observe(list);
    }

    show(messages: Shown[]): void {
        this.messages = [];
        this.items.clear();
        this.live = null;
        this.list.setAttribute('aria-live', 'off');
        const hint = el('li', 'empty', t('empty'));
        this.list.replaceChildren(...(messages.length === 0 ? [hint] : []));
        for (const message of messages) this.append(message);
        this.toEnd();
        requestAnimationFrame(() =>
            this.list.setAttribute('aria-live', 'polite'),
        );
    }

    add(message: Shown): void {
        if (this.messages.length === 0) this.list.replaceChildren();
        const follow = message.mine || this.atEnd();
        const item = this.append(message);
        // What is taller than the window is read from its beginning.
        const tall = item.offsetHeight > this.list.clientHeight;
        if (follow && !tall) this.toEnd();
        else if (follow) this.list.scrollTop = item.offsetTop - 12;
        else this.latest.hidden = false;
        this.following = follow && !tall;
    }

    /** Draws a message of this chat again; others are none of ours. */
    change(message: Shown): void {
        const item = this.items.get(message);
        if (!item) return;
        const first = item.classList.contains('first');
        const now = messageItem(message, first, this.isLive(message), this.acts);
        item.replaceWith(now);
        this.items.set(message, now);
        if (this.following) this.toEnd();
    }

    /** May its options be tapped? */
    isLive(message: Shown): boolean {
        return this.live === message;
    }

    toEnd(): void {
        this.list.scrollTop = this.list.scrollHeight;
        this.latest.hidden = true;
        this.following = true;
    }

    private atEnd(): boolean {
        const { scrollTop, scrollHeight, clientHeight } = this.list;
        return scrollHeight - scrollTop - clientHeight < 80;
    }

    /** Only the bot's last word to this member can be answered by a tap. */
    private takeLive(message: Shown): void {
        if (!message.mine && !(message.bot && (message.forMe || !message.to)))
            return;
        const before = this.live;
        this.live = message.bot ? message : null;
        if (before) this.change(before);
    }

    private append(message: Shown): HTMLLIElement {
        const before = this.messages[this.messages.length - 1];
        const gap = before ? message.time - before.time : Infinity;
        if (gap > PAUSE_MS) {
            const time = el('time', '', timeText(message.time, Date.now()));
            this.list.append(el('li', 'when', time));
        }
        const first =
            !before || gap > RUN_MS || before.from !== message.from ||
            before.bot !== message.bot || before.mine !== message.mine;
        this.messages.push(message);
        this.takeLive(message);
        const live = this.isLive(message);
        const item = messageItem(message, first, live, this.acts);
        this.items.set(message, item);
        this.list.append(item);
        return item;
    }
}
