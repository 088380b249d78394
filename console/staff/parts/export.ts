// The list as a file, with the filters as they are. It is fetched rather than
// linked to, so that what goes wrong is told here and in words.

import m from 'mithril';
import { file } from '../api';
import { t } from '../lang';
import { Button } from './button';

export async function saveFile(
    path: string,
    query: Record<string, string>,
    called?: string,
): Promise<void> {
    const { name, bytes } = await file(path, query);
    const link = document.createElement('a');
    link.href = URL.createObjectURL(bytes);
    link.download = called ?? name;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

export function exportButtons(query: Record<string, string>): m.Children {
    return m(
        '.exports',
        { role: 'group', 'aria-label': t('export.title') },
        ['csv', 'xlsx'].map((kind) =>
            m(Button, {
                label: kind.toUpperCase(),
                icon: 'save',
                test: `export-${kind}`,
                onclick: () => saveFile(`/export.${kind}`, query),
            }),
        ),
    );
}
