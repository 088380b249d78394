// Who a broadcast is for, as an expression: all, any or none of conditions and of
// groups of them. The daemon resolves it; here it is built and put into words.

export const FIELDS = [
    'group', 'unit', 'station', 'role', 'tag', 'lang', 'platform', 'consent',
    'event', 'read', 'unread',
] as const;
export type Field = (typeof FIELDS)[number];

/** As the API has it: one member each. */
export type Audience = Record<string, unknown>;

export interface Leaf {
    key: number;
    field: Field;
    values: string[];
}

/** A card. not: none of what is in it. */
export interface Branch {
    key: number;
    how: 'all' | 'any';
    not: boolean;
    of: Node[];
}

export type Node = Leaf | Branch;

export const MOST_DEEP = 8;
export const MOST_LEAVES = 64;

let lastKey = 0;

export function isBranch(node: Node): node is Branch {
    return 'of' in node;
}

export function leaf(field: Field, values: string[] = []): Leaf {
    return { key: ++lastKey, field, values };
}

export function branch(how: 'all' | 'any' = 'all', of: Node[] = []): Branch {
    return { key: ++lastKey, how, not: false, of };
}

function isField(name: string): name is Field {
    return (FIELDS as readonly string[]).includes(name);
}

function toNode(json: unknown): Node | null {
    if (typeof json !== 'object' || json === null) return null;
    const [name, value] = Object.entries(json)[0] ?? ['', null];
    if ((name === 'all' || name === 'any') && Array.isArray(value))
        return branch(name, value.map(toNode).filter((n): n is Node => !!n));
    if (name === 'not') {
        const inner = toNode(value);
        if (!inner) return null;
        if (isBranch(inner) && !inner.not) return { ...inner, not: true };
        return { ...branch('all', [inner]), not: true };
    }
    if (!isField(name)) return null;
    const values = Array.isArray(value) ? value : [value];
    return leaf(name, values.filter((v): v is string => typeof v === 'string'));
}

/** The outermost is always a card, so that there is one to add to. */
export function fromJson(json: Audience): Branch {
    const node = toNode(json);
    if (!node) return branch();
    return isBranch(node) ? node : branch('all', [node]);
}

/** What has no value yet is left out. */
export function toJson(node: Node): Audience | null {
    if (!isBranch(node)) {
        if (node.values.length === 0) return null;
        return {
            [node.field]: node.values.length === 1 ? node.values[0] : node.values,
        };
    }
    const of = node.of.map(toJson).filter((j): j is Audience => j !== null);
    if (of.length === 0) return null;
    const only = of[0];
    const inner = of.length === 1 && only ? only : { [node.how]: of };
    return node.not ? { not: inner } : inner;
}

export function expression(root: Branch): Audience {
    return toJson(root) ?? {};
}

export function leaves(node: Node): number {
    return isBranch(node)
        ? node.of.reduce((n, one) => n + leaves(one), 0)
        : 1;
}

export function depth(node: Node): number {
    return isBranch(node) ? 1 + Math.max(0, ...node.of.map(depth)) : 1;
}
