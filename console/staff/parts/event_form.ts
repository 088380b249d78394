// An event as an organiser fills it in: what, when, for how many, and what else
// is asked of those who come.

import m from 'mithril';
import * as api from '../api';
import { t } from '../lang';
import { Event, EventFields, EventQuestion } from '../model_events';
import { Button } from './button';
import { Area, Check, Input, Select } from './field';
import { formDialog } from './form_dialog';
import { Moment } from './moment';
import { PhotoUpload } from './photos';

const QUESTIONS_MAX = 5;

const EMPTY: EventFields = {
    title: '', text: '', photo: null, place: '', lat: null, lon: null,
    starts_ms: null, ends_ms: null, deadline_ms: null, capacity: 30,
    family_max: 0, accept_h: 12, questions: [], remind_h: [24, 2],
    certificate: '', points: 0,
};

function whole(label: string, value: number, most: number,
    set: (n: number) => void, test: string, hint?: string): m.Children {
    return m(Input, { label, type: 'number', min: '0', max: String(most),
        value: String(value), test, ...(hint ? { hint } : {}),
        set: (v: string) => set(Number(v) || 0) });
}

function what(now: EventFields): m.Children {
    return [
        m(Input, { label: t('event.title'), value: now.title, most: 60,
            required: true, focus: true, test: 'event-title',
            set: (v: string) => (now.title = v) }),
        m(Area, { label: t('event.text'), value: now.text, rows: 4, most: 1000,
            test: 'event-text', set: (v: string) => (now.text = v) }),
        m(Input, { label: t('event.place'), value: now.place ?? '', most: 100,
            test: 'event-place', set: (v: string) => (now.place = v) }),
    ];
}

function when(now: EventFields): m.Children {
    return m('.row',
        m(Moment, { label: t('event.starts'), value: now.starts_ms,
            required: true, test: 'event-starts',
            set: (ms) => {
                now.starts_ms = ms;
                if (ms !== null && now.ends_ms === null)
                    now.ends_ms = ms + 2 * 3600 * 1000;
            } }),
        m(Moment, { label: t('event.ends'), value: now.ends_ms,
            test: 'event-ends', set: (ms) => (now.ends_ms = ms) }),
        m(Moment, { label: t('event.deadline'), value: now.deadline_ms,
            hint: t('event.deadlineHint'), test: 'event-deadline',
            set: (ms) => (now.deadline_ms = ms) }));
}

function room(now: EventFields): m.Children {
    return m('.row',
        whole(t('event.capacity'), now.capacity, 5000,
            (n) => (now.capacity = n), 'event-capacity',
            t('event.capacityHint')),
        whole(t('event.family'), now.family_max, 6,
            (n) => (now.family_max = n), 'event-family',
            t('event.familyHint')),
        whole(t('event.accept'), now.accept_h, 168,
            (n) => (now.accept_h = n), 'event-accept', t('event.acceptHint')),
        whole(t('event.points'), now.points, 1000, (n) => (now.points = n),
            'event-points'));
}

function question(now: EventFields, one: EventQuestion, at: number): m.Children {
    return m('.row', { key: one.id },
        m(Input, { label: t('event.question', { n: at + 1 }), value: one.text,
            most: 100, required: true, test: 'event-question',
            set: (v: string) => (one.text = v) }),
        m(Select, { label: t('event.answer'), value: one.kind,
            choices: (['text', 'choice'] as const).map((value) => ({ value,
                title: t(`event.answer_${value}`) })),
            set: (v: string) => (one.kind = v as EventQuestion['kind']) }),
        one.kind === 'choice' &&
            m(Input, { label: t('event.options'),
                value: (one.options ?? []).join('、'),
                hint: t('event.optionsHint'), most: 300,
                set: (v: string) => (one.options = v.split('、')) }),
        m('.acts',
            m(Check, { label: t('event.required'), on: one.required,
                set: (on: boolean) => (one.required = on) }),
            m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                onclick: () => {
                    now.questions.splice(at, 1);
                } })));
}

function freshId(questions: EventQuestion[]): string {
    let n = questions.length + 1;
    while (questions.some((one) => one.id === `q${n}`)) n++;
    return `q${n}`;
}

function questions(now: EventFields): m.Children {
    return m('fieldset.group', m('legend', t('event.questions')),
        m('.fields', now.questions.map((one, at) => question(now, one, at))),
        now.questions.length < QUESTIONS_MAX &&
            m(Button, { label: t('event.addQuestion'), icon: 'plus',
                test: 'event-question-add',
                onclick: () => {
                    now.questions.push({ id: freshId(now.questions), text: '',
                        kind: 'text', required: false });
                } }));
}

/** What is filled in; nothing is sent of what is not. */
function body(now: EventFields, photos: string[]): object {
    const clean = now.questions.map((one) => ({
        ...one,
        ...(one.kind === 'choice'
            ? { options: (one.options ?? []).map((o) => o.trim())
                .filter((o) => o !== '') }
            : {}),
    }));
    const photo = photos[photos.length - 1] ?? null;
    return Object.fromEntries(
        Object.entries({ ...now, questions: clean, photo })
            .filter(([, value]) => value !== null && value !== ''));
}

function pick(event: Event): EventFields {
    const names = Object.keys(EMPTY) as (keyof EventFields)[];
    return Object.fromEntries(names.map((name) =>
        [name, structuredClone(event[name] ?? EMPTY[name])],
    )) as unknown as EventFields;
}

/** A new event, or one that is changed. */
export function eventDialog(
    event: Event | null,
    done: (event: Event) => Promise<void>,
): void {
    const now = event ? pick(event) : structuredClone(EMPTY);
    const photos = now.photo ? [now.photo] : [];
    formDialog(t(event ? 'event.edit' : 'event.add'), () => [
        what(now), when(now), room(now), questions(now),
        m(PhotoUpload, { label: t('event.photo'), ids: photos }),
        m(Area, { label: t('event.certificate'), rows: 2, most: 500,
            value: now.certificate ?? '', hint: t('event.certificateHint'),
            set: (v: string) => (now.certificate = v) }),
    ], async () => {
        const filled = body(now, photos);
        await done(event
            ? await api.put<Event>(`/events/${api.part(event.id)}`,
                { ...filled, version: event.version })
            : await api.post<Event>('/events', filled));
    });
}
