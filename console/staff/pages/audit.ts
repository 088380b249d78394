// Who did what, and the proof that nothing was changed afterwards.

import m from 'mithril';
import * as api from '../api';
import { exact, number } from '../format';
import { t } from '../lang';
import { AuditEntry, Page } from '../model';
import { Button } from '../parts/button';
import { Input } from '../parts/field';
import { icon } from '../parts/icon';
import { List, More } from '../parts/more';
import { empty } from '../parts/waiting';

const PAGE = 100;

interface Verification {
    ok: boolean;
    entries: number;
    first_bad: string | number | null;
}

function detailWords(detail: unknown): string {
    if (detail === null || detail === undefined) return '';
    return typeof detail === 'string' ? detail : JSON.stringify(detail);
}

/** Subjects that are tickets lead there. */
function subject(text: string): m.Children {
    return /^[SP]\d+$/.test(text)
        ? m('a', { href: `#!/ticket/${text}` }, text)
        : text;
}

function verdict(result: Verification): m.Children {
    return m(
        `p.verdict.${result.ok ? 'good' : 'bad'}`,
        { role: 'status', 'data-test': 'verdict', 'data-ok': String(result.ok) },
        icon(result.ok ? 'check' : 'close'),
        result.ok
            ? t('audit.good', { n: number(result.entries) })
            : t('audit.bad', { id: result.first_bad ?? '?' }),
    );
}

export const AuditPage: m.Component = () => {
    const filters = { actor: '', action: '', subject: '' };
    let result: Verification | null = null;
    const list = new List<AuditEntry>((cursor) =>
        api.get<Page<AuditEntry>>('/audit', { ...filters, cursor, limit: PAGE }),
    );
    void list.load();
    const verify = async () => {
        result = null;
        result = await api.get<Verification>('/audit/verification');
    };
    const filter = (name: keyof typeof filters, label: string, hint: string) =>
        m(Input, {
            label, placeholder: hint, value: filters[name], most: 80,
            test: `audit-${name}`,
            set: (value: string) => (filters[name] = value.trim()),
        });
    const table = () =>
        m('table.cardy',
            m('thead', m('tr', [
                t('audit.time'), t('audit.actor'), t('audit.action'),
                t('audit.subject'), t('audit.detail'),
            ].map((name) => m('th', { scope: 'col' }, name)))),
            m('tbody', { 'data-test': 'audit-list' }, list.items.map((entry) =>
                m('tr',
                    m('td', m('time', exact(entry.at_ms))),
                    m('td', entry.actor),
                    m('td', m('code', entry.action)),
                    m('td', subject(entry.subject)),
                    m('td.detail', detailWords(entry.detail))))));
    return {
        view: () =>
            m('.sheet.wide', { 'data-test': 'audit' },
                m('.title-line',
                    m('h1', { tabindex: -1 }, t('nav.audit')),
                    m(Button, {
                        label: t('audit.verify'), icon: 'shield', look: 'soft',
                        test: 'verify', onclick: verify,
                    })),
                m('p.hint', t('audit.hint')),
                result && verdict(result),
                m('form.controls',
                    {
                        onsubmit: (event: Event) => {
                            event.preventDefault();
                            void list.load();
                        },
                    },
                    filter('actor', t('audit.actor'), 'user:wang'),
                    filter('action', t('audit.action'), 'ticket-close'),
                    filter('subject', t('audit.subject'), 'S12'),
                    m(Button, { label: t('act.search'), icon: 'search',
                        submit: true, look: 'soft' })),
                list.first.show(() => list.items.length
                    ? [m('.scroll-x', table()),
                        m(More, { next: list.next, load: () => list.loadMore() })]
                    : empty(t('audit.none')), 10)),
    };
};
