// The groups the accounts are in, and what is known of each: units, stations,
// tags, whether it gets broadcasts. By hand, and from a list.

import m from 'mithril';
import * as api from '../api';
import { Group } from '../broadcasts';
import { errorText } from '../errors';
import { number } from '../format';
import { LANGS, t, word } from '../lang';
import { Page } from '../model';
import {
    dropOptions, langName, loadOptions, options, stationChoices, tagChoices,
} from '../options';
import { Button } from '../parts/button';
import { Chooser } from '../parts/chooser';
import { closeDialog, openDialog } from '../parts/dialog';
import { Check, Input, Select } from '../parts/field';
import { importList } from '../parts/import_list';
import { List, More } from '../parts/more';
import { UnitPicker, unitChoices } from '../parts/pickers';
import { say } from '../parts/toast';
import { empty } from '../parts/waiting';
import { unitName } from '../policy';

const TYPING_MS = 300;
const MOST_TAGS = 20;

function nameOfStation(id: string): string {
    return options.stations.find((one) => one.id === id)?.name ?? id;
}

/** Group as it is, and what a person makes of it. */
function edit(group: Group, done: () => void): void {
    let now = group;
    let units = [...group.units];
    let stations = [...group.stations];
    let tags = [...group.tags];
    let muted = group.muted;
    let lang = group.lang ?? '';
    let error = '';
    const send = async () => {
        error = '';
        const body = {
            version: now.version, units, stations, tags, muted, lang,
        };
        try {
            await api.patch(`/groups/${api.part(group.chat)}`, body);
            closeDialog();
            say(t('saved'));
            dropOptions();
            done();
        } catch (problem) {
            if (problem instanceof api.Problem && problem.status === 409 &&
                problem.current) {
                now = problem.current as Group;
                error = t('group.changed');
            } else error = errorText(problem);
        }
    };
    openDialog(group.title || group.chat, () => m('.fields',
        m('p.hint', `${group.chat} · ${word('platform', group.platform)}`),
        m(Chooser, { label: t('audfield.unit'), values: units,
            choices: unitChoices(), test: 'group-units',
            set: (v: string[]) => (units = v) }),
        m(Chooser, { label: t('audfield.station'), values: stations,
            choices: stationChoices(), test: 'group-stations',
            set: (v: string[]) => (stations = v) }),
        m(Chooser, { label: t('audfield.tag'), values: tags, free: true,
            choices: tagChoices(), most: MOST_TAGS, test: 'group-tags',
            set: (v: string[]) => (tags = v) }),
        m(Select, { label: t('audfield.lang'), value: lang, test: 'group-lang',
            choices: [
                { value: '', title: t('group.langOwn') },
                ...LANGS.map(([value, title]) => ({ value, title })),
            ],
            set: (v: string) => (lang = v) }),
        m(Check, { label: t('group.muted'), on: muted, test: 'group-muted',
            hint: t('group.mutedHint'), set: (on: boolean) => (muted = on) }),
        error && m('p.error', { role: 'alert' }, error),
        m('.actions',
            m(Button, { label: t('act.cancel'), onclick: closeDialog }),
            m(Button, { label: t('act.save'), look: 'main', test: 'group-save',
                onclick: send }))));
}

export const GroupsPage: m.Component = () => {
    let q = '';
    let unit = '*';
    let tag = '';
    let typing = 0;
    void loadOptions();
    const list = new List<Group>((cursor) =>
        api.get<Page<Group>>('/groups', {
            q, unit: unit === '*' ? '' : unit, tag, limit: 50, cursor,
        }));
    void list.load();
    const reload = () => {
        dropOptions();
        void loadOptions();
        void list.load();
    };
    const search = (text: string) => {
        q = text;
        clearTimeout(typing);
        typing = setTimeout(() => void list.load(), TYPING_MS);
    };
    const chips = (group: Group) => {
        const all = [
            ...group.units.map((id) => ['unit', unitName(id)]),
            ...group.stations.map((id) => ['station', nameOfStation(id)]),
            ...group.tags.map((one) => ['tag', one]),
        ];
        return all.length > 0 && m('ul.chips', all.map(([kind, title]) =>
            m('li.chip.still', { class: kind, title: word('audfield', kind ?? '') },
                title)));
    };
    const row = (group: Group) =>
        m('li.person', { key: group.chat, 'data-test': 'group',
            'data-id': group.chat, class: group.muted ? 'muted' : '' },
        m('.main',
            m('b', group.title || group.chat),
            group.muted && m('span.pill', t('group.isMuted')),
            group.accounts.length === 0 &&
                m('span.pill.urgent', t('group.noAccount')),
            m('.facts',
                m('span', group.chat),
                m('span', word('platform', group.platform)),
                group.lang && m('span', langName(group.lang)),
                group.accounts.length > 0 && m('span',
                    t('group.accounts', { ids: group.accounts.join(t('list.comma')) }))),
            chips(group)),
        m(Button, { label: t('act.edit'), icon: 'edit', look: 'soft',
            test: 'group-edit', onclick: () => edit(group, reload) }));
    return {
        onremove: () => clearTimeout(typing),
        view: () =>
            m('.sheet', { 'data-test': 'groups' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.groups')),
                    m(Button, { label: t('table.groups'), icon: 'up',
                        look: 'soft', test: 'import-groups',
                        onclick: () => importList('groups', reload) }),
                    m(Button, { label: t('table.riders'), icon: 'up',
                        look: 'soft', test: 'import-riders',
                        onclick: () => importList('riders', reload) })),
                m('p.hint', t('group.hint')),
                m('.controls',
                    m(Input, { label: t('group.search'), type: 'search', value: q,
                        most: 100, test: 'group-search', set: search }),
                    m(UnitPicker, { label: t('audfield.unit'), value: unit,
                        any: true, set: (id: string) => {
                            unit = id;
                            void list.load();
                        } }),
                    m(Select, { label: t('audfield.tag'), value: tag,
                        test: 'group-tag',
                        choices: [{ value: '', title: t('filter.any') },
                            ...tagChoices()],
                        set: (v: string) => {
                            tag = v;
                            void list.load();
                        } })),
                list.first.show((page) => list.items.length
                    ? [m('.total', { key: 'n' }, t('group.total',
                        { n: number(page.total ?? list.items.length) })),
                    m('ul.people', { key: 'list' }, list.items.map(row)),
                    m('.more-here', { key: 'more' }, m(More, {
                        next: list.next, load: () => list.loadMore(),
                    }))]
                    : [m('.none', { key: 'none' }, empty(
                        t(q || tag || unit !== '*' ? 'queue.nothingFits'
                            : 'group.none')))])),
    };
};
