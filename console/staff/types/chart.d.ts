// What the console uses of Chart.js 3.9.1. Debian ships its types, but at paths
// of its own and for other compilers than ours.

declare module 'chart.js' {
    export interface Dataset {
        label: string;
        data: number[];
        [option: string]: unknown;
    }

    export class Chart {
        constructor(
            canvas: HTMLCanvasElement,
            config: {
                type: 'line' | 'bar';
                data: { labels: string[]; datasets: Dataset[] };
                options?: object;
            },
        );
        data: { labels: string[]; datasets: Dataset[] };
        update(mode?: 'none'): void;
        destroy(): void;
        static register(...parts: unknown[]): void;
        static defaults: { font: { family: string; size: number } };
    }

    export const BarController: unknown;
    export const BarElement: unknown;
    export const CategoryScale: unknown;
    export const Filler: unknown;
    export const Legend: unknown;
    export const LineController: unknown;
    export const LineElement: unknown;
    export const LinearScale: unknown;
    export const PointElement: unknown;
    export const Tooltip: unknown;
}
