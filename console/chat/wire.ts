// The WebSocket to the daemon: says hello, sends what is waiting one after the
// other, each until it is acknowledged, and comes back by itself after a break.
// The frames are described in bot/connectors/web.h.

import { Lang } from './texts';

export interface Message {
    key: string; // of the message among all of its chat
    chat: string;
    bot: boolean;
    from: string;
    text: string;
    time: number; // ms
    mine: boolean;
    id?: string; // our own id, when it is mine
    to?: string; // whom it addresses in a group
    forMe?: boolean;
    photo?: string;
    lat?: number;
    lon?: number;
}

export interface Welcome {
    token: string;
    nick: string;
    chat: string; // the private chat with the bot
    groups: { id: string; title: string }[];
    history: Message[];
}

export interface Draft {
    id: string;
    chat: string;
    text: string;
    time: number;
    place?: { lat: number; lon: number };
    photo?: Blob;
}

export interface Hello {
    token: string | null;
    nick: string;
    group: string | null;
    lang: Lang;
    link?: string;
}

export interface Listener {
    hello(): Hello;
    welcome(welcome: Welcome): void;
    message(message: Message): void;
    /** A message was taken back. */
    gone(chat: string, key: string): void;
    /** A draft was kept by the daemon, or refused for good with a reason. */
    sent(draft: Draft): void;
    refused(draft: Draft, why: string): void;
    error(text: string): void;
    /** The one-time link is not valid (any more). */
    ended(text: string): void;
    online(yes: boolean): void;
    drafts(waiting: Draft[]): void;
}

type Json = Record<string, unknown>;

const str = (value: unknown): string =>
    typeof value === 'string' ? value : '';
const num = (value: unknown): number | undefined =>
    typeof value === 'number' ? value : undefined;

function toMessage(json: Json): Message {
    return {
        key: str(json.key),
        chat: str(json.chat),
        bot: json.bot === true,
        from: str(json.from),
        text: str(json.text),
        time: num(json.time) ?? 0,
        mine: json.mine === true,
        id: str(json.id) || undefined,
        to: str(json.to) || undefined,
        forMe: json.for_me === true,
        photo: str(json.photo) || undefined,
        lat: num(json.lat),
        lon: num(json.lon),
    };
}

const list = (value: unknown): Json[] => (Array.isArray(value) ? value : []);

function toWelcome(json: Json): Welcome {
    return {
        token: str(json.token),
        nick: str(json.nick),
        chat: str(json.chat),
        groups: list(json.groups).map((g) => ({
            id: str(g.id),
            title: str(g.title),
        })),
        history: list(json.history).map(toMessage),
    };
}

/** An id for a message that no other of this member has. */
export function newId(): string {
    const bytes = crypto.getRandomValues(new Uint8Array(9));
    return Array.from(bytes, (b) => (b % 36).toString(36)).join('') +
        Date.now().toString(36);
}

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15000;
const ACK_MS = 20000; // then the connection is taken for dead
const AGAIN_MS = 3000;

export class Wire {
    private socket: WebSocket | null = null;
    private welcomed = false;
    private waiting: Draft[] = [];
    private underWay: Draft | null = null;
    private retryMs = RETRY_FIRST_MS;
    private retryTimer = 0;
    private ackTimer = 0;
    private over = false;
    private early: Message[] = []; // came before the welcome

    constructor(private listener: Listener, drafts: Draft[]) {
        this.waiting = drafts;
        // A phone that wakes up should not wait for the back-off.
        addEventListener('online', () => this.hurry());
        document.addEventListener('visibilitychange', () => {
            if (!document.hidden) this.hurry();
        });
    }

    connect(): void {
        clearTimeout(this.retryTimer);
        const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
        const socket = new WebSocket(`${scheme}//${location.host}/chat/ws`);
        this.socket = socket;
        socket.onopen = () =>
            socket.send(
                JSON.stringify({ type: 'hello', ...this.listener.hello() }),
            );
        socket.onmessage = (event) => this.receive(String(event.data));
        socket.onclose = () => {
            if (this.socket === socket) this.lost();
        };
    }

