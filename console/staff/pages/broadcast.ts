// One broadcast: written while it is a draft, looked at by a second person, and
// watched while it is on its way and after.

import m from 'mithril';
import * as api from '../api';
import { fromJson } from '../audience';
import { sentence } from '../audience_words';
import {
    Broadcast, BroadcastItem, copy, isSeries, move, Progress, read,
} from '../broadcasts';
import { wordsOf } from '../composing';
import { errorText } from '../errors';
import { exact, moment, number } from '../format';
import { t, word } from '../lang';
import { Page } from '../model';
import { loadOptions } from '../options';
import { countView, LiveCount } from '../parts/audience';
import { LivePreview } from '../parts/bubbles';
import { Button } from '../parts/button';
import { closeDialog, confirm, openDialog } from '../parts/dialog';
import { Area } from '../parts/field';
import { icon } from '../parts/icon';
import { List, More } from '../parts/more';
import {
    accountsList, bigBar, movesOf, outcomeCards, paceLine, PushMove, readsPlot,
} from '../parts/progress';
import { Targets } from '../parts/targets';
import { say } from '../parts/toast';
import { failed, waiting } from '../parts/waiting';
import { ruleWords } from '../recurrence';
import { may, session } from '../session';
import { broadcastPill, broadcastRow } from './broadcasts';
import { Compose } from './compose';

const LIVE_MS = 1000;
const CALM_MS = 5000;
const SOON_MS = 60000;

/** Who wrote or approved it, as the API names them. */
function isMe(who: string): boolean {
    return who === `user:${session.user?.name ?? ''}`;
}

function personName(who: string | null): string {
    return who?.replace(/^user:/, '') ?? '';
}

function when(b: Broadcast): string {
    if (isSeries(b)) {
        const rule = ruleWords(b.rrule, b.workday ?? null);
        return b.next_ms
            ? t('push.againNext', { rule, time: moment(b.next_ms) }) : rule;
    }
    const at = b.fired_ms || b.next_ms || b.at_ms;
    return at ? moment(at) : t('push.atOnce');
}

function fact(name: string, value: m.Children): m.Children {
    return value && m('.fact', m('dt', name), m('dd', value));
}

function facts(b: Broadcast): m.Children {
    return m('dl.facts-list',
        fact(t('push.when'), when(b)),
        fact(t('when.hours'), word('hours', b.hours)),
        fact(t('push.author'), b.by_name || personName(b.by)),
        fact(t('push.approver'), personName(b.approved_by)),
        b.parent && fact(t('push.parent'),
            m('a', { href: `#!/broadcasts/${b.parent}` }, b.parent)),
        fact(t('push.updated'), exact(b.updated_ms)));
}

/** Asks for a note, then gives it; null: nothing is done. */
function askNote(title: string, hint: string, yes: string): Promise<string | null> {
    return new Promise((done) => {
        let note = '';
        let answer: string | null = null;
        openDialog(title, () => [
            m('p.hint', hint),
            m(Area, { label: t('push.note'), value: note, rows: 3, most: 500,
                focus: true, test: 'note-text', set: (v: string) => (note = v) }),
            m('.actions',
                m(Button, { label: t('act.cancel'), onclick: closeDialog }),
                m(Button, { label: yes, look: 'main', test: 'note-send',
                    disabled: !note.trim(), onclick: () => {
                        answer = note.trim();
                        closeDialog();
                    } })),
        ], { closed: () => done(answer) });
    });
}

/** Can something else be done now, such as to try again? */
function offers(before: Progress, now: Progress): boolean {
    return (['refused', 'unknown', 'sent'] as const).some((name) =>
        !before.counts[name] !== !now.counts[name]);
}

class Shown {
    item: Broadcast | null = null;
    progress: Progress | null = null;
    error: unknown = null;
    private timer = 0;
    private over = false;

    constructor(readonly id: string) {}

    async start(): Promise<void> {
        await this.load();
        this.next();
    }

    stop(): void {
        this.over = true;
        clearTimeout(this.timer);
    }

    async load(): Promise<void> {
        try {
            this.item = await read(this.id);
            this.error = null;
            await this.look();
        } catch (error) {
            this.error = error;
        }
        m.redraw();
    }

    took(now: Broadcast): void {
        this.item = now;
        void this.look();
    }

    private isFired(): boolean {
        return !!this.item?.fired_ms || this.item?.state === 'sending';
    }

