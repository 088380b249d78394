// Quizzes, the daily question and the arena: what is asked when, and how it
// went.

import m from 'mithril';
import * as api from '../api';
import { moment, number, percent, span } from '../format';
import { t } from '../lang';
import { Page } from '../model';
import { Question, Quiz, QuizKind, QuizResults, Rank } from '../model_study';
import { Button } from '../parts/button';
import { confirm, openDialog } from '../parts/dialog';
import { Check, Input, Select } from '../parts/field';
import { formDialog } from '../parts/form_dialog';
import { Loaded } from '../parts/loaded';
import { List, More } from '../parts/more';
import { Moment } from '../parts/moment';
import { studyTabs } from '../parts/study_tabs';
import { empty } from '../parts/waiting';

const PAGE = 50;
const MOST_QUESTIONS = 200;
const KINDS: QuizKind[] = ['quiz', 'daily', 'arena'];

interface Fields {
    kind: QuizKind;
    title: string;
    chosen: Set<string>; // questions; none: so many of a category
    category: string;
    n: number;
    opens_ms: number | null;
    closes_ms: number | null;
    seconds: number;
    points: string; // "": as the rules say
    at: string;
}

function path(quiz: Quiz): string {
    return `/quizzes/${api.part(quiz.id)}`;
}

function start(quiz: Quiz | null): Fields {
    const asked = quiz?.questions ?? [];
    const list = Array.isArray(asked) ? asked : [];
    return {
        kind: quiz?.kind ?? 'quiz', title: quiz?.title ?? '',
        chosen: new Set(list),
        category: Array.isArray(asked) ? '' : asked.category,
        n: Array.isArray(asked) ? 5 : asked.n,
        opens_ms: quiz?.opens_ms ?? null, closes_ms: quiz?.closes_ms ?? null,
        seconds: quiz?.seconds ?? 20, at: quiz?.at ?? '08:00',
        points: quiz?.points === null || !quiz ? '' : String(quiz.points),
    };
}

function body(now: Fields): object {
    const { kind, title, opens_ms, closes_ms, seconds, points, at } = now;
    return {
        kind, title,
        questions: now.chosen.size > 0 ? [...now.chosen]
            : { category: now.category, n: now.n },
        ...(opens_ms !== null ? { opens_ms } : {}),
        ...(closes_ms !== null ? { closes_ms } : {}),
        ...(points !== '' ? { points: Number(points) } : {}),
        ...(kind === 'arena' ? { seconds } : {}),
        ...(kind === 'daily' ? { at } : {}),
    };
}

function choose(now: Fields, bank: Question[]): m.Children {
    return m('fieldset.checks', m('legend', t('quiz.questions')),
        m('p.hint', t('quiz.questionsHint')),
        bank.map((question) =>
            m(Check, { key: question.id, label: question.text,
                on: now.chosen.has(question.id), test: 'quiz-question',
                set: (on: boolean) => on ? now.chosen.add(question.id)
                    : now.chosen.delete(question.id) })));
}

function form(now: Fields, bank: Question[]): m.Children {
    return [
        m('.row',
            m(Select, { label: t('quiz.kind'), value: now.kind,
                test: 'quiz-kind',
                choices: KINDS.map((value) => ({ value,
                    title: t(`quiz.kind_${value}`) })),
                set: (v: string) => (now.kind = v as QuizKind) }),
            m(Input, { label: t('study.title'), value: now.title, most: 60,
                required: true, focus: true, test: 'quiz-title',
                set: (v: string) => (now.title = v) })),
        m('.row',
            m(Moment, { label: t('quiz.opens'), value: now.opens_ms,
                test: 'quiz-opens', set: (ms) => (now.opens_ms = ms) }),
            m(Moment, { label: t('quiz.closes'), value: now.closes_ms,
                test: 'quiz-closes', set: (ms) => (now.closes_ms = ms) })),
        m('.row',
            m(Input, { label: t('quiz.points'), type: 'number', min: '0',
                max: '100', value: now.points, hint: t('quiz.pointsHint'),
                set: (v: string) => (now.points = v) }),
            now.kind === 'daily' &&
                m(Input, { label: t('quiz.at'), type: 'time', value: now.at,
                    set: (v: string) => (now.at = v) }),
            now.kind === 'arena' &&
                m(Input, { label: t('quiz.seconds'), type: 'number', min: '5',
                    max: '600', value: String(now.seconds),
                    set: (v: string) => (now.seconds = Number(v)) })),
        now.chosen.size === 0 && m('.row',
            m(Input, { label: t('quiz.category'), value: now.category,
                most: 32, set: (v: string) => (now.category = v) }),
            m(Input, { label: t('quiz.n'), type: 'number', min: '1', max: '50',
                value: String(now.n),
                set: (v: string) => (now.n = Number(v)) })),
        choose(now, bank),
    ];
}

function table(heads: string[], rows: m.Children[][]): m.Children {
    return m('.scroll-x', m('table.cardy',
        m('thead', m('tr', heads.map((head) =>
            m('th', { scope: 'col' }, head)))),
        m('tbody', rows.map((row) =>
            m('tr', { 'data-test': 'rank' }, row.map((cell) =>
                m('td', cell)))))));
}

function named(name: string | null): string {
    return name ?? t('rank.unnamed');
}

