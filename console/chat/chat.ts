// The riders' web chat: one page, a tab for each group and one for the private
// chat with the bot.

import { keep, keepTab, read, readTab } from './keep';
import { Log } from './log';
import { preparePhoto } from './photo';
import { browserLang, isLang, Key, Lang, lang, setLang, t, words } from './texts';
import { el, Shown } from './view';
import { Draft, Message, newId, Welcome, Wire } from './wire';

interface Chat {
    id: string;
    title: string;
    group: boolean;
    messages: Shown[];
    unread: number;
}

function find<T extends HTMLElement>(id: string): T {
    return document.getElementById(id) as T;
}

const text = find<HTMLTextAreaElement>('text');
const link = takeLink();
const chats: Chat[] = [];
let open = '';
let privateChat = '';
const SAY_MOST = 60; // letters of the words of a QR code
let brought = takeWords();
let nick = read('nick') || '';
let wasOnline = false;
const repeated = new Set<string>();

// ---- a one-time link: "#link=…", taken out of the address at once ----

function takeLink(): string | null {
    const match = /^#link=([\w-]{8,64})$/.exec(location.hash);
    if (match) {
        keepTab('link', match[1] ?? '');
        history.replaceState(null, '', location.pathname + location.search);
    }
    return readTab('link');
}

// ---- words that a QR code brings along: "#say=…". They are written to the bot
// in private, and sent when the rider says so. ----

function takeWords(): string {
    const match = /^#say=([^&]+)$/.exec(location.hash);
    if (!match) return '';
    history.replaceState(null, '', location.pathname + location.search);
    try {
        return decodeURIComponent(match[1] ?? '').slice(0, SAY_MOST)
            .replace(/[\p{Cc}]/gu, ' ').trim();
    } catch {
        return '';
    }
}

function offerWords(): void {
    if (!brought || !privateChat) return;
    show(privateChat);
    text.value = brought;
    brought = '';
    fit();
    text.focus();
}

// ---- chats ----

function chatOf(id: string): Chat | undefined {
    return chats.find((chat) => chat.id === id);
}

function takeChats(welcome: Welcome): void {
    const add = (id: string, title: string, group: boolean) => {
        const known = chatOf(id);
        if (known) known.title = title;
        else chats.push({ id, title, group, messages: [], unread: 0 });
    };
    for (const group of welcome.groups) add(group.id, group.title, true);
    add(welcome.chat, '', false);
    privateChat = welcome.chat;
    if (!chatOf(open)) open = chats[0]?.id ?? '';
}

/** History of the daemon, then what it does not know yet. */
function takeHistory(history: Message[]): void {
    for (const chat of chats) {
        const kept: Shown[] = history
            .filter((m) => m.chat === chat.id)
            .map((m) => (m.mine ? { ...m, state: 'sent' } : m));
        const known = new Set(chat.messages.map((m) => m.key));
        const ids = new Set(kept.map((m) => m.id).filter(Boolean));
        const own = chat.messages.filter(
            (m) => m.mine && m.state !== 'sent' && !ids.has(m.id),
        );
        if (known.size > 0 && chat.id !== open)
            chat.unread += kept.filter((m) => !m.mine && !known.has(m.key)).length;
        chat.messages = [...kept, ...own];
    }
}

/**
 * The daemon may have stopped between keeping a message and answering it. The
 * same id once more is harmless, and brings the answer.
 */
function repeatUnanswered(): void {
    const last = chatOf(privateChat)?.messages.slice(-1)[0];
    if (!last || !last.mine || last.state !== 'sent' || last.photo) return;
    if (!last.id || repeated.has(last.id)) return;
    if (Date.now() - last.time > 600000) return;
    repeated.add(last.id);
    wire.send(draftOf(last));
}

function draftOf(message: Shown): Draft {
    const { id = newId(), chat, text: words, time, lat, lon } = message;
    const place =
        lat !== undefined && lon !== undefined ? { lat, lon } : undefined;
    return { id, chat, text: words, time, place };
}

// ---- sending ----

const files = new Map<string, Blob>();

function say(what: {
    text: string;
    place?: { lat: number; lon: number };
    photo?: Blob;
    preview?: HTMLCanvasElement;
}): void {
    const id = newId();
    const time = Date.now();
    const draft: Draft = {
        id, chat: open, text: what.text, time,
        place: what.place, photo: what.photo,
    };
    if (what.photo) files.set(id, what.photo);
    take({
        key: `mine.${id}`, chat: open, bot: false, from: nick, text: what.text,
        time, mine: true, id, state: 'sending', preview: what.preview,
        lat: what.place?.lat, lon: what.place?.lon,
    });
    log.toEnd();
    wire.send(draft);
}

