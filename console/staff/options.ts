// What conditions can name: groups, stations, tags, events, earlier broadcasts.
// Read when a page needs them; a minute old is young enough.

import m from 'mithril';
import * as api from './api';
import { Options } from './broadcasts';
import { LANGS } from './lang';
import { Choice } from './parts/field';

const FRESH_MS = 60000;

export const options: Options = {
    groups: [], stations: [], tags: [], langs: [], events: [], broadcasts: [],
};

let read = 0;

export function dropOptions(): void {
    read = 0;
}

/** Where they cannot be had, ids can still be written. */
export async function loadOptions(): Promise<void> {
    if (Date.now() - read < FRESH_MS) return;
    read = Date.now();
    try {
        Object.assign(options, await api.get<Options>('/audience/options'));
    } catch {
        read = 0;
    }
    m.redraw();
}

/** "zh-TW" as its own speakers write it. */
export function langName(tag: string): string {
    return LANGS.find(([known]) => known === tag)?.[1] ?? tag;
}

export function groupChoices(): Choice[] {
    return options.groups.map((g) => ({
        value: g.chat, title: g.title || g.chat,
    }));
}

export function stationChoices(): Choice[] {
    return options.stations.map((s) => ({ value: s.id, title: s.name }));
}

export function tagChoices(): Choice[] {
    return options.tags.map((tag) => ({ value: tag, title: tag }));
}

export function broadcastChoices(): Choice[] {
    return options.broadcasts.map((b) => ({
        value: b.id, title: `${b.id} ${b.title}`,
    }));
}
