// The documents that everybody who works on tickets may read: names of units,
// templates of answers, areas of communities. Read when somebody signs in.

import m from 'mithril';
import * as api from './api';
import { word } from './lang';
import { Document, Template, Unit } from './model';

interface Areas {
    type: 'FeatureCollection';
    features: {
        type: 'Feature';
        properties: { unit?: string; name?: string } | null;
        geometry: unknown;
    }[];
}

export const policy = {
    units: [] as Unit[],
    templates: [] as Template[],
    areas: null as Areas | null,
    approval: false, // does a second person look at broadcasts?
};

const byId = new Map<string, Unit>();

function setUnits(units: Unit[]): void {
    policy.units = units;
    byId.clear();
    for (const unit of units) byId.set(unit.id, unit);
}

/** A document that cannot be read leaves what was there. */
async function read<T>(name: string, take: (json: T) => void): Promise<void> {
    try {
        take((await api.get<Document<T>>(`/documents/${name}`)).json);
        m.redraw();
    } catch {
        // Ids are shown where names are missing.
    }
}

export async function loadPolicy(): Promise<void> {
    await Promise.all([
        read<{ units?: Unit[] }>('organisation', (j) => setUnits(j.units ?? [])),
        read<{ templates?: Template[] }>(
            'templates',
            (j) => (policy.templates = j.templates ?? []),
        ),
        read<{ approval?: boolean }>(
            'broadcasts',
            (j) => (policy.approval = j.approval === true),
        ),
        read<Areas>('areas', (j) => (policy.areas = j.features ? j : null)),
    ]);
}

export function unitOf(id: string | null): Unit | undefined {
    return id === null ? undefined : byId.get(id);
}

export function unitName(id: string | null): string {
    if (id === '*') return word('unit', 'all');
    return unitOf(id)?.name ?? id ?? '';
}

export function communities(): Unit[] {
    return policy.units.filter((unit) => unit.kind === 'community');
}

export interface Branch {
    unit: Unit;
    depth: number;
}

/** The tree from its roots; what hangs in the air or in a ring is a root. */
export function tree(units: Unit[]): Branch[] {
    const known = new Set(units.map((unit) => unit.id));
    const below = new Map<string, Unit[]>();
    for (const unit of units) {
        const parent = unit.parent && known.has(unit.parent) ? unit.parent : '';
        below.set(parent, [...(below.get(parent) ?? []), unit]);
    }
    const found: Branch[] = [];
    const seen = new Set<string>();
    const walk = (unit: Unit, depth: number) => {
        if (seen.has(unit.id)) return;
        seen.add(unit.id);
        found.push({ unit, depth });
        for (const one of below.get(unit.id) ?? []) walk(one, depth + 1);
    };
    for (const root of below.get('') ?? []) walk(root, 0);
    for (const unit of units) walk(unit, 0);
    return found;
}
