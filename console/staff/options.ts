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

/** "zh_CN" as its own speakers write it. */
export function langName(tag: string): string {
    const own = tag.replace('_', '-');
    return LANGS.find(([known]) => known === own)?.[1] ?? tag;
}

/** The languages of texts, in the daemon's spelling. */
export function langTags(): string[] {
    return LANGS.map(([tag]) => tag.replace('-', '_'));
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