    /** What waits to be acknowledged. */
    drafts(): readonly Draft[] {
        return this.waiting;
    }

    /** Keeps a message until it is acknowledged. */
    send(draft: Draft): void {
        this.waiting.push(draft);
        this.listener.drafts(this.waiting);
        this.next();
    }

    tell(frame: { type: 'nick'; nick: string } | { type: 'lang'; lang: Lang }):
        void {
        if (this.welcomed) this.socket?.send(JSON.stringify(frame));
    }

    private hurry(): void {
        if (this.socket !== null || this.over) return;
        this.retryMs = RETRY_FIRST_MS;
        this.connect();
    }

    private lost(): void {
        clearTimeout(this.ackTimer);
        this.socket = null;
        this.welcomed = false;
        this.early = [];
        this.underWay = null;
        this.listener.online(false);
        if (this.over) return;
        const wait = this.retryMs * (0.7 + Math.random() * 0.6);
        this.retryMs = Math.min(this.retryMs * 2, RETRY_MOST_MS);
        clearTimeout(this.retryTimer);
        this.retryTimer = setTimeout(() => this.connect(), wait);
    }

    private next(): void {
        const draft = this.waiting[0];
        if (!this.welcomed || this.underWay || !draft) return;
        this.underWay = draft;
        this.socket?.send(JSON.stringify(this.frame(draft)));
        this.ackTimer = setTimeout(
            () => this.socket?.close(),
            ACK_MS + (draft.photo ? draft.photo.size / 8 : 0),
        );
    }

    private frame(draft: Draft): Json {
        const base = { id: draft.id, chat: draft.chat };
        if (draft.photo) {
            const bytes = draft.photo.size;
            return { type: 'photo', ...base, text: draft.text, bytes };
        }
        if (draft.place) {
            return { type: 'place', ...base, ...draft.place, name: draft.text };
        }
        return { type: 'text', ...base, text: draft.text };
    }

    private ended(id: string): Draft | null {
        const draft = this.underWay;
        if (!draft || draft.id !== id) return null;
        clearTimeout(this.ackTimer);
        this.underWay = null;
        this.waiting.shift();
        this.listener.drafts(this.waiting);
        return draft;
    }

    private receive(data: string): void {
        const json = JSON.parse(data) as Json;
        switch (json.type) {
            case 'welcome':
                this.retryMs = RETRY_FIRST_MS;
                this.welcomed = true;
                this.listener.online(true);
                this.listener.welcome(toWelcome(json));
                for (const message of this.early)
                    this.listener.message(message);
                this.early = [];
                break;
            case 'message':
                if (this.welcomed) this.listener.message(toMessage(json));
                else this.early.push(toMessage(json));
                break;
            case 'gone':
                this.early = this.early.filter((m) => m.key !== json.key);
                this.listener.gone(str(json.chat), str(json.key));
                break;
            case 'go':
                if (this.underWay?.photo && this.underWay.id === json.id)
                    this.socket?.send(this.underWay.photo);
                break;
            case 'ack': {
                const draft = this.ended(str(json.id));
                if (draft) this.listener.sent(draft);
                break;
            }
            case 'error':
                this.failed(json);
                break;
        }
        this.next();
    }

    private failed(json: Json): void {
        if (json.code === 'link') {
            this.over = true;
            this.listener.ended(str(json.text));
            return;
        }
        const draft = this.underWay;
        if (!draft || draft.id !== json.id) {
            this.listener.error(str(json.text));
            return;
        }
        if (json.again === true) {
            // The daemon is busy or its store is away: the same, later.
            clearTimeout(this.ackTimer);
            this.listener.error(str(json.text));
            this.ackTimer = setTimeout(() => {
                this.underWay = null;
                this.next();
            }, AGAIN_MS);
            return;
        }
        this.ended(draft.id);
        this.listener.refused(draft, str(json.text));
    }
}
