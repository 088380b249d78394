// A table that somebody has prepared: chosen, sent, and what was wrong with its
// lines, so that they can be mended and sent again.

import m from 'mithril';
import { postBytes } from '../api';
import { errorText } from '../errors';
import { t } from '../lang';
import { Button } from './button';
import { closeDialog, openDialog } from './dialog';
import { icon } from './icon';
import { say } from './toast';

interface Line {
    line: number;
    text: string;
}

export interface Imported {
    created?: number;
    changed?: number;
    problems: Line[];
}

function lines(problems: Line[]): m.Children {
    return m('ol.problems', { 'data-test': 'import-problems' },
        problems.map((problem) =>
            m('li', m('b', t('import.line', { n: problem.line })), ' ',
                problem.text)));
}

/** columns says which the table must have, as an example line. */
export function importDialog(
    title: string,
    path: string,
    columns: string,
    done: () => void,
): void {
    let busy = false;
    let error = '';
    let result: Imported | null = null;
    const send = async (input: HTMLInputElement) => {
        const file = input.files?.[0];
        input.value = '';
        if (!file) return;
        busy = true;
        error = '';
        result = null;
        m.redraw();
        try {
            result = await postBytes<Imported>(path, file);
            done();
            const n = result.created ?? result.changed ?? 0;
            if (result.problems.length === 0) {
                closeDialog();
                say(t('import.done', { n }));
            }
        } catch (problem) {
            error = errorText(problem);
        } finally {
            busy = false;
            m.redraw();
        }
    };
    openDialog(title, () =>
        m('.fields',
            m('p.hint', t('import.hint')),
            m('code.words', columns),
            busy
                ? m('p', { role: 'status' }, t('import.busy'))
                : m('label.button.soft',
                    icon('save'), m('span', t('import.choose')),
                    m('input.unseen[type=file]', {
                        accept: '.csv,.xlsx,text/csv',
                        'data-test': 'import-file',
                        onchange: (event: Event) =>
                            void send(event.target as HTMLInputElement),
                    })),
            error && m('p.error', { role: 'alert' }, error),
            result && [
                m('p.banner', t('import.some', {
                    n: result.created ?? result.changed ?? 0,
                    bad: result.problems.length,
                })),
                lines(result.problems),
            ],
            m('.actions', m(Button, { label: t('act.close'),
                onclick: closeDialog }))),
        { wide: true });
}
