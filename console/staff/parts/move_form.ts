// The small form of one move: only what that move needs.

import m from 'mithril';
import { Draft } from '../drafts';
import { t, word } from '../lang';
import { fillTemplate, MoveBody, moveName, MOVES } from '../moves';
import { policy } from '../policy';
import { Button } from './button';
import { Area, Input, Select } from './field';
import { PhotoUpload } from './photos';
import { categoryChoices, UnitPicker } from './pickers';

const MOST_TEXT = 2000;

interface FormAttrs {
    move: string;
    draft: Draft;
    kind: string;
    values: Record<string, string>; // of a template's variables
    similar?: { value: string; title: string }[];
    busy: boolean;
    send: (body: MoveBody) => void;
    cancel: () => void;
}

function bodyOf(move: string, draft: Draft): MoveBody {
    const form = MOVES[move];
    const body: MoveBody = {};
    const text = draft.text.trim();
    if (form?.text && text) body.text = text;
    if (form?.unit && draft.unit) body.unit = draft.unit;
    if (form?.sort && draft.category) body.category = draft.category;
    if (form?.sort && draft.urgency) body.urgency = draft.urgency;
    if (form?.photos && draft.photos.length) body.photos = draft.photos;
    if (form?.into) body.into = draft.into.trim().toUpperCase();
    return body;
}

function missing(move: string, draft: Draft): string {
    const form = MOVES[move];
    if (form?.text === 'must' && !draft.text.trim()) return t('code.text_needed');
    if (form?.unit && !draft.unit) return t('pick.unit');
    if (form?.into && !draft.into.trim()) return t('merge.needed');
    return '';
}

function templates(attrs: FormAttrs): m.Children {
    // One for many tickets can name none of them.
    const fitting = policy.templates.filter(
        ({ text }) => !/\{\w+\}/.test(fillTemplate(text, attrs.values)),
    );
    if (fitting.length === 0) return null;
    return m(Select, {
        label: t('template.use'),
        value: '',
        test: 'template',
        choices: [
            { value: '', title: t('template.pick') },
            ...fitting.map((one) => ({
                value: one.id,
                title: one.title,
            })),
        ],
        set: (id: string) => {
            const found = policy.templates.find((one) => one.id === id);
            if (!found) return;
            const text = fillTemplate(found.text, attrs.values);
            const before = attrs.draft.text.trim();
            attrs.draft.text = before ? `${before}\n${text}` : text;
        },
    });
}

function intoFields(attrs: FormAttrs): m.Children {
    const { draft, similar } = attrs;
    return [
        similar && similar.length > 0
            ? m(Select, {
                  label: t('merge.similar'),
                  value: draft.into,
                  choices: [{ value: '', title: t('merge.other') }, ...similar],
                  set: (id: string) => (draft.into = id),
              })
            : null,
        m(Input, {
            label: t('merge.into'),
            hint: t('merge.hint'),
            value: draft.into,
            test: 'into',
            most: 24,
            set: (id: string) => (draft.into = id),
        }),
    ];
}

function sortFields(attrs: FormAttrs): m.Children {
    const { draft } = attrs;
    return m(
        '.row',
        m(Select, {
            label: t('field.category'),
            value: draft.category,
            choices: [
                { value: '', title: t('pick.same') },
                ...categoryChoices(attrs.kind),
            ],
            test: 'category',
            set: (id: string) => (draft.category = id),
        }),
        m(Select, {
            label: t('field.urgency'),
            value: draft.urgency,
            choices: [
                { value: '', title: t('pick.same') },
                { value: 'normal', title: t('urgency.normal') },
                { value: 'urgent', title: t('urgency.urgent') },
            ],
            test: 'urgency',
            set: (id: string) => (draft.urgency = id),
        }),
    );
}

export const FormOfMove: m.Component<FormAttrs> = () => {
    let told = ''; // what is missing, once sending was tried
    const submit = (attrs: FormAttrs) => {
        told = missing(attrs.move, attrs.draft);
        if (!told && !attrs.busy) attrs.send(bodyOf(attrs.move, attrs.draft));
    };
    return {
        view({ attrs }) {
            const { move, draft } = attrs;
            const form = MOVES[move];
            if (!form) return null;
            if (told && !missing(move, draft)) told = '';
            return m(
                'form.move-form',
                {
                    'data-test': `form-${move}`,
                    novalidate: true, // it says itself what is missing
                    'aria-label': moveName(move),
                    onsubmit: (event: Event) => {
                        event.preventDefault();
                        submit(attrs);
                    },
                },
                m('p.hint', word('hint', move)),
                form.templates && templates(attrs),
                form.unit &&
                    m(UnitPicker, {
                        label: t('field.unit'),
                        value: draft.unit,
                        set: (id: string) => (draft.unit = id),
                    }),
                form.sort && sortFields(attrs),
                form.into && intoFields(attrs),
                form.text &&
                    m(Area, {
                        label: word('say', move),
                        value: draft.text,
                        set: (text: string) => (draft.text = text),
                        most: MOST_TEXT,
                        rows: 4,
                        focus: true,
                        required: form.text === 'must',
                        error: told,
                        test: 'text',
                        send: () => submit(attrs),
                    }),
                form.photos &&
                    m(PhotoUpload, { label: t('photo.after'), ids: draft.photos }),
                told && !form.text && m('small.error', { role: 'alert' }, told),
                m(
                    '.actions',
                    m(Button, {
                        label: t('act.cancel'),
                        test: 'move-cancel',
                        onclick: attrs.cancel,
                    }),
                    m(Button, {
                        label: moveName(move),
                        icon: form.icon,
                        look: form.look === 'danger' ? 'danger' : 'main',
                        submit: true,
                        busy: attrs.busy,
                        test: 'move-send',
                    }),
                ),
            );
        },
    };
};
