// Where in a JSON text a thing is: the line of "rules[3].unit", and the place of
// the first fault. A reader of its own, for JSON.parse says no places.

export class JsonFault extends Error {
    constructor(public at: number) {
        super('not JSON');
    }
}

const DEPTH = 64;

class Reader {
    places = new Map<string, number>();
    private at = 0;

    constructor(private text: string) {}

    whole(): Map<string, number> {
        this.value('', 0);
        this.blanks();
        if (this.at < this.text.length) throw new JsonFault(this.at);
        return this.places;
    }

    private blanks(): void {
        while (/\s/.test(this.text[this.at] ?? '')) this.at++;
    }

    private take(char: string): boolean {
        this.blanks();
        if (this.text[this.at] !== char) return false;
        this.at++;
        return true;
    }

    private need(char: string): void {
        if (!this.take(char)) throw new JsonFault(this.at);
    }

    private match(pattern: RegExp): string {
        this.blanks();
        pattern.lastIndex = this.at;
        const found = pattern.exec(this.text);
        if (!found) throw new JsonFault(this.at);
        this.at = pattern.lastIndex;
        return found[0] ?? '';
    }

    private value(path: string, depth: number): void {
        this.blanks();
        if (depth > DEPTH) throw new JsonFault(this.at);
        if (!this.places.has(path)) this.places.set(path, this.at);
        if (this.take('{')) this.object(path, depth);
        else if (this.take('[')) this.array(path, depth);
        else
            this.match(
                /"(?:[^"\\\n]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y,
            );
    }

    private object(path: string, depth: number): void {
        if (this.take('}')) return;
        do {
            this.blanks();
            const at = this.at;
            const key = JSON.parse(this.match(/"(?:[^"\\\n]|\\.)*"/y)) as string;
            const below = path ? `${path}.${key}` : key;
            this.places.set(below, at);
            this.need(':');
            this.value(below, depth + 1);
        } while (this.take(','));
        this.need('}');
    }

    private array(path: string, depth: number): void {
        if (this.take(']')) return;
        let n = 0;
        do this.value(`${path}[${n++}]`, depth + 1);
        while (this.take(','));
        this.need(']');
    }
}

export function lineAt(text: string, offset: number): number {
    return text.slice(0, offset).split('\n').length;
}

/** Throws JsonFault where the text stops being JSON. */
export function jsonPlaces(text: string): Map<string, number> {
    return new Reader(text).whole();
}

/** The line of a path, or of what holds it; 1 when nothing of it is there. */
export function lineOfPath(text: string, path: string): number {
    let places: Map<string, number>;
    try {
        places = jsonPlaces(text);
    } catch {
        return 1;
    }
    for (let p = path; p; p = p.replace(/(?:\.[^.[\]]*|\[\d+\]|^[^.[\]]*)$/, '')) {
        const at = places.get(p);
        if (at !== undefined) return lineAt(text, at);
    }
    return 1;
}