function retry(message: Shown): void {
    message.state = 'sending';
    message.why = undefined;
    log.change(message);
    const photo = files.get(message.id ?? '');
    wire.send({ ...draftOf(message), photo });
}

function mark(draft: Draft, state: 'sent' | 'failed', why?: string): void {
    const message = chatOf(draft.chat)?.messages.find((m) => m.id === draft.id);
    if (!message) return;
    message.state = state;
    message.why = why;
    if (state === 'sent') files.delete(draft.id);
    log.change(message);
}

// ---- receiving ----

function take(message: Shown): void {
    const chat = chatOf(message.chat);
    if (!chat) return;
    const same = chat.messages.find(
        (m) =>
            m.key === message.key ||
            (message.mine && m.id !== undefined && m.id === message.id),
    );
    if (same) {
        if (!message.mine) return;
        Object.assign(same, message, { state: 'sent', preview: undefined });
        log.change(same);
        return;
    }
    chat.messages.push(message);
    if (chat.messages.length > 400) chat.messages.shift();
    if (chat.id === open) {
        log.add(message);
        showQuick();
    }
    if (!message.mine && (chat.id !== open || document.hidden)) {
        chat.unread++;
        showTabs();
    }
}

/** What the bot has taken back is shown no more. */
function takeBack(id: string, key: string): void {
    const chat = chatOf(id);
    const at = chat?.messages.findIndex((m) => m.key === key) ?? -1;
    if (!chat || at < 0) return;
    chat.messages.splice(at, 1);
    if (chat.id !== open) return;
    log.show(chat.messages);
    showQuick();
}

// ---- the frame around the messages ----

function showTabs(): void {
    const tabs = find('tabs');
    tabs.hidden = chats.length < 2 && !link;
    tabs.replaceChildren(
        ...chats.map((chat) => {
            const small = chat.group ? t('group')
                : t(link ? 'linkHint' : 'privateHint');
            const title = chat.group ? chat.title
                : t(link ? 'linkTitle' : 'private');
            const tab = el(
                'button', '',
                el('span', 'title', title), el('small', '', small),
            );
            tab.type = 'button';
            tab.id = `tab-${chats.indexOf(chat)}`;
            tab.setAttribute('role', 'tab');
            tab.setAttribute('aria-controls', 'log');
            tab.setAttribute('aria-selected', String(chat.id === open));
            tab.tabIndex = chat.id === open ? 0 : -1;
            if (chat.unread > 0) {
                const count = String(Math.min(chat.unread, 99));
                const dot = el('span', 'unread', count);
                dot.setAttribute('aria-label', t('unread', { n: count }));
                tab.append(dot);
            }
            tab.onclick = () => show(chat.id);
            return tab;
        }),
    );
    const unread = chats.reduce((sum, chat) => sum + chat.unread, 0);
    document.title = unread > 0 ? `(${unread}) ${t('bot')}` : t('bot');
}

function show(id: string): void {
    open = id;
    const chat = chatOf(id);
    if (!chat) return;
    if (!document.hidden) chat.unread = 0;
    showTabs();
    const index = chats.indexOf(chat);
    find('log').setAttribute('aria-labelledby', `tab-${index}`);
    document.body.classList.toggle('in-private', !chat.group);
    text.placeholder = t(chat.group ? 'writeGroup' : 'writePrivate');
    log.show(chat.messages);
    showQuick();
}

function moveTab(event: KeyboardEvent): void {
    const by = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (by === 0 || chats.length < 2) return;
    const at = chats.findIndex((chat) => chat.id === open);
    const next = (at + by + chats.length) % chats.length;
    show(chats[next]?.id ?? open);
    find(`tab-${next}`).focus();
}

