// JSON as text, with numbered lines; what is wrong is marked at its line.

import m from 'mithril';
import { JsonFault, jsonPlaces, lineAt, lineOfPath } from '../json_lines';
import { t, word } from '../lang';
import { ProblemLine } from '../model';

interface JsonAttrs {
    label: string;
    text: string;
    name: string; // of the document
    problems: ProblemLine[];
    set: (text: string, json: unknown) => void; // json undefined: it is none
}

interface Mark {
    line: number;
    text: string;
}

function isOther(name: string, problem: ProblemLine): boolean {
    return problem.document !== undefined && problem.document !== name;
}

/** A change may break another document: then its name comes first. */
export function otherDocument(name: string, problem: ProblemLine): string {
    return isOther(name, problem) ? `${word('doc', problem.document ?? '')} ` : '';
}

/** The fault of a text that is no JSON. */
export function faultOf(text: string): Mark | null {
    try {
        jsonPlaces(text);
        JSON.parse(text);
        return null;
    } catch (error) {
        const at = error instanceof JsonFault ? error.at : 0;
        return { line: lineAt(text, at), text: t('json.fault') };
    }
}

export const JsonArea: m.Component<JsonAttrs> = () => {
    let area: HTMLTextAreaElement | null = null;
    let gutter: HTMLElement | null = null;
    const goTo = (line: number) => {
        if (!area) return;
        const lines = area.value.split('\n');
        const start = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
        area.focus();
        area.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
        area.scrollTop = (line - 4) * (area.scrollHeight / lines.length);
    };
    return {
        oncreate({ dom }) {
            area = dom.querySelector('textarea');
            gutter = dom.querySelector('.gutter');
        },
        view({ attrs: { label, text, name, problems, set } }) {
            const fault = faultOf(text);
            const marks: Mark[] = fault
                ? [fault]
                : problems.map((p) => ({
                      line: isOther(name, p) ? 0 : lineOfPath(text, p.path),
                      text: otherDocument(name, p) +
                          (p.path ? `${p.path}: ${p.text}` : p.text),
                  }));
            const bad = new Set(marks.map((mark) => mark.line));
            return m(
                '.json',
                m(
                    '.json-box',
                    m('.gutter', { 'aria-hidden': 'true' },
                        text.split('\n').map((_, at) =>
                            m('div', { class: bad.has(at + 1) ? 'bad' : '' },
                                at + 1))),
                    m('textarea', {
                        'aria-label': label,
                        'aria-invalid': marks.length ? 'true' : false,
                        'data-test': 'json',
                        spellcheck: false,
                        wrap: 'off',
                        value: text,
                        onscroll: (event: Event) => {
                            const from = event.target as HTMLElement;
                            if (gutter) gutter.scrollTop = from.scrollTop;
                        },
                        oninput: (event: Event) => {
                            const now = (event.target as HTMLTextAreaElement)
                                .value;
                            set(now, faultOf(now) ? undefined : JSON.parse(now));
                        },
                    }),
                ),
                m('ul.problems', { role: 'status', 'data-test': 'problems' },
                    marks.map((mark) =>
                        m('li', m('button',
                            {
                                type: 'button',
                                onclick: () => goTo(Math.max(1, mark.line)),
                            },
                            mark.line > 0 &&
                                m('b', t('json.line', { n: mark.line }), ' '),
                            mark.text)))),
            );
        },
    };
};
