// Writing a broadcast: the words, the audience, the time, and beside it how it
// will look in chat.

import m from 'mithril';
import * as api from '../api';
import { Broadcast, copy, drop, Words } from '../broadcasts';
import { Composing, differences, wordsOf } from '../composing';
import { ago, exact, number } from '../format';
import { LANGS, t, word } from '../lang';
import { langName } from '../options';
import { AudienceBuilder } from '../parts/audience';
import { LivePreview } from '../parts/bubbles';
import { Button } from '../parts/button';
import { confirm } from '../parts/dialog';
import { Area, Check, Input, Select } from '../parts/field';
import { icon } from '../parts/icon';
import { PhotoUpload } from '../parts/photos';
import { say } from '../parts/toast';
import { When } from '../parts/when';
import { policy } from '../policy';

const MOST_TEXT = 2000;
const MOST_TITLE = 60;

interface ComposeAttrs {
    of: Broadcast | null;
    done: (now: Broadcast) => void;
}

function counter(text: string, most: number): m.Children {
    const n = [...text].length;
    return m('span.counter', {
        class: n > most ? 'over' : n > most * 0.9 ? 'near' : '',
        'data-test': 'counter',
        'aria-label': t('push.chars', { n, most }),
    }, `${n} / ${most}`);
}

function shown(value: unknown): string {
    if (value === null || value === undefined || value === '') return '—';
    if (typeof value === 'number') return exact(value).slice(0, 16);
    if (typeof value === 'boolean') return t(value ? 'say.yes' : 'say.no');
    return typeof value === 'string' ? value : JSON.stringify(value);
}

/** What the other organiser has changed, and the two ways on. */
function conflictBox(draft: Composing): m.Children {
    const theirs = draft.conflict;
    if (!theirs) return null;
    const different = differences(draft.words, wordsOf(theirs));
    return m('.stale', { role: 'alert', 'data-test': 'conflict' },
        m('h3', icon('people'), t('push.conflict')),
        different.length
            ? m('.scroll-x', m('table.conflict',
                m('thead', m('tr',
                    m('th', { scope: 'col' }, t('field.field')),
                    m('th', { scope: 'col' }, t('push.theirs')),
                    m('th', { scope: 'col' }, t('push.mine')))),
                m('tbody', different.map((one) => m('tr',
                    m('th', { scope: 'row' }, word('pushfield', one.field)),
                    m('td', shown(one.theirs)),
                    m('td', shown(one.mine)))))))
            : m('p', t('push.conflictSame')),
        m('.actions',
            m(Button, { label: t('doc.theirs'), look: 'soft',
                test: 'take-theirs', onclick: () => draft.yield() }),
            m(Button, { label: t('doc.mine'), look: 'danger',
                test: 'keep-mine', onclick: () => draft.insist() })));
}

const FileField: m.Component<{ words: Words; changed: () => void }> = () => {
    let busy = false;
    let error = '';
    const take = async (input: HTMLInputElement, words: Words,
        changed: () => void) => {
        const file = input.files?.[0];
        input.value = '';
        if (!file) return;
        busy = true;
        error = '';
        try {
            words.file = await api.uploadFile(file);
            changed();
        } catch (problem) {
            error = problem instanceof api.Problem && problem.status === 415
                ? t('push.fileKind') : t('push.fileFailed');
        } finally {
            busy = false;
            m.redraw();
        }
    };
    return {
        view: ({ attrs: { words, changed } }) =>
            m('.file-field',
                words.file
                    ? m('.file-chip', { 'data-test': 'file' },
                        icon('file'), m('span', words.file.name),
                        m(Button, { label: t('push.fileDrop'), icon: 'close',
                            bare: true, onclick: () => {
                                words.file = null;
                                changed();
                            } }))
                    : m('label.button.soft', { class: busy ? 'busy' : '' },
                        icon('file'), m('span', t('push.fileAdd')),
                        m('input.unseen[type=file]', {
                            'data-test': 'file-input',
                            disabled: busy,
                            onchange: (event: Event) => void take(
                                event.target as HTMLInputElement, words, changed),
                        })),
                error && m('small.error', { role: 'alert' }, error)),
    };
};

