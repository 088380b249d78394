// A contest: its stages, what is judged in each, and how those who came stand.

import m from 'mithril';
import * as api from '../api';
import { t } from '../lang';
import { Page } from '../model';
import { Dimension, Event, Ranking, Signup, Stage } from '../model_events';
import { Button } from './button';
import { Input } from './field';
import { formDialog } from './form_dialog';
import { Loaded } from './loaded';
import { session } from '../session';
import { empty } from './waiting';

const STAGES_MAX = 4;
const DIMENSIONS_MAX = 8;

function numberField(label: string, value: number,
    set: (n: number) => void): m.Children {
    return m(Input, { label, type: 'number', min: '0', max: '1000',
        value: String(value), set: (v: string) => set(Number(v) || 0) });
}

function dimensionForm(stage: Stage, one: Dimension, at: number): m.Children {
    return m('.row', { key: at },
        m(Input, { label: t('contest.dimension'), value: one.name, most: 30,
            required: true, test: 'dimension-name',
            set: (v: string) => (one.name = v) }),
        numberField(t('contest.weight'), one.weight, (n) => (one.weight = n)),
        numberField(t('contest.max'), one.max, (n) => (one.max = n)),
        m('.acts', m(Button, { label: t('act.remove'), icon: 'trash',
            bare: true, onclick: () => {
                stage.dimensions.splice(at, 1);
            } })));
}

function stageForm(stages: Stage[], stage: Stage, at: number): m.Children {
    return m('fieldset.group', { key: stage.id },
        m('legend', t('contest.stage', { n: at + 1 })),
        m('.row',
            m(Input, { label: t('contest.name'), value: stage.name, most: 30,
                required: true, test: 'stage-name',
                set: (v: string) => (stage.name = v) }),
            numberField(t('contest.advance'), stage.advance,
                (n) => (stage.advance = n)),
            m(Input, { label: t('contest.judges'), most: 200,
                value: stage.judges.join(' '), hint: t('contest.judgesHint'),
                set: (v: string) =>
                    (stage.judges = v.split(/\s+/).filter(Boolean)) }),
            m('.acts', m(Button, { label: t('act.remove'), icon: 'trash',
                bare: true, onclick: () => {
                    stages.splice(at, 1);
                } }))),
        stage.dimensions.map((one, i) => dimensionForm(stage, one, i)),
        stage.dimensions.length < DIMENSIONS_MAX &&
            m(Button, { label: t('contest.addDimension'), icon: 'plus',
                test: 'dimension-add', onclick: () => {
                    stage.dimensions.push({ name: '', weight: 1, max: 10 });
                } }));
}

function editStages(event: Event, changed: () => void): void {
    const stages: Stage[] = structuredClone(event.stages ?? []);
    formDialog(t('contest.stages'), () => [
        stages.map((stage, at) => stageForm(stages, stage, at)),
        stages.length < STAGES_MAX &&
            m(Button, { label: t('contest.addStage'), icon: 'plus',
                look: 'soft', test: 'stage-add', onclick: () => {
                    stages.push({ id: `s${Date.now().toString(36)}`, name: '',
                        judges: [], advance: 0,
                        dimensions: [{ name: '', weight: 1, max: 10 }] });
                } }),
    ], async () => {
        await api.put(`/events/${api.part(event.id)}/stages`,
            { version: event.version, stages });
        changed();
    });
}

function judge(event: Event, stage: Stage, done: () => Promise<void>): void {
    const people = new Loaded(() => api.get<Page<Signup>>(
        `/events/${api.part(event.id)}/signups`, { limit: 200 }));
    void people.load();
    const scores: Record<string, Record<string, string>> = {};
    formDialog(`${stage.name} · ${session.user?.display ?? ''}`, () =>
        people.show(({ items }) =>
            items.filter((one) => one.state !== 'cancelled').map((one) => {
                const mine = (scores[one.id] ??= {});
                return m('fieldset.group', { key: one.id },
                    m('legend', one.who),
                    m('.row', stage.dimensions.map((dimension) =>
                        m(Input, {
                            label: `${dimension.name} (0–${dimension.max})`,
                            type: 'number', min: '0',
                            max: String(dimension.max), test: 'score',
                            value: mine[dimension.name] ?? '',
                            set: (v: string) => (mine[dimension.name] = v),
                        }))));
            })),
    async () => {
        for (const [signup, given] of Object.entries(scores)) {
            const filled = Object.entries(given).filter(([, v]) => v !== '');
            if (filled.length === 0) continue;
            await api.put(`/events/${api.part(event.id)}/scores`, {
                stage: stage.id, signup,
                scores: Object.fromEntries(
                    filled.map(([name, v]) => [name, Number(v)])),
            });
        }
        await done();
    });
}

interface ContestAttrs {
    event: Event;
    changed: () => void;
}

export const Contest: m.Component<ContestAttrs> = ({ attrs: first }) => {
    const rankings = new Map<string, Loaded<{ items: Ranking[] }>>();
    const ranking = (stage: Stage) => {
        let found = rankings.get(stage.id);
        if (!found) {
            found = new Loaded(() => api.get<{ items: Ranking[] }>(
                `/events/${api.part(first.event.id)}/scores`,
                { stage: stage.id }));
            rankings.set(stage.id, found);
            void found.load();
        }
        return found;
    };
    const table = (stage: Stage, ranks: Ranking[]) => ranks.length === 0
        ? empty(t('contest.noScores'))
        : m('.scroll-x', m('table.cardy',
            m('thead', m('tr', m('th', t('rank.rank')), m('th', t('rank.name')),
                stage.dimensions.map((one) => m('th.n', one.name)),
                m('th.n', t('contest.total')))),
            m('tbody', ranks.map((rank) => m('tr', { 'data-test': 'ranking' },
                m('td.n', rank.rank),
                m('td', rank.who, rank.advances &&
                    m('span.pill', t('contest.goesOn'))),
                stage.dimensions.map((one) =>
                    m('td.n', rank.scores[one.name] ?? '—')),
                m('td.n', rank.total))))));
    return {
        view: ({ attrs: { event, changed } }) => m('section.card',
            m('.title-line', m('h2', t('contest.stages')),
                m(Button, { label: t('act.edit'), icon: 'edit',
                    test: 'stages-edit',
                    onclick: () => editStages(event, changed) })),
            (event.stages ?? []).length === 0
                ? m('p.hint', t('contest.hint'))
                : (event.stages ?? []).map((stage) => m('div',
                    m('.title-line', m('h3', stage.name),
                        m(Button, { label: t('contest.judge'), icon: 'star',
                            look: 'soft', test: 'judge',
                            onclick: () => judge(event, stage,
                                () => ranking(stage).load()) })),
                    ranking(stage).show(({ items }) => table(stage, items))))),
    };
};
