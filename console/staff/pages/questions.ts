// The question bank.

import m from 'mithril';
import * as api from '../api';
import { t } from '../lang';
import { Page } from '../model';
import { Question, QuestionKind } from '../model_study';
import { Button } from '../parts/button';
import { confirm } from '../parts/dialog';
import { Area, Check, Input, Select } from '../parts/field';
import { formDialog } from '../parts/form_dialog';
import { importDialog } from '../parts/import';
import { List, More } from '../parts/more';
import { PhotoUpload } from '../parts/photos';
import { studyTabs } from '../parts/study_tabs';
import { empty } from '../parts/waiting';

const PAGE = 50;
const OPTIONS_MAX = 8;
const KINDS: QuestionKind[] = ['single', 'multiple', 'truth'];

type Fields = Omit<Question, 'id' | 'version' | 'material'>;

function path(question: Question): string {
    return `/questions/${api.part(question.id)}`;
}

function toggle(now: Fields, n: number, on: boolean): void {
    if (now.kind !== 'multiple') now.correct = [n];
    else if (on) now.correct = [...now.correct, n].sort();
    else now.correct = now.correct.filter((one) => one !== n);
}

function drop(now: Fields, at: number): void {
    now.options.splice(at, 1);
    now.correct = now.correct.filter((n) => n !== at + 1)
        .map((n) => (n > at + 1 ? n - 1 : n));
}

function options(now: Fields): m.Children {
    if (now.kind === 'truth')
        return m(Select, { label: t('question.correct'),
            value: String(now.correct[0] ?? 1), test: 'question-truth',
            choices: [{ value: '1', title: t('question.true') },
                { value: '2', title: t('question.false') }],
            set: (v: string) => (now.correct = [Number(v)]) });
    return m('fieldset.group', m('legend', t('question.options')),
        now.options.map((option, at) =>
            m('.row', { key: at },
                m(Input, { label: t('question.option', { n: at + 1 }),
                    value: option, most: 100, required: true,
                    test: 'question-option',
                    set: (v: string) => (now.options[at] = v) }),
                m('.acts',
                    m(Check, { label: t('question.right'),
                        on: now.correct.includes(at + 1),
                        test: 'question-right',
                        set: (on: boolean) => toggle(now, at + 1, on) }),
                    m(Button, { label: t('act.remove'), icon: 'trash',
                        bare: true, disabled: now.options.length <= 2,
                        onclick: () => drop(now, at) })))),
        now.options.length < OPTIONS_MAX &&
            m(Button, { label: t('question.addOption'), icon: 'plus',
                onclick: () => {
                    now.options.push('');
                } }));
}

function form(now: Fields, photos: string[]): m.Children {
    return [
        m('.row',
            m(Select, { label: t('question.kind'), value: now.kind,
                test: 'question-kind',
                choices: KINDS.map((value) => ({ value,
                    title: t(`question.kind_${value}`) })),
                set: (v: string) => {
                    now.kind = v as QuestionKind;
                    now.correct = now.correct.slice(0, 1);
                } }),
            m(Input, { label: t('study.category'), value: now.category ?? '',
                most: 32, set: (v: string) => (now.category = v) })),
        m(Area, { label: t('question.text'), value: now.text, rows: 2,
            most: 500, focus: true, test: 'question-text',
            set: (v: string) => (now.text = v) }),
        options(now),
        m(Area, { label: t('question.explanation'), rows: 2, most: 500,
            value: now.explanation ?? '', hint: t('question.explanationHint'),
            set: (v: string) => (now.explanation = v) }),
        m(PhotoUpload, { label: t('question.photo'), ids: photos }),
    ];
}

function fields(now: Fields, photos: string[]): object {
    const { kind, text, correct, category, explanation } = now;
    const photo = photos[photos.length - 1];
    return {
        kind, text, correct,
        options: kind === 'truth' ? [] : now.options,
        ...(category ? { category } : {}),
        ...(explanation ? { explanation } : {}),
        ...(photo ? { photo } : {}),
    };
}

function answers(question: Question): m.Children {
    const all = question.kind === 'truth'
        ? [t('question.true'), t('question.false')] : question.options;
    return m('ol.choices', all.map((option, at) =>
        m('li', { class: question.correct.includes(at + 1) ? 'good' : '' },
            `${at + 1}. ${option}`,
            question.correct.includes(at + 1) &&
                m('span.unseen', t('question.right')))));
}

export const QuestionsPage: m.Component = () => {
    let q = '';
    const list = new List<Question>((cursor) =>
        api.get<Page<Question>>('/questions', { q, cursor, limit: PAGE }));
    void list.load();
    const edit = (question: Question | null) => {
        const now: Fields = question
            ? { ...question, options: [...question.options] }
            : { kind: 'single', text: '', photo: null, options: ['', '', ''],
                correct: [1], explanation: '', category: '' };
        const photos = question?.photo ? [question.photo] : [];
        formDialog(t(question ? 'act.edit' : 'question.add'),
            () => form(now, photos),
            async () => {
                if (question)
                    await api.put(path(question), {
                        ...fields(now, photos), version: question.version,
                    });
                else await api.post('/questions', fields(now, photos));
                await list.load();
            });
    };
    const remove = async (question: Question) => {
        if (!(await confirm(t('question.dropAsk'), t('act.remove')))) return;
        await api.remove(`${path(question)}?version=${question.version}`);
        await list.load();
    };
    const row = (question: Question) =>
        m('li.person', { 'data-test': 'question', 'data-id': question.id },
            m('.main', m('b', question.text), m('code', question.id),
                m('span.pill', t(`question.kind_${question.kind}`)),
                question.category && m('span.pill', question.category),
                answers(question)),
            m('.acts',
                m(Button, { label: t('act.edit'), icon: 'edit', bare: true,
                    test: 'question-edit', onclick: () => edit(question) }),
                m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                    onclick: () => remove(question) })));
    return {
        view: () =>
            m('.sheet', { 'data-test': 'questions' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.study')),
                    m(Button, { label: t('import.act'), icon: 'save',
                        test: 'question-import',
                        onclick: () => importDialog(t('question.import'),
                            '/questions/import', t('question.columns'),
                            () => void list.load()) }),
                    m(Button, { label: t('question.add'), icon: 'plus',
                        look: 'main', test: 'question-add',
                        onclick: () => edit(null) })),
                studyTabs('questions'),
                m('form.controls',
                    {
                        onsubmit: (event: Event) => {
                            event.preventDefault();
                            void list.load();
                        },
                    },
                    m(Input, { label: t('act.search'), type: 'search',
                        value: q, set: (v: string) => (q = v.trim()) }),
                    m(Button, { label: t('act.search'), icon: 'search',
                        look: 'soft', submit: true })),
                list.first.show(() => list.items.length
                    ? [m('ul.people', list.items.map(row)),
                        m(More, { next: list.next,
                            load: () => list.loadMore() })]
                    : empty(t('question.none')), 6)),
    };
};
