// What the browser keeps. "?me=<word>" in the address is a second person in
// the same browser: each has an own token. Storage may be forbidden; then the
// visitor is somebody new at each visit.

const who = new URLSearchParams(location.search).get('me') || '';
const prefix = `xiaofeng${/^\w{1,16}$/.test(who) ? '.' + who : ''}.`;

function within<T>(act: () => T, otherwise: T): T {
    try {
        return act();
    } catch {
        return otherwise;
    }
}

export function read(name: string): string | null {
    return within(() => localStorage.getItem(prefix + name), null);
}

export function keep(name: string, value: string): void {
    within(() => localStorage.setItem(prefix + name, value), undefined);
}

/** For as long as this tab is open: the place of a one-time link. */
export function readTab(name: string): string | null {
    return within(() => sessionStorage.getItem(prefix + name), null);
}

export function keepTab(name: string, value: string): void {
    within(() => sessionStorage.setItem(prefix + name, value), undefined);
}
