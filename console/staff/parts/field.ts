// Labelled fields. Each keeps its value outside, in what the caller gives.

import m from 'mithril';

interface Common {
    label: string;
    value: string;
    set: (value: string) => void;
    test?: string;
    hint?: string;
    error?: string;
    required?: boolean;
    disabled?: boolean;
    unseen?: boolean; // the label is only for those who cannot see
}

let last = 0;

function frame(id: string, attrs: Common, field: m.Children): m.Vnode<any> {
    return m(
        '.field',
        { class: attrs.error ? 'wrong' : '' },
        m('label', { for: id, class: attrs.unseen ? 'unseen' : '' }, attrs.label),
        field,
        attrs.hint && m('small.hint', { id: `${id}-hint` }, attrs.hint),
        attrs.error && m('small.error', { role: 'alert' }, attrs.error),
    );
}

function shared(id: string, attrs: Common): m.Attrs {
    return {
        id,
        'data-test': attrs.test,
        required: attrs.required === true,
        disabled: attrs.disabled === true,
        'aria-invalid': attrs.error ? 'true' : false,
        'aria-describedby': attrs.hint ? `${id}-hint` : undefined,
    };
}

interface InputAttrs extends Common {
    type?: string;
    complete?: string;
    mode?: string;
    most?: number;
    placeholder?: string;
    min?: string;
    max?: string;
    focus?: boolean;
    list?: string[];
}

export const Input: m.Component<InputAttrs> = () => {
    const id = `f${++last}`;
    return {
        view: ({ attrs }) =>
            frame(id, attrs, [
                m('input', {
                    ...shared(id, attrs),
                    type: attrs.type ?? 'text',
                    value: attrs.value,
                    autocomplete: attrs.complete ?? 'off',
                    inputmode: attrs.mode,
                    maxlength: attrs.most,
                    min: attrs.min,
                    max: attrs.max,
                    placeholder: attrs.placeholder,
                    list: attrs.list ? `${id}-list` : undefined,
                    oncreate: attrs.focus
                        ? (vnode: m.VnodeDom<unknown>) =>
                              (vnode.dom as HTMLElement).focus()
                        : undefined,
                    oninput: (event: Event) =>
                        attrs.set((event.target as HTMLInputElement).value),
                }),
                attrs.list &&
                    m(
                        'datalist',
                        { id: `${id}-list` },
                        attrs.list.map((value) => m('option', { value })),
                    ),
            ]),
    };
};

interface AreaAttrs extends Common {
    rows?: number;
    most?: number;
    placeholder?: string;
    focus?: boolean;
    send?: () => void; // by Ctrl+Enter
}

export const Area: m.Component<AreaAttrs> = () => {
    const id = `f${++last}`;
    return {
        view: ({ attrs }) =>
            frame(
                id,
                attrs,
                m('textarea', {
                    ...shared(id, attrs),
                    rows: attrs.rows ?? 3,
                    maxlength: attrs.most,
                    placeholder: attrs.placeholder,
                    value: attrs.value,
                    oncreate: attrs.focus
                        ? (vnode: m.VnodeDom<unknown>) =>
                              (vnode.dom as HTMLElement).focus()
                        : undefined,
                    oninput: (event: Event) =>
                        attrs.set((event.target as HTMLTextAreaElement).value),
                    onkeydown: (event: KeyboardEvent) => {
                        if (event.key === 'Enter' && event.ctrlKey)
                            attrs.send?.();
                    },
                }),
            ),
    };
};

export interface Choice {
    value: string;
    title: string;
}

interface SelectAttrs extends Common {
    choices: Choice[];
}

export const Select: m.Component<SelectAttrs> = () => {
    const id = `f${++last}`;
    // After the options are there, and again after each choice: the value is
    // what the caller says, not what was clicked.
    const show = ({ dom, attrs }: m.VnodeDom<SelectAttrs>) => {
        const select = dom.querySelector('select');
        if (select && select.value !== attrs.value) select.value = attrs.value;
    };
    return {
        oncreate: show,
        onupdate: show,
        view({ attrs }) {
            // A value that the list does not have is kept and shown as it is.
            const known = attrs.choices.some((c) => c.value === attrs.value);
            const choices = known
                ? attrs.choices
                : [{ value: attrs.value, title: attrs.value }, ...attrs.choices];
            return frame(
                id,
                attrs,
                m(
                    'select',
                    {
                        ...shared(id, attrs),
                        onchange: (event: Event) =>
                            attrs.set((event.target as HTMLSelectElement).value),
                    },
                    choices.map((choice) =>
                        m('option', { value: choice.value }, choice.title),
                    ),
                ),
            );
        },
    };
};

interface CheckAttrs {
    label: string;
    on: boolean;
    set: (on: boolean) => void;
    test?: string;
    hint?: string;
    disabled?: boolean;
}

export const Check: m.Component<CheckAttrs> = () => ({
    view: ({ attrs }) =>
        m(
            'label.check',
            m('input[type=checkbox]', {
                checked: attrs.on,
                disabled: attrs.disabled === true,
                'data-test': attrs.test,
                // At the click: an ancestor's handler may draw anew before the
                // change is told, and would take it back.
                onclick: (event: Event) => {
                    attrs.set((event.target as HTMLInputElement).checked);
                },
            }),
            m('span', attrs.label),
            attrs.hint && m('small.hint', attrs.hint),
        ),
});
