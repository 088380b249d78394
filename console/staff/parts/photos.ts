// Photos of a ticket: small ones that open large, and those still to be sent.

import m from 'mithril';
import { preparePhoto } from '../../chat/photo';
import { upload } from '../api';
import { errorText } from '../errors';
import { t } from '../lang';
import { Button } from './button';
import { icon } from './icon';
import { closeDialog, openDialog } from './dialog';

const MOST = 9;

function source(id: string): string {
    return `/photos/${encodeURIComponent(id)}`;
}

function enlarge(ids: string[], start: number): void {
    let at = start;
    const step = (by: number) => {
        at = (at + by + ids.length) % ids.length;
    };
    openDialog(
        t('photo.title'),
        () => [
            m('img.large', {
                key: at,
                src: source(ids[at] ?? ''),
                alt: t('photo.nth', { n: at + 1, of: ids.length }),
                'data-test': 'photo-large',
                onclick: () => closeDialog(),
            }),
            ids.length > 1
                ? m(
                      '.actions',
                      { key: 'steps' },
                      m(Button, {
                          label: t('act.before'),
                          icon: 'back',
                          onclick: () => step(-1),
                      }),
                      m('span', `${at + 1} / ${ids.length}`),
                      m(Button, {
                          label: t('act.after'),
                          icon: 'next',
                          onclick: () => step(1),
                      }),
                  )
                : m('span', { key: 'steps' }),
        ],
        { wide: true },
    );
}

export function photoStrip(ids: string[], label: string): m.Children {
    if (ids.length === 0) return null;
    return m(
        '.photos',
        { role: 'group', 'aria-label': label },
        ids.map((id, at) =>
            m(
                'button.thumb',
                {
                    type: 'button',
                    'data-test': 'photo',
                    'aria-label': t('photo.open', { n: at + 1 }),
                    onclick: () => enlarge(ids, at),
                },
                m('img', { src: `${source(id)}/thumb`, alt: '', loading: 'lazy' }),
            ),
        ),
    );
}

interface UploadAttrs {
    label: string;
    ids: string[]; // those that are there; changed in place
    most?: number;
    changed?: () => void;
}

/** Takes photos, sends each at once and keeps its id. */
export const PhotoUpload: m.Component<UploadAttrs> = () => {
    let sending = 0;
    let error = '';
    const send = async (file: File, ids: string[]) => {
        const view = document.createElement('canvas');
        const blob = await preparePhoto(file, view);
        if (!blob) {
            error = t('error.noPhoto');
            return;
        }
        try {
            ids.push((await upload(blob)).id);
        } catch (problem) {
            error = errorText(problem);
        }
    };
    const take = async (input: HTMLInputElement, attrs: UploadAttrs) => {
        const { ids, most = MOST, changed } = attrs;
        const files = Array.from(input.files ?? []).slice(0, most - ids.length);
        input.value = '';
        error = '';
        for (const file of files) {
            sending++;
            m.redraw();
            await send(file, ids).finally(() => sending--);
        }
        changed?.();
        m.redraw();
    };
    return {
        view: ({ attrs }) => {
            const { label, ids, most = MOST } = attrs;
            return m(
                '.upload',
                m(
                    '.photos',
                    ids.map((id, at) =>
                        m(
                            '.thumb',
                            m('img', { src: `${source(id)}/thumb`, alt: '' }),
                            m(Button, {
                                label: t('photo.drop', { n: at + 1 }),
                                icon: 'close',
                                bare: true,
                                onclick: () => {
                                    ids.splice(at, 1);
                                    attrs.changed?.();
                                },
                            }),
                        ),
                    ),
                    sending > 0 &&
                        m('.thumb.bone', {
                            role: 'status',
                            'aria-label': t('photo.sending'),
                        }),
                    ids.length < most && m(
                        'label.thumb.add',
                        icon('photo'),
                        m('span', label),
                        m('input.unseen[type=file]', {
                            accept: 'image/*',
                            'data-test': 'photo-file',
                            multiple: most > 1,
                            disabled: sending > 0,
                            onchange: (event: Event) => void take(
                                event.target as HTMLInputElement, attrs),
                        }),
                    ),
                ),
                error && m('small.error', { role: 'alert' }, error),
            );
        },
    };
};
