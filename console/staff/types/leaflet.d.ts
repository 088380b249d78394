// What the console uses of Leaflet 1.7.1, which Debian packages without types.

declare module 'leaflet' {
    export type LatLng = [number, number];

    export interface Bounds {
        isValid(): boolean;
        extend(other: LatLng | Bounds): Bounds;
        contains(point: LatLng): boolean;
        pad(ratio: number): Bounds;
    }

    export interface Layer {
        addTo(target: Map | Group): this;
        remove(): this;
        bindPopup(content: HTMLElement, options?: object): this;
        bindTooltip(content: HTMLElement, options?: object): this;
        openPopup(): this;
        on(event: string, handler: () => void): this;
    }

    export interface Group extends Layer {
        clearLayers(): this;
        getBounds(): Bounds;
    }

    export interface CircleMarker extends Layer {
        setLatLng(at: LatLng): this;
        setStyle(style: object): this;
    }

    export interface Map {
        setView(at: LatLng, zoom: number, options?: object): this;
        fitBounds(bounds: Bounds, options?: object): this;
        invalidateSize(): this;
        getBounds(): Bounds;
        on(event: string, handler: () => void): this;
        remove(): this;
        closePopup(): this;
        createPane(name: string): HTMLElement;
        getZoom(): number;
    }

    export function map(element: HTMLElement, options?: object): Map;
    export function tileLayer(url: string, options?: object): Layer;
    export function circleMarker(at: LatLng, options?: object): CircleMarker;
    export function featureGroup(): Group;
    export function geoJSON(data: unknown, options?: object): Group;
    export function latLngBounds(points: LatLng[]): Bounds;
    export const control: {
        scale(options?: object): { addTo(map: Map): unknown };
        zoom(options?: object): { addTo(map: Map): unknown };
    };
}
