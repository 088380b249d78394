// A plot by Chart.js, and the same numbers as a table for who reads rather.

import {
    BarController, BarElement, CategoryScale, Chart, Dataset, Filler, Legend,
    LinearScale, LineController, LineElement, PointElement, Tooltip,
} from 'chart.js';
import m from 'mithril';
import { number } from '../format';
import { t } from '../lang';
import { colour } from './map';

Chart.register(
    BarController, BarElement, CategoryScale, Filler, Legend, LinearScale,
    LineController, LineElement, PointElement, Tooltip,
);

export interface Series {
    name: string;
    colour: string; // of the style sheet
    values: number[];
}

interface PlotAttrs {
    title: string;
    what: string; // the head of the column of labels
    kind: 'line' | 'bar';
    across?: boolean; // bars lie, for long names
    stacked?: boolean;
    labels: string[];
    series: Series[];
    test: string;
}

const calm = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

function datasets({ kind, series }: PlotAttrs): Dataset[] {
    return series.map((one) => ({
        label: one.name,
        data: one.values,
        borderColor: colour(one.colour),
        backgroundColor: colour(one.colour),
        borderWidth: kind === 'line' ? 2 : 0,
        borderRadius: 3,
        pointRadius: one.values.length > 40 ? 0 : 2.5,
        tension: 0.25,
        maxBarThickness: 34,
    }));
}

function axis(stacked: boolean, lines: boolean, skip = true): object {
    return {
        stacked,
        beginAtZero: true,
        ticks: { color: colour('soft'), precision: 0, maxRotation: 0,
            autoSkip: skip, autoSkipPadding: 12 },
        grid: { color: colour('line'), display: lines, drawBorder: false },
    };
}

function options(attrs: PlotAttrs): object {
    const stacked = attrs.stacked === true;
    const across = attrs.across === true;
    return {
        responsive: true,
        maintainAspectRatio: false,
        animation: calm() ? false : { duration: 300 },
        indexAxis: across ? 'y' : 'x',
        interaction: { mode: 'index', intersect: false,
            axis: across ? 'y' : 'x' },
        scales: {
            x: axis(stacked, across),
            y: axis(stacked, !across, !across),
        },
        plugins: {
            legend: {
                display: attrs.series.length > 1,
                position: 'bottom',
                labels: { color: colour('ink'), boxWidth: 12, boxHeight: 12 },
            },
        },
    };
}

function table(attrs: PlotAttrs): m.Children {
    return m(
        'table',
        m('caption.unseen', attrs.title),
        m('thead', m('tr',
            m('th', { scope: 'col' }, attrs.what),
            attrs.series.map((one) => m('th.n', { scope: 'col' }, one.name)))),
        m('tbody', attrs.labels.map((label, at) =>
            m('tr',
                m('th', { scope: 'row' }, label),
                attrs.series.map((one) =>
                    m('td.n', number(one.values[at] ?? 0)))))),
    );
}

/** Room for the name of each bar that lies. */
function tall(attrs: PlotAttrs): string {
    return attrs.across ? `${Math.max(9, attrs.labels.length) * 1.7}rem` : '15rem';
}

export const Plot: m.Component<PlotAttrs> = () => {
    let chart: Chart | null = null;
    let drawn = '';
    let open = false;
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const draw = (dom: Element, attrs: PlotAttrs, anew = false) => {
        const now = JSON.stringify([attrs.labels, attrs.series]);
        if (now === drawn && !anew) return;
        drawn = now;
        chart?.destroy();
        Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
        const canvas = dom.querySelector('canvas') as HTMLCanvasElement;
        chart = new Chart(canvas, {
            type: attrs.kind,
            data: { labels: attrs.labels, datasets: datasets(attrs) },
            options: options(attrs),
        });
    };
    let again: () => void = () => undefined;
    return {
        oncreate({ dom, attrs }) {
            draw(dom, attrs);
            again = () => draw(dom, attrs, true);
            scheme.addEventListener('change', again);
        },
        onupdate: ({ dom, attrs }) => draw(dom, attrs),
        onremove() {
            scheme.removeEventListener('change', again);
            chart?.destroy();
        },
        view: ({ attrs }) =>
            m(
                'figure.plot',
                { 'data-test': attrs.test },
                m('figcaption', attrs.title),
                m('.canvas', { style: { minHeight: tall(attrs) } },
                    m('canvas', { role: 'img', 'aria-label': attrs.title })),
                m('details',
                    {
                        ontoggle: (event: Event) => {
                            open = (event.target as HTMLDetailsElement).open;
                        },
                    },
                    m('summary', t('plot.table')),
                    open && m('.scroll-x', table(attrs))),
            ),
    };
};
