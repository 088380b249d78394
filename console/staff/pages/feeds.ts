// Where materials come from by themselves, and how the last look went.

import m from 'mithril';
import * as api from '../api';
import { ago, span } from '../format';
import { t, word } from '../lang';
import { Page } from '../model';
import { Feed } from '../model_study';
import { Button } from '../parts/button';
import { confirm } from '../parts/dialog';
import { Check, Input } from '../parts/field';
import { formDialog } from '../parts/form_dialog';
import { Loaded } from '../parts/loaded';
import { studyTabs } from '../parts/study_tabs';
import { say } from '../parts/toast';
import { empty } from '../parts/waiting';

type Fields = Pick<Feed, 'url' | 'name' | 'category' | 'every_h' | 'enabled'>;

function path(feed: Feed): string {
    return `/feeds/${api.part(feed.id)}`;
}

function form(now: Fields): m.Children {
    return [
        m(Input, { label: t('feed.url'), type: 'url', value: now.url,
            placeholder: 'https://', required: true, focus: true, most: 2000,
            test: 'feed-url', hint: t('feed.urlHint'),
            set: (v: string) => (now.url = v.trim()) }),
        m('.row',
            m(Input, { label: t('feed.name'), value: now.name, most: 60,
                required: true, test: 'feed-name',
                set: (v: string) => (now.name = v) }),
            m(Input, { label: t('study.category'), value: now.category ?? '',
                most: 32, set: (v: string) => (now.category = v) }),
            m(Input, { label: t('feed.every'), type: 'number', min: '1',
                max: '168', value: String(now.every_h),
                set: (v: string) => (now.every_h = Number(v)) })),
        m(Check, { label: t('feed.enabled'), on: now.enabled,
            set: (on: boolean) => (now.enabled = on) }),
    ];
}

function health(feed: Feed): m.Children {
    if (feed.last_error)
        return m('li.bad', { 'data-test': 'feed-error' },
            word('feedError', feed.last_error));
    return feed.last_ms === null
        ? m('li', t('feed.never'))
        : m('li.good', t('feed.fine', { ago: ago(feed.last_ms) }));
}

export const FeedsPage: m.Component = () => {
    const feeds = new Loaded(() => api.get<Page<Feed>>('/feeds'));
    void feeds.load();
    const add = () => {
        const made: Fields = { url: '', name: '', category: '', every_h: 6,
            enabled: true };
        formDialog(t('feed.add'), () => form(made), async () => {
            await api.post('/feeds', made);
            await feeds.load();
        });
    };
    const edit = (feed: Feed) => {
        const { url, name, category, every_h, enabled } = feed;
        const now: Fields = { url, name, category: category ?? '', every_h,
            enabled };
        formDialog(t('act.edit'), () => form(now), async () => {
            await api.put(path(feed), { ...now, version: feed.version });
            await feeds.load();
        });
    };
    const drop = async (feed: Feed) => {
        if (!(await confirm(t('feed.dropAsk', { name: feed.name }),
            t('act.remove')))) return;
        await api.remove(`${path(feed)}?version=${feed.version}`);
        await feeds.load();
    };
    const look = async (feed: Feed) => {
        try {
            const found = await api.post<{ found: number; new: number }>(
                `${path(feed)}/fetch`, {});
            say(t('feed.found', { n: found.found, fresh: found.new }));
        } finally {
            await feeds.load();
        }
    };
    const row = (feed: Feed) =>
        m('li.person', { class: feed.enabled ? '' : 'off', 'data-test': 'feed',
            'data-id': feed.id },
            m('.main', m('b', feed.name), m('span.url', feed.url),
                m('ul.inline', health(feed),
                    feed.enabled && feed.next_ms !== null &&
                        m('li', t('feed.next',
                            { span: span(feed.next_ms - Date.now()) })))),
            m('.acts',
                m(Button, { label: t('feed.fetch'), icon: 'again',
                    look: 'soft', test: 'feed-fetch',
                    onclick: () => look(feed) }),
                m(Button, { label: t('act.edit'), icon: 'edit', bare: true,
                    onclick: () => edit(feed) }),
                m(Button, { label: t('act.remove'), icon: 'trash', bare: true,
                    onclick: () => drop(feed) })));
    return {
        view: () =>
            m('.sheet', { 'data-test': 'feeds' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.study')),
                    m(Button, { label: t('feed.add'), icon: 'plus',
                        look: 'main', test: 'feed-add', onclick: add })),
                studyTabs('feeds'),
                m('p.hint', t('feed.hint')),
                feeds.show(({ items }) => items.length
                    ? m('ul.people', items.map(row))
                    : empty(t('feed.none')))),
    };
};
