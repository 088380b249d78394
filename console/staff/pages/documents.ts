// The rules of the district: one page for each document, by a form where one is
// better than text, and as JSON.

import m from 'mithril';
import { ago } from '../format';
import { t, word } from '../lang';
import { Button } from '../parts/button';
import { confirm } from '../parts/dialog';
import { icon, IconName } from '../parts/icon';
import { JsonArea, otherDocument } from '../parts/json_area';
import { Loaded } from '../parts/loaded';
import { Draft } from '../document';
import { BroadcastRulesForm } from './broadcast_rules';
import { CalendarForm } from './calendar';
import { OrganisationForm } from './organisation';
import { RoutingForm } from './routing';
import { TemplatesForm } from './templates';

export interface FormAttrs {
    draft: Draft<any>;
}

const DOCUMENTS: [string, IconName][] = [
    ['organisation', 'people'], ['routing', 'next'], ['areas', 'map'],
    ['clocks', 'clock'], ['calendar', 'sun'], ['templates', 'edit'],
    ['rules', 'doc'], ['broadcasts', 'horn'],
];

const FORMS: Record<string, m.Component<FormAttrs>> = {
    organisation: OrganisationForm,
    routing: RoutingForm,
    templates: TemplatesForm,
    calendar: CalendarForm,
    broadcasts: BroadcastRulesForm,
};

/** The audit log's name of a person, as people say it. */
function who(actor: string | null): string {
    return actor?.replace(/^user:/, '') ?? '?';
}

export const DocumentsPage: m.Component = () => ({
    view: () =>
        m('.sheet', { 'data-test': 'documents' },
            m('h1', { tabindex: -1 }, t('nav.documents')),
            m('p.hint', t('doc.hint')),
            m('ul.tiles', DOCUMENTS.map(([name, drawing]) =>
                m('li', m('a.tile', {
                    href: `#!/document/${name}`,
                    'data-test': `document-${name}`,
                },
                icon(drawing), m('b', word('doc', name)),
                m('small', word('dochint', name))))))),
});

/** With each position of an area on one line. */
function pretty(json: unknown): string {
    return JSON.stringify(json, null, 4).replace(
        /\[\s+(-?[\d.e+-]+),\s+(-?[\d.e+-]+)\s+\]/gi,
        '[$1, $2]',
    );
}

/** Form or text; the text is made anew whenever one turns to it. */
const Editor: m.Component<{ draft: Draft<unknown> }> = ({ attrs: { draft } }) => {
    const Form = FORMS[draft.name];
    let asText = !Form;
    let text = asText ? pretty(draft.json) : '';
    let isJson = true;
    const toText = () => {
        asText = true;
        isJson = true;
        text = pretty(draft.json);
    };
    const problems = () =>
        draft.problems.length > 0 &&
        m('ul.problems', { role: 'alert', 'data-test': 'problems' },
            draft.problems.map((p) => m('li', otherDocument(draft.name, p),
                m('b', p.path), ' ', p.text)));
    const conflict = () =>
        draft.conflict &&
        m('.stale', { role: 'alert', 'data-test': 'conflict' },
            m('h3', t('doc.conflict', { who: who(draft.conflict.by) })),
            m('p', t('doc.conflictHint')),
            m('.actions',
                m(Button, { label: t('doc.theirs'), look: 'soft',
                    onclick: () => {
                        draft.yield();
                        toText();
                        asText = !Form;
                    } }),
                m(Button, { label: t('doc.mine'), look: 'danger',
                    onclick: () => draft.insist() })));
    return {
        view: () => [
            Form && m('.tabs', [false, true].map((which) =>
                m('button.tab', {
                    type: 'button',
                    'aria-pressed': String(asText === which),
                    'data-test': which ? 'as-json' : 'as-form',
                    disabled: !which && !isJson,
                    onclick: () => {
                        if (which) toText();
                        else asText = false;
                    },
                }, t(which ? 'doc.asText' : 'doc.asForm')))),
            conflict(),
            m('.slot', Form && !asText
                ? m('.step', { key: 'form' }, problems(), m(Form, { draft }))
                : m('.step', { key: 'text' }, m(JsonArea, {
                      label: word('doc', draft.name),
                      text,
                      name: draft.name,
                      problems: draft.problems,
                      set: (now: string, json: unknown) => {
                          text = now;
                          isJson = json !== undefined;
                          if (isJson) draft.json = json;
                          draft.problems = [];
                      },
                  }))),
            m('.save-bar',
                m('span.hint', { role: 'status' },
                    draft.isChanged() || !isJson ? t('doc.unsaved')
                        : draft.version && draft.at_ms
                          ? t('doc.by', { who: who(draft.by),
                              ago: ago(draft.at_ms) })
                          : t('doc.builtin')),
                m(Button, { label: t('doc.check'), look: 'soft', test: 'check',
                    disabled: !isJson, onclick: () => draft.check() }),
                m(Button, { label: t('act.save'), look: 'main', test: 'save',
                    disabled: !isJson || !draft.isChanged(),
                    onclick: () => draft.save() })),
        ],
    };
};

export const DocumentPage: m.Component<{ name: string }> = ({
    attrs: { name },
}) => {
    const draft = new Loaded(() => Draft.read<unknown>(name));
    void draft.load();
    const isChanged = () => draft.value?.isChanged() ?? false;
    const stay = (event: BeforeUnloadEvent) => {
        if (isChanged()) event.preventDefault();
    };
    const leave = async () => {
        if (!isChanged() || (await confirm(t('doc.leave'), t('doc.drop'))))
            m.route.set('/documents');
    };
    return {
        oncreate: () => window.addEventListener('beforeunload', stay),
        onremove: () => window.removeEventListener('beforeunload', stay),
        view: () =>
            m('.sheet.wide', { 'data-test': `editor-${name}` },
                m('.title-line',
                    m(Button, { label: t('act.back'), icon: 'back', bare: true,
                        onclick: leave }),
                    m('h1', { tabindex: -1 }, word('doc', name))),
                m('p.hint', word('dochint', name)),
                draft.show((now) => m('.slot', m(Editor, { draft: now })), 10)),
    };
};