    private async look(): Promise<void> {
        if (!this.item || !this.isFired()) return;
        const path = `/broadcasts/${api.part(this.id)}/progress`;
        const now = await api.get<Progress>(path);
        const before = this.progress;
        this.progress = now;
        if (now.version !== this.item.version || !before || offers(before, now))
            this.item = await read(this.id);
        m.redraw();
    }

    /** Or will be at any moment. */
    private isMoving(): boolean {
        const item = this.item;
        const counts = this.progress?.counts;
        return item?.state === 'sending' || (counts?.recalling ?? 0) > 0 ||
            (item?.state === 'scheduled' && !!item.next_ms &&
                item.next_ms - Date.now() < SOON_MS);
    }

    private next(): void {
        if (this.over) return;
        this.timer = setTimeout(() => void this.again(),
            this.isMoving() ? LIVE_MS : CALM_MS);
    }

    /** What is being written must not change below the hands. */
    private async again(): Promise<void> {
        if (!document.hidden && this.item && this.item.state !== 'draft')
            try {
                if (this.isFired()) await this.look();
                else this.item = await read(this.id);
                this.error = null;
            } catch {
                // The next look may be luckier; what is shown stays.
            }
        m.redraw();
        this.next();
    }
}

/** Each time that a series went out. */
const Firings: m.Component<{ id: string }> = ({ attrs: { id } }) => {
    const list = new List<BroadcastItem>((cursor) =>
        api.get<Page<BroadcastItem>>('/broadcasts',
            { parent: id, limit: 30, cursor }));
    void list.load();
    return {
        view: () => list.first.show(() => list.items.length
            ? [m('ul.push-list', { key: 'list' }, list.items.map(broadcastRow)),
                m('.more-here', { key: 'more' }, m(More, {
                    next: list.next, load: () => list.loadMore(),
                }))]
            : [m('p.hint', { key: 'none' }, t('push.firingsNone'))]),
    };
};

