// A list from a spreadsheet: chosen, sent in pieces so that one sees how far it
// is, and what is wrong by its line.

import m from 'mithril';
import { postBytes } from '../api';
import { Imported } from '../broadcasts';
import { errorText } from '../errors';
import { number } from '../format';
import { Key, t } from '../lang';
import { Button } from './button';
import { closeDialog, openDialog } from './dialog';
import { icon } from './icon';

const LINES = 2000; // of one piece
const SHOWN = 200;

type What = 'groups' | 'riders';

/** The same in every language: chat units stations tags is understood, too. */
const SAMPLES: Record<What, string> = {
    groups: '群,组织,驿站,标签\n12345678,新街口社区,,夜班;电动车',
    riders: '骑手,组织,驿站,标签\n12345678,新街口社区,,夜班',
};

/** What the daemon says of a line, and what we say; with what it is about. */
const FAULTS: [string, Key][] = [
    ['this is no id', 'table.noId'],
    ['no such group', 'table.noGroup'],
    ['no such rider', 'table.noRider'],
    ['these units are not yours to give', 'table.notYours'],
    ['too many in one list', 'table.tooMany'],
    ['no unit, or several, of this name', 'table.noUnit'],
    ['no such station', 'table.noStation'],
];

function faultWords(text: string): string {
    const known = FAULTS.find(([words]) => text.startsWith(words));
    return known ? t(known[1]) + text.slice(known[0].length) : text;
}

/** Where lines end; not those that a quoted field has inside. */
export function csvLines(text: string): string[] {
    const lines: string[] = [];
    let from = 0;
    let quoted = false;
    for (let at = 0; at < text.length; at++) {
        if (text[at] === '"') quoted = !quoted;
        if (text[at] !== '\n' || quoted) continue;
        lines.push(text.slice(from, at + 1));
        from = at + 1;
    }
    if (from < text.length) lines.push(text.slice(from));
    return lines;
}

/** What spreadsheets in China save is often GBK. */
async function textOf(file: File): Promise<string> {
    const bytes = await file.arrayBuffer();
    try {
        return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
        return new TextDecoder('gbk').decode(bytes);
    }
}

export function importList(what: What, done: () => void): void {
    let chosen: File | null = null;
    let at = 0;
    let of = 0;
    let error = '';
    let result: Imported | null = null;
    const send = async () => {
        if (!chosen) return;
        error = '';
        result = { changed: 0, unknown: 0, problems: [] };
        const [head, ...lines] = csvLines(await textOf(chosen));
        of = lines.length;
        try {
            for (at = 0; at < lines.length; at += LINES) {
                m.redraw();
                const piece = [head, ...lines.slice(at, at + LINES)].join('');
                const now = await postBytes<Imported>(`/${what}/import`,
                    new Blob([piece], { type: 'text/csv' }));
                result.changed += now.changed;
                result.unknown += now.unknown;
                result.problems.push(...now.problems.map((p) =>
                    ({ ...p, line: p.line + at })));
            }
            at = of;
        } catch (problem) {
            error = errorText(problem);
        }
        chosen = null;
        done();
    };
    const outcome = (now: Imported) => [
        m('p.verdict', {
            class: now.problems.length || now.unknown ? '' : 'good',
            role: 'status', 'data-test': 'import-result',
        }, icon('check'), t('table.done', {
            n: number(now.changed), unknown: number(now.unknown),
        })),
        now.problems.length > 0 && [
            m('h3', t('table.problems', { n: number(now.problems.length) })),
            m('ul.problems', { 'data-test': 'import-problems' },
                now.problems.slice(0, SHOWN).map((one) => m('li',
                    m('b', t('json.line', { n: one.line })), ' ',
                    faultWords(one.text)))),
        ],
    ];
    openDialog(t(`table.${what}`), () => m('.fields',
        m('p.hint', t(`table.hint_${what}`)),
        m('pre.sample', SAMPLES[what]),
        m('label.button.soft', icon('file'),
            m('span', chosen ? chosen.name : t('table.choose')),
            m('input.unseen[type=file]', {
                accept: '.csv,text/csv', 'data-test': 'import-file',
                onchange: (event: Event) => {
                    chosen = (event.target as HTMLInputElement).files?.[0] ?? null;
                    result = null;
                },
            })),
        of > 0 && at < of && !error && m('progress', {
            max: of, value: at, 'aria-label': t('table.going'),
        }),
        error && m('p.error', { role: 'alert' }, error),
        result && (at >= of || error) && outcome(result),
        m('.actions',
            m(Button, { label: t('act.close'), onclick: closeDialog }),
            m(Button, { label: t('table.act'), look: 'main',
                test: 'import-send', disabled: !chosen, onclick: send }))),
    { wide: true });
}
