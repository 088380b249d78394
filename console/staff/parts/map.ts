// Leaflet as a component: points, the areas of communities, tiles when the
// configuration has some. Whatever is written on it are text nodes.

import * as L from 'leaflet';
import m from 'mithril';
import { toGcj02 } from '../geo';
import { t } from '../lang';
import { policy, unitName } from '../policy';
import { settings } from '../settings';

export interface Point {
    id: string;
    lat: number;
    lon: number;
    look: string; // "state-claimed", "station": a colour of the style sheet
    label: string;
}

interface MapAttrs {
    label: string;
    points: Point[];
    fit?: string; // fits all points again when this changes
    small?: boolean;
    popup?: (id: string) => HTMLElement | null;
    test?: string;
}

const WHOLE: L.LatLng = [32.04, 118.78]; // when there is nothing to show
const CLOSE = 15;
const NAMES_FROM = 12.5; // farther off, names of areas would cover all

const still = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

function shift(lat: number, lon: number): L.LatLng {
    return settings.tiles_url && settings.tiles_datum === 'gcj02'
        ? toGcj02(lat, lon)
        : [lat, lon];
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
    const style = getComputedStyle(document.documentElement);
    return style.getPropertyValue(`--${name}`).trim() || '#666';
}

function words(text: string): HTMLElement {
    const box = document.createElement('span');
    box.textContent = text;
    return box;
}

/** GeoJSON has longitude first. */
function moved(coordinates: unknown): unknown {
    if (!Array.isArray(coordinates)) return coordinates;
    if (typeof coordinates[0] !== 'number') return coordinates.map(moved);
    const [lat, lon] = shift(Number(coordinates[1]), Number(coordinates[0]));
    return [lon, lat];
}

function drawAreas(map: L.Map): L.Group | null {
    const areas = policy.areas;
    if (!areas || areas.features.length === 0) return null;
    const features = areas.features.map((feature) => {
        const geometry = feature.geometry as { coordinates: unknown };
        const coordinates = moved(geometry.coordinates);
        return { ...feature, geometry: { ...geometry, coordinates } };
    });
    const group = L.geoJSON(
        { type: 'FeatureCollection', features },
        {
            pane: 'areas',
            style: () => ({
                color: colour('map-edge'),
                fillColor: colour('map-area'),
                fillOpacity: settings.tiles_url ? 0.15 : 1,
                weight: 1.5,
            }),
            onEachFeature: (
                feature: { properties: { unit?: string } | null },
                layer: L.Layer,
            ) => {
                const name = unitName(feature.properties?.unit ?? '');
                if (name)
                    layer.bindTooltip(words(name), {
                        permanent: !settings.tiles_url,
                        direction: 'center',
                        pane: 'names',
                        className: 'area-name',
                    });
            },
        },
    );
    return group.addTo(map);
}

export const MapView: m.Component<MapAttrs> = () => {
    let map: L.Map | null = null;
    let areas: L.Group | null = null;
    let areasOf: unknown = null;
    let group: L.Group | null = null;
    let fitted: string | null = null;
    let watcher: ResizeObserver | null = null;
    const markers = new Map<string, { marker: L.CircleMarker; look: string }>();

    const style = (look: string) => ({
        color: colour('map-ring'),
        weight: 2,
        fillColor: colour(look),
        fillOpacity: 1,
    });
    const popup = (attrs: MapAttrs, id: string, marker: L.CircleMarker) => {
        const content = attrs.popup?.(id);
        if (content) marker.bindPopup(content, { minWidth: 220 }).openPopup();
    };
    const place = (attrs: MapAttrs) => {
        if (!group) return;
        const here = new Set(attrs.points.map((point) => point.id));
        for (const [id, { marker }] of markers)
            if (!here.has(id)) {
                marker.remove();
                markers.delete(id);
            }
        for (const point of attrs.points) {
            const at = shift(point.lat, point.lon);
            const old = markers.get(point.id);
            if (old) {
                old.marker.setLatLng(at);
                if (old.look !== point.look)
                    old.marker.setStyle(style(point.look));
                old.look = point.look;
                continue;
            }
            const marker = L.circleMarker(at, {
                radius: attrs.small ? 9 : 7,
                ...style(point.look),
            }).addTo(group);
            marker.bindTooltip(words(point.label));
            marker.on('click', () => popup(attrs, point.id, marker));
            markers.set(point.id, { marker, look: point.look });
        }
    };
    const fit = (attrs: MapAttrs) => {
        if (!map || fitted === (attrs.fit ?? '')) return;
        const bounds = L.latLngBounds(
            attrs.points.map((point) => shift(point.lat, point.lon)),
        );
        const animate = { animate: false };
        if (attrs.points.length === 1 && attrs.points[0])
            map.setView(
                shift(attrs.points[0].lat, attrs.points[0].lon),
                CLOSE,
                animate,
            );
        else if (bounds.isValid())
            map.fitBounds(bounds.pad(0.04), { maxZoom: CLOSE, ...animate });
        else if (areas) map.fitBounds(areas.getBounds(), animate);
        else map.setView(WHOLE, 12, animate);
        if (attrs.points.length || areas) fitted = attrs.fit ?? '';
    };
    const draw = (attrs: MapAttrs) => {
        if (!map) return;
        if (areasOf !== policy.areas) {
            areas?.remove();
            areas = drawAreas(map);
            areasOf = policy.areas;
        }
        place(attrs);
        fit(attrs);
    };
    return {
        oncreate({ dom, attrs }) {
            const box = dom.querySelector('.map-box') as HTMLElement;
            map = L.map(box, {
                attributionControl: false,
                zoomControl: false,
                scrollWheelZoom: !attrs.small,
                zoomAnimation: !still(),
                fadeAnimation: !still(),
                markerZoomAnimation: !still(),
                maxZoom: 19,
                zoomSnap: 0.25,
            }).setView(WHOLE, 12);
            // Below the points, in this order.
            map.createPane('areas').style.zIndex = '300';
            map.createPane('names').style.zIndex = '310';
            map.on('zoomend', () =>
                box.classList.toggle('far', (map?.getZoom() ?? 0) < NAMES_FROM),
            );
            L.control
                .zoom({
                    zoomInTitle: t('map.in'),
                    zoomOutTitle: t('map.out'),
                })
                .addTo(map);
            if (!attrs.small)
                L.control.scale({ imperial: false }).addTo(map);
            if (settings.tiles_url)
                L.tileLayer(settings.tiles_url, { maxZoom: 19 }).addTo(map);
            group = L.featureGroup().addTo(map);
            watcher = new ResizeObserver(() => map?.invalidateSize());
            watcher.observe(box);
            draw(attrs);
        },
        onupdate: ({ attrs }) => draw(attrs),
        onremove() {
            watcher?.disconnect();
            map?.remove();
            map = null;
        },
        view: ({ attrs }) =>
            m(
                '.map',
                {
                    class: attrs.small ? 'small' : '',
                    role: 'region',
                    'aria-label': attrs.label,
                    'data-test': attrs.test,
                },
                m('.map-box'),
                settings.tiles_url && settings.tiles_attribution
                    ? m('small.attribution', settings.tiles_attribution)
                    : null,
            ),
    };
};