/** What the bot's last message offers ("跳过", "取消"), then the commands. */
function showQuick(): void {
    const messages = chatOf(open)?.messages ?? [];
    const last = [...messages].reverse().find((m) => m.bot || m.mine);
    const offered = last?.bot && log.isLive(last)
        ? words('quickWords').filter((word) => last.text.includes(word))
        : [];
    // A ticket that was just given a number: one tap asks how it goes.
    const tickets = new Set(last?.bot ? last.text.match(/\b[SP]\d+\b/g) : []);
    const ask = [...tickets].map((id) => `${words('chipWords')[2]} ${id}`);
    // "不同意" holds "同意": offer both only when both are meant.
    const quick = offered.filter(
        (word) =>
            !offered.some(
                (longer) =>
                    longer !== word && longer.includes(word) &&
                    !last?.text.split(longer).join('').includes(word),
            ),
    );
    const chip = (word: string, className: string) => {
        const button = el('button', className, word);
        button.type = 'button';
        button.onclick = () => say({ text: word });
        return button;
    };
    find('chips').replaceChildren(
        ...quick.map((word) => chip(word, 'quick')),
        ...(ask.length === 1 ? ask : []).map((word) => chip(word, 'quick')),
        ...(link ? [] : words('chipWords').map((word) => chip(word, ''))),
    );
    find('chips').scrollLeft = 0;
}

function showTexts(): void {
    document.documentElement.lang = lang();
    document.querySelectorAll<HTMLElement>('[data-text]').forEach((element) => {
        element.textContent = t(element.dataset.text as Key);
    });
    document.querySelectorAll<HTMLElement>('[data-label]').forEach((element) => {
        element.setAttribute('aria-label', t(element.dataset.label as Key));
    });
    document.querySelector('h1')!.textContent = t('bot');
    find<HTMLSelectElement>('lang').value = lang();
    showNick();
    if (chats.length > 0) show(open);
}

function showNick(): void {
    const me = find('me');
    me.textContent = nick;
    me.hidden = nick === '' || link !== null;
    me.setAttribute('aria-label', t('nickChange', { nick }));
}

function showState(key: Key | null): void {
    const state = find('state');
    state.hidden = key === null;
    state.textContent = key === null ? '' : t(key);
}

let toastTimer = 0;

function toast(words: string): void {
    const box = find('toast');
    box.textContent = words;
    box.hidden = words === '';
    clearTimeout(toastTimer);
    toastTimer = setTimeout(() => (box.hidden = true), 6000);
}

// ---- the boxes: name, place, photo ----

function askNick(done: () => void): void {
    const box = find<HTMLDialogElement>('nick-box');
    const input = find<HTMLInputElement>('nick');
    const some = crypto.getRandomValues(new Uint16Array(1))[0] ?? 0;
    input.value = nick || t('nickGuess') + (1000 + (some % 9000));
    box.onclose = () => {
        const given = input.value.trim();
        if (given) nick = given;
        else if (!nick) nick = t('nickGuess');
        keep('nick', nick);
        showNick();
        done();
    };
    box.showModal();
    input.select();
}

function askPlace(): void {
    const box = find<HTMLDialogElement>('place-box');
    const name = find<HTMLInputElement>('place-name');
    const found = find('place-found');
    let here: { lat: number; lon: number } | undefined;
    name.value = '';
    found.textContent = '';
    const group = chatOf(open)?.group;
    find('place-who').textContent = t(group ? 'placeGroup' : 'placePrivate');
    find('place-here').onclick = () => {
        const no = () => (found.textContent = t('placeNo'));
        if (!navigator.geolocation) {
            no();
            return;
        }
        found.textContent = t('placeAsking');
        navigator.geolocation.getCurrentPosition(
            ({ coords }) => {
                here = { lat: coords.latitude, lon: coords.longitude };
                const n = String(Math.max(1, Math.round(coords.accuracy)));
                found.textContent = t('placeFound', { n });
            },
            no,
            { enableHighAccuracy: true, timeout: 15000, maximumAge: 30000 },
        );
    };
    find('place-send').onclick = () => {
        const words = name.value.trim();
        if (!here && !words) {
            found.textContent = t('placeNeeded');
            return;
        }
        box.close();
        say({ text: words, place: here });
    };
    box.showModal();
}

async function askPhoto(file: File): Promise<void> {
    const box = find<HTMLDialogElement>('photo-box');
    const view = find<HTMLCanvasElement>('photo-view');
    const caption = find<HTMLInputElement>('photo-text');
    const photo = await preparePhoto(file, view);
    if (!photo) {
        toast(t('photoBad'));
        return;
    }
    caption.value = text.value.trim();
    find('photo-send').onclick = () => {
        const preview = document.createElement('canvas');
        preview.width = view.width;
        preview.height = view.height;
        preview.getContext('2d')?.drawImage(view, 0, 0);
        box.close();
        if (text.value.trim() === caption.value.trim()) clearText();
        say({ text: caption.value.trim(), photo, preview });
    };
    box.showModal();
}

