// Who is signed in, and what they may do. When the session ends the sign-in is
// shown instead of the page; what was written stays in memory meanwhile.

import m from 'mithril';
import * as api from './api';
import { isLang, Lang, setLang } from './lang';
import { live } from './live';
import { User } from './model';

export interface Answer {
    user: User;
    csrf: string;
}

export const session = {
    user: null as User | null,
    known: false, // whether the daemon has said who we are
    lost: false, // it ended while the page was open
    away: false, // the daemon could not be asked
};

const KEPT = 'xiaofeng.signed-in';

let onStart: () => void = () => undefined;

/** Whether this browser may have a session; its cookie is hidden from us. */
function mayHaveSession(): boolean {
    try {
        return localStorage.getItem(KEPT) !== null;
    } catch {
        return true; // nothing is kept here: ask
    }
}

function keep(signedIn: boolean): void {
    try {
        if (signedIn) localStorage.setItem(KEPT, '1');
        else localStorage.removeItem(KEPT);
    } catch {
        // Then it is asked at each visit.
    }
}

function take(answer: Answer): void {
    const before = session.user?.name;
    session.user = answer.user;
    session.lost = session.away = false;
    session.known = true;
    keep(true);
    api.setCsrf(answer.csrf);
    if (isLang(answer.user.lang)) setLang(answer.user.lang);
    // Only tickets are told of at once; nobody else is let in there.
    if (may('tickets:read')) live.start();
    else live.stop();
    if (before !== answer.user.name) onStart();
    m.redraw();
}

function gone(lost: boolean): void {
    session.lost = lost && session.user !== null;
    session.user = null;
    session.known = true;
    keep(false);
    api.setCsrf('');
    live.stop();
    m.redraw();
}

/** The daemon has closed the live connection: was it only of a session that
 * another one has followed, as after a new password? */
async function askAgain(): Promise<void> {
    try {
        take(await api.get<Answer>('/session', undefined, true));
    } catch (error) {
        if (error instanceof api.Problem && error.status === 401) gone(true);
        else live.start();
    }
}

export async function startSession(started: () => void): Promise<void> {
    onStart = started;
    api.whenSignedOut(() => gone(true));
    live.whenSignedOut(() => void askAgain());
    if (!mayHaveSession()) {
        gone(false);
        return;
    }
    try {
        take(await api.get<Answer>('/session', undefined, true));
    } catch (error) {
        const away = !(error instanceof api.Problem) || error.status !== 401;
        gone(false);
        keep(away); // asked again when the daemon is there
        session.away = away;
        m.redraw();
    }
}

/** Throws the problem: code "totp_needed" asks for the code. */
export async function signIn(
    name: string,
    password: string,
    code: string,
): Promise<void> {
    const body = code ? { name, password, code } : { name, password };
    take(await api.post<Answer>('/session', body, true));
}

export async function signOut(): Promise<void> {
    try {
        await api.remove('/session');
    } finally {
        gone(false);
    }
}

/** What a change of ourselves has answered: a new word against forgery, too. */
export function changed(answer: Answer): void {
    session.user = answer.user;
    api.setCsrf(answer.csrf);
    m.redraw();
}

/** For this page at once, and for the account if somebody is signed in. */
export async function chooseLang(tag: Lang): Promise<void> {
    setLang(tag);
    if (!session.user) return;
    changed(await api.put<Answer>('/session/language', { lang: tag }));
}

export function may(permission: string): boolean {
    return session.user?.permissions.includes(permission) ?? false;
}
