// What was written and not yet sent, by ticket and move: kept while the page is
// open, through a stale write, a lost connection and a new sign-in. In memory
// only, for these are words about people.

export interface Draft {
    text: string;
    unit: string;
    category: string;
    urgency: string;
    into: string;
    photos: string[];
}

const drafts = new Map<string, Draft>();
const MOST = 200;

export function draftOf(ticket: string, move: string): Draft {
    const key = `${ticket} ${move}`;
    let draft = drafts.get(key);
    if (!draft) {
        draft = {
            text: '', unit: '', category: '', urgency: '', into: '', photos: [],
        };
        drafts.set(key, draft);
        const oldest = drafts.keys().next().value;
        if (drafts.size > MOST && oldest !== undefined) drafts.delete(oldest);
    }
    return draft;
}

export function dropDraft(ticket: string, move: string): void {
    drafts.delete(`${ticket} ${move}`);
}

export function dropDrafts(): void {
    drafts.clear();
}
