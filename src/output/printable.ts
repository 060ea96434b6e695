/**
 * The one way by which captured bytes and names reach a terminal, a page or a file of text. Captured programs choose their
 * names and payloads, so they may hold anything: escape sequences, line breaks, characters that turn the line around.
 */
import { dotted } from '../model/dotted.ts';

/** C0 controls and DEL have pictures of their own; C1, bidirectional and invisible characters become a dot. */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]/gu;

/** A text on one line, harmless. */
export function sanitize(text: string): string {
  return text.replace(UNSAFE, picture);
}

/** Anything but printable ASCII and line feeds. */
const MAY_NEED_CARE = /[^\n -~]/;

/** The same, but line feeds stay and tabs become blanks: for payloads shown as text. */
export function sanitizeLines(text: string): string {
  if (!MAY_NEED_CARE.test(text)) return text;
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .map((line) => sanitize(line.replaceAll('\t', '    ')))
    .join('\n');
}

/** A value as JSON on one line that is harmless even on a terminal; it reads back as the same value. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (char) => `\\u${char.codePointAt(0)!.toString(16).padStart(4, '0')}`);
}

function picture(char: string): string {
  const code = char.codePointAt(0)!;
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  return code === 0x7f ? '\u2421' : '·';
}

/** What stands for a byte; 0: nothing. */
const SHOWN = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x0a || (byte >= 0x20 && byte < 0x7f)) return byte;
  return byte === 0x0d ? 0 : 0x2e;
});

let scratch = Buffer.alloc(8192);

/** Bytes as text: printable ASCII as it is, line feeds kept, carriage returns left out, a dot for the rest. */
export function asciiText(bytes: Uint8Array): string {
  if (scratch.length < bytes.length) scratch = Buffer.alloc(2 * bytes.length);
  const shown = scratch;
  let n = 0;
  for (const byte of bytes) {
    const one = SHOWN[byte]!;
    if (one !== 0) shown[n++] = one;
  }
  return shown.toString('latin1', 0, n);
}

/** Rows of 16 bytes (or `inRow`): offset, hex and, if wanted, ASCII. */
export function hexDump(bytes: Uint8Array, withAscii: boolean, inRow = 16): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length; at += inRow) {
    const row = bytes.subarray(at, at + inRow);
    const hex = Array.from(row, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const ascii = withAscii ? `  ${dotted(row)}` : '';
    rows.push(`${at.toString(16).padStart(4, '0')}  ${hex.padEnd(withAscii ? inRow * 3 - 1 : 0)}${ascii}`);
  }
  return rows;
}