function resultsView(quiz: Quiz, now: QuizResults): m.Children {
    const figure = (n: number, title: string) =>
        m('.card-number', m('b', number(n)), m('span', title));
    return [
        m('.cards', figure(now.riders, t('quiz.riders')),
            figure(now.through, t('quiz.finished'))),
        now.questions.map((one) => m('p', one.text, ' ',
            m('span.pill', t('quiz.rightOf',
                { n: one.answered,
                    right: percent(one.answered ? one.right / one.answered : 0) })))),
        now.items.length
            ? table([t('rank.rank'), t('rank.name'), t('rank.right'),
                t('rank.time')], now.items.map((one) => [
                one.rank, named(one.name), one.score,
                one.ms ? `${(one.ms / 1000).toFixed(1)} s` : '—',
            ]))
            : empty(t('quiz.noOne')),
        m('.actions', m('a.button.soft',
            { href: api.address(`${path(quiz)}/results.csv`) }, 'CSV')),
    ];
}

export const QuizzesPage: m.Component = () => {
    const list = new List<Quiz>((cursor) =>
        api.get<Page<Quiz>>('/quizzes', { cursor, limit: PAGE }));
    const bank = new Loaded(() =>
        api.get<Page<Question>>('/questions', { limit: MOST_QUESTIONS }));
    void list.load();
    void bank.load();
    const edit = (quiz: Quiz | null) => {
        const now = start(quiz);
        formDialog(t(quiz ? 'act.edit' : 'quiz.add'),
            () => form(now, bank.value?.items ?? []),
            async () => {
                if (quiz)
                    await api.put(path(quiz), {
                        ...body(now), version: quiz.version,
                    });
                else await api.post('/quizzes', body(now));
                await list.load();
            });
    };
    const move = async (quiz: Quiz, name: 'open' | 'close') => {
        if (!(await confirm(t(`quiz.${name}Ask`, { name: quiz.title }),
            t(`quiz.${name}`), 'main'))) return;
        await api.post(`${path(quiz)}/moves`, {
            move: name, version: quiz.version,
        });
        await list.load();
    };
    const results = (quiz: Quiz) => {
        const found = new Loaded(() =>
            api.get<QuizResults>(`${path(quiz)}/results`));
        void found.load();
        openDialog(quiz.title, () =>
            found.show((now) => resultsView(quiz, now)), { wide: true });
    };
    const when = (quiz: Quiz) => [
        quiz.opens_ms !== null &&
            m('li', t('quiz.from', { time: moment(quiz.opens_ms) })),
        quiz.opens_ms !== null && quiz.closes_ms !== null &&
            m('li', span(quiz.closes_ms - quiz.opens_ms)),
    ];
    const row = (quiz: Quiz) =>
        m('li.person', { 'data-test': 'quiz', 'data-id': quiz.id },
            m('.main', m('b', quiz.title), m('code', quiz.id),
                m('span.pill', t(`quiz.kind_${quiz.kind}`)),
                m('span.pill', { class: quiz.state === 'open' ? 'urgent' : '' },
                    t(`quiz.state_${quiz.state}`)),
                m('ul.inline', when(quiz))),
            m('.acts',
                quiz.moves.includes('open') &&
                    m(Button, { label: t('quiz.open'), icon: 'check',
                        look: 'soft', test: 'quiz-open',
                        onclick: () => move(quiz, 'open') }),
                quiz.moves.includes('close') &&
                    m(Button, { label: t('quiz.close'), icon: 'lock',
                        test: 'quiz-close',
                        onclick: () => move(quiz, 'close') }),
                m(Button, { label: t('quiz.results'), icon: 'chart',
                    test: 'quiz-results', onclick: () => results(quiz) }),
                quiz.state === 'draft' &&
                    m(Button, { label: t('act.edit'), icon: 'edit', bare: true,
                        onclick: () => edit(quiz) })));
    return {
        view: () =>
            m('.sheet', { 'data-test': 'quizzes' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.study')),
                    m(Button, { label: t('quiz.add'), icon: 'plus',
                        look: 'main', test: 'quiz-add',
                        onclick: () => edit(null) })),
                studyTabs('quizzes'),
                list.first.show(() => list.items.length
                    ? [m('ul.people', list.items.map(row)),
                        m(More, { next: list.next,
                            load: () => list.loadMore() })]
                    : empty(t('quiz.none')), 6)),
    };
};

const BY = ['rider', 'firm', 'branch'] as const;
const PERIODS = ['week', 'month', 'all'] as const;

export const RankingPage: m.Component = () => {
    let by = 'rider';
    let period = 'week';
    const ranks = new Loaded(() =>
        api.get<{ items: Rank[] }>('/leaderboard', { by, period }));
    void ranks.load();
    const pick = (label: string, names: readonly string[], now: string,
        set: (value: string) => void) =>
        m(Select, { label, value: now,
            choices: names.map((value) => ({ value,
                title: t(`rank.${value}` as 'rank.rider') })),
            set: (value: string) => {
                set(value);
                void ranks.load();
            } });
    return {
        view: () =>
            m('.sheet', { 'data-test': 'ranking' },
                m('.title-line', m('h1', { tabindex: -1 }, t('nav.study'))),
                studyTabs('ranking'),
                m('.controls',
                    pick(t('rank.by'), BY, by, (v) => (by = v)),
                    pick(t('rank.period'), PERIODS, period,
                        (v) => (period = v))),
                m('p.hint', t('rank.hint')),
                ranks.show(({ items }) => items.length
                    ? table([t('rank.rank'), t('rank.name'), t('rank.score')],
                        items.map((one) =>
                            [one.rank, named(one.name), number(one.points)]))
                    : empty(t('rank.none')))),
    };
};
