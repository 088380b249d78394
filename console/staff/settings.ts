// What the daemon's configuration says to the page; public, no secrets.

export interface Settings {
    district: string;
    operator: string;
    tiles_url: string | null;
    tiles_attribution: string;
    tiles_datum: 'wgs84' | 'gcj02';
}

export const settings: Settings = {
    district: '',
    operator: '',
    tiles_url: null,
    tiles_attribution: '',
    tiles_datum: 'wgs84',
};

export async function loadSettings(): Promise<void> {
    try {
        const answer = await fetch('/console/settings.json');
        if (answer.ok) Object.assign(settings, await answer.json());
    } catch {
        // The page works without any of them.
    }
}
