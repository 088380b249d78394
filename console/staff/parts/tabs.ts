// One of a few views of the same page.

import m from 'mithril';
import { number } from '../format';

export interface Tab {
    id: string;
    title: string;
    count?: number;
}

export function tabs(
    label: string,
    list: Tab[],
    now: string,
    set: (id: string) => void,
): m.Children {
    return m('.tabs', { role: 'group', 'aria-label': label },
        list.map((tab) =>
            m('button.tab',
                {
                    type: 'button',
                    'aria-pressed': String(tab.id === now),
                    'data-test': `tab-${tab.id}`,
                    onclick: () => set(tab.id),
                },
                tab.title,
                tab.count !== undefined &&
                    m('span.count', number(tab.count)))));
}