/** The languages a text can be given in beside the district's. */
function others(): string[] {
    return LANGS.map(([tag]) => tag).slice(1);
}

export const Compose: m.Component<ComposeAttrs> = ({ attrs: { of, done } }) => {
    const draft = new Composing(of);
    const photos = draft.words.photo ? [draft.words.photo] : [];
    let n: number | null = null;
    let open = Object.keys(draft.words.translations).length > 0;
    const changed = () => draft.changed();
    const leaving = () => draft.stop(); // it is kept, so nobody is asked
    const set = <K extends keyof Words>(name: K, value: Words[K]) => {
        draft.words[name] = value;
        changed();
    };
    const save = async () => {
        const isNew = draft.id === null;
        if (!(await draft.save())) return;
        say(t('saved'));
        if (isNew && draft.id)
            m.route.set(`/broadcasts/${draft.id}`, null, { replace: true });
    };
    const submit = async () => {
        const what = number(n ?? 0);
        const ask = t(`push.submitAsk_${draft.words.target}`, { n: what });
        const yes = t(policy.approval ? 'push.toApproval' : 'push.submit');
        if (!(await confirm(ask, yes, 'main'))) return;
        const now = await draft.submit();
        if (!now) return;
        say(word('pushed', now.state));
        done(now);
    };
    const discard = async () => {
        if (!(await confirm(t('push.dropAsk'), t('act.remove')))) return;
        if (draft.id) await drop(draft.id, draft.version);
        draft.dropKept();
        m.route.set('/broadcasts');
    };
    const translations = () =>
        m('details.translations', {
            open,
            ontoggle: (event: Event) => {
                open = (event.target as HTMLDetailsElement).open;
            },
        },
        m('summary', t('push.translations')),
        m('p.hint', t('push.translationsHint')),
        open && others().map((tag) =>
            m(Area, {
                label: langName(tag), value: draft.words.translations[tag] ?? '',
                rows: 3, most: MOST_TEXT, test: `text-${tag}`,
                set: (v: string) => {
                    if (v) draft.words.translations[tag] = v;
                    else delete draft.words.translations[tag];
                    changed();
                },
            })));
    const error = (name: string) =>
        draft.errors[name] ? { error: draft.errors[name] } : {};
    /** What it was made for: a quiz, a material, an event. */
    const about = (now: Words) => {
        const names = (['quiz', 'material', 'event'] as const)
            .filter((name) => now[name]);
        return names.length > 0 && m('.chooser',
            m('span.label', t('push.about')),
            m('ul.chips', names.map((name) => {
                const id = now[name] ?? '';
                return m('li.chip', m('span', `${word('pushfield', name)} ${id}`),
                    m('button', {
                        type: 'button',
                        'aria-label': t('push.aboutDrop', { id }),
                        onclick: () => set(name, null),
                    }, icon('close')));
            })));
    };
    const words = () => {
        const now = draft.words;
        return m('section.card', { 'aria-label': t('push.words') },
            m('.row',
                m(Select, {
                    label: t('pushfield.lane'), value: now.lane, test: 'lane',
                    choices: ['notice', 'study'].map((value) => ({
                        value, title: word('lane', value),
                    })),
                    set: (v: string) => set('lane', v === 'study' ? v : 'notice'),
                }),
                m(Input, {
                    label: t('pushfield.title'), value: now.title,
                    most: MOST_TITLE, test: 'title', hint: t('push.titleHint'),
                    ...error('title'), set: (v: string) => set('title', v),
                })),
            m('.with-counter',
                m(Area, {
                    label: t('pushfield.text'), value: now.text, rows: 6,
                    required: true, test: 'text', ...error('text'),
                    placeholder: t('push.textPlaceholder'),
                    set: (v: string) => set('text', v),
                }),
                counter(now.text, MOST_TEXT)),
            translations(),
            m('.attachments',
                m(PhotoUpload, {
                    label: t('push.photoAdd'), ids: photos, most: 1,
                    changed: () => set('photo', photos[0] ?? null),
                }),
                m(FileField, { words: now, changed })),
            m('.row',
                m(Input, {
                    label: t('pushfield.link'), type: 'url', mode: 'url',
                    value: now.link?.url ?? '', placeholder: 'https://',
                    most: 500, test: 'link', ...error('link'),
                    set: (v: string) => set('link', v || now.link?.title
                        ? { url: v, title: now.link?.title ?? '' } : null),
                }),
                m(Input, {
                    label: t('push.linkTitle'), value: now.link?.title ?? '',
                    most: 60, test: 'link-title',
                    set: (v: string) => set('link', v || now.link?.url
                        ? { url: now.link?.url ?? '', title: v } : null),
                })),
            about(now),
            m(Check, {
                label: t('push.askRead'), on: now.ask_read, test: 'ask-read',
                hint: t('push.askReadHint'),
                set: (on: boolean) => set('ask_read', on),
            }));
    };
    const audience = () =>
        m('section.card', { 'aria-label': t('pushfield.audience') },
            m('h2', t('pushfield.audience')),
            m('.tabs.narrow', (['groups', 'riders'] as const).map((one) =>
                m('button.tab', {
                    type: 'button',
                    'aria-pressed': String(draft.words.target === one),
                    'data-test': `target-${one}`,
                    onclick: () => {
                        if (draft.words.target !== one) draft.retarget(one);
                    },
                }, word('target', one)))),
            m('p.hint', word('targethint', draft.words.target)),
            m('.slot', [m('div', { key: draft.words.target }, m(AudienceBuilder, {
                root: draft.root, target: draft.words.target, changed,
                took: (now: number | null) => (n = now),
            }))]),
            draft.errors['audience'] &&
                m('p.error', { role: 'alert' }, draft.errors['audience']));
    const when = () =>
        m('section.card', { 'aria-label': t('when.title') },
            m('h2', t('when.title')),
            m(When, { words: draft.words, changed, errors: draft.errors }));
    const other = () =>
        Object.keys(draft.errors).filter((name) =>
            !['title', 'text', 'link', 'audience', 'rrule', 'at_ms']
                .includes(name));
    const bar = () =>
        m('.save-bar',
            m('span.hint', { role: 'status', 'data-test': 'kept' },
                !draft.isChanged() ? (draft.id ? t('push.saved') : '')
                    : draft.keptAt
                      ? t('push.keptHere') : t('doc.unsaved')),
            draft.id && m(Button, { label: t('act.remove'), icon: 'trash',
                bare: true, test: 'discard', onclick: discard }),
            draft.id && m(Button, { label: t('push.copy'), icon: 'copy',
                bare: true, test: 'copy', onclick: async () => {
                    const made = await copy(draft.id ?? '');
                    m.route.set(`/broadcasts/${made.id}`);
                } }),
            m(Button, { label: t('act.save'), look: 'soft', test: 'save',
                disabled: !draft.isChanged(), onclick: save }),
            m(Button, {
                label: t(policy.approval ? 'push.toApproval' : 'push.submit'),
                icon: 'horn', look: 'main', test: 'submit',
                disabled: !draft.words.text.trim() || n === 0,
                onclick: submit,
            }));
    return {
        oncreate: () => window.addEventListener('pagehide', leaving),
        onremove() {
            window.removeEventListener('pagehide', leaving);
            draft.stop();
        },
        view: () => [
            draft.kept && m('.banner.row-line', { role: 'status',
                'data-test': 'kept-banner' },
            m('span', t('push.keptFound', { ago: ago(draft.kept.at_ms) })),
            m(Button, { label: t('push.keptTake'), look: 'soft',
                test: 'kept-take', onclick: () => {
                    draft.takeKept();
                    photos.splice(0, photos.length,
                        ...(draft.words.photo ? [draft.words.photo] : []));
                } }),
            m(Button, { label: t('push.keptDrop'), test: 'kept-drop',
                onclick: () => draft.dropKept() })),
            draft.of?.note && m('.banner', { 'data-test': 'returned' },
                t('push.returned', { note: draft.of.note })),
            conflictBox(draft),
            m('.composer',
                m('.compose-main', words(), audience(), when()),
                m('.compose-side', m(LivePreview, { words: draft.words }))),
            other().map((name) => m('p.error', { role: 'alert' },
                draft.errors[name])),
            bar(),
        ],
    };
};
