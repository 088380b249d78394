// A day and a time of it, by the clock of whoever sits before the page.

import m from 'mithril';
import { exact } from '../format';
import { Input } from './field';

interface MomentAttrs {
    label: string;
    value: number | null; // ms
    set: (ms: number | null) => void;
    test?: string;
    hint?: string;
    required?: boolean;
}

export function momentText(ms: number | null): string {
    return ms === null ? '' : exact(ms).slice(0, 16).replace(' ', 'T');
}

export const Moment: m.Component<MomentAttrs> = () => ({
    view: ({ attrs }) => {
        const { value, set, ...rest } = attrs;
        return m(Input, {
            ...rest,
            type: 'datetime-local',
            value: momentText(value),
            set: (text: string) => {
                const ms = new Date(text).getTime();
                set(Number.isNaN(ms) ? null : ms);
            },
        });
    },
});
