// The WebSocket: what changes is told at once, and who is looking at what. It
// comes back by itself; after a break the listeners are told to read again.

import m from 'mithril';
import { Item } from './model';

const FIRST_MS = 1000;
const MOST_MS = 30000;
const SIGNED_OUT = 4401; // the daemon closes with that

export interface Listener {
    ticket?(item: Item): void;
    gone?(id: string): void;
    looking?(id: string, names: string[]): void;
    /** The connection is there again: something may have been missed. */
    again?(): void;
}

type State = 'off' | 'connecting' | 'open' | 'away';

class Live {
    state: State = 'off';
    private socket: WebSocket | null = null;
    private listeners = new Set<Listener>();
    private timer = 0;
    private pauseMs = FIRST_MS;
    private wasOpen = false;
    private at: string | null = null;
    private signedOut: () => void = () => undefined;

    start(): void {
        if (this.state !== 'off') return;
        this.state = 'connecting';
        this.connect();
    }

    stop(): void {
        this.state = 'off';
        this.wasOpen = false;
        clearTimeout(this.timer);
        const socket = this.socket;
        this.socket = null;
        socket?.close();
    }

    listen(listener: Listener): () => void {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    }

    /** Tells the others which ticket is open here. */
    look(id: string | null): void {
        if (this.at === id) return;
        this.at = id;
        this.sendLook();
    }

    whenSignedOut(act: () => void): void {
        this.signedOut = act;
    }

    private sendLook(): void {
        if (this.socket?.readyState === WebSocket.OPEN)
            this.socket.send(JSON.stringify({ type: 'look', id: this.at }));
    }

    private connect(): void {
        const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
        const socket = new WebSocket(`${scheme}://${location.host}/console/ws`);
        this.socket = socket;
        socket.onmessage = (event) => {
            if (this.socket === socket) this.receive(String(event.data));
        };
        socket.onclose = (event) => {
            if (this.socket !== socket) return;
            this.lost(event.code === SIGNED_OUT);
        };
    }

    private lost(signedOut: boolean): void {
        this.socket = null;
        if (this.state === 'off') return;
        if (signedOut) {
            this.state = 'off';
            this.signedOut();
            return;
        }
        this.state = 'away';
        // Not all at once when the daemon comes back.
        const pause = this.pauseMs * (0.5 + Math.random() / 2);
        this.pauseMs = Math.min(MOST_MS, this.pauseMs * 2);
        this.timer = setTimeout(() => this.connect(), pause);
        m.redraw();
    }

    private opened(): void {
        this.pauseMs = FIRST_MS;
        this.state = 'open';
        if (this.at !== null) this.sendLook();
        if (this.wasOpen) for (const one of this.listeners) one.again?.();
        this.wasOpen = true;
    }

    private receive(data: string): void {
        const json = JSON.parse(data) as {
            type: string;
            ticket?: Item;
            id?: string;
            names?: string[];
        };
        if (json.type === 'hello') this.opened();
        for (const one of this.listeners) {
            if (json.type === 'ticket' && json.ticket) one.ticket?.(json.ticket);
            if (json.type === 'gone' && json.id) one.gone?.(json.id);
            if (json.type === 'looking' && json.id)
                one.looking?.(json.id, json.names ?? []);
        }
        m.redraw();
    }
}

export const live = new Live();