function openPhoto(message: Shown): void {
    const img = find<HTMLImageElement>('show');
    img.src = message.photo ?? '';
    find<HTMLDialogElement>('show-box').showModal();
}

// ---- writing ----

function fit(): void {
    text.style.height = 'auto';
    text.style.height = `${Math.min(text.scrollHeight, 160)}px`;
}

function clearText(): void {
    text.value = '';
    fit();
}

function submit(): void {
    const words = text.value.trim();
    if (!words || !open) return;
    clearText();
    say({ text: words });
    text.focus();
}

function listen(): void {
    find('write').onsubmit = (event) => {
        event.preventDefault();
        submit();
    };
    text.oninput = fit;
    text.onkeydown = (event) => {
        if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
        event.preventDefault();
        submit();
    };
    const file = find<HTMLInputElement>('file');
    find('photo').onclick = () => file.click();
    file.onchange = () => {
        const chosen = file.files?.[0];
        file.value = '';
        if (chosen) void askPhoto(chosen);
    };
    find('place').onclick = askPlace;
    find('me').onclick = () =>
        askNick(() => wire.tell({ type: 'nick', nick }));
    find('tabs').onkeydown = moveTab;
    find<HTMLSelectElement>('lang').onchange = (event) =>
        changeLang((event.target as HTMLSelectElement).value);
    find('toast').onclick = () => toast('');
    document.addEventListener('visibilitychange', () => {
        const chat = chatOf(open);
        if (document.hidden || !chat) return;
        chat.unread = 0;
        showTabs();
    });
}

/** The bot is told, too, so that it answers in the language of the page. */
function changeLang(tag: string): void {
    if (!isLang(tag)) return;
    setLang(tag as Lang);
    keep('lang', tag);
    showTexts();
    wire.tell({ type: 'lang', lang: tag });
    if (!link && privateChat) {
        show(privateChat);
        say({ text: t('switched') });
    }
}

// ---- all together ----

const log = new Log(find('log'), find('latest'), {
    choose: (number) => say({ text: number }),
    retry,
    open: openPhoto,
});

const wire = new Wire(
    {
        hello: () => ({
            token: link ? readTab('link-token') : read('token'),
            nick,
            group: new URLSearchParams(location.search).get('group'),
            lang: lang(),
            ...(link ? { link } : {}),
        }),
        welcome: (welcome) => {
            if (link) keepTab('link-token', welcome.token);
            else keep('token', welcome.token);
            nick = welcome.nick || nick;
            showNick();
            takeChats(welcome);
            takeHistory(welcome.history);
            restoreDrafts();
            show(open);
            repeatUnanswered();
            offerWords();
        },
        message: take,
        gone: takeBack,
        sent: (draft) => mark(draft, 'sent'),
        refused: (draft, why) => mark(draft, 'failed', why),
        error: toast,
        ended: (words) => {
            toast(words);
            find('write').hidden = true;
        },
        online: (yes) => {
            showState(yes ? null : wasOnline ? 'away' : 'connecting');
            wasOnline = wasOnline || yes;
        },
        drafts: (waiting) =>
            keep('drafts', JSON.stringify(waiting.filter((d) => !d.photo))),
    },
    link ? [] : readDrafts(),
);

/** What was written before the page was closed, and never acknowledged. */
function readDrafts(): Draft[] {
    try {
        const drafts = JSON.parse(read('drafts') || '[]') as Draft[];
        const since = Date.now() - 86400000;
        return Array.isArray(drafts)
            ? drafts.filter((d) => typeof d.id === 'string' && d.time > since)
            : [];
    } catch {
        return [];
    }
}

function restoreDrafts(): void {
    for (const draft of wire.drafts()) {
        const chat = chatOf(draft.chat);
        if (!chat || chat.messages.some((m) => m.id === draft.id)) continue;
        chat.messages.push({
            key: `mine.${draft.id}`, chat: draft.chat, bot: false, from: nick,
            text: draft.text, time: draft.time, mine: true, id: draft.id,
            state: 'sending', lat: draft.place?.lat, lon: draft.place?.lon,
        });
    }
}

function begin(): void {
    showState('connecting');
    wire.connect();
}

const chosen = read('lang');
setLang(isLang(chosen) ? chosen : browserLang());
showTexts();
listen();
if (nick || link) begin();
else askNick(begin);
