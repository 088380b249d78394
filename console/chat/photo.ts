// A photo before it leaves: as it is when the daemon takes it (which turns it
// upright and removes what is personal), else smaller and as a JPEG.

const MOST_BYTES = 10 * 1024 * 1024;
const EDGE = 2048;
const TAKEN = ['image/jpeg', 'image/png', 'image/webp'];

function draw(from: ImageBitmap, canvas: HTMLCanvasElement, edge: number) {
    const scale = Math.min(1, edge / Math.max(from.width, from.height));
    canvas.width = Math.max(1, Math.round(from.width * scale));
    canvas.height = Math.max(1, Math.round(from.height * scale));
    canvas.getContext('2d')?.drawImage(from, 0, 0, canvas.width, canvas.height);
}

/** Shows file in view; gives what to send, or null when it is no photo. */
export async function preparePhoto(
    file: File,
    view: HTMLCanvasElement,
): Promise<Blob | null> {
    let bitmap: ImageBitmap;
    try {
        bitmap = await createImageBitmap(file);
    } catch {
        return null;
    }
    let blob: Blob | null = file;
    if (file.size > MOST_BYTES || !TAKEN.includes(file.type)) {
        const canvas = document.createElement('canvas');
        draw(bitmap, canvas, EDGE);
        blob = await new Promise<Blob | null>((done) =>
            canvas.toBlob(done, 'image/jpeg', 0.85),
        );
    }
    draw(bitmap, view, 720);
    bitmap.close();
    return blob;
}
