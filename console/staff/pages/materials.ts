// Study materials: what feeds brought and somebody must look at, what may be
// pushed, and what was turned down.

import m from 'mithril';
import * as api from '../api';
import { date } from '../format';
import { t } from '../lang';
import { Page } from '../model';
import { Material, MaterialState } from '../model_study';
import { Button } from '../parts/button';
import { confirm } from '../parts/dialog';
import { Area, Input } from '../parts/field';
import { formDialog } from '../parts/form_dialog';
import { List, More } from '../parts/more';
import { PhotoUpload } from '../parts/photos';
import { studyTabs } from '../parts/study_tabs';
import { tabs } from '../parts/tabs';
import { say } from '../parts/toast';
import { empty } from '../parts/waiting';

const PAGE = 50;
const STATES: MaterialState[] = ['new', 'approved', 'rejected'];

function path(material: Material): string {
    return `/materials/${api.part(material.id)}`;
}

function form(now: Partial<Material>, covers: string[]): m.Children {
    return [
        m(Input, { label: t('study.title'), value: now.title ?? '', most: 120,
            required: true, focus: true, test: 'material-title',
            set: (v: string) => (now.title = v) }),
        m('.row',
            m(Input, { label: t('study.source'), value: now.source ?? '',
                most: 60, set: (v: string) => (now.source = v) }),
            m(Input, { label: t('study.category'), value: now.category ?? '',
                most: 32, set: (v: string) => (now.category = v) }),
            m(Input, { label: t('study.minutes'), type: 'number', min: '1',
                max: '600', value: String(now.minutes ?? ''),
                hint: t('study.minutesHint'),
                set: (v: string) => (now.minutes = Number(v) || null) })),
        m(Input, { label: t('study.url'), type: 'url', value: now.url ?? '',
            placeholder: 'https://', most: 2000, test: 'material-url',
            set: (v: string) => (now.url = v.trim()) }),
        m(Area, { label: t('study.summary'), value: now.summary ?? '', rows: 3,
            most: 500, test: 'material-summary',
            set: (v: string) => (now.summary = v) }),
        m(Area, { label: t('study.body'), value: now.body ?? '', rows: 6,
            most: 20000, hint: t('study.bodyHint'),
            set: (v: string) => (now.body = v) }),
        m(PhotoUpload, { label: t('study.cover'), ids: covers }),
    ];
}

/** What the API takes of what was filled in. */
function fields(now: Partial<Material>, covers: string[]): object {
    const { title, source, category, minutes, url, summary, body } = now;
    const filled = { title, source, category, minutes, url, summary, body,
        cover: covers[covers.length - 1] };
    return Object.fromEntries(Object.entries(filled)
        .filter(([, value]) => value !== '' && value !== null &&
            value !== undefined));
}

export const MaterialsPage: m.Component = () => {
    let state: MaterialState = 'new';
    const list = new List<Material>((cursor) =>
        api.get<Page<Material>>('/materials', { state, cursor, limit: PAGE }));
    void list.load();
    const show = (id: string) => {
        state = id as MaterialState;
        void list.load();
    };
    const add = () => {
        const made: Partial<Material> = {};
        const covers: string[] = [];
        formDialog(t('study.add'), () => form(made, covers), async () => {
            await api.post('/materials', fields(made, covers));
            await list.load();
        });
    };
    const edit = (material: Material) => {
        const now = { ...material };
        const covers = material.cover ? [material.cover] : [];
        formDialog(t('act.edit'), () => form(now, covers), async () => {
            await api.put(path(material), {
                ...fields(now, covers), version: material.version,
            });
            await list.load();
        });
    };
    const move = async (material: Material, name: string) => {
        await api.post(`${path(material)}/moves`, {
            move: name, version: material.version,
        });
        say(t(name === 'approve' ? 'study.approved' : 'study.rejected'));
        await list.load();
    };
    const drop = async (material: Material) => {
        const text = t('study.dropAsk', { name: material.title });
        if (!(await confirm(text, t('act.remove')))) return;
        await api.remove(`${path(material)}?version=${material.version}`);
        await list.load();
    };
    const push = async (material: Material) => {
        const draft = await api.post<{ id: string }>(
            `${path(material)}/broadcast`, {});
        m.route.set(`/broadcasts/${draft.id}`);
    };
    const acts = (material: Material) => [
        material.state !== 'approved' &&
            m(Button, { label: t('study.approve'), icon: 'check', look: 'soft',
                test: 'material-approve',
                onclick: () => move(material, 'approve') }),
        material.state === 'new' &&
            m(Button, { label: t('study.reject'), icon: 'close',
                test: 'material-reject',
                onclick: () => move(material, 'reject') }),
        material.state === 'approved' &&
            m(Button, { label: t('study.push'), icon: 'bell', look: 'soft',
                test: 'material-push', onclick: () => push(material) }),
        m(Button, { label: t('act.edit'), icon: 'edit', bare: true,
            test: 'material-edit', onclick: () => edit(material) }),
        m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
            onclick: () => drop(material) }),
    ];
    const row = (material: Material) =>
        m('li.person.material', { 'data-test': 'material',
            'data-id': material.id },
            material.cover &&
                m('img.cover', { alt: '', loading: 'lazy',
                    src: `/photos/${api.part(material.cover)}/thumb` }),
            m('.main',
                m('b', material.url
                    ? m('a', { href: material.url, target: '_blank',
                        rel: 'noopener noreferrer' }, material.title)
                    : material.title),
                m('code', material.id),
                m('ul.inline',
                    material.source && m('li', material.source),
                    material.category && m('li', material.category),
                    material.minutes !== null &&
                        m('li', t('study.reads', { n: material.minutes })),
                    material.published_ms !== null &&
                        m('li', date(material.published_ms)),
                    material.pushed.length > 0 &&
                        m('li', t('study.pushed',
                            { n: material.pushed.length }))),
                material.summary && m('p.words.clamp', material.summary)),
            m('.acts', acts(material)));
    return {
        view: () =>
            m('.sheet', { 'data-test': 'materials' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.study')),
                    m(Button, { label: t('study.add'), icon: 'plus',
                        look: 'main', test: 'material-add', onclick: add })),
                studyTabs('materials'),
                tabs(t('study.states'), STATES.map((id) => ({
                    id, title: t(`study.state_${id}`),
                })), state, show),
                list.first.show(() => list.items.length
                    ? [m('ul.people', list.items.map(row)),
                        m(More, { next: list.next,
                            load: () => list.loadMore() })]
                    : empty(t(`study.none_${state}`),
                        state === 'new' && m('a.button.soft',
                            { href: '#!/feeds' }, t('study.toFeeds'))), 6)),
    };
};
