// The list as a file, with the filters as they are.

import m from 'mithril';
import { address } from '../api';
import { t } from '../lang';
import { icon } from './icon';

export function exportLinks(query: Record<string, string>): m.Children {
    return m(
        '.exports',
        { role: 'group', 'aria-label': t('export.title') },
        ['csv', 'xlsx'].map((kind) =>
            m(
                'a.button.quiet',
                {
                    href: address(`/export.${kind}`, query),
                    download: `xiaofeng.${kind}`,
                    'data-test': `export-${kind}`,
                },
                icon('save'),
                m('span', kind.toUpperCase()),
            ),
        ),
    );
}
