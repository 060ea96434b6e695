/** Texts of filters and the bytes that they stand for: how escapes are read, and how a value is written so that it is read back. */

/** sysdig reads \xHH in bare words too. */
export function unescapeHex(text: string): string {
  return text.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) => byteAsText(hex));
}

/** A byte inside a text: ASCII as itself, others as a lone surrogate that `literalBytes` turns back. */
export function byteAsText(hex: string): string {
  const byte = Number.parseInt(hex, 16);
  return String.fromCharCode(byte < 0x80 ? byte : 0xdc00 + byte);
}

/** The bytes that a literal stands for: UTF-8, and what \xHH said. */
export function literalBytes(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const char of text) {
    const code = char.codePointAt(0)!;
    if (code >= 0xdc80 && code <= 0xdcff) bytes.push(code - 0xdc00);
    else bytes.push(...Buffer.from(char));
  }
  return Uint8Array.from(bytes);
}

/** A value as a filter takes it: bare where it can be, else in quotes. */
export function written(value: string): string {
  return /^[^()"'\s=,\\\p{C}]+$/u.test(value) && !/^(and|or|not)$/.test(value) ? value : quoted(value);
}

/** A value in quotes; what a terminal would not show is written as \xHH of its bytes. */
export function quoted(value: string): string {
  const escaped = value.replace(/["\\]/g, '\\$&').replace(/\p{C}/gu, hexOf);
  return `"${escaped}"`;
}

function hexOf(char: string): string {
  return Array.from(Buffer.from(char), (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
}
