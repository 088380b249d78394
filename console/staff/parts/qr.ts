// A text as a QR code, drawn as one path.

import m from 'mithril';
import qrcode from 'qrcode-generator';

const QUIET = 4; // modules around it, as readers want

export function qrCode(text: string, label: string): m.Children {
    const code = qrcode(0, 'M');
    code.addData(text);
    code.make();
    const n = code.getModuleCount();
    let path = '';
    for (let row = 0; row < n; row++)
        for (let column = 0; column < n; column++)
            if (code.isDark(row, column))
                path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    const size = n + 2 * QUIET;
    return m(
        'svg.qr',
        { viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': label },
        m('rect', { width: size, height: size, fill: '#fff' }),
        m('path', { d: path, fill: '#000' }),
    );
}
