// The store holds WGS-84. Tiles of Chinese map services are drawn in GCJ-02,
// which lies up to some 700 m off and is meant for mainland China only.

const AXIS = 6378245; // metres, of the ellipsoid GCJ-02 was defined with
const ECCENTRICITY2 = 0.00669342162296594323;

function waves(x: number): number {
    const at = (factor: number) => Math.sin(x * factor * Math.PI);
    return ((20 * at(6) + 20 * at(2)) * 2) / 3;
}

function shiftLat(x: number, y: number): number {
    const sin = (v: number) => Math.sin(v * Math.PI);
    return (
        -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y +
        0.2 * Math.sqrt(Math.abs(x)) + waves(x) +
        ((20 * sin(y) + 40 * sin(y / 3)) * 2) / 3 +
        ((160 * sin(y / 12) + 320 * sin(y / 30)) * 2) / 3
    );
}

function shiftLon(x: number, y: number): number {
    const sin = (v: number) => Math.sin(v * Math.PI);
    return (
        300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y +
        0.1 * Math.sqrt(Math.abs(x)) + waves(x) +
        ((20 * sin(x) + 40 * sin(x / 3)) * 2) / 3 +
        ((150 * sin(x / 12) + 300 * sin(x / 30)) * 2) / 3
    );
}

export function toGcj02(lat: number, lon: number): [number, number] {
    if (lat < 0.8293 || lat > 55.8271 || lon < 72.004 || lon > 137.8347)
        return [lat, lon];
    const x = lon - 105;
    const y = lat - 35;
    const angle = (lat / 180) * Math.PI;
    const magic = 1 - ECCENTRICITY2 * Math.sin(angle) ** 2;
    const meridian = (AXIS * (1 - ECCENTRICITY2)) / magic ** 1.5;
    const parallel = (AXIS / Math.sqrt(magic)) * Math.cos(angle);
    return [
        lat + (shiftLat(x, y) * 180) / (meridian * Math.PI),
        lon + (shiftLon(x, y) * 180) / (parallel * Math.PI),
    ];
}
