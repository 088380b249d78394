// Buttons, and those that wait for what they have begun.

import m from 'mithril';
import { errorText } from '../errors';
import { icon, IconName } from './icon';
import { say } from './toast';

interface ButtonAttrs {
    label: string;
    icon?: IconName;
    look?: 'main' | 'soft' | 'quiet' | 'danger';
    bare?: boolean; // the label is only for those who cannot see the icon
    test?: string;
    submit?: boolean;
    disabled?: boolean;
    pressed?: boolean;
    expanded?: boolean;
    busy?: boolean;
    title?: string;
    onclick?: (event: Event) => unknown;
}

/** A promise that onclick gives keeps the button busy; its error is told. */
export const Button: m.Component<ButtonAttrs> = () => {
    let running = false;
    const run = (attrs: ButtonAttrs, event: Event) => {
        const result = attrs.onclick?.(event);
        if (!(result instanceof Promise)) return;
        running = true;
        result
            .catch((error: unknown) => say(errorText(error), 'bad'))
            .finally(() => {
                running = false;
                m.redraw();
            });
    };
    return {
        view({ attrs }) {
            const busy = running || attrs.busy === true;
            return m(
                `button.button.${attrs.look ?? 'quiet'}`,
                {
                    type: attrs.submit ? 'submit' : 'button',
                    class: (attrs.bare ? 'bare ' : '') + (busy ? 'busy' : ''),
                    disabled: attrs.disabled === true || busy,
                    'data-test': attrs.test,
                    'aria-label': attrs.bare ? attrs.label : undefined,
                    'aria-busy': busy ? 'true' : false,
                    'aria-pressed': toWord(attrs.pressed),
                    'aria-expanded': toWord(attrs.expanded),
                    title: attrs.title ?? (attrs.bare ? attrs.label : undefined),
                    onclick: attrs.onclick
                        ? (event: Event) => run(attrs, event)
                        : undefined,
                },
                attrs.icon ? icon(attrs.icon) : null,
                attrs.bare ? null : m('span', attrs.label),
            );
        },
    };
};

function toWord(value: boolean | undefined): string | undefined {
    return value === undefined ? undefined : String(value);
}
