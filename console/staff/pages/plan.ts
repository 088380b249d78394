// What riders read in a week: the materials in their order, and a quiz at the
// end if there is one.

import m from 'mithril';
import * as api from '../api';
import { t } from '../lang';
import { Page } from '../model';
import { Material, Plan, Quiz } from '../model_study';
import { Button } from '../parts/button';
import { Select } from '../parts/field';
import { Loaded } from '../parts/loaded';
import { studyTabs } from '../parts/study_tabs';
import { say } from '../parts/toast';
import { empty } from '../parts/waiting';

const DAY = 24 * 3600 * 1000;
const WEEKS_BEFORE = 4;
const WEEKS_AFTER = 8;
const MOST = 200;

/** ISO 8601: the week that a day is of, by its Thursday. */
export function weekOf(then: Date): string {
    const thursday = new Date(Date.UTC(then.getFullYear(), then.getMonth(),
        then.getDate()));
    thursday.setUTCDate(thursday.getUTCDate() + 4 -
        (thursday.getUTCDay() || 7));
    const year = thursday.getUTCFullYear();
    const days = (thursday.getTime() - Date.UTC(year, 0, 1)) / DAY;
    return `${year}-W${String(Math.floor(days / 7) + 1).padStart(2, '0')}`;
}

function weeks(): string[] {
    const now = Date.now();
    return Array.from({ length: WEEKS_BEFORE + WEEKS_AFTER + 1 }, (_, i) =>
        weekOf(new Date(now + (i - WEEKS_BEFORE) * 7 * DAY)));
}

interface Known {
    plans: Map<string, Plan>;
    materials: Material[];
    quizzes: Quiz[];
}

async function load(): Promise<Known> {
    const [plans, materials, quizzes] = await Promise.all([
        api.get<Page<Plan>>('/plans', { limit: MOST }),
        api.get<Page<Material>>('/materials', { state: 'approved', limit: MOST }),
        api.get<Page<Quiz>>('/quizzes', { limit: MOST }),
    ]);
    return {
        plans: new Map(plans.items.map((plan) => [plan.week, plan])),
        materials: materials.items,
        quizzes: quizzes.items,
    };
}

export const PlanPage: m.Component = () => {
    let week = weekOf(new Date());
    let chosen: string[] = [];
    let quiz = '';
    const known = new Loaded(load);
    const begin = () => {
        const plan = known.value?.plans.get(week);
        chosen = [...(plan?.materials ?? [])];
        quiz = plan?.quiz ?? '';
    };
    void known.load().then(begin);

    const save = async () => {
        const version = known.value?.plans.get(week)?.version ?? 0;
        await api.put(`/plans/${week}`, {
            version, materials: chosen, ...(quiz ? { quiz } : {}),
        });
        say(t('saved'));
        await known.load();
        begin();
    };
    const swap = (at: number, by: number) => {
        const [one] = chosen.splice(at, 1);
        if (one !== undefined) chosen.splice(at + by, 0, one);
    };
    const titled = (id: string, now: Known) =>
        now.materials.find((material) => material.id === id)?.title ?? id;
    const list = (now: Known) => chosen.length
        ? m('ol.people', chosen.map((id, at) =>
            m('li.person', { 'data-test': 'plan-material', 'data-id': id },
                m('.main', m('b', `${at + 1}. ${titled(id, now)}`)),
                m('.acts',
                    m(Button, { label: t('act.up'), icon: 'up', bare: true,
                        disabled: at === 0, onclick: () => swap(at, -1) }),
                    m(Button, { label: t('act.down'), icon: 'down', bare: true,
                        disabled: at === chosen.length - 1,
                        onclick: () => swap(at, 1) }),
                    m(Button, { label: t('act.remove'), icon: 'trash',
                        bare: true,
                        onclick: () => {
                            chosen.splice(at, 1);
                        } })))))
        : empty(t('plan.none'));
    const editor = (now: Known) => [
        m('.controls',
            m(Select, { label: t('plan.week'), value: week, test: 'plan-week',
                choices: weeks().map((value) => ({ value,
                    title: value === weekOf(new Date())
                        ? t('plan.thisWeek', { week: value }) : value })),
                set: (value: string) => {
                    week = value;
                    begin();
                } }),
            m(Select, { label: t('plan.add'), value: '', test: 'plan-add',
                choices: [{ value: '', title: t('plan.choose') },
                    ...now.materials
                        .filter((material) => !chosen.includes(material.id))
                        .map(({ id, title }) => ({ value: id, title }))],
                set: (id: string) => {
                    if (id) chosen.push(id);
                } }),
            m(Select, { label: t('plan.quiz'), value: quiz,
                choices: [{ value: '', title: t('plan.noQuiz') },
                    ...now.quizzes.map(({ id, title }) =>
                        ({ value: id, title }))],
                set: (id: string) => (quiz = id) })),
        list(now),
        m('.actions', m(Button, { label: t('act.save'), look: 'main',
            test: 'plan-save', onclick: save })),
    ];
    return {
        view: () =>
            m('.sheet', { 'data-test': 'plan' },
                m('.title-line', m('h1', { tabindex: -1 }, t('nav.study'))),
                studyTabs('plan'),
                m('p.hint', t('plan.hint')),
                known.show(editor)),
    };
};