export const BroadcastPage: m.Component<{ id: string }> = ({ attrs: { id } }) => {
    const shown = new Shown(id);
    void shown.start();
    void loadOptions();
    let outcome = '';
    let editing = 0; // another one: the composer begins anew

    const act = async (name: string, note = '') => {
        const item = shown.item;
        if (!item) return;
        try {
            shown.took(await move(item.id, item.version, name, note));
            say(word('pushdone', name));
            await shown.load();
            editing++;
        } catch (error) {
            if (!(error instanceof api.Problem) || error.status !== 409) throw error;
            say(error.code === 'stale' || error.current
                ? t('push.otherFirst') : errorText(error), 'bad');
            await shown.load();
        }
    };
    const ask = async (one: PushMove) => {
        const text = word('pushask', one.name).replace('{n}', number(one.n));
        const look = one.look === 'danger' ? 'danger' : 'main';
        if (await confirm(text, word('pushmove', one.name), look))
            await act(one.name);
    };
    const approve = async (item: Broadcast) => {
        const text = t(`push.approveAsk_${item.target}`,
            { n: number(item.total ?? counted ?? 0) });
        if (await confirm(text, t('pushmove.approve'), 'main'))
            await act('approve');
    };
    const giveBack = async () => {
        const note = await askNote(t('pushmove.return'), t('push.returnHint'),
            t('pushmove.return'));
        if (note) await act('return', note);
    };
    let counted: number | null = null;

    const head = (item: Broadcast) =>
        m('.push-head',
            m('.title-line',
                m('a.button.quiet.bare', { href: '#!/broadcasts',
                    'aria-label': t('act.back'), title: t('act.back') },
                icon('back')),
                m('h1', { tabindex: -1 },
                    item.title || item.text.slice(0, 40) || t('push.untitled')),
                broadcastPill(item.state)),
            m('.facts', m('span', item.id), m('span', word('lane', item.lane)),
                m('span', item.by_name || personName(item.by)),
                m('span', when(item))));

    const preview = (item: Broadcast) =>
        m('.compose-side', m(LivePreview, { words: wordsOf(item) }));

    const who = (item: Broadcast) => {
        const root = fromJson(item.audience ?? {});
        // Counted again for whoever is to say yes.
        const frozen = !!item.total && item.state !== 'submitted';
        return m('section.card', { 'aria-label': t('pushfield.audience') },
            m('h2', t('pushfield.audience')),
            m('p.sentence', { 'data-test': 'sentence' }, icon('people'),
                sentence(root, item.target)),
            frozen && !isSeries(item)
                ? m('div', countView({ n: item.total ?? 0, excluded: {},
                    sample: [] }, item.target),
                m('p.hint', t('push.frozen')))
                : m(LiveCount, { root, target: item.target,
                    took: (n: number | null) => (counted = n) }));
    };
    const buttons = (item: Broadcast) => {
        const offered = movesOf(item, shown.progress?.counts ?? item.counts ?? {});
        const own = isMe(item.by);
        return m('.push-moves', { role: 'group', 'aria-label': t('push.acts'),
            'data-test': 'moves' },
        item.moves.includes('approve') && may('approve') && !own &&
            m(Button, { label: t('pushmove.approve'), icon: 'check',
                look: 'main', test: 'move-approve',
                onclick: () => approve(item) }),
        item.moves.includes('return') && may('approve') &&
            m(Button, { label: t('pushmove.return'), icon: 'back',
                look: 'soft', test: 'move-return', onclick: giveBack }),
        offered.map((one) => m(Button, {
            label: one.n > 0 && one.name.startsWith('retry')
                ? `${word('pushmove', one.name)} (${number(one.n)})`
                : word('pushmove', one.name),
            icon: one.icon, look: one.look, test: `move-${one.name}`,
            onclick: () => ask(one),
        })),
        m(Button, { label: t('push.copy'), icon: 'copy', test: 'copy',
            onclick: async () => {
                const made = await copy(item.id);
                m.route.set(`/broadcasts/${made.id}`);
            } }));
    };
    const waits = (item: Broadcast) =>
        item.state === 'submitted' && m('.banner', { role: 'status' },
            t(isMe(item.by) ? 'push.waitsOther'
                : may('approve') ? 'push.waitsYou' : 'push.waits'));
    const watch = (progress: Progress) => [
        m('section.card.progress-card', { 'aria-label': t('push.progress'),
            'data-test': 'progress' },
        bigBar(progress.counts, progress.total),
        paceLine(progress),
        outcomeCards(progress, outcome, (state) => (outcome = state))),
        accountsList(progress.accounts, may('broadcasts'), () => shown.load()),
        readsPlot(progress.reads),
        m(Targets, {
            id, state: outcome, choose: (state: string) => (outcome = state),
            stamp: JSON.stringify(progress.counts),
        }),
    ];
    const firings = (item: Broadcast) =>
        isSeries(item) && m('section', { 'aria-label': t('push.firings') },
            m('h2', t('push.firings')),
            m(Firings, { id: item.id }));
    const draft = (item: Broadcast) =>
        m('.slot', [m('.compose-slot', { key: `${item.id} ${editing}` },
            m(Compose, { of: item, done: () => void shown.load() }))]);
    const view = (item: Broadcast) => [
        head(item),
        waits(item),
        item.note && m('.banner', t('push.noted', { note: item.note })),
        buttons(item),
        m('.composer', { class: item.state === 'submitted' ? 'judge' : '' },
            m('.compose-main',
                shown.progress && shown.progress.total > 0
                    ? watch(shown.progress) : null,
                firings(item),
                who(item),
                m('section.card', { 'aria-label': t('push.details') },
                    m('h2', t('push.details')), facts(item))),
            preview(item)),
    ];
    return {
        onremove: () => shown.stop(),
        view() {
            const item = shown.item;
            return m('.sheet.wide', {
                'data-test': 'broadcast-page', 'data-id': id,
                'data-state': item?.state,
            },
            shown.error !== null && failed(shown.error, () => shown.load()),
            !item ? shown.error === null && waiting(6)
                : item.state === 'draft' && item.moves.includes('submit')
                    ? [head(item), draft(item)] : view(item));
        },
    };
};

export const NewBroadcastPage: m.Component = () => ({
    view: () =>
        m('.sheet.wide', { 'data-test': 'compose-page' },
            m('.title-line',
                m('a.button.quiet.bare', { href: '#!/broadcasts',
                    'aria-label': t('act.back'), title: t('act.back') },
                icon('back')),
                m('h1', { tabindex: -1 }, t('push.new'))),
            m(Compose, {
                of: null,
                done: (now: Broadcast) => m.route.set(`/broadcasts/${now.id}`,
                    null, { replace: true }),
            })),
});
