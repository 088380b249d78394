// What the console uses of qrcode-generator 1.4.4.

declare module 'qrcode-generator' {
    interface Code {
        addData(data: string): void;
        make(): void;
        getModuleCount(): number;
        isDark(row: number, column: number): boolean;
    }
    export default function qrcode(type: 0, level: 'L' | 'M' | 'Q' | 'H'): Code;
}
